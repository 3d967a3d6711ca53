"""CSV and TSV: a document a row, in memory one row at a time."""

from __future__ import annotations

import csv
import sys
from collections import deque
from collections.abc import Iterator
from typing import IO

from archiver.readers.fields import RecordProblem, take
from archiver.readers.formats import Wanted
from archiver.readers.jsonl import numbered_lines, plain
from archiver.readers.record import Record
from archiver.readers.slurp import ReadProblem

#: The longest header: a thousand columns of a hundred bytes.
MAX_HEADER = 100_000

_WINDOWS_LONG = (1 << 31) - 1


class _TooLong(Exception):
    """A row outgrew the limit: a quote that is never closed, or a giant."""


class _Lines:
    """Lines for ``csv.reader``, remembered from the beginning of a row, and given back at will.

    Bytes that are no UTF-8 are carried over as lone surrogates.
    """

    def __init__(self, stream: IO[bytes], max_bytes: int) -> None:
        self._lines = numbered_lines(stream, max_bytes)
        self._again: deque[tuple[int, bytes | None, int]] = deque()
        self._max = max_bytes
        self.held: list[tuple[int, bytes | None, int]] = []
        self._size = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        item = self._again.popleft() if self._again else next(self._lines)
        self.held.append(item)
        self._size += item[2]
        if item[1] is None or self._size > self._max:
            raise _TooLong
        return item[1].decode("utf-8", "surrogateescape")

    def begin(self) -> None:
        """A row begins: forget the lines of the one before."""
        self.held, self._size = [], 0

    def retreat(self) -> tuple[int, bytes | None, int]:
        """Give up the row's first line alone; the others are read again."""
        first, *rest = self.held
        self._again.extendleft(reversed(rest))
        self.begin()
        return first


def read_table(
    stream: IO[bytes], wanted: Wanted, max_bytes: int, *, delimiter: str = ","
) -> Iterator[Record]:
    """The rows of a table whose first row names its columns, numbered from 1.

    Quoted as RFC 4180 has it. A row that cannot be read costs its first line; the
    next is read anew, so a quote that is never closed costs no more. A ``;`` parts
    the cells where it does so in the header and ``,`` does not.
    Raises: ReadProblem E238 without such a header; what the stream raises.
    Memory: one row of at most ``max_bytes``, twice.
    """
    # The limit is the module's, for all its users; ours is kept by _Lines.
    csv.field_size_limit(min(sys.maxsize, _WINDOWS_LONG))
    lines = _Lines(plain(stream), max_bytes)
    columns, delimiter = _header(lines, wanted, delimiter)
    number = 0
    rows = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        lines.begin()
        try:
            cells = next(rows)
        except StopIteration:
            return
        except (_TooLong, csv.Error) as error:
            number += 1
            line, data, _ = lines.retreat()
            too_long = f"has more than {max_bytes:,} bytes, or a quote that is not closed"
            if isinstance(error, _TooLong):
                yield Record(number, data, line, code="E204", problem=too_long)
            else:
                yield Record(number, data, line, code="E230", problem=f"is no row: {error}")
            rows = csv.reader(lines, delimiter=delimiter, strict=True)
            continue
        if cells:
            number += 1
            yield _row(number, cells, columns, lines, wanted)


def _row(
    number: int, cells: list[str], columns: list[str], lines: _Lines, wanted: Wanted
) -> Record:
    line = lines.held[0][0]
    if len(cells) != len(columns):
        problem = f"has {len(cells)} cells where the header has {len(columns)}"
        return Record(number, _held(lines), line, code="E230", problem=problem)
    try:
        found = dict(zip(columns, cells, strict=True))
        taken = take(found, wanted, raw_bytes=True)
    except RecordProblem as problem:
        return Record(number, _held(lines), line, code=problem.code, problem=problem.problem)
    return Record(number, taken.data, line, taken.id, taken.provenance)


def _held(lines: _Lines) -> bytes:
    return b"".join(data or b"" for _, data, _ in lines.held)


def _header(lines: _Lines, wanted: Wanted, delimiter: str) -> tuple[list[str], str]:
    name = wanted.fields.get("text", "text")
    try:
        words = next(lines)
    except StopIteration:
        raise ReadProblem("E238", "is empty: it has no header") from None
    except _TooLong:
        words = ""
    if not words or len(words) > MAX_HEADER:
        raise ReadProblem("E238", f"has a header of more than {MAX_HEADER:,} bytes")
    for mark in (delimiter, ";") if delimiter == "," else (delimiter,):
        try:
            columns = next(csv.reader([words], delimiter=mark), [])
        except csv.Error:
            continue
        columns = [column.strip() for column in columns]
        if name in columns:
            twice = sorted({column for column in columns if columns.count(column) > 1})
            if twice:
                raise ReadProblem("E238", f"names the column {twice[0]!r} twice")
            return columns, mark
    raise ReadProblem("E238", f"has no column {name!r}: name it by --field text=COLUMN")
