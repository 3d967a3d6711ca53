"""Documents to learn from: pages in every rendering, their gold, and mixtures of both."""

from __future__ import annotations

import itertools
import random
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pyarrow.parquet as pq
from labels import BOILERPLATE, CONTENT, UNKNOWN, label_lines, words
from marked import NO_MARKS, Marked, read_marked
from numpy.typing import NDArray
from windows import Window, read_windows

from archiver.model.features import Features, features
from archiver.model.figures import DATED, REPEATED, TOPICAL
from archiver.model.scores import HEADLINE_SHARE

SETS = ("wcxb_dev", "multi_dev")
RENDERINGS = ("inscriptis", "resiliparse", "residue")

#: The kinds of examples that are whole pages.
WHOLE = (*RENDERINGS, "gold")

#: Fixtures of these repositories are under the GPL or the AGPL: measured on, never
#: trained on.
COPYLEFT = ("GeneralNewsExtractor", "dom-content-extraction", "omnivore")

FOLDS = 5

#: The kinds of examples whose labels hold for an archive too.
SURE = ("gold", "sullied")

#: A line of the gold text with so many words is part of its body.
_BODY_WORDS = 10

#: Lines above the text that may be its masthead; the size of a caption inside it.
_MASTHEAD, _CAPTION_LINES, _CAPTION_WORDS = 7, 2, 25

Labels = NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class Page:
    """A page: its lines and their labels by rendering, and ``gold``.

    ``read`` are the stretches of it that were labelled by reading them.
    """

    name: str
    set: str
    fold: int
    language: str
    page_type: str
    copyleft: bool
    gold: str
    lines: dict[str, list[str]]
    labels: dict[str, Labels]
    marked: Marked
    read: tuple[Window, ...] = ()


@dataclass(frozen=True, slots=True)
class Example:
    """A document as the network sees it, and two labels for each line.

    ``text`` says whether a line is in the gold text, ``worth`` whether an archive
    would keep it, as far as the page tells; ``read`` whether it would, as far as
    someone read it, else the same.
    """

    page: Page
    kind: str
    seen: Features
    text: Labels
    worth: Labels
    read: Labels

    def as_read(self) -> Example:
        """The example with what was read for ``worth``."""
        return replace(self, worth=self.read)


#: What is labelled by hand stands on no page.
NO_PAGE = Page("", "", 0, "", "", copyleft=False, gold="", lines={}, labels={}, marked=NO_MARKS)


def read_pages(folder: Path, *, labelled: bool = True) -> list[Page]:
    """Every page of both sets; without labels, they can be measured on alone."""
    marked = read_marked(folder / "wcxb_dev_html.parquet") if labelled else {}
    windows = read_windows()
    return [
        _page(
            name,
            row,
            marked.get(row["file_id"], NO_MARKS),
            windows.get((name, row["file_id"]), ()),
            labelled=labelled,
        )
        for name in SETS
        for row in pq.read_table(folder / f"{name}.parquet").to_pylist()
    ]


def site_of(row: dict[str, Any]) -> str:
    """The site of a page: what it shares with others must not leak from fold to fold."""
    host = row.get("host") or urlsplit(row["url"] or "").hostname or row["file_id"]
    return ".".join(host.split(".")[-2:])


def fold_of(site: str) -> int:
    """The fold of a site."""
    return zlib.crc32(site.encode()) % FOLDS


def _page(
    name: str, row: dict[str, Any], marked: Marked, read: tuple[Window, ...], *, labelled: bool
) -> Page:
    gold = row["main_content"] or ""
    lines = {kind: (row[f"text_{kind}"] or "").split("\n") for kind in RENDERINGS}
    gold_words = words(gold)
    labels = {
        kind: np.array(label_lines([words(line) for line in text], gold_words), np.int8)
        for kind, text in lines.items()
        if labelled
    }
    lines["gold"] = gold.split("\n")
    labels["gold"] = np.array(
        [CONTENT if line.strip() else UNKNOWN for line in lines["gold"]], np.int8
    )
    return Page(
        name=row["file_id"],
        set=name,
        fold=fold_of(site_of(row)),
        language=row["language"],
        page_type=row["page_type"],
        copyleft=any(repo in (row.get("source_repo") or "") for repo in COPYLEFT),
        gold=gold,
        lines=lines,
        labels=labels,
        marked=marked if row["page_type"] == "article" else NO_MARKS,
        read=read,
    )


def examples(pages: Sequence[Page], seed: int) -> list[Example]:
    """Each page as it is, and as it might be: cut, half cleaned, clean, or sullied."""
    chance = random.Random(seed)
    found: list[Example] = []
    for page in pages:
        for kind in WHOLE:
            found += _example(page, kind, page.lines[kind], page.labels[kind])
        for kind, lines, labels in _variants(page, pages, chance):
            found += _example(page, kind, lines, labels)
    return found


def _example(page: Page, kind: str, lines: Sequence[str], labels: Labels) -> Iterator[Example]:
    seen = features(lines)
    if len(seen.index):
        text = labels[seen.index]
        visible = [lines[number] for number in seen.index]
        worth = text if kind in SURE else worth_keeping(page, kind, seen, visible, text)
        read = worth
        for window in page.read:
            if kind == window.rendering and lines is page.lines[kind]:
                read = window.over(read, seen.index)
        yield Example(page, kind, seen, text, worth, read)


def _variants(
    page: Page, pages: Sequence[Page], chance: random.Random
) -> Iterator[tuple[str, list[str], Labels]]:
    for _ in range(2):
        at = _without_boilerplate(page, kind := chance.choice(RENDERINGS))
        if len(at) > 12 and chance.random() < 0.4:
            at = _window(at, 8, len(at), chance)
        if np.count_nonzero(page.labels[kind][at] == CONTENT) >= 2:
            yield "clean", *_take(page, kind, at)
    if len(page.lines["gold"]) > 20:
        every = list(range(len(page.lines["gold"])))
        yield "clean", *_take(page, "gold", _window(every, 8, len(every), chance))
    for _ in range(2):
        every = list(range(len(page.lines[kind := chance.choice(RENDERINGS)])))
        if len(every) > 14:
            yield "window", *_take(page, kind, _window(every, 10, 90, chance))
    yield "partial", *_half_cleaned(page, chance)
    runs = _runs(_stranger(page, pages, chance))
    if runs:
        yield "sullied", *_sullied(page, runs, chance)


def _without_boilerplate(page: Page, kind: str) -> list[int]:
    return [at for at, label in enumerate(page.labels[kind]) if label != BOILERPLATE]


def _window(at: list[int], least: int, most: int, chance: random.Random) -> list[int]:
    size = chance.randint(min(least, len(at)), min(most, len(at)))
    start = chance.randint(0, len(at) - size)
    return at[start : start + size]


def _take(page: Page, kind: str, at: list[int]) -> tuple[list[str], Labels]:
    return [page.lines[kind][number] for number in at], page.labels[kind][at]


def _half_cleaned(page: Page, chance: random.Random) -> tuple[list[str], Labels]:
    """Most stretches of boilerplate gone, as after a cleaner that misses some."""
    kind, stays = chance.choice(RENDERINGS), chance.uniform(0.1, 0.6)
    at: list[int] = []
    keep, before = True, UNKNOWN
    for number, label in enumerate(page.labels[kind]):
        if label == BOILERPLATE and (before != BOILERPLATE or chance.random() < 0.1):
            keep = chance.random() < stays
        if label != BOILERPLATE or keep:
            at.append(number)
        before = label if label != UNKNOWN else before
    return _take(page, kind, at)


def _stranger(page: Page, pages: Sequence[Page], chance: random.Random) -> Page:
    """Another page of the same fold: nothing may leak from fold to fold."""
    for _ in range(20):
        other = chance.choice(pages)
        if other.fold == page.fold and other.copyleft <= page.copyleft:
            return other
    return page


def _runs(page: Page) -> list[list[str]]:
    """The page's stretches of boilerplate lines."""
    runs: list[list[str]] = [[]]
    for line, label in zip(page.lines["inscriptis"], page.labels["inscriptis"], strict=True):
        if label == BOILERPLATE:
            runs[-1].append(line)
        elif label == CONTENT and runs[-1]:
            runs.append([])
    return [run for run in runs if run]


def _sullied(page: Page, runs: list[list[str]], chance: random.Random) -> tuple[list[str], Labels]:
    """A clean text with a few lines of another page's boilerplate."""
    kind = chance.choice(("gold", "gold", "gold", *RENDERINGS))
    lines, marks = _take(page, kind, _without_boilerplate(page, kind))
    labels = marks.tolist()
    for _ in range(chance.randint(1, 4)):
        run = chance.choice(runs)
        size = min(chance.randint(1, 6), len(run))
        start = chance.randint(0, len(run) - size)
        at = chance.choice((0, len(lines), chance.randint(0, len(lines))))
        lines[at:at] = run[start : start + size]
        labels[at:at] = [BOILERPLATE] * size
    return lines, np.array(labels, np.int8)


def worth_keeping(
    page: Page, kind: str, seen: Features, lines: Sequence[str], text: Labels
) -> Labels:
    """What an archive keeps beside the gold text, as far as it can be known.

    Golds mostly leave out headlines, dates and bylines above the text, and captions
    and credits inside it. What looks like one is not judged; what the page's own
    markup says is one is kept.
    """
    worth, size = text.copy(), seen.words
    body = np.flatnonzero((text == CONTENT) & (size >= _BODY_WORDS))
    if len(body) == 0:
        return worth
    zone = slice(max(0, body[0] - _MASTHEAD), body[0])
    rows = seen.dense[zone]
    masthead = ((rows[:, TOPICAL] >= HEADLINE_SHARE) & (size[zone] >= 3)) | (
        rows[:, DATED] > 0
    ).any(axis=1)
    worth[zone][masthead & (worth[zone] == BOILERPLATE)] = UNKNOWN
    for before, after in itertools.pairwise(body):
        inside = slice(before + 1, after)
        if 0 < after - before - 1 <= _CAPTION_LINES:
            caption = (size[inside] <= _CAPTION_WORDS) & (seen.dense[inside, REPEATED] == 0)
            worth[inside][caption & (worth[inside] == BOILERPLATE)] = UNKNOWN
    if kind in WHOLE:
        worth[page.marked.find(lines, worth == CONTENT, int(body[0]), int(body[-1]))] = CONTENT
    return worth
