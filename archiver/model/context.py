"""What the lines of many documents are to each other: places, repeats, topic, prose, likeness.

The same figures as ``archiver.model.figures`` gives for one document, and the same groups
as ``archiver.model.features``, for a block of documents at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archiver.model.figures import FAR, FUNCTION_WORDS, LONG
from archiver.model.lines import Bits, Lines
from archiver.model.own import table_of
from archiver.model.segment import WORD_BITS, Ints
from archiver.model.sums import Plan, plan

Floats = NDArray[np.float32]
Column = NDArray[np.float64]

#: What fits into one number to be sorted: documents of a block, numbers of a thing
#: (of lines, rows, words of a line), and lines of a block.
DOCUMENT_BITS, THING_BITS, LINE_BITS = 10, 28, 24

#: Logarithms that are kept; the figures are mostly small counts.
_KEPT_LOGS = np.log1p(np.arange(1 << 14))


@dataclass(frozen=True, slots=True)
class Block:
    """Documents' lines that are not blank, document after document.

    ``number``: the line's number in ``Lines``; ``index``: which line of its document
    it is, blank ones counted; ``document``: its document's number in the block, whose
    lines go from ``start`` to ``end``.
    """

    number: Ints
    index: Ints
    document: Ints
    start: Ints
    end: Ints

    def __len__(self) -> int:
        return len(self.number)


@dataclass(frozen=True, slots=True)
class Context:
    """What the lines of a block are in their documents.

    ``figures``: all but the first ``OWN``, a row a line. ``alike``: the sums of lines
    that are alike, in any of five ways; ``group``: for each line, its group in each way;
    ``sizes``: of the groups. ``repeated`` and ``topical`` are two of the figures.
    """

    figures: Floats
    alike: Plan
    group: Ints
    sizes: Floats
    repeated: Floats
    topical: Floats


@dataclass(frozen=True, slots=True)
class _Sorted:
    """Lines group after group: ``order``, ``starts``, ``sizes``; each line's ``group``."""

    order: Ints
    starts: Ints
    sizes: Ints
    group: Ints


def context(lines: Lines, block: Block) -> Context:
    """The context of a block's lines. Cost: sorts of the lines and of their words."""
    at = np.arange(len(block))
    first = block.start[block.document]
    weight = lines.weight[block.number]
    opens = np.ones(len(block), bool)
    opens[1:] = np.diff(block.index) > 1
    opens[block.start] = True
    rows = (lines.shape_row, lines.marks_row, lines.first_row, lines.indent)
    ways = [_runs(opens), *(_groups(row[block.number], block.document) for row in rows)]
    repeats = _repeats(lines, block)
    topic = _topic(lines, block, weight)
    columns = [
        *_places(block, at - first, opens),
        *repeats,
        *topic,
        *_prose(lines, block, at, weight, ways[0]),
    ]
    figures = table_of(columns)
    members = np.concatenate([way.order for way in ways])
    sizes = np.concatenate([way.sizes for way in ways])
    offsets = np.cumsum([0, *(len(way.sizes) for way in ways)])
    groups = [way.group + offset for way, offset in zip(ways, offsets, strict=False)]
    return Context(
        figures,
        plan(members, np.cumsum(sizes) - sizes, sizes),
        np.stack(groups, axis=1),
        sizes.astype(np.float32),
        figures[:, 6],
        figures[:, 13],
    )


def _runs(opens: Bits) -> _Sorted:
    starts = np.flatnonzero(opens)
    sizes = np.diff(starts, append=len(opens))
    return _Sorted(np.arange(len(opens)), starts, sizes, np.cumsum(opens) - 1)


def _packed(things: NDArray[np.signedinteger], document: Ints) -> Ints:
    """Document, thing and line in one number, sorted."""
    packed = (document << THING_BITS | things) << LINE_BITS | np.arange(len(document))
    packed.sort()
    return packed


def _groups(things: NDArray[np.signedinteger], document: Ints) -> _Sorted:
    """The lines of each document that have the same thing; the first ones first."""
    packed = _packed(things, document)
    order = packed & ((1 << LINE_BITS) - 1)
    packed >>= LINE_BITS
    new = np.ones(len(packed), bool)
    new[1:] = packed[1:] != packed[:-1]
    starts = np.flatnonzero(new)
    group = np.empty(len(packed), np.int64)
    group[order] = np.cumsum(new) - 1
    return _Sorted(order, starts, np.diff(starts, append=len(packed)), group)


def _log1p(counts: Ints | Column) -> Column:
    if counts.dtype.kind in "iu" and (len(counts) == 0 or int(counts.max()) < len(_KEPT_LOGS)):
        return _KEPT_LOGS[counts]
    logs: Column = np.log1p(counts)
    return logs


def _places(block: Block, k: Ints, opens: Bits) -> list[Column]:
    sizes = block.end - block.start
    size = sizes[block.document]
    closes = np.ones(len(block), bool)
    closes[:-1] = opens[1:]
    return [
        k / np.maximum(size - 1, 1),
        _log1p(k) / 6,
        _log1p(size - 1 - k) / 6,
        (_log1p(sizes) / 6)[block.document],
        opens,
        closes,
    ]


def _repeats(lines: Lines, block: Block) -> list[Column]:
    same = _groups(lines.key[block.number], block.document)
    shapes = lines.shape[block.number]
    alike = _groups(shapes, block.document)
    heads = _groups(lines.head[block.number], block.document)
    like = np.zeros(len(block) + 1, bool)
    like[1:-1] = shapes[1:] == shapes[:-1]
    like[block.start] = False
    return [
        (_log1p(same.sizes - 1) / 2)[same.group],
        same.order[same.starts][same.group] != np.arange(len(block)),
        (_log1p(alike.sizes - 1) / 4)[alike.group],
        (_log1p(heads.sizes - 1) / 4)[heads.group],
        like[:-1],
        like[1:],
    ]


def _topic(lines: Lines, block: Block, weight: Column) -> list[Column]:
    """Shares of function words, and of words that other long lines use too."""
    n = len(block)
    sizes = lines.vocabulary_size[block.number].astype(np.int64)
    line = np.repeat(np.arange(n), sizes)
    ends = np.cumsum(sizes)
    entry = np.arange(len(line)) + (lines.vocabulary_at[block.number] - (ends - sizes))[line]
    own = lines.own[entry].astype(np.float64)
    keyed = block.document[line].astype(np.uint64) << np.uint64(WORD_BITS)
    keyed |= lines.vocabulary[entry]
    order = np.argsort(keyed)
    keyed = keyed[order]
    new = np.ones(len(keyed), bool)
    new[1:] = keyed[1:] != keyed[:-1]
    word = np.empty(len(keyed), np.int64)
    word[order] = np.cumsum(new) - 1
    in_long = np.where((weight >= LONG)[line], own, 0.0)
    often = np.bincount(word, weights=in_long, minlength=int(new.sum())).astype(np.float64)
    function = _function_words(often, (keyed[new] >> np.uint64(WORD_BITS)).astype(np.int64))
    topical = (often[word] - in_long > 0) & ~function[word]
    counts = lines.words[block.number]
    functional = np.bincount(line, weights=np.where(function[word], own, 0.0), minlength=n)
    content = counts - functional
    shared = np.bincount(line, weights=np.where(topical, own, 0.0), minlength=n)
    share = np.where(content > 0, shared / np.maximum(content, 1), 0.5)
    return [functional / np.maximum(counts, 1), share, _log1p(shared.astype(np.int64)) / 4]


def _function_words(often: Column, document: Ints) -> Bits:
    """The most frequent words of each document's long lines."""
    found = np.flatnonzero(often >= 2)
    order = np.lexsort((-often[found], document[found]))
    found = found[order]
    documents = document[found]
    rank = np.arange(len(found)) - np.searchsorted(documents, documents)
    function = np.zeros(len(often), bool)
    function[found[rank < FUNCTION_WORDS]] = True
    return function


def _prose(lines: Lines, block: Block, at: Ints, weight: Column, runs: _Sorted) -> list[Column]:
    """Blocks, and the way to the nearest prose before and after."""
    document, n = block.document, len(block)
    first, end = block.start[document], block.end[document]
    sums = np.concatenate([[0], np.cumsum(weight)])  # exact: halves of whole numbers
    words = sums[runs.starts + runs.sizes] - sums[runs.starts]
    total = sums[block.end] - sums[block.start]
    long = (weight >= LONG) & lines.ends[block.number]
    before = np.maximum.accumulate(np.where(long, at, -1))
    after = np.minimum.accumulate(np.where(long, at, n)[::-1])[::-1]
    prose = np.concatenate([[0], np.cumsum(np.where(long, weight, 0.0))])
    above = prose[:-1] - prose[first]
    all_prose = prose[block.end] - prose[block.start]
    longs = np.concatenate([[0], np.cumsum(long)])
    near = (prose[np.minimum(at + 6, end)] - prose[np.maximum(at - 5, first)]) / 11
    rank = np.empty(n)
    halves = (weight * 2).astype(np.int64)
    rank[_packed(halves, document) & ((1 << LINE_BITS) - 1)] = at - first
    relative = (end - first) / np.maximum(total, 1)[document]
    return [
        (np.log1p(words) / 6)[runs.group],
        (np.log1p(words / runs.sizes) / 5)[runs.group],
        (_log1p(runs.sizes) / 5)[runs.group],
        _log1p(np.where(before >= first, np.minimum(at - before, FAR), FAR)) / 5,
        _log1p(np.where(after < end, np.minimum(after - at, FAR), FAR)) / 5,
        above / np.maximum(all_prose, 1)[document],
        (_log1p(longs[block.end] - longs[block.start]) / 5)[document],
        (all_prose / np.maximum(total, 1))[document],
        np.log1p(near) / 4,
        rank / np.maximum(end - first - 1, 1),
        np.log1p(weight * relative) / 3,
    ]
