"""Parquet files one after the other as one: their pages are copied, not packed anew.

Only the footer is written again, and the index of the pages, since both say where in
the file a page lies. Packing is a sixth of what archiving a text costs, and is done by
the workers; whoever joins their files has little more to do than to copy them.

Source: parquet.thrift and PageIndex.md in the repository apache/parquet-format.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from archiver.archive.files.disk import sync_file
from archiver.archive.files.thrift import I16, Struct, read_struct, write_struct
from archiver.digest import BLOCK, sha256

_MAGIC = b"PAR1"

#: The footer's length in four bytes, and the magic.
_TAIL = 8

#: Fields of the footer.
_ROWS, _GROUPS = 3, 4
#: Of a row group.
_CHUNKS, _GROUP_OFFSET, _ORDINAL = 1, 5, 7
#: Of a column's chunk: where it lies, what its pages are, where their indexes lie.
_CHUNK_PATH, _CHUNK_OFFSET, _CHUNK_META = 1, 2, 3
_OFFSETS, _OFFSETS_SIZE, _VALUES, _VALUES_SIZE = 4, 5, 6, 7
#: Of a chunk's metadata: where its data, index and dictionary pages begin; Bloom filters.
_PLACES, _BLOOM = (9, 10, 11), 14
#: Of the index of offsets: the pages, and of each of them its place.
_PAGES, _PAGE_PLACE = 1, 1
#: The most row groups that their numbers have room for.
_MOST_GROUPS = 1 << 15


class _Sink:
    """What is written, counted and digested on the way."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream = stream
        self.size = 0
        self.digest = hashlib.sha256()

    def write(self, data: bytes) -> None:
        self.stream.write(data)
        self.digest.update(data)
        self.size += len(data)


def concatenate(paths: Sequence[Path], target: Path) -> tuple[str, str, int]:
    """Write Parquet files of the same columns as one, in their order, durably.

    target: an existing file, which is overwritten.
    Returns: the digests of the file and of its footer, and the file's size in bytes.
    Raises: ValueError, LookupError, TypeError where they cannot be one: other columns, another
    writer, or what this does not know; OSError.
    Cost: a copy and a digest of the bytes, and 5 ms a row group. Memory: the footers.
    """
    with target.open("wb") as stream:
        sink = _Sink(stream)
        sink.write(_MAGIC)
        whole: Struct | None = None
        indexes: list[tuple[Struct, bytes, Struct]] = []
        for path in paths:
            with path.open("rb") as piece:
                footer, end = _footer(piece)
                whole = _joined(whole, footer, first=len(indexes) == 0)
                _copy(piece, end, footer, sink, indexes)
        if whole is None or len(whole[_GROUPS][1][1]) >= _MOST_GROUPS:
            raise ValueError("nothing to join, or too many row groups")
        for number, group in enumerate(whole[_GROUPS][1][1]):
            group[_ORDINAL] = I16, number
        _write_indexes(indexes, sink)
        words = write_struct(whole)
        tail = words + len(words).to_bytes(4, "little") + _MAGIC
        sink.write(tail)
        sync_file(stream)
    return sink.digest.hexdigest(), sha256(tail), sink.size


def _footer(stream: IO[bytes]) -> tuple[Struct, int]:
    """A file's footer, and where it begins. Raises: ValueError."""
    end = stream.seek(0, 2)
    stream.seek(max(end - _TAIL, 0))
    tail = stream.read(_TAIL)
    start = end - _TAIL - int.from_bytes(tail[:4], "little")
    if tail[4:] != _MAGIC or start < len(_MAGIC):
        raise ValueError("it has no footer")
    stream.seek(start)
    footer, _ = read_struct(stream.read(end - _TAIL - start))
    return footer, start


def _joined(whole: Struct | None, footer: Struct, *, first: bool) -> Struct:
    """The footer of all so far, with the row groups of one more. Raises: ValueError."""
    if whole is None or first:
        return footer
    rest = [
        {key: item for key, item in one.items() if key not in {_ROWS, _GROUPS}}
        for one in (whole, footer)
    ]
    if rest[0] != rest[1]:
        raise ValueError("files of other columns, or of another writer")
    kind, rows = whole[_ROWS]
    whole[_ROWS] = kind, rows + footer[_ROWS][1]
    whole[_GROUPS][1][1].extend(footer[_GROUPS][1][1])
    return whole


def _copy(
    piece: IO[bytes],
    end: int,
    footer: Struct,
    sink: _Sink,
    indexes: list[tuple[Struct, bytes, Struct]],
) -> None:
    """Copy a file's pages, and move what its footer says of their places."""
    chunks = [chunk for group in footer[_GROUPS][1][1] for chunk in group[_CHUNKS][1][1]]
    shift = sink.size - len(_MAGIC)
    for chunk in chunks:
        if _CHUNK_PATH in chunk or _BLOOM in chunk[_CHUNK_META][1] or _OFFSETS not in chunk:
            raise ValueError("a chunk elsewhere, with a Bloom filter or without an index")
        values = b""
        if _VALUES in chunk:
            values = _read(piece, chunk[_VALUES][1], chunk[_VALUES_SIZE][1])
            end = min(end, chunk[_VALUES][1])  # all pages lie before the indexes
        offsets, _ = read_struct(_read(piece, chunk[_OFFSETS][1], chunk[_OFFSETS_SIZE][1]))
        end = min(end, chunk[_OFFSETS][1])
        for page in offsets[_PAGES][1][1]:
            _move(page, _PAGE_PLACE, shift)
        indexes.append((chunk, values, offsets))
        _move(chunk, _CHUNK_OFFSET, shift)
        for field in _PLACES:
            _move(chunk[_CHUNK_META][1], field, shift)
    for group in footer[_GROUPS][1][1]:
        _move(group, _GROUP_OFFSET, shift)
    piece.seek(len(_MAGIC))
    left = end - len(_MAGIC)
    while left:
        block = piece.read(min(BLOCK, left))
        if not block:
            raise ValueError("it is shorter than its footer says")
        sink.write(block)
        left -= len(block)


def _write_indexes(indexes: Sequence[tuple[Struct, bytes, Struct]], sink: _Sink) -> None:
    """As Arrow does: those of the values, then those of the offsets."""
    for chunk, values, _ in indexes:
        _set(chunk, _VALUES, sink.size)
        sink.write(values)
    for chunk, _, offsets in indexes:
        words = write_struct(offsets)
        _set(chunk, _OFFSETS, sink.size)
        _set(chunk, _OFFSETS_SIZE, len(words))
        sink.write(words)


def _set(fields: Struct, field: int, value: int) -> None:
    if field in fields:
        fields[field] = fields[field][0], value


def _move(fields: Struct, field: int, shift: int) -> None:
    """Add to a place in the file, where there is one; 0 is how some writers say none."""
    if field in fields and fields[field][1]:
        _set(fields, field, fields[field][1] + shift)


def _read(stream: IO[bytes], start: int, size: int) -> bytes:
    stream.seek(start)
    return stream.read(size)
