"""The figures of a line that nothing but its own characters tell: length, letters, marks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from archiver.model.alphabet import (
    ALPHA,
    BAR,
    CJK,
    COMMA,
    DIGIT,
    END,
    PRICE,
    QUOTE,
    SENTENCE,
    SPACE,
    UPPER,
    Wide,
    counted,
)  # fmt: skip
from archiver.model.segment import Ints, Segments

Floats = NDArray[np.float32]
Column = NDArray[np.float64]

#: So many figures a line.
OWN = 32


def own_figures(seg: Segments, counts: Ints) -> Floats:
    """The first ``OWN`` figures of each line: those that its own characters tell."""
    if len(seg) == 0:
        return np.zeros((0, OWN), np.float32)
    return table_of([*_characters(seg, counts), *_marks(seg)])


def table_of(columns: Sequence[Column | NDArray[np.bool_]]) -> Floats:
    """Columns side by side, as the network takes them."""
    table = np.empty((len(columns[0]), len(columns)), np.float32)
    for number, column in enumerate(columns):
        table[:, number] = column
    return table


def weights(seg: Segments, counts: Ints) -> Column:
    """Words a line; those of scripts without blanks count half."""
    unspaced = _words(seg, (seg.flags[seg.word_start] & CJK) != 0)
    return np.asarray(counts - 0.5 * unspaced, np.float64)


def _words(seg: Segments, mask: NDArray[np.bool_]) -> Ints:
    """How many of the marked words each line has."""
    sums = np.zeros(len(mask) + 1, np.int64)
    np.cumsum(mask, out=sums[1:])
    found: Ints = sums[seg.word_at[1:]] - sums[seg.word_at[:-1]]
    return found


def _count(seg: Segments, mask: NDArray[np.bool_]) -> Column:
    """How many of the marked characters each line has; for marks that are few."""
    at = np.flatnonzero(mask)
    if len(at) == 0:
        return np.zeros(len(seg))
    counts = np.searchsorted(at, seg.last, side="right") - np.searchsorted(at, seg.first)
    return counts.astype(np.float64)


def _pairs(seg: Segments, numbers: Wide) -> tuple[Column, Column]:
    """The sums of what ``alphabet.counted`` holds, of each line: the lower, the upper half."""
    bounds = np.stack([seg.first, seg.last + 1], axis=1).ravel()
    sums = np.add.reduceat(numbers, bounds)[::2]
    low = sums & np.uint64((1 << 32) - 1)
    return low.astype(np.float64), (sums >> np.uint64(32)).astype(np.float64)


def _characters(seg: Segments, counts: Ints) -> list[Column]:
    length = (seg.last + 1 - seg.first).astype(np.float64)
    words = np.maximum(counts, 1)
    flags = seg.flags
    letters, others = counted(seg.rows)
    alpha, upper = _pairs(seg, letters)
    digit, space = _pairs(seg, others)
    titled = _words(seg, (flags[seg.word_start] & UPPER) != 0)
    return [
        np.log1p(length) / 6,
        np.log1p(counts) / 5,
        np.minimum(alpha / words, 15) / 10,
        upper / length,
        digit / length,
        (length - alpha - digit - space) / length,
        titled / words,
        _count(seg, (flags & CJK) != 0) / length,
        ((upper > 3) & (upper >= alpha * 0.9)).astype(float),
        np.log1p(seg.first - seg.begin) / 3,
    ]


def _marks(seg: Segments) -> list[Column]:
    codes, flags = seg.codes, seg.flags
    first, last = seg.first, seg.last
    blank = (flags & SPACE) != 0
    wide = np.zeros(len(blank), bool)
    np.logical_and(blank[1:], blank[:-1], out=wide[1:])
    # Marks are few: all that is asked of them is asked of them alone.
    at = np.flatnonzero((flags & (ALPHA | DIGIT | SPACE)) == 0)
    line = np.searchsorted(first, at, side="right") - 1
    code, flag, before, after = codes[at], flags[at], flags[at - 1], flags[(at + 1) % len(flags)]
    between = ((before & DIGIT) != 0) & ((after & DIGIT) != 0)
    dash = (code == 45) | (code == 46) | (code == 47)

    def some(mask: NDArray[np.bool_], most: int = 1) -> Column:
        counts = np.bincount(line[mask], minlength=len(seg)).astype(np.float64)
        return np.minimum(counts, most) / most

    second, head = flags[np.minimum(first + 1, len(flags) - 1)], codes[first]
    bullet = ((flags[first] & (ALPHA | DIGIT)) == 0) & ((second & SPACE) != 0)
    return [
        ((flags[last] & SENTENCE) != 0).astype(float),
        (codes[last] == 58).astype(float),
        ((flags[last] & END) != 0).astype(float),
        bullet.astype(float),
        ((flags[first] & DIGIT) != 0).astype(float),
        ((flags[first] & (ALPHA | UPPER)) == ALPHA).astype(float),
        ((flags[first] & UPPER) != 0).astype(float),
        some((code == 64) | ((code == 47) & (codes[at - 1] == 47))),
        some((code == 46) & ((before & ALPHA) != 0) & ((after & (ALPHA | UPPER)) == ALPHA)),
        some((flag & BAR) != 0, 6),
        some((flag & COMMA) != 0, 8),
        some((flag & SENTENCE) != 0, 8),
        some((flag & QUOTE) != 0),
        some((flag & PRICE) != 0),
        some(code == 0xA9),
        some((code == 58) & between),
        some(dash & between),
        some((code == 40) | (code == 0xFF08)),
        ((head == 91) | (head == 123) | (head == 60) | (head == 124)).astype(float),
        some((code == 33) | (code == 63) | (code == 0xFF01) | (code == 0xFF1F)),
        np.minimum(_count(seg, wide), 8) / 8,
        _years(seg),
    ]


def _years(seg: Segments) -> Column:
    found: Column = np.zeros(len(seg))
    four = np.flatnonzero(seg.word_end - seg.word_start == 4)
    at = seg.word_start[four]
    head = seg.codes[at] * 10 + seg.codes[at + 1]  # "19" and "20" as numbers of their codes
    digits = (seg.flags[at + 2] & DIGIT != 0) & (seg.flags[at + 3] & DIGIT != 0)
    years = four[((head == 49 * 10 + 57) | (head == 50 * 10 + 48)) & digits]
    found[np.searchsorted(seg.word_at, years, side="right") - 1] = 1
    return found
