"""Documents whose every line was labelled by reading it: what an archive keeps."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from corpus import NO_PAGE, Example, Labels, Page, fold_of
from labels import BOILERPLATE, CONTENT, UNKNOWN

from archiver.model.features import features

#: Documents of repositories without a licence: measured on, never trained on.
UNLICENSED = ("secureIntent-git/teftst",)

#: The shortest cut, in lines.
SHORTEST = 8

#: Cuts of each document of ``debris_dev`` in an epoch, and of each stretch of a page: of
#: these there are five times as many, and their pages are learned from as wholes too.
CUTS, CUTS_OF_A_WINDOW = 6, 2

_LABELS = {"keep": CONTENT, "drop": BOILERPLATE, "unsure": UNKNOWN}


@dataclass(frozen=True, slots=True)
class Labelled:
    """A document, and a label for each of its lines. ``classes`` name its debris."""

    name: str
    fold: int
    licensed: bool
    lines: tuple[str, ...]
    labels: Labels
    classes: tuple[str, ...]
    cuts: int


def read_labelled(path: Path) -> list[Labelled]:
    """The documents of ``debris_dev.jsonl``; those of one site are in one fold."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [
        Labelled(
            name=row["id"],
            fold=fold_of(row["domain"]),
            licensed=row["source"]["repo"] not in UNLICENSED,
            lines=tuple(line["text"] for line in row["lines"]),
            labels=np.array([_LABELS[line["label"]] for line in row["lines"]], np.int8),
            classes=tuple(line.get("class") or "" for line in row["lines"]),
            cuts=CUTS,
        )
        for row in rows
    ]


def read_stretches(pages: Sequence[Page]) -> list[Labelled]:
    """The stretches of pages that were labelled by reading them."""
    found = []
    for page in pages:
        for window in page.read:
            lines = window.lines(page.lines[window.rendering])
            found.append(
                Labelled(
                    name=page.name,
                    fold=page.fold,
                    licensed=not page.copyleft,
                    lines=tuple(lines),
                    labels=window.labels,
                    classes=("",) * len(lines),
                    cuts=CUTS_OF_A_WINDOW,
                )
            )
    return found


def cuts(document: Labelled, chance: random.Random) -> Iterator[Example]:
    """The document, a third of the times whole; else a stretch of it."""
    size = len(document.lines)
    for number in range(document.cuts):
        length = size if 3 * number < document.cuts else chance.randint(min(SHORTEST, size), size)
        start = chance.randint(0, size - length)
        seen = features(document.lines[start : start + length])
        if len(seen.index):
            worth = document.labels[start : start + length][seen.index]
            unknown = np.full(len(worth), UNKNOWN, np.int8)
            yield Example(NO_PAGE, "by hand", seen, unknown, worth, worth)
