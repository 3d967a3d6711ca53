"""The figures of a line: shape, place, neighbours, and how it sits in its document."""

from __future__ import annotations

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
)  # fmt: skip
from archiver.model.segment import WORD_BITS, Hashes, Ints, Segments

Floats = NDArray[np.float32]
Column = NDArray[np.float64]

#: A line with at least so many words (two characters of Chinese make one) is prose.
LONG = 12

#: The most frequent words of the long lines: articles, prepositions and the like.
FUNCTION_WORDS = 30

#: Beyond so many lines, a distance says only "far".
FAR = 200

#: Figures a line; the first of them depend on nothing but the line.
WIDTH, OWN = 58, 32

#: Those that tell of the end of a sentence; of a clock, a date and a year; how often
#: the line stands in the document; and how much it shares with the long lines.
ENDS_SENTENCE, DATED, REPEATED, TOPICAL = 12, [25, 26, 31], 38, 45


def figures(seg: Segments, counts: Ints, shapes: Hashes, keys: Hashes) -> Floats:
    """One row of figures a line, each near the range from 0 to 1."""
    n = len(seg)
    if n == 0:
        return np.zeros((0, WIDTH), np.float32)
    weight = weights(seg, counts)
    columns = [
        *_places(seg),
        *_repeats(seg, counts, shapes, keys),
        *_topic(seg, counts, weight),
        *_prose(seg, weight),
    ]
    near = np.stack(columns, axis=1).astype(np.float32)
    return np.concatenate([own_figures(seg, counts), near], axis=1)


def own_figures(seg: Segments, counts: Ints) -> Floats:
    """The first ``OWN`` figures of each line: those that its own characters tell."""
    if len(seg) == 0:
        return np.zeros((0, OWN), np.float32)
    return np.stack([*_characters(seg, counts), *_marks(seg)], axis=1).astype(np.float32)


def weights(seg: Segments, counts: Ints) -> Column:
    """Words a line; those of scripts without blanks count half."""
    cjk = (seg.flags[seg.word_start] & CJK) != 0
    sums = np.concatenate([[0], np.cumsum(cjk)])
    unspaced = sums[seg.word_at[1:]] - sums[seg.word_at[:-1]]
    return np.asarray(counts - 0.5 * unspaced, np.float64)


def _count(seg: Segments, mask: NDArray[np.bool_]) -> Column:
    """How many of the marked characters each line has."""
    at = np.flatnonzero(mask)
    counts = np.searchsorted(at, seg.last, side="right") - np.searchsorted(at, seg.first)
    return counts.astype(np.float64)


def _characters(seg: Segments, counts: Ints) -> list[Column]:
    length = (seg.last + 1 - seg.first).astype(np.float64)
    words = np.maximum(counts, 1)
    flags = seg.flags
    alpha = length - _count(seg, (flags & ALPHA) == 0)  # the others are fewer
    upper = _count(seg, (flags & UPPER) != 0)
    digit = _count(seg, (flags & DIGIT) != 0)
    space = _count(seg, (flags & SPACE) != 0)
    sums = np.concatenate([[0], np.cumsum((flags[seg.word_start] & UPPER) != 0)])
    titled = sums[seg.word_at[1:]] - sums[seg.word_at[:-1]]
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
    # Marks are few: all that is asked of them is asked of them alone.
    at = np.flatnonzero((flags & (ALPHA | DIGIT | SPACE)) == 0)
    line = np.searchsorted(first, at, side="right") - 1
    code, flag, before, after = codes[at], flags[at], flags[at - 1], flags[(at + 1) % len(flags)]
    between = ((before & DIGIT) != 0) & ((after & DIGIT) != 0)
    dash = (code == 45) | (code == 46) | (code == 47)

    def some(mask: NDArray[np.bool_], most: int = 1) -> Column:
        counts = np.bincount(line[mask], minlength=len(seg)).astype(np.float64)
        return np.minimum(counts, most) / most

    second = flags[np.minimum(first + 1, len(flags) - 1)]
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
        np.isin(codes[first], [91, 123, 60, 124]).astype(float),
        some((code == 33) | (code == 63) | (code == 0xFF01) | (code == 0xFF1F)),
        np.minimum(_count(seg, blank & np.roll(blank, 1)), 8) / 8,
        _years(seg),
    ]


def _years(seg: Segments) -> Column:
    four = seg.word_end - seg.word_start == 4
    at = seg.word_start[four]
    year = np.zeros(len(seg.word_start), bool)
    head = seg.codes[at] * 10 + seg.codes[at + 1]  # "19" and "20" as numbers of their codes
    digits = (seg.flags[at + 2] & DIGIT != 0) & (seg.flags[at + 3] & DIGIT != 0)
    year[four] = np.isin(head, [49 * 10 + 57, 50 * 10 + 48]) & digits
    sums = np.concatenate([[0], np.cumsum(year)])
    some: Column = (sums[seg.word_at[1:]] > sums[seg.word_at[:-1]]).astype(np.float64)
    return some


def _places(seg: Segments) -> list[Column]:
    n = len(seg)
    k = np.arange(n, dtype=np.float64)
    gap = np.concatenate([[1.0], np.diff(seg.index) > 1, [1.0]])
    return [
        k / max(n - 1, 1),
        np.log1p(k) / 6,
        np.log1p(n - 1 - k) / 6,
        np.full(n, np.log1p(n) / 6),
        gap[:-1],
        gap[1:],
    ]


def _repeats(seg: Segments, counts: Ints, shapes: Hashes, keys: Hashes) -> list[Column]:
    n = len(seg)
    _, at, same, often = np.unique(keys, return_index=True, return_inverse=True, return_counts=True)
    _, shape, shape_often = np.unique(shapes, return_inverse=True, return_counts=True)
    has = counts > 0
    heads = (
        np.where(has, seg.words[np.minimum(seg.word_at[:-1], len(seg.words) - 1)], 0)
        if len(seg.words)
        else np.zeros(n, np.uint64)
    )
    _, head, head_often = np.unique(heads, return_inverse=True, return_counts=True)
    like = (shapes[1:] == shapes[:-1]).astype(float)
    return [
        np.log1p(often[same] - 1) / 2,
        (at[same] != np.arange(n)).astype(float),
        np.log1p(shape_often[shape] - 1) / 4,
        np.log1p(head_often[head] - 1) / 4,
        np.concatenate([[0], like]),
        np.concatenate([like, [0]]),
    ]


def _topic(seg: Segments, counts: Ints, weight: Column) -> list[Column]:
    """Shares of function words, and of words that other long lines use too."""
    n = len(seg)
    if len(seg.words) == 0:
        return [np.zeros(n), np.full(n, 0.5), np.zeros(n)]
    line = np.repeat(np.arange(n), counts)
    _, word = np.unique(seg.words >> np.uint64(64 - WORD_BITS), return_inverse=True)
    long = weight >= LONG
    in_long = long[line]
    often = np.bincount(word, weights=in_long)
    order = np.argsort(-often, kind="stable")[:FUNCTION_WORDS]
    function = np.zeros(len(often), bool)
    function[order] = often[order] >= 2
    _, pair, own = np.unique(word * n + line, return_inverse=True, return_counts=True)
    elsewhere = often[word] - np.where(in_long, own[pair], 0) > 0
    topical = elsewhere & ~function[word]
    size = np.maximum(counts, 1)
    functional = np.bincount(line, weights=function[word], minlength=n)
    content = counts - functional
    shared = np.bincount(line, weights=topical, minlength=n)
    share = np.where(content > 0, shared / np.maximum(content, 1), 0.5)
    return [functional / size, share, np.log1p(shared) / 4]


def _prose(seg: Segments, weight: Column) -> list[Column]:
    """Blocks, and the way to the nearest prose before and after."""
    n = len(seg)
    k = np.arange(n)
    block: Ints = np.cumsum(np.diff(seg.index, prepend=-1) > 1)
    block = block - block[0]
    size = np.bincount(block)
    words = np.bincount(block, weights=weight)
    sentence = (seg.flags[seg.last] & END) != 0
    long = (weight >= LONG) & sentence
    before = np.maximum.accumulate(np.where(long, k, -FAR))
    after = np.minimum.accumulate(np.where(long, k, n + FAR)[::-1])[::-1]
    prose = np.where(long, weight, 0)
    sums = np.concatenate([[0], np.cumsum(prose)])
    near = (sums[np.minimum(k + 6, n)] - sums[np.maximum(k - 5, 0)]) / 11
    rank = np.empty(n)
    rank[np.argsort(weight, kind="stable")] = k
    return [
        np.log1p(words[block]) / 6,
        np.log1p(words[block] / size[block]) / 5,
        np.log1p(size[block]) / 5,
        np.log1p(np.minimum(k - before, FAR)) / 5,
        np.log1p(np.minimum(after - k, FAR)) / 5,
        sums[:-1] / max(sums[-1], 1),
        np.full(n, np.log1p(long.sum()) / 5),
        np.full(n, sums[-1] / max(weight.sum(), 1)),
        np.log1p(near) / 4,
        rank / max(n - 1, 1),
        np.log1p(weight * n / max(weight.sum(), 1)) / 3,
    ]
