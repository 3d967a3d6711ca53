"""The layers ``records`` and ``raw``: does each row give what its digests promise?

Text and bytes are digested as views into the Arrow buffers, without a copy.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from archiver.archive.rows.digests import sound_rows, views
from archiver.archive.rows.records import quarantine_sha256, restore_bytes, sha256_of
from archiver.digest import sha256
from archiver.errors import ArchiverError

#: Takes code, layer, words and the ids hit.
Report = Callable[[str, str, str, Sequence[str]], None]

#: What hostile rows make Python raise: bytes that are no UTF-8, moments beyond
#: the calendar, nulls where lists should be.
ROW_ERRORS = (
    ArchiverError,
    pa.ArrowException,
    ValueError,
    TypeError,
    KeyError,
    AttributeError,
    OverflowError,
    MemoryError,
    RecursionError,
)

_RECORD = "a record's digest does not match its columns"
_TEXT = "a text's digest does not match the text"
_RAW = "the received bytes cannot be rebuilt"


@dataclass(slots=True)
class RowCheck:
    """State across rows: the rulesets named, and the pieces of a large quarantined source."""

    rulesets: dict[str, str] = field(default_factory=dict)
    pieces: Any = None
    next_piece: int = 0


def check_documents(batch: pa.RecordBatch, state: RowCheck, report: Report, where: str) -> None:
    """E109, E110, E111 for each row of a batch of documents.

    Rows are proven sound all at once; those that are not are looked at one by one.
    """
    sound = sound_rows(batch)
    for digest in batch.column("ruleset").filter(pa.array(sound)).unique().to_pylist():
        state.rulesets.setdefault(str(digest), where)
    if sound.all():
        return
    batch = batch.filter(pa.array(~sound))
    names = [name for name in batch.schema.names if name not in ("text", "raw")]
    texts, raws = views(batch.column("text")), views(batch.column("raw"))
    for row, text, raw in zip(_rows(batch.select(names)), texts, raws, strict=True):
        ids = [str(row.get("id"))]
        try:
            if sha256_of(row, raw_kept=raw is not None) != row["record_sha256"]:
                report("E109", "records", _RECORD, ids)
        except ROW_ERRORS as problem:
            report("E109", "records", f"{_RECORD}: {problem}"[:300], ids)
            continue
        state.rulesets.setdefault(row["ruleset"], where)
        if text is None or sha256(text) != row["text_sha256"]:
            report("E110", "records", _TEXT, ids)
        if not _gives_raw(row, text, raw):
            report("E111", "raw", _RAW, ids)


def _gives_raw(row: dict[str, Any], text: memoryview | None, raw: memoryview | None) -> bool:
    """Whether the received bytes are in the record, or follow from it."""
    if raw is not None:
        return bool(sha256(raw) == row["raw_sha256"])
    plain = not row["edits"] and row["newline"] == "lf" and row["encoding"] == "utf-8"
    if plain and row["text_sha256"] == row["raw_sha256"]:
        return True  # the text is the bytes, and its digest was just held
    try:
        restore_bytes({**row, "raw": None, "text": str(text or b"", "utf-8")})
    except ROW_ERRORS:
        return False
    return True


def check_quarantine(batch: pa.RecordBatch, state: RowCheck, report: Report) -> None:
    """E109 and E111 for each row of a batch of quarantine rows."""
    for row in _rows(batch):
        ids = [str(row.get("id"))]
        try:
            if quarantine_sha256(row) != row["record_sha256"]:
                report("E109", "records", _RECORD, ids)
            if not _keeps_bytes(row, state):
                report("E111", "raw", "the received bytes are not all there", ids)
        except ROW_ERRORS as problem:
            report("E109", "records", f"{_RECORD}: {problem}"[:300], ids)


def _keeps_bytes(row: dict[str, Any], state: RowCheck) -> bool:
    """Hold the digest of bytes kept in one piece or in several rows, one after the other."""
    raw, chunk, chunks = row["raw"], row["chunk"], row["chunks"]
    if raw is None:
        return row["raw_sha256"] is None
    if chunks == 1:
        return bool(sha256(raw) == row["raw_sha256"])
    if chunk == 0:
        state.pieces, state.next_piece = hashlib.sha256(), 0
    if state.pieces is None or chunk != state.next_piece:
        state.pieces = None
        return False
    state.pieces.update(raw)
    state.next_piece += 1
    return chunk < chunks - 1 or bool(state.pieces.hexdigest() == row["raw_sha256"])


def _rows(batch: pa.RecordBatch) -> Iterator[dict[str, Any]]:
    """The rows as dicts; one that Python cannot hold comes with what is left of its id."""
    try:
        rows = batch.to_pylist()
    except ROW_ERRORS:
        rows = None  # one row's fault: find out which, below
    if rows is not None:
        yield from rows
        return
    for index in range(batch.num_rows):
        one = batch.slice(index, 1)
        try:
            yield one.to_pylist()[0]
        except ROW_ERRORS:
            yield {"id": _one_id(one)}


def _one_id(one: pa.RecordBatch) -> str:
    try:
        return str(one.column("id")[0].as_py())
    except ROW_ERRORS:
        return "(unreadable id)"
