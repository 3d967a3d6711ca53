"""The received bytes of many rows at once, from text and edits.

``records.raw_text`` says what they are; a test holds the two equal. Where each edit cuts
the text is found for all rows at once, and the bytes are digested where they lie.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from archiver.archive.rows.canonical import Column, OddError

Ints = NDArray[np.int64]

#: For each byte of eight flags and each n: where the n-th flag is set (8: there is none).
_NTH = np.full((256, 8), 8, np.uint8)
for _byte in range(256):
    _set = [at for at in range(8) if _byte >> at & 1]
    _NTH[_byte, : len(_set)] = _set


class CodePoints:
    """Finds bytes by code points in UTF-8, many at a time.

    A flag a byte says whether a code point begins there; 64 flags are counted at once.
    Cost: one pass over the bytes, and a search for each position asked for.
    """

    def __init__(self, data: NDArray[np.uint8]) -> None:
        self._size = len(data)
        starts = data.view(np.int8) >= -64  # all but 0x80 to 0xBF
        flags = np.packbits(starts, bitorder="little")
        self._flags = np.zeros(len(flags) // 8 * 8 + 8, np.uint8)
        self._flags[: len(flags)] = flags
        words = self._flags.view(np.uint64)
        self._until = np.zeros(len(words) + 1, np.int64)
        np.cumsum(np.bitwise_count(words), out=self._until[1:])

    def count(self, at: Ints) -> Ints:
        """How many code points begin before each byte from 0 to the end."""
        word = at >> 6
        inside = np.bitwise_count(self._flags.reshape(-1, 8)[word])
        whole = np.arange(8) < (at >> 3 & 7)[:, None]
        rest = self._flags[at >> 3] & ((1 << (at & 7)) - 1).astype(np.uint8)
        counted: Ints = (
            self._until[word] + (inside * whole).sum(1, np.int64) + np.bitwise_count(rest)
        )
        return counted

    def find(self, number: Ints) -> Ints:
        """The byte at which each code point begins, counted from 0; past the last one: the end."""
        word = np.searchsorted(self._until, number, side="right") - 1
        past = number >= self._until[-1]
        word[past] = 0
        left = np.where(past, 0, number - self._until[word])
        # Down the columns: numpy adds along short rows far more slowly.
        counts = np.ascontiguousarray(np.bitwise_count(self._flags.reshape(-1, 8)[word]).T)
        until = np.cumsum(counts, axis=0, dtype=np.int64)
        byte = (until <= left).sum(0, np.int64)
        byte[past] = 0
        left -= np.where(byte > 0, until[byte - 1, np.arange(len(byte))], 0)
        left[past] = 0
        found: Ints = word * 64 + byte * 8 + _NTH[self._flags[word * 8 + byte], left]
        return np.where(past, self._size, found)


def offsets_of(column: Column) -> Ints:
    """Where each value of a string or binary column begins in its buffer, and the last ends."""
    buffer = column.buffers()[1]
    if buffer is None:
        return np.zeros(len(column) + 1, np.int64)
    offsets = np.frombuffer(buffer, np.int32)[column.offset : column.offset + len(column) + 1]
    return offsets.astype(np.int64)


def raw_pieces(text: Column, edits: Column) -> tuple[Iterator[list[memoryview]], NDArray[np.bool_]]:
    """The raw text of each row, in pieces of UTF-8, and which rows' edits fit their text.

    text: strings that are known to be UTF-8; edits: as in the table. Neither holds nulls.
    The pieces are views into both: nothing is copied. What is given of a row whose edits
    do not fit means nothing. Raises: OddError.
    """
    items = edits.flatten()
    if items.null_count or edits.null_count or text.null_count:
        raise OddError("null among edits")
    rows = len(text)
    first = np.asarray(edits.offsets).astype(np.int64)
    first -= first[0]  # of each row, its first edit; then their number
    row = np.repeat(np.arange(rows), np.diff(first))
    field = {items.type.field(at).name: items.field(at) for at in range(items.type.num_fields)}
    if any(field[name].null_count for name in ("start", "end", "before", "after")):
        raise OddError("null within an edit")
    start = np.asarray(field["start"]).astype(np.int64)
    end = np.asarray(field["end"]).astype(np.int64)
    gone, come = (_lengths(field[name]) for name in ("before", "after"))
    bounds = offsets_of(text)
    data = text.buffers()[2]
    points = CodePoints(np.frombuffer(data if data is not None else b"", np.uint8)[: bounds[-1]])
    base = points.count(bounds)
    # As Cleaning.raw: how far the clean text lags behind the raw one at each edit.
    lag = np.cumsum(gone - come) - (gone - come)
    lag -= np.concatenate((lag, [0]))[np.minimum(first[:-1], len(lag))][row]
    at = start - lag
    before = np.concatenate(([0], end[:-1]))
    before[first[:-1][np.diff(first) > 0]] = 0
    amiss = (start < before) | (end - start != gone) | (at + come > np.diff(base)[row]) | (at < 0)
    fits = np.ones(rows, bool)
    fits[row[amiss]] = False
    keep = fits[row]  # a misfit's pieces are empty, and its last one is its text
    where = np.where(keep, base[row] + at, 0)
    cuts = np.where(keep, points.find(where), bounds[row])
    heals = cuts.copy()
    grown = keep & (come > 0)
    heals[grown] = points.find((where + come)[grown])
    return _pieces(text, field["before"], (cuts, heals), first), fits


def _lengths(column: Column) -> Ints:
    return np.asarray(pc.utf8_length(column)).astype(np.int64)


def _pieces(
    text: Column, before: Column, cuts: tuple[Ints, Ints], first: Ints
) -> Iterator[list[memoryview]]:
    """Text up to each edit, what stood there, and the text after the last edit, row by row."""
    clean, gone = _bytes_of(text), _bytes_of(before)
    bounds, parts, firsts = offsets_of(text).tolist(), offsets_of(before).tolist(), first.tolist()
    cut, heal = (ends.tolist() for ends in cuts)
    for row, at in enumerate(bounds[:-1]):
        pieces: list[memoryview] = []
        for edit in range(firsts[row], firsts[row + 1]):
            pieces += (clean[at : cut[edit]], gone[parts[edit] : parts[edit + 1]])
            at = heal[edit]  # noqa: PLW2901 - where the text goes on
        pieces.append(clean[at : bounds[row + 1]])
        yield pieces


def _bytes_of(column: Column) -> memoryview:
    data = column.buffers()[2]
    return memoryview(data if data is not None else b"")
