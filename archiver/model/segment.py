"""A document cut into lines and words, as arrays: no loop over either."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from archiver.model.alphabet import (
    ALPHA,
    CJK,
    DIGIT,
    SPACE,
    UPPER,
    WORD,
    Codes,
    Flags,
    Rows,
    every_flag,
    flags_of,
    rows_of,
    small_of,
)

Ints = NDArray[np.int64]
Hashes = NDArray[np.uint64]

_BASE = 0x9E3779B97F4A7C15
_BACK = pow(_BASE, -1, 1 << 64)
_NEWLINE = 10

#: Words of a document are told apart by so many bits of their digests: a document's
#: number fits beside them.
WORD_BITS = 48

#: Powers for documents of so many characters are kept, half a megabyte each way.
_KEPT_POWERS = 1 << 16


@dataclass(frozen=True, slots=True)
class Segments:
    """Lines that are not blank, and their words.

    ``first`` and ``last`` are the first and last visible character of each line,
    ``begin`` where the line begins. ``words`` hold a digest of each word, and
    ``line`` ``i`` has the words from ``word_at[i]`` to ``word_at[i + 1]``. ``rows``,
    ``flags`` and ``small`` are what ``archiver.model.alphabet`` makes of the code points,
    and ``running`` the sums of ``small``, for digests of any stretch.
    """

    codes: Codes
    rows: Rows
    small: Hashes
    flags: Flags
    running: Hashes
    index: Ints
    begin: Ints
    first: Ints
    last: Ints
    words: Hashes
    word_start: Ints
    word_end: Ints
    word_at: Ints

    def __len__(self) -> int:
        return len(self.index)


def segment(lines: Sequence[str]) -> Segments:
    """Cut lines into words. A newline inside a line counts as a blank."""
    text = "\n".join([line.replace("\n", " ") if "\n" in line else line for line in lines]) + "\n"
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    rows = rows_of(codes)
    flags, small = flags_of(rows), small_of(rows)
    sums = running(small)
    ends = np.flatnonzero(codes == _NEWLINE)
    begins = np.concatenate([[0], ends[:-1] + 1])
    run, run_end = _runs((flags & SPACE) == 0)
    low, high = np.searchsorted(run, begins), np.searchsorted(run, ends)
    index = np.flatnonzero(high > low)
    first, last = run[low[index]], run_end[high[index] - 1] - 1
    start, end = _word_bounds(flags)
    word_at = np.searchsorted(start, np.concatenate([begins[index], [len(codes)]]))
    words = between(sums, start, end)
    return Segments(
        codes, rows, small, flags, sums, index, begins[index], first, last,
        words, start, end, word_at,
    )  # fmt: skip


def _runs(inside: NDArray[np.bool_]) -> tuple[Ints, Ints]:
    """Where each run begins, and the place after it."""
    edge = np.empty(len(inside) + 1, bool)
    edge[0], edge[-1] = inside[0], inside[-1]
    np.not_equal(inside[1:], inside[:-1], out=edge[1:-1])
    at = np.flatnonzero(edge)
    return at[::2], at[1::2]


def _word_bounds(flags: Flags) -> tuple[Ints, Ints]:
    inside = (flags & WORD) != 0
    alone = (flags & CJK) != 0
    if not alone.any():
        return _runs(inside)
    start = inside.copy()
    start[1:] &= ~inside[:-1] | alone[1:] | alone[:-1]
    end = inside.copy()
    end[:-1] &= ~inside[1:] | alone[1:] | alone[:-1]
    return np.flatnonzero(start), np.flatnonzero(end) + 1


def digests(values: Hashes, start: Ints, end: Ints) -> Hashes:
    """A digest of each stretch of values, equal for equal stretches wherever they stand.

    A polynomial modulo 2**64, from running sums: one pass, however many stretches.
    """
    return between(running(values), start, end)


def running(values: Hashes) -> Hashes:
    """The sums of which digests are differences; one more than there are values."""
    sums = np.zeros(len(values) + 1, np.uint64)
    terms = values + np.uint64(1)
    terms *= _powers(len(values))[0][: len(values)]
    np.cumsum(terms, out=sums[1:])
    return sums


def between(sums: Hashes, start: Ints, end: Ints) -> Hashes:
    """The digests of stretches of the values that the running sums are of."""
    return mixed((sums[end] - sums[start]) * _powers(len(sums) - 1)[1][start])


def _powers(size: int) -> tuple[Hashes, Hashes]:
    """Powers of the base, and of its inverse, up to ``size``."""
    return _kept_powers() if size < _KEPT_POWERS else _count_powers(size)


@lru_cache(maxsize=1)
def _kept_powers() -> tuple[Hashes, Hashes]:
    return _count_powers(_KEPT_POWERS)


def _count_powers(size: int) -> tuple[Hashes, Hashes]:
    both = np.full((2, size + 1), [[_BASE], [_BACK]], np.uint64)
    both[:, 0] = 1
    powers, back = np.cumprod(both, axis=1)
    return powers, back


def mixed(values: Hashes) -> Hashes:
    """Values spread over all 64 bits, one for one."""
    values = (values ^ (values >> np.uint64(29))) * np.uint64(0xBF58476D1CE4E5B9)
    return values ^ (values >> np.uint64(32))


@lru_cache(maxsize=1)
def _kinds() -> Codes:
    """What stands for a character in a shape, by its row; nothing: the mark itself."""
    flags = every_flag()
    kinds = np.zeros(len(flags), np.uint32)
    for flag, kind in ((DIGIT, "9"), (ALPHA, "a"), (UPPER, "A"), (SPACE, " ")):
        kinds[(flags & flag) != 0] = ord(kind)
    return kinds


def shape_digests(seg: Segments, runs: int) -> Hashes:
    """Each line's shape: its first runs of capitals, letters, digits, blanks and marks."""
    kind = _kinds().take(seg.rows, mode="clip")
    own = np.flatnonzero(kind == 0)
    kind[own] = seg.codes[own]
    change = np.empty(len(kind), bool)
    change[:1] = True
    np.not_equal(kind[1:], kind[:-1], out=change[1:])
    change[seg.first] = True
    at = np.flatnonzero(change)
    begin = np.searchsorted(at, seg.first)
    end = np.minimum(np.searchsorted(at, seg.last, side="right"), begin + runs)
    return digests(kind[at].astype(np.uint64), begin, end)
