"""Parts being written: staged among the unfinished files, then given their names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from archiver.archive.files.disk import (
    Checkpoint,
    make_folder,
    no_checkpoint,
    staged_file,
    storing,
    sync_file,
)
from archiver.archive.log.entry import Part, part_path
from archiver.archive.log.marks import id_marks
from archiver.archive.log.widths import narrow
from archiver.archive.read.parts import MAX_ROW_GROUP_BYTES, footer_sha256
from archiver.archive.rows.columns import table_schema
from archiver.digest import sha256_stream
from archiver.errors import InputError

#: pyarrow's bare "zstd" is level 1; 6 is where more effort stops paying on text.
ZSTD_LEVEL = 6

#: Rows are grouped up to this many bytes in memory. It bounds what a reader
#: holds at once, and how many documents one damaged page makes unreadable.
ROW_GROUP_BYTES = 8 << 20


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
    durable: bool = True,
) -> tuple[Path, Part]:
    """Write a batch as a Parquet file among the unfinished ones, durably; and what it will be.

    The same batch gives the same bytes with the same pyarrow on the same platform.
    name: the table's. staging: an existing folder on the archive's file system.
    durable: False for a piece that is joined with others, and waits for no disk.
    Raises: ValueError for an empty batch or other columns than the table's;
    StorageError where the disk refuses.
    """
    if batch.num_rows == 0 or not batch.schema.equals(table_schema(name)):
        raise ValueError(f"a part of {name} needs rows, and the columns of its schema")
    batch = narrow(name, batch)
    with storing(f"a part in {staging}"), staged_file(staging, f"{name}.parquet") as staged:
        _write(staged, batch, batch.schema, durable=durable)
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


def _write(path: Path, batch: pa.RecordBatch, schema: pa.Schema, *, durable: bool) -> None:
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
        if durable:
            sync_file(stream)
