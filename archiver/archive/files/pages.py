"""What the pages of a Parquet file really unpack to, read from their own headers.

The footer may lie: a file of 100 kB whose footer promises 10 kB of text can hold
gigabytes, and a page of ten bytes can claim two billion nulls. pyarrow believes
the page, and has no limit of its own; so the pages are asked before it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO, Any

import pyarrow.parquet as pq

#: Bytes of a page header read at first; ours take 20 to 60.
_FIRST = 256

#: The longest header accepted: ids in the statistics of a page make it long.
_LONGEST = 1 << 20

#: Where an encoding's output is bounded by its input and the number of values.
#: Dictionaries and DELTA_BYTE_ARRAY repeat one long value without bound.
#: PLAIN, RLE, DELTA_BINARY_PACKED, DELTA_LENGTH_BYTE_ARRAY, BYTE_STREAM_SPLIT.
_BOUNDED = frozenset({0, 3, 5, 6, 9})

#: Bytes that a value takes in memory at least, a null one too.
_VALUE_BYTES = 8

#: Thrift's page header: kinds of page, and the field that describes each.
_DATA, _DATA_V2 = 0, 3
_DESCRIBED = {_DATA: 5, _DATA_V2: 8}

#: Types of the protocol. Those passed over, with their bytes: booleans are in the
#: type itself, then a byte and a double.
_NUMBERS, _BINARY, _STRUCT = frozenset({4, 5, 6}), 8, 12
_PASSED = {1: 0, 2: 0, 3: 1, 7: 8}

_DEPTH = 4


@dataclass(frozen=True, slots=True)
class Page:
    """What a page's header says: bytes ``unpacked`` and ``packed``, and what is in it.

    ``values`` counts null ones too. A page without data, such as a dictionary, has none,
    and its ``encoding`` is None.
    """

    unpacked: int
    packed: int
    values: int
    encoding: int | None


def check_pages(
    stream: IO[bytes],
    group: pq.RowGroupMetaData,
    limit: int,
    columns: Sequence[str] | None = None,
) -> None:
    """Hold that the columns of a row group unpack to no more than ``limit`` bytes.

    stream: the file, open for reading. columns: those to be read; None for all.
    Raises: ValueError naming the column; OSError. Cost: one small read a page,
    15 us each.
    """
    size = 0
    for at in range(group.num_columns):
        chunk = group.column(at)
        name = chunk.path_in_schema
        if columns is not None and name.split(".")[0] not in columns:
            continue
        start = chunk.data_page_offset
        end = start + chunk.total_compressed_size
        try:
            size += _column(stream, start, end, chunk.num_values, limit - size)
        except ValueError as problem:
            raise ValueError(f"column {name}: {problem}") from problem


def _column(stream: IO[bytes], start: int, end: int, values: int, limit: int) -> int:
    """The bytes that a column's pages unpack to. Raises: ValueError."""
    size = 0
    for page in each_page(stream, start, end, values):
        if page.encoding not in _BOUNDED:
            raise ValueError("a page of a kind or an encoding that none of ours has")
        size += page.unpacked + page.values * _VALUE_BYTES
        if size > limit:
            raise ValueError(f"it unfolds to {size} bytes or more: more than any of ours")
        values -= page.values
        if values < 0 or (not page.values and not page.packed):
            raise ValueError("its pages hold other numbers of values than the footer says")
    return size


def each_page(stream: IO[bytes], start: int, end: int, values: int) -> Iterator[Page]:
    """The pages of a column's chunk, by their own headers, until they hold all its values.

    start, end: where the chunk lies in the file. Raises: ValueError where a header makes
    no sense or lies elsewhere; OSError.
    """
    at = start
    while values > 0:
        if not 0 < at < end:
            raise ValueError("its pages are not where the footer says")
        header, length = _read_header(stream, at)
        kind, unpacked, packed = (_count(header, field) for field in (1, 2, 3))
        body = header.get(_DESCRIBED.get(kind, -1))
        if isinstance(body, dict):
            count, encoding = _count(body, 1), body.get(2 if kind == _DATA else 4)
        else:
            count, encoding = 0, None
        yield Page(unpacked, packed, count, encoding)
        values -= count
        at += length + packed


def _count(header: dict[int, Any], field: int) -> int:
    number = header.get(field)
    if not isinstance(number, int) or number < 0:
        raise ValueError("a page header makes no sense")
    return number


def _read_header(stream: IO[bytes], at: int) -> tuple[dict[int, Any], int]:
    """A page header, and how many bytes it takes. Raises: ValueError."""
    much = _FIRST
    while True:
        stream.seek(at)
        data = stream.read(much)
        try:
            return _struct(data, 0, 0)
        except IndexError as problem:
            if len(data) < much or much >= _LONGEST:
                raise ValueError("a page header is torn") from problem
            much = _LONGEST


def _struct(data: bytes, at: int, depth: int) -> tuple[dict[int, Any], int]:
    """A struct of Thrift's compact protocol: its numbers and structs, by field.

    Raises: ValueError; IndexError where the bytes end too early.
    """
    if depth > _DEPTH:
        raise ValueError("a page header is nested too deeply")
    found: dict[int, Any] = {}
    field = 0
    while True:
        byte = data[at]
        at += 1
        if not byte:
            return found, at
        kind, step = byte & 15, byte >> 4
        if step:
            field += step
        else:
            field, at = _number(data, at)
        found[field], at = _value(data, at, kind, depth)
        if at > len(data):
            raise IndexError


def _value(data: bytes, at: int, kind: int, depth: int) -> tuple[Any, int]:
    """A number or a struct, and where it ends; None for what is only passed over."""
    if kind in _NUMBERS:
        return _number(data, at)
    if kind == _STRUCT:
        return _struct(data, at, depth + 1)
    if kind == _BINARY:
        length, at = _varint(data, at)
        return None, at + length
    if kind in _PASSED:
        return None, at + _PASSED[kind]
    raise ValueError("a page header holds what none of ours does")


def _number(data: bytes, at: int) -> tuple[int, int]:
    raw, at = _varint(data, at)
    return (raw >> 1) ^ -(raw & 1), at


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7
        if shift > 63:
            raise ValueError("a number of a page header has no end")
