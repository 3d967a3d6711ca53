"""Parts: Parquet files named by their digest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from archiver.archive.columns import table_schema
from archiver.archive.disk import (
    Checkpoint,
    make_folder,
    no_checkpoint,
    regular_size,
    staged_file,
    storing,
    sync_file,
    sync_folder,
)
from archiver.archive.entry import Part, part_path
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


@dataclass(frozen=True, slots=True)
class Staged:
    """A part on the disk that no version names yet; ``created`` by this call or before."""

    part: Part
    created: bool


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


def write_part(
    table: Path,
    batch: pa.RecordBatch,
    *,
    staging: Path,
    name: str = "documents",
    checkpoint: Checkpoint = no_checkpoint,
) -> Staged:
    """Write a batch as a part of a table's folder, durably, under its digest.

    The same batch gives the same bytes with the same pyarrow on the same platform.
    staging: an existing folder on the same file system.
    Raises: ValueError for an empty batch or other columns than the table's;
    StorageError where the disk refuses.
    """
    schema = table_schema(name)
    if batch.num_rows == 0 or not batch.schema.equals(schema):
        raise ValueError(f"a part of {name} needs rows, and the columns of its schema")
    with storing(f"a part of {table}"):
        with staged_file(staging, f"{name}.parquet") as staged:
            _write(staged, batch, schema)
            checkpoint(f"{name}-part-staged")
            with staged.open("rb") as stream:
                digest, size = sha256_stream(stream)
                footer = footer_sha256(stream, size)
            path = part_path(digest)
            final = table / path
            created = not final.exists()
            make_folder(final.parent)
            staged.replace(final)
        checkpoint(f"{name}-part-named")
        sync_folder(final.parent)
        checkpoint(f"{name}-part-durable")
    ids = pc.min_max(batch.column("id"))
    part = Part(path, digest, footer, size, batch.num_rows, ids["min"].as_py(), ids["max"].as_py())
    return Staged(part, created)


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


def open_part(path: Path, footer: str) -> pq.ParquetFile:
    """A part for reading, with the digest of its footer and the checksums of its pages held.

    Without the latter pyarrow returned other content for 62 % of flipped page bytes.
    Raises: one of PARQUET_ERRORS.
    """
    with path.open("rb") as stream:
        if footer_sha256(stream, regular_size(path)) != footer:
            raise ValueError("its footer is not the one committed")
    return pq.ParquetFile(path, page_checksum_verification=True, pre_buffer=False)


def check_group(file: pq.ParquetFile, index: int) -> None:
    """Refuse a row group that says it unfolds beyond reason. Raises: ValueError."""
    group = file.metadata.row_group(index)
    columns = [group.column(at) for at in range(group.num_columns)]
    size = sum(column.total_uncompressed_size for column in columns)
    if max(size, group.total_byte_size) > MAX_ROW_GROUP_BYTES:
        raise ValueError(f"row group {index} unfolds to {size} bytes: more than any of ours")
    if any(column.has_dictionary_page for column in columns):
        raise ValueError(f"row group {index} has a dictionary, which none of ours has")


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
            groups = []
            for index in range(file.num_row_groups):
                check_group(file, index)
                group = file.read_row_group(index, columns=list(columns))
                if group.column_names != list(columns):
                    raise DamageError(f"{path}: it lacks columns of {', '.join(columns)}")
                groups.append(group)
    except PARQUET_ERRORS as problem:
        raise DamageError(f"{path}: {problem}") from problem
    return pa.concat_tables(groups)
