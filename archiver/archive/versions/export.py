"""Documents out of the archive, one row group at a time, for other programs to read."""

from __future__ import annotations

import base64
import csv
import io
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq

from archiver.archive.archive import Archive
from archiver.archive.mend.salvage import salvage
from archiver.archive.rows.columns import DOCUMENTS
from archiver.archive.write.stage import ZSTD_LEVEL
from archiver.digest import timestamp
from archiver.document import Finding

Format = Literal["jsonl", "parquet", "csv", "bagit"]

#: Written as rows into one file; ``bagit`` makes a folder, see ``export_bag``.
FILE_FORMATS: tuple[Format, ...] = ("jsonl", "parquet", "csv")

_MAPS = frozenset({"facts", "metadata"})

#: Told (rows so far) after each table.
Reach = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Selection:
    """Which rows and columns to export. ``version`` None is the newest."""

    version: int | None = None
    all_revisions: bool = False
    columns: tuple[str, ...] = tuple(DOCUMENTS.names)
    skip_damaged: bool = False


def selected(
    archive: Archive, wanted: Selection, report: Callable[[Finding], None]
) -> Iterator[pa.Table]:
    """The rows wanted, in the order in which they came; a table a part or a row group.

    report: told what is left out, with ``skip_damaged``.
    Raises: InputError for a version or a column that is not there; DamageError,
    unless damage is skipped. Memory: a part, and the ids of all documents.
    """
    names = list(wanted.columns)
    if wanted.skip_damaged:
        for table in _sound(archive, wanted, report):
            yield table.select(names)
    elif wanted.all_revisions:
        yield from archive.scan(names, version=wanted.version)
    else:
        yield from archive.newest(names, version=wanted.version)


def _sound(
    archive: Archive, wanted: Selection, report: Callable[[Finding], None]
) -> Iterator[pa.Table]:
    """What is not damaged; of a document whose newest revision may be lost, nothing older."""
    if wanted.all_revisions:
        yield from salvage(archive, wanted.version, report)
        return
    lost: set[str] = set()
    newest: dict[str, int] = {}

    def note(found: Finding) -> None:
        lost.update(found.documents)
        report(found)

    for table in salvage(archive, wanted.version, note):
        for row in table.select(["id", "revision"]).to_pylist():
            newest[row["id"]] = max(row["revision"], newest.get(row["id"], 0))
    for table in salvage(archive, wanted.version, lambda _: None):
        keys = table.select(["id", "revision"]).to_pylist()
        rows = [
            at
            for at, key in enumerate(keys)
            if key["id"] not in lost and newest.get(key["id"]) == key["revision"]
        ]
        if rows:
            yield table.take(pa.array(rows, pa.int64()))


def write_rows(
    tables: Iterator[pa.Table],
    stream: IO[bytes],
    form: Format,
    columns: Sequence[str],
    reach: Reach,
) -> tuple[int, int]:
    """Write rows as JSON lines, CSV or Parquet. Returns: rows and bytes written.

    ``jsonl`` fits the JSON Schema of documents: moments as RFC 3339, bytes in
    Base64. ``csv`` is RFC 4180 in UTF-8 with lists and maps as JSON; null is an
    empty cell. ``parquet`` has the archive's column types, zstd and page
    checksums. Raises: OSError. Memory: a table.
    """
    write = {"jsonl": _write_jsonl, "csv": _write_csv, "parquet": _write_parquet}[form]
    rows = 0

    def counted() -> Iterator[pa.Table]:
        nonlocal rows
        for table in tables:
            yield table
            rows += table.num_rows
            reach(rows)

    octets = write(counted(), stream, columns)
    return rows, octets


def json_line(row: dict[str, Any]) -> bytes:
    """A row as one line of JSON, as the schema of documents has it."""
    return json.dumps(_plain(row), ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {name: _value(name, value) for name, value in row.items()}


def _value(name: str, value: Any) -> Any:  # noqa: ANN401 - any column's value
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, datetime):
        return timestamp(value)
    if name in _MAPS and value is not None:
        return dict(value)
    return value


def _write_jsonl(tables: Iterator[pa.Table], stream: IO[bytes], _: Sequence[str]) -> int:
    return sum(stream.write(json_line(row)) for table in tables for row in table.to_pylist())


def _write_csv(tables: Iterator[pa.Table], stream: IO[bytes], columns: Sequence[str]) -> int:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(columns)
    octets = stream.write(buffer.getvalue().encode("utf-8"))
    for table in tables:
        for row in table.to_pylist():
            buffer.seek(0)
            buffer.truncate()
            writer.writerow([_cell(value) for value in _plain(row).values()])
            octets += stream.write(buffer.getvalue().encode("utf-8"))
    return octets


def _cell(value: Any) -> Any:  # noqa: ANN401 - any column's value
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value


def _write_parquet(tables: Iterator[pa.Table], stream: IO[bytes], columns: Sequence[str]) -> int:
    schema = pa.schema([DOCUMENTS.field(name) for name in columns])
    with pq.ParquetWriter(
        stream,
        schema,
        compression="zstd",
        compression_level=ZSTD_LEVEL,
        write_page_checksum=True,
    ) as writer:
        for table in tables:
            writer.write_table(table)
    return stream.tell()


def extent(archive: Archive, version: int | None) -> tuple[int, int]:
    """Rows and bytes of the documents' parts up to a version: what progress counts against."""
    parts = [part for _, part in archive.parts("documents", version)]
    return sum(part.rows for part in parts), sum(part.bytes for part in parts)
