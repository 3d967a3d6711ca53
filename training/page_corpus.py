"""Pages as HTML to learn from: rendered, extracted, and each line labelled by the gold."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from corpus import fold_of, site_of
from labels import label_lines
from numpy.typing import NDArray

from archiver.document import Finding, Source
from archiver.model.features import features
from archiver.model.network import TEXT, Network
from archiver.page.align import words
from archiver.page.figures import Bags, Floats, bags_of, figures
from archiver.page.render import Rendering, render
from archiver.text.decode import decode
from archiver.text.extract import extract
from archiver.text.markup import harmless

SET = "wcxb_dev_html"


@dataclass(frozen=True, slots=True)
class HtmlPage:
    """A page as the trees see it, and what they should answer."""

    name: str
    page_type: str
    fold: int
    gold: str
    extracted: str
    rendering: Rendering
    bags: Bags
    columns: dict[str, Floats]
    labels: NDArray[np.int8]


def read_html_pages(folder: Path, networks: list[Network] | None) -> list[HtmlPage]:
    """All pages; ``networks[fold]`` is one that has not seen the pages of the fold."""
    pages = []
    for row in pq.read_table(folder / f"{SET}.parquet").to_pylist():
        pages.append(_page(row, networks))
        if len(pages) % 100 == 0:
            print(f"{len(pages)} pages", file=sys.stderr, flush=True)
    return pages


def _page(row: dict[str, Any], networks: list[Network] | None) -> HtmlPage:
    fold = fold_of(site_of(row))
    source = Source(row["file_id"], row["file_id"], row["html"], "text/html")
    document = decode(source)
    if isinstance(document, Finding):
        raise TypeError(document.message)
    outcome = extract(document, url=row["url"])
    extracted = "" if isinstance(outcome, Finding) else outcome.text
    rendering = render(harmless(document.text))
    bags = bags_of(rendering.lines)
    odds = None
    if networks is not None and rendering.lines:
        seen = features([line.text for line in rendering.lines])
        odds = networks[fold].run(seen)[0][:, TEXT].astype(np.float64)
    gold = row["main_content"] or ""
    columns = figures(rendering, bags, extracted, odds) if rendering.lines else {}

    labels = np.array(label_lines(bags, words(gold)), np.int8)
    return HtmlPage(
        row["file_id"], row["page_type"], fold, gold, extracted, rendering, bags, columns, labels
    )
