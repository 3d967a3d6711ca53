"""The figures of a line: shape, place, neighbours, and how it sits in its document."""

from __future__ import annotations

import numpy as np

from archiver.model.alphabet import END
from archiver.model.own import Column, Floats, own_figures, table_of, weights
from archiver.model.segment import WORD_BITS, Hashes, Ints, Segments

#: A line with at least so many words (two characters of Chinese make one) is prose.
LONG = 12

#: The most frequent words of the long lines: articles, prepositions and the like.
FUNCTION_WORDS = 30

#: Beyond so many lines, a distance says only "far".
FAR = 200

#: Figures a line; the first ``own.OWN`` of them depend on nothing but the line.
WIDTH = 58

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
    return np.concatenate([own_figures(seg, counts), table_of(columns)], axis=1)


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
