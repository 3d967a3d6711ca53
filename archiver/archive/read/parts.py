"""Parts being read: Parquet files named by their digest."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import pyarrow as pa
import pyarrow.parquet as pq

from archiver.archive.files.disk import (
    regular_size,
)
from archiver.archive.files.mounts import is_copy, need, pin, unpin
from archiver.archive.files.pages import check_pages
from archiver.archive.log.entry import Part
from archiver.archive.log.widths import fill
from archiver.digest import sha256
from archiver.errors import DamageError

#: The largest row group read back; a single row larger than this is refused at
#: the door. Guards readers against files that unfold to more than memory holds.
MAX_ROW_GROUP_BYTES = 1 << 30

#: The end of a Parquet file: the footer's length in four bytes, then the magic.
_TAIL = 8

#: What is brought of a part's end at first: the footers of all but the largest parts fit.
_END = 64 << 10

#: A footer takes ~7 KiB a row group of 8 MiB.
MAX_FOOTER_BYTES = 64 << 20

#: What reading a damaged Parquet file raises; hostile ones included.
PARQUET_ERRORS = (
    pa.ArrowException,
    OSError,
    ValueError,
    OverflowError,
    MemoryError,
    KeyError,
    IndexError,
    TypeError,
)


def footer_sha256(stream: IO[bytes], size: int) -> str:
    """The digest of a Parquet file's footer, its length and magic included.

    Raises: ValueError where there can be none.
    """
    stream.seek(max(size - _TAIL, 0))
    tail = stream.read(_TAIL)
    length = int.from_bytes(tail[:4], "little") + _TAIL
    if tail[4:] != b"PAR1" or length > min(size, MAX_FOOTER_BYTES):
        raise ValueError("it has no footer")
    stream.seek(size - length)
    return sha256(stream.read(length))


class PartFile(pq.ParquetFile):
    """A Parquet file that knows where it lies; page checksums are held."""

    def __init__(self, path: Path) -> None:
        source: Path | pa.NativeFile = path
        if not str(path).isascii() and os.name == "posix":
            # A name that is no UTF-8 is taken as bytes alone, which the stubs do not know.
            source = pa.OSFile(os.fsencode(path), "r")  # type: ignore[arg-type]
        self.path = path
        pin(path)
        self._pinned = True
        super().__init__(source, page_checksum_verification=True, pre_buffer=False)

    def close(self, force: bool = False) -> None:
        """Close it; what a working copy brought of it may go."""
        super().close(force)
        if self._pinned:
            self._pinned = False
            unpin(self.path)


def open_part(path: Path, footer: str) -> PartFile:
    """A part for reading, with the digest of its footer and the checksums of its pages held.

    Without the latter pyarrow returned other content for 62 % of flipped page bytes.
    Raises: one of PARQUET_ERRORS.
    """
    pin(path)
    try:
        _need_footer(path)
        with path.open("rb") as stream:
            if footer_sha256(stream, regular_size(path)) != footer:
                raise ValueError("its footer is not the one committed")
        return PartFile(path)
    finally:
        unpin(path)


def _need_footer(path: Path) -> None:
    """Of a working copy: bring the end of a part, and more where its footer is longer."""
    if not is_copy(path):
        return
    size = regular_size(path)
    need(path, [(max(size - _END, 0), size)])
    with path.open("rb") as stream:
        stream.seek(max(size - _TAIL, 0))
        length = int.from_bytes(stream.read(_TAIL)[:4], "little") + _TAIL
    if _END < length <= min(size, MAX_FOOTER_BYTES):
        need(path, [(size - length, size)])


def check_group(file: pq.ParquetFile, index: int, columns: Sequence[str] | None = None) -> None:
    """Refuse a row group that unfolds beyond reason, by its footer or by its pages.

    columns: those to be read; None for all. Raises: ValueError; OSError.
    """
    group = file.metadata.row_group(index)
    chunks = [group.column(at) for at in range(group.num_columns)]
    whole = group.total_byte_size
    if columns is not None:  # a column that is too large does not hide the others
        chunks = [chunk for chunk in chunks if chunk.path_in_schema.split(".")[0] in columns]
        whole = 0
    size = max(whole, sum(chunk.total_uncompressed_size for chunk in chunks))
    if size > MAX_ROW_GROUP_BYTES:
        raise ValueError(f"row group {index} unfolds to {size} bytes: more than any of ours")
    if any(chunk.has_dictionary_page for chunk in chunks):
        raise ValueError(f"row group {index} has a dictionary, which none of ours has")
    if isinstance(file, PartFile):  # the footer may lie
        starts = ((chunk.data_page_offset, chunk.total_compressed_size) for chunk in chunks)
        need(file.path, sorted((start, start + length) for start, length in starts))
        with file.path.open("rb", buffering=0) as stream:  # a buffer would be filled a page
            check_pages(stream, group, MAX_ROW_GROUP_BYTES, columns)


def group_ids(file: pq.ParquetFile, index: int) -> list[str]:
    """The ids of a row group whose other columns may be lost; none where they are lost too."""
    try:
        check_group(file, index, ["id"])
        column = file.read_row_group(index, columns=["id"], use_threads=False).column("id")
        return [str(id_) for id_ in column.to_pylist()]
    except PARQUET_ERRORS:
        return []


def read_part(table: Path, part: Part, columns: Sequence[str]) -> pa.Table:
    """Columns of a part, row group by row group.

    Raises: DamageError naming the file where its size, its count of rows or a
    page's checksum is not what the log promised.
    """
    path = table / part.path
    try:
        if regular_size(path) != part.bytes:
            raise DamageError(f"{path}: not the {part.bytes} bytes its log entry promised")
        with open_part(path, part.footer) as file:
            if file.metadata.num_rows != part.rows:
                raise DamageError(f"{path}: not the {part.rows} rows its log entry promised")
            groups, had = [], file.schema_arrow.names
            for index in range(file.num_row_groups):
                check_group(file, index, columns)
                found = [name for name in columns if name in had]
                group = fill(file.read_row_group(index, columns=found), columns, had)
                if group.column_names != list(columns):
                    raise DamageError(f"{path}: it lacks columns of {', '.join(columns)}")
                groups.append(group)
    except PARQUET_ERRORS as problem:
        raise DamageError(f"{path}: {problem}") from problem
    return pa.concat_tables(groups)
