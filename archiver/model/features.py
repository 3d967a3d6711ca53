"""What a line looks like to the model: figures and hashed words, of all lines at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archiver.model.figures import figures
from archiver.model.segment import (
    Hashes,
    Ints,
    Segments,
    between,
    digests,
    mixed,
    segment,
    shape_digests,
)

Floats = NDArray[np.float32]

#: Rows of the table of word vectors; a hashed word is a row of it.
BUCKETS_BITS = 15

#: Words looked at from the start and from the end of a line; what stands between
#: them says little that the length has not said.
HEAD_WORDS = 18
TAIL_WORDS = 5

#: Lines with at most so many words are also taken whole.
WHOLE_WORDS = 8

#: Of so many words from the start, the first letters count too: endings differ.
STEM_WORDS, STEM_LENGTH = 10, 4

#: Runs of one kind of character that make up a line's shape.
SHAPE_RUNS = 12

#: The column of the figures that tells how far a line is indented.
_INDENT = 9


@dataclass(frozen=True, slots=True)
class Groups:
    """Lines that are alike in one way, wherever in the document they stand.

    Line ``i`` is in group ``group[i]``; ``order`` lists the lines group by group,
    and those of each group begin at ``starts``.
    """

    group: Ints
    order: Ints
    starts: Ints


@dataclass(frozen=True, slots=True)
class Features:
    """A document as the model sees it: its lines that are not blank.

    ``index`` holds their numbers among all lines, ``dense`` one row of figures a
    line, ``words`` the number of words a line. ``tokens`` are rows of the table of
    word vectors, line after line; those of line ``i`` begin at ``starts[i]``.
    ``alike`` holds the lines by block, shape, marks, first word and indent.
    """

    index: Ints
    dense: Floats
    words: Ints
    tokens: Ints
    starts: Ints
    alike: tuple[Groups, ...]


def features(lines: Sequence[str]) -> Features:
    """The features of a document. Cost: linear, a few passes over its code points."""
    seg = segment(lines)
    counts = np.diff(seg.word_at)
    shapes, keys = shape_digests(seg, SHAPE_RUNS), word_digests(seg)
    tokens, starts = tokens_of(seg, counts, shapes, keys)
    dense = figures(seg, counts, shapes, keys)
    alike = _alike(seg.index, counts, tokens, starts, dense)
    return Features(seg.index, dense, counts, tokens, starts, alike)


def _alike(
    index: Ints, counts: Ints, tokens: Ints, starts: Ints, dense: Floats
) -> tuple[Groups, ...]:
    """The ways in which lines are alike. The first three tokens of a line tell of some."""
    if len(index) == 0:
        return ()
    first = np.where(counts > 0, tokens[np.minimum(starts + 2, len(tokens) - 1)], -1)
    block: Ints = np.cumsum(np.diff(index, prepend=-1) > 1)
    ways: tuple[Ints, ...] = (block, tokens[starts], tokens[starts + 1], first, indents(dense))
    return tuple(_grouped(keys) for keys in ways)


def indents(dense: Floats) -> Ints:
    """How far each line is indented, in steps that grow with it."""
    steps: Ints = np.round(dense[:, _INDENT] * 12).astype(np.int64)
    return steps


def word_digests(seg: Segments) -> Hashes:
    """A digest of all the words of each line."""
    return digests(seg.words, seg.word_at[:-1], seg.word_at[1:])


def _grouped(keys: Ints) -> Groups:
    _, group, sizes = np.unique(keys, return_inverse=True, return_counts=True)
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    return Groups(group, np.argsort(group, kind="stable"), starts)


def tokens_of(seg: Segments, counts: Ints, shapes: Hashes, keys: Hashes) -> tuple[Ints, Ints]:
    """Rows of the table of word vectors, line after line, and where each line's begin.

    Each line has at least two: its shape's, and that of its first and last mark.
    """
    n = len(seg)
    every = np.arange(n)
    line = np.repeat(every, counts)
    rank = np.arange(len(seg.words)) - seg.word_at[:-1][line]
    left = counts[line] - rank
    head = rank < HEAD_WORDS
    seen = np.flatnonzero(head | (left <= TAIL_WORDS))
    pair = np.flatnonzero(head & (left > 1))
    stem = np.flatnonzero((rank < STEM_WORDS) & (seg.word_end - seg.word_start > STEM_LENGTH))
    stem_at = seg.word_start[stem]
    some = np.flatnonzero(counts)
    few = some[counts[some] <= WHOLE_WORDS]
    marks = seg.small[seg.first] << np.uint64(21) | seg.small[seg.last]
    kinds: list[tuple[Ints, Hashes]] = [
        (every, shapes),
        (every, mixed(marks)),
        (some, seg.words[seg.word_at[some]]),
        (some, seg.words[seg.word_at[some + 1] - 1]),
        (few, keys[few]),
        (line[seen], seg.words[seen]),
        (line[pair], seg.words[pair] * np.uint64(3) + seg.words[pair + 1]),
        (line[stem], between(seg.running, stem_at, stem_at + STEM_LENGTH)),
    ]
    sizes = [np.bincount(at, minlength=n) for at, _ in kinds]
    ends = np.cumsum(np.sum(sizes, axis=0))
    starts = np.concatenate([[0], ends])[:-1].astype(np.int64)
    values = np.empty(int(ends[-1]) if n else 0, np.uint64)
    used = starts.copy()
    for salt, ((at, kind), size) in enumerate(zip(kinds, sizes, strict=True)):
        place = (used - (np.cumsum(size) - size))[at]
        place += np.arange(len(at))
        values[place] = kind + np.uint64(salt * 0x632BE59BD9B4E019 % (1 << 64))
        used += size
    tokens = (mixed(values) >> np.uint64(64 - BUCKETS_BITS)).astype(np.int64)
    return tokens, starts
