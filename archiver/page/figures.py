"""The figures of a page's lines: wording, place in the markup, and what others say of them.

Others are an extractor, which knows articles, and the line model, which knows
wording. How they judged the lines around, and the lines that stand in equal places
of the markup, tells more of a line than how they judged the line itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from archiver.page.align import Words, covered, words
from archiver.page.marks import MARKS
from archiver.page.render import Line, Rendering

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: How many lines on either side are averaged.
AROUND = (1, 3, 10)

#: A line of at least so many words outside of links is prose.
PROSE_WORDS = 15

#: From this share on, a line counts as kept by the extractor.
KEPT = 0.8

_ENDS = frozenset(".!?。！？…।؟:")
_MONEY = frozenset("$€£¥₹₽")

#: The words of each line, for those who count them.
Bags = Sequence[Words]


def bags_of(lines: Sequence[Line]) -> list[Words]:
    """The words of each line."""
    return [words(line.text) for line in lines]


def figures(
    page: Rendering, bags: Bags, extracted: str, log_odds: Floats | None
) -> dict[str, Floats]:
    """Named columns, one value a line of the page.

    extracted: what the extractor made of the page. log_odds: of being content, by
    the line model; None leaves its columns out. Cost: linear.
    """
    lines = page.lines
    size = np.array([len(bag) for bag in bags], np.float64)
    weight = np.log1p(size) + 0.1
    _, places = np.unique([line.place for line in lines], return_inverse=True)
    linked = np.array([line.linked for line in lines])
    columns = _marks(lines) | _wording(lines, bags, page.title) | _standing(size)
    columns |= {
        "linked": linked,
        "depth": np.log1p([line.depth for line in lines]),
        "place_lines": np.log1p(np.bincount(places)[places]),
        "place_linked": _by_place(linked, weight, places),
        "place_words": _by_place(np.log1p(size), np.ones(len(size)), places),
        "page_linked": _spread(linked @ size / max(size.sum(), 1), size),
        "page_prose": _spread(
            size[(size >= PROSE_WORDS) & (linked < 0.5)].sum() / max(size.sum(), 1), size
        ),
    }
    columns |= _around("linked", linked, weight)
    columns |= _around("words", np.log1p(size), np.ones(len(size)))
    kept = covered(bags, extracted)
    columns |= _kept(kept, size) | _said("kept", kept, weight, places)
    if log_odds is not None:
        odds = np.clip(log_odds, -8, 8)
        columns |= _said("model", odds, weight, places)
        share = 1 / (1 + np.exp(-odds))
        columns["page_model"] = _spread(share @ size / max(size.sum(), 1), size)
    return columns


def _marks(lines: Sequence[Line]) -> dict[str, Floats]:
    inside = np.array([line.marks for line in lines], np.int64)
    near = np.array([line.near for line in lines], np.int64)
    columns = {f"in_{mark}": _bit(inside, at) for at, mark in enumerate(MARKS)}
    return columns | {f"near_{mark}": _bit(near, at) for at, mark in enumerate(MARKS)}


def _bit(values: Ints, at: int) -> Floats:
    return (values >> at & 1).astype(np.float64)


def _wording(lines: Sequence[Line], bags: Bags, title: str) -> dict[str, Floats]:
    texts = [line.text for line in lines]
    often = Counter(bags)
    first = {bag: at for at, bag in reversed(list(enumerate(bags)))}
    titled = set(words(title))
    return {
        "words": np.log1p([len(bag) for bag in bags]),
        "characters": np.log1p([len(text) for text in texts]),
        "ends": np.array([text[-1] in _ENDS for text in texts], np.float64),
        "digits": np.array([sum(char.isdigit() for char in text) / len(text) for text in texts]),
        "capitals": np.array([text.isupper() for text in texts], np.float64),
        "bars": np.array([min(text.count("|"), 5) for text in texts], np.float64),
        "money": np.array([not _MONEY.isdisjoint(text) for text in texts], np.float64),
        "repeats": np.log1p([often[bag] for bag in bags]),
        "again": np.array([first[bag] != at for at, bag in enumerate(bags)], np.float64),
        "in_title": np.array([len(titled & set(bag)) / max(len(set(bag)), 1) for bag in bags]),
    }


def _standing(size: Floats) -> dict[str, Floats]:
    """Where on the page a line stands, and how large the page is."""
    n = len(size)
    at = np.arange(n, dtype=np.float64)
    return {
        "at": at / max(n - 1, 1),
        "from_top": np.log1p(at),
        "from_end": np.log1p(at[::-1]),
        "words_above": np.cumsum(size) / max(size.sum(), 1),
        "page_lines": np.full(n, np.log1p(n)),
        "page_words": _spread(float(np.log1p(size.sum())), size),
    }


def _kept(kept: Floats, size: Floats) -> dict[str, Floats]:
    """How much the extractor kept of the page, and how far from it a line is."""
    n = len(kept)
    words_kept = kept @ size
    hits = np.flatnonzero(kept > KEPT)
    if len(hits) == 0:
        span, distance = np.full(n, -2.0), np.full(n, 7.0)
    else:
        at = np.arange(n)
        span = np.clip((at - hits[0]) / max(hits[-1] - hits[0], 1), -1, 2)
        following = np.searchsorted(hits, at)
        after = np.abs(at - hits[np.minimum(following, len(hits) - 1)])
        before = np.abs(at - hits[np.maximum(following - 1, 0)])
        distance = np.log1p(np.minimum(after, before))
    return {
        "page_kept": _spread(words_kept / max(size.sum(), 1), size),
        "page_kept_words": _spread(float(np.log1p(words_kept)), size),
        "kept_span": span,
        "kept_distance": distance,
    }


def _said(name: str, said: Floats, weight: Floats, places: Ints) -> dict[str, Floats]:
    """What someone says of a line, of those around, and of those in equal places."""
    return {
        name: said,
        f"{name}_place": _by_place(said, weight, places),
    } | _around(name, said, weight)


def _around(name: str, values: Floats, weight: Floats) -> dict[str, Floats]:
    sums = np.concatenate([[0.0], np.cumsum(values * weight)])
    weights = np.concatenate([[0.0], np.cumsum(weight)])
    n = len(values)
    at = np.arange(n)
    columns = {}
    for reach in AROUND:
        low, high = np.maximum(at - reach, 0), np.minimum(at + reach + 1, n)
        mean = (sums[high] - sums[low]) / (weights[high] - weights[low])
        columns[f"{name}_around_{reach}"] = mean
    return columns


def _by_place(values: Floats, weight: Floats, places: Ints) -> Floats:
    means: Floats = np.bincount(places, values * weight) / np.bincount(places, weight)
    return means[places]


def _spread(value: float, like: Floats) -> Floats:
    """One value of the page, for each of its lines."""
    return np.full(len(like), float(value))
