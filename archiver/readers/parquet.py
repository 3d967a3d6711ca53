"""Parquet: a document a row, read by row groups, a few rows in memory at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, TYPE_CHECKING

from archiver.archive.files.pages import each_page
from archiver.readers.fields import RecordProblem, take
from archiver.readers.formats import Wanted
from archiver.readers.record import Record
from archiver.readers.slurp import ReadProblem
from archiver.settings import FIELDS

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

#: Bytes of a batch, as the footer promises them; a footer that lies costs memory,
#: bounded by the sizes of its pages, which are checked first.
BATCH_BYTES = 8 << 20
BATCH_ROWS = 1024

#: What a page may unpack to where single records may be smaller; writers make 1 MiB.
PAGE_BYTES = 64 << 20

#: Values that a page may claim: nulls and repeats take no room in it, but do in memory.
PAGE_VALUES = 20_000_000

_BUFFER = 1 << 20


def read_parquet(stream: IO[bytes], wanted: Wanted, max_bytes: int) -> Iterator[Record]:
    """The rows of a Parquet file, numbered from 1; only the columns wanted are read.

    Page checksums are verified where the file has them.
    Raises: ReadProblem E232 (no Parquet, damaged), E233 (a page unpacks to far too
    much), E238 (no text column). A damaged row group costs itself and what follows.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        # Dictionaries stay dictionaries: one long value repeated a million times is one value.
        with pq.ParquetFile(stream) as probe:
            metadata = probe.metadata
            columns = _columns(probe, wanted)
        file = pq.ParquetFile(
            _again(stream),
            metadata=metadata,
            read_dictionary=_dictionaries(metadata),
            pre_buffer=False,
            buffer_size=_BUFFER,
            page_checksum_verification=True,
        )
        yield from _rows(stream, file, columns, wanted, max_bytes)
    except (pa.ArrowException, OSError, OverflowError, MemoryError) as error:
        words = str(error).strip().splitlines()[:1]
        raise ReadProblem("E232", f"is damaged, or no Parquet: {''.join(words)[:200]}") from error


def _again(stream: IO[bytes]) -> IO[bytes]:
    stream.seek(0)
    return stream


def _columns(file: pq.ParquetFile, wanted: Wanted) -> list[str]:
    """The columns to read. Raises: ReadProblem E238."""
    names = file.schema_arrow.names
    fields = {wanted.fields.get(name, name) for name in FIELDS}
    text = wanted.fields.get("text", "text")
    if text not in names and text.partition(".")[0] not in names:
        raise ReadProblem("E238", f"has no column {text!r}: name it by --field text=COLUMN")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ReadProblem("E238", f"names the column {twice[0]!r} twice")
    if wanted.keep is None:
        return names
    own = fields | {name.partition(".")[0] for name in fields} | set(wanted.keep)
    return [name for name in names if name in own]


def _dictionaries(metadata: pq.FileMetaData) -> list[str]:
    """The columns of texts that any row group keeps by a dictionary."""
    found: set[str] = set()
    for group in range(metadata.num_row_groups):
        for at in range(metadata.num_columns):
            chunk = metadata.row_group(group).column(at)
            if chunk.physical_type == "BYTE_ARRAY" and chunk.has_dictionary_page:
                found.add(chunk.path_in_schema)
    return sorted(found)


def _rows(
    stream: IO[bytes], file: pq.ParquetFile, columns: list[str], wanted: Wanted, max_bytes: int
) -> Iterator[Record]:
    number = 0
    for at in range(file.metadata.num_row_groups):
        group = file.metadata.row_group(at)
        _check_pages(stream, group, columns, max(PAGE_BYTES, 2 * max_bytes))
        mean = max(1, group.total_byte_size // max(1, group.num_rows))
        rows = max(1, min(BATCH_ROWS, BATCH_BYTES // mean))
        batches = file.iter_batches(rows, row_groups=[at], columns=columns, use_threads=False)
        for batch in batches:
            for row in range(batch.num_rows):
                number += 1
                yield _row(number, batch, row, wanted, max_bytes)


def _row(number: int, batch: pa.RecordBatch, row: int, wanted: Wanted, max_bytes: int) -> Record:
    try:
        cells: dict[str, object] = {}
        size = 0
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            value = column[row].as_py()
            size += len(value) if isinstance(value, str | bytes) else 0
            if size > max_bytes:
                raise RecordProblem("E204", f"has more than {max_bytes:,} bytes")
            cells[name] = value
        taken = take(cells, wanted)
    except RecordProblem as problem:
        return Record(number, code=problem.code, problem=problem.problem)
    except (ValueError, OverflowError, ArithmeticError) as error:
        return Record(number, code="E230", problem=f"holds a value that cannot be read: {error}")
    return Record(number, taken.data, None, taken.id, taken.provenance)


def _check_pages(
    stream: IO[bytes], group: pq.RowGroupMetaData, columns: list[str], limit: int
) -> None:
    """Hold that no page unpacks to more than ``limit`` bytes, by the pages' own headers.

    pyarrow believes a page, and a page of ten bytes can claim two billion nulls.
    Raises: ReadProblem E232, E233. Cost: one small read a page.
    """
    for at in range(group.num_columns):
        chunk = group.column(at)
        if chunk.path_in_schema.split(".")[0] not in columns:
            continue
        start = chunk.data_page_offset
        if chunk.dictionary_page_offset:  # zero is how some writers say none
            start = min(start, chunk.dictionary_page_offset)
        end = start + chunk.total_compressed_size
        try:
            for page in each_page(stream, start, end, chunk.num_values):
                if page.unpacked > limit or page.values > PAGE_VALUES:
                    raise ReadProblem("E233", f"has a page that unpacks to {page.unpacked:,} bytes")
        except ValueError as error:
            raise ReadProblem("E232", f"is damaged: {error}") from error
    stream.seek(0)
