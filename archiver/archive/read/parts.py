"""Parts: Parquet files named by their digest."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

import pyarrow as pa
import pyarrow.parquet as pq

from archiver.archive.files.disk import (
    Checkpoint,
    make_folder,
    no_checkpoint,
    regular_size,
    staged_file,
    storing,
    sync_file,
)
from archiver.archive.files.pages import check_pages
from archiver.archive.log.entry import Part, part_path
from archiver.archive.log.marks import id_marks
from archiver.archive.log.widths import fill, narrow
from archiver.archive.rows.columns import table_schema
from archiver.digest import sha256, sha256_stream
from archiver.errors import DamageError, InputError

#: pyarrow's bare "zstd" is level 1; 6 is where more effort stops paying on text.
ZSTD_LEVEL = 6

#: Rows are grouped up to this many bytes in memory. It bounds what a reader
#: holds at once, and how many documents one damaged page makes unreadable.
ROW_GROUP_BYTES = 8 << 20

#: The largest row group read back; a single row larger than this is refused at
#: the door. Guards readers against files that unfold to more than memory holds.
MAX_ROW_GROUP_BYTES = 1 << 30

#: The end of a Parquet file: the footer's length in four bytes, then the magic.
_TAIL = 8

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


def row_groups(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """Cut a batch into row groups, by halves.

    Raises: InputError for a row that no reader of ours would read back.
    """
    if batch.nbytes <= ROW_GROUP_BYTES or batch.num_rows == 1:
        if batch.nbytes > MAX_ROW_GROUP_BYTES // 2:
            raise InputError(
                f"{batch.column('id')[0].as_py()}: {batch.nbytes} bytes are too many for one row",
                hint="Split the source.",
            )
        yield batch
        return
    middle = batch.num_rows // 2
    yield from row_groups(batch.slice(0, middle))
    yield from row_groups(batch.slice(middle))


def stage_part(
    batch: pa.RecordBatch,
    *,
    staging: Path,
    name: str = "documents",
    checkpoint: Checkpoint = no_checkpoint,
) -> tuple[Path, Part]:
    """Write a batch as a Parquet file among the unfinished ones, durably; and what it will be.

    The same batch gives the same bytes with the same pyarrow on the same platform.
    name: the table's. staging: an existing folder on the archive's file system.
    Raises: ValueError for an empty batch or other columns than the table's;
    StorageError where the disk refuses.
    """
    if batch.num_rows == 0 or not batch.schema.equals(table_schema(name)):
        raise ValueError(f"a part of {name} needs rows, and the columns of its schema")
    batch = narrow(name, batch)
    with storing(f"a part in {staging}"), staged_file(staging, f"{name}.parquet") as staged:
        _write(staged, batch, batch.schema)
        checkpoint(f"{name}-part-staged")
        with staged.open("rb") as stream:
            digest, size = sha256_stream(stream)
            footer = footer_sha256(stream, size)
    marks = id_marks(map(str, batch.column("id").to_pylist()))
    return staged, Part(part_path(digest), digest, footer, size, batch.num_rows, marks=marks)


def place_part(table: Path, staged: Path, part: Part) -> bool:
    """Give a staged part its name; whoever calls then syncs the folder.

    Returns: whether no file had that name. Raises: StorageError.
    """
    final = table / part.path
    with storing(f"a part of {table}"):
        created = not final.exists()
        make_folder(final.parent)
        staged.replace(final)
    return created


def _write(path: Path, batch: pa.RecordBatch, schema: pa.Schema) -> None:
    with path.open("wb") as stream:
        with pq.ParquetWriter(
            stream,
            schema,
            compression="zstd",
            compression_level=ZSTD_LEVEL,
            # zstd finds the repeats; a dictionary would let a small file unfold without bound.
            use_dictionary=False,
            write_statistics=["id"],
            write_page_index=True,
            write_page_checksum=True,
            # Arrow's own copy of the schema: 3 KiB a file that say nothing new of our types.
            store_schema=False,
        ) as writer:
            for group in row_groups(batch):
                writer.write_table(pa.Table.from_batches([group]))
        sync_file(stream)


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
        super().__init__(source, page_checksum_verification=True, pre_buffer=False)
        self.path = path


def open_part(path: Path, footer: str) -> PartFile:
    """A part for reading, with the digest of its footer and the checksums of its pages held.

    Without the latter pyarrow returned other content for 62 % of flipped page bytes.
    Raises: one of PARQUET_ERRORS.
    """
    with path.open("rb") as stream:
        if footer_sha256(stream, regular_size(path)) != footer:
            raise ValueError("its footer is not the one committed")
    return PartFile(path)


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
