"""Rows: their digests, batches of them, and the received bytes back from them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import pyarrow as pa

from archiver.archive.rows.columns import (
    DOCUMENTS,
    QUARANTINE,
    REQUIRED,
    TABLES,
    WIDTHS,
    table_schema,
)
from archiver.digest import Json, canonical_json, pairs, sha256, timestamp
from archiver.document import Cleaning, Document, Edit
from archiver.errors import DamageError

#: A row as Python holds it: column name -> value.
Row = Mapping[str, Any]

#: How the column ``newline`` names line ends.
NEWLINES = {"lf": "\n", "crlf": "\r\n", "cr": "\r"}

_MAPS = frozenset({"facts", "metadata"})
_MOMENTS = frozenset({"date", "fetched_at", "ingested_at", "quarantined_at"})
#: Left out of a record's digest: the digest itself, and what other columns hold by digest.
OUTSIDE = frozenset({"record_sha256", "text", "raw"})

#: Columns that came after the first version of the table.
LATER = frozenset(
    name for table in TABLES for name in table_schema(table).names[WIDTHS[1][table] :]
)

_DOCUMENT_COLUMNS = tuple(name for name in DOCUMENTS.names if name not in OUTSIDE)
_QUARANTINE_COLUMNS = tuple(name for name in QUARANTINE.names if name not in OUTSIDE)


def _body(row: Row, columns: Sequence[str]) -> dict[str, Json]:
    """Columns of a row as canonical JSON sees them."""
    # A column that came later counts where it holds something: so rows keep their
    # digests whatever columns are added after them.
    body: dict[str, Json] = {
        name: row[name] for name in columns if name not in LATER or row.get(name) is not None
    }
    for name in _MOMENTS & body.keys():
        body[name] = timestamp(row[name])
    for name in _MAPS & body.keys():
        if row[name] is not None:
            body[name] = pairs(row[name])
    return body


def record_sha256(row: Row) -> str:
    """The digest of a document's record: canonical JSON of all other columns.

    ``text`` and ``raw`` stand in it by ``text_sha256`` and ``raw_sha256``;
    whether ``raw`` is kept stands in it as ``raw_kept``.
    Raises: KeyError for a missing column; ValueError for NaN.
    """
    return sha256_of(row, raw_kept=row["raw"] is not None)


def sha256_of(row: Row, *, raw_kept: bool) -> str:
    """``record_sha256`` for a row read without ``text`` and ``raw``."""
    body = _body(row, _DOCUMENT_COLUMNS)
    body["raw_kept"] = raw_kept
    return sha256(canonical_json(body))


def quarantine_sha256(row: Row) -> str:
    """The digest of a quarantine row: all other columns, and the bytes of this piece by digest.

    ``raw_sha256`` is the digest of all pieces together, so the piece's own one
    stands in it as ``chunk_sha256``.
    """
    body = _body(row, _QUARANTINE_COLUMNS)
    body["chunk_sha256"] = None if row["raw"] is None else sha256(row["raw"])
    return sha256(canonical_json(body))


def records_from_rows(rows: Iterable[Row]) -> pa.RecordBatch:
    """A batch of documents; each row has every column but ``record_sha256``.

    Columns that came after the first schema version may be left out too: they are null.
    Maps may be mappings or pairs and are sorted by key; moments must be aware.
    Raises: ValueError naming row and column where a column is missing, unknown
    or null without leave.
    """
    return _batch("documents", rows)


def quarantine_from_rows(rows: Iterable[Row]) -> pa.RecordBatch:
    """A batch of quarantine rows, as ``records_from_rows`` makes them of documents."""
    return _batch("quarantine", rows)


def _batch(table: str, rows: Iterable[Row]) -> pa.RecordBatch:
    schema, required = table_schema(table), REQUIRED[table] - {"record_sha256"}
    digest = record_sha256 if table == "documents" else quarantine_sha256
    wanted = set(schema.names) - {"record_sha256"}
    done: list[dict[str, Any]] = []
    later: dict[str, Any] = dict.fromkeys(LATER & wanted)
    for given in rows:
        row = later | dict(given)
        _check_row(row, wanted, required)
        for name in _MAPS & wanted:
            row[name] = _sorted_pairs(row[name])
        row["record_sha256"] = digest(row)
        done.append(row)
    return pa.RecordBatch.from_pylist(done, schema=schema)


def _check_row(row: Row, wanted: set[str], required: frozenset[str]) -> None:
    """Refuse what the table could not hold. Raises: ValueError."""
    if wanted - row.keys() or row.keys() - wanted - {"record_sha256"}:
        odd = sorted(wanted ^ (row.keys() - {"record_sha256"}))
        raise ValueError(f"row {row.get('id')!r}: missing or unknown columns: {', '.join(odd)}")
    for name in sorted(required):
        if row[name] is None:
            raise ValueError(f"row {row['id']!r}: column {name} must not be null")
    for name in _MOMENTS & wanted:
        if isinstance(row[name], datetime) and row[name].tzinfo is None:
            raise ValueError(f"row {row['id']!r}: column {name} has no time zone")


def _sorted_pairs(
    value: Mapping[str, str] | Iterable[tuple[str, str]] | None,
) -> list[tuple[str, str]] | None:
    if value is None:
        return None
    return sorted(value.items() if isinstance(value, Mapping) else value)


def raw_text(record: Row) -> str:
    """The decoded text before cleaning. Raises: DamageError where the edits do not fit."""
    edits: list[Edit] = []
    end = 0
    for item in record["edits"]:
        edit = Edit(**item)
        # Sorted and apart: else hostile edits could make one text into thousands.
        if edit.start < end or edit.end - edit.start != len(edit.before):
            raise DamageError(f"document {record['id']!r}: the edits do not fit its text")
        end = edit.end
        edits.append(edit)
    return Cleaning(record["text"], tuple(edits)).raw()


def restore_bytes(record: Row) -> bytes:
    """The bytes as received: kept ones, or text, edits, encoding and line ends together.

    record: a row of documents, as ``Archive.record`` gives it.
    Raises: DamageError where the result has not the digest ``raw_sha256``.
    """
    data = record["raw"]
    if data is None:
        data = _rebuilt(record)
    if sha256(data) != record["raw_sha256"]:
        raise DamageError(f"document {record['id']!r}: the received bytes cannot be rebuilt")
    restored: bytes = data
    return restored


def _rebuilt(record: Row) -> bytes:
    try:
        newline = NEWLINES[record["newline"]]
        return Document(raw_text(record), record["encoding"], newline).encode()
    except (LookupError, TypeError, ValueError) as problem:
        raise DamageError(
            f"document {record['id']!r}: the received bytes cannot be rebuilt: {problem}"
        ) from problem
