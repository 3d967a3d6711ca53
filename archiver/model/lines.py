"""Lines as they are to the model by themselves: looked at once, wherever they stand.

Half of the lines of a scraped corpus stand in more than one place, and most stay
where they are from one turn of cleaning to the next. What depends on nothing but a
line (its characters, its words and their vectors) is kept here by its number.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from archiver.model.alphabet import END
from archiver.model.features import SHAPE_RUNS, Floats, indents, tokens_of, word_digests
from archiver.model.figures import DATED, ENDS_SENTENCE
from archiver.model.own import own_figures, weights
from archiver.model.segment import WORD_BITS, Hashes, Ints, segment, shape_digests
from archiver.model.sums import group_sums

Small = NDArray[np.int32]
Bits = NDArray[np.bool_]

#: Lines are looked at in lots of about so many characters, which stay in the cache; the
#: lines of a lot are numbered in the bits that ``WORD_BITS`` leave.
LOT = 48_000


class Lines:
    """Every line that was asked about, by number: one row of each array a line.

    ``entry``: what the first layer makes of the line alone, before the document is
    known. ``visible``: not blank. ``words``: how many; ``weight``: those of scripts
    without blanks count half. ``key``, ``shape`` and ``head`` number all words,
    the shape and the first word, equal for what is equal; ``shape_row``, ``marks_row``
    and ``first_row`` are the rows of the table of word vectors that shape, outer marks and
    first word lead to. ``vocabulary`` holds the
    digests of the different words of line ``i`` from ``vocabulary_at[i]`` on, and
    ``own`` how often the line has each.
    """

    def __init__(self, table: Floats, weight: Floats, bias: Floats) -> None:
        """No lines yet.

        table: vectors of words. weight, bias: the first layer's, for the line's own
        figures and the mean of its words.
        """
        self._table, self._weight, self._bias = table, weight, bias
        self._numbers = _Numbers()
        width = weight.shape[1]
        self.entry = np.zeros((0, width), np.float32)
        self.visible, self.ends, self.sentence, self.dated = (np.zeros(0, bool) for _ in range(4))
        self.words, self.shape_row, self.marks_row, self.first_row, self.indent = (
            np.zeros(0, np.int32) for _ in range(5)
        )
        self.weight = np.zeros(0)
        self.digests = np.zeros((0, 3), np.uint64)
        self.key = self.shape = self.head = np.zeros(0, np.int64)
        self.vocabulary_size: Small = np.zeros(0, np.int32)
        self.vocabulary_at: Ints = np.zeros(0, np.int64)
        self.vocabulary: Hashes = np.zeros(0, np.uint64)
        self.own: Small = np.zeros(0, np.int32)

    def numbers(self, lines: Sequence[str]) -> Ints:
        """The lines' numbers. Cost: a look-up each, and a few passes over new ones."""
        found = np.fromiter(map(self._numbers.__getitem__, lines), np.int64, len(lines))
        if new := self._numbers.taken():
            self._add([_look(lot, self._table, self._weight, self._bias) for lot in _lots(new)])
        return found

    def _add(self, looks: Sequence[dict[str, NDArray[np.generic]]]) -> None:
        for name in tuple(looks[0]):
            pieces = [look.pop(name) for look in looks]
            column: NDArray[np.generic] = getattr(self, name)
            place = len(column)
            # Nothing else refers to a column; most grow where they are, never held twice.
            column.resize((place + sum(map(len, pieces)), *column.shape[1:]), refcheck=False)
            for piece in pieces:
                column[place : place + len(piece)] = piece
                place += len(piece)
        self.key, self.shape, self.head = (
            np.unique(column, return_inverse=True)[1] for column in self.digests.T
        )
        self.vocabulary_at = np.cumsum(self.vocabulary_size, dtype=np.int64) - self.vocabulary_size


class _Numbers(dict[str, int]):
    """Gives each new key the next number."""

    def __init__(self) -> None:
        super().__init__()
        self._told = 0

    def __missing__(self, key: str) -> int:
        number = self[key] = len(self)
        return number

    def taken(self) -> list[str]:
        """The keys that came since the last call, in the order of their numbers."""
        new = list(islice(reversed(self), len(self) - self._told))[::-1]
        self._told = len(self)
        return new


def _lots(lines: Sequence[str]) -> Iterator[list[str]]:
    lot: list[str] = []
    size = 0
    for line in lines:
        lot.append(line)
        size += len(line) + 1
        if size >= LOT:
            yield lot
            lot, size = [], 0
    if lot:
        yield lot


def _look(
    lines: Sequence[str], table: Floats, weight: Floats, bias: Floats
) -> dict[str, NDArray[np.generic]]:
    """One row of each array of ``Lines`` for each of some lines."""
    seg = segment(lines)
    counts = np.diff(seg.word_at)
    shapes, keys = shape_digests(seg, SHAPE_RUNS), word_digests(seg)
    tokens, starts = tokens_of(seg, counts, shapes, keys)
    figures = own_figures(seg, counts)
    sizes = np.diff(starts, append=len(tokens))
    means = group_sums(table, tokens, starts, sizes) / sizes.astype(np.float32)[:, None]
    entry = np.concatenate([figures, means], axis=1) @ weight + bias
    some = counts > 0
    vocabulary, own, vocabulary_size = _vocabulary(seg.words, seg.word_at)
    heads = np.zeros(len(seg), np.uint64)
    heads[some] = seg.words[seg.word_at[:-1][some]]
    first = np.zeros(len(seg), np.int64)  # a row plus one; none where there is no word
    first[some] = tokens[starts[some] + 2] + 1

    def spread(column: NDArray[np.generic], kind: type[np.generic]) -> NDArray[np.generic]:
        """A column for the lines that are not blank, with nothing for those that are."""
        wide = np.zeros((len(lines), *column.shape[1:]), kind)
        wide[seg.index] = column
        return wide

    return {
        "entry": spread(entry, np.float32),
        "visible": spread(np.ones(len(seg), bool), np.bool_),
        "ends": spread((seg.flags[seg.last] & END) != 0, np.bool_),
        "sentence": spread(figures[:, ENDS_SENTENCE] > 0, np.bool_),
        "dated": spread(np.any(figures[:, DATED] > 0, axis=1), np.bool_),
        "words": spread(counts, np.int32),
        "weight": spread(weights(seg, counts), np.float64),
        "digests": spread(np.stack([keys, shapes, heads], axis=1), np.uint64),
        "shape_row": spread(tokens[starts], np.int32),
        "marks_row": spread(tokens[starts + 1], np.int32),
        "first_row": spread(first, np.int32),
        "indent": spread(indents(figures), np.int32),
        "vocabulary_size": spread(vocabulary_size, np.int32),
        "vocabulary": vocabulary,
        "own": own,
    }


def _vocabulary(words: Hashes, word_at: Ints) -> tuple[Hashes, Small, Ints]:
    """The different words of each line, how often it has them, and how many they are."""
    counts = np.diff(word_at)
    lines = np.arange(len(counts), dtype=np.uint64) << np.uint64(WORD_BITS)
    keyed = np.repeat(lines, counts) | words >> np.uint64(64 - WORD_BITS)
    keyed.sort()
    new = np.ones(len(keyed), bool)
    new[1:] = keyed[1:] != keyed[:-1]
    at = np.flatnonzero(new)
    keyed = keyed[at]
    own = np.diff(at, append=len(words)).astype(np.int32)
    line = (keyed >> np.uint64(WORD_BITS)).astype(np.int64)
    known = keyed & np.uint64((1 << WORD_BITS) - 1)
    return known, own, np.bincount(line, minlength=len(counts))
