"""What the pages of a Parquet file really unpack to, read from their own headers.

The footer may lie: a file of 100 kB whose footer promises 10 kB of text can hold
gigabytes, and a page of ten bytes can claim two billion nulls. pyarrow believes
the page, and has no limit of its own; so the pages are asked before it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO

import pyarrow.parquet as pq

from archiver.archive.files.thrift import STRUCT, Struct, read_struct

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
        form, body = header.get(_DESCRIBED.get(kind, -1), (0, None))
        if form == STRUCT:
            count, encoding = _count(body, 1), _count(body, 2 if kind == _DATA else 4)
        else:
            count, encoding = 0, None
        yield Page(unpacked, packed, count, encoding)
        values -= count
        at += length + packed


def _count(header: Struct, field: int) -> int:
    _, number = header.get(field, (0, None))
    if not isinstance(number, int) or number < 0:
        raise ValueError("a page header makes no sense")
    return number


def _read_header(stream: IO[bytes], at: int) -> tuple[Struct, int]:
    """A page header, and how many bytes it takes. Raises: ValueError."""
    much = _FIRST
    while True:
        stream.seek(at)
        data = stream.read(much)
        try:
            return read_struct(data)
        except IndexError as problem:
            if len(data) < much or much >= _LONGEST:
                raise ValueError("a page header is torn") from problem
            much = _LONGEST
