"""Rows of a table in, cleaned rows out: what Spark, Ray, Dask and datasets map over their data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa

from archiver.archive.rows.columns import DOCUMENTS
from archiver.batch import clean_batch, source_batch
from archiver.digest import sha256
from archiver.document import Finding, Source
from archiver.readers.fields import RecordProblem, take
from archiver.readers.formats import Wanted
from archiver.readers.pages import media_type_by_bytes
from archiver.rules.load import builtin, load
from archiver.rules.rule import Ruleset
from archiver.settings import FIELDS, PROFILES, Profile

_Rows = TypeVar("_Rows", pa.RecordBatch, pa.Table)

#: What an archive's version knows of a record, and a row of its own does not; and the bytes,
#: which whoever calls has.
_OF_A_VERSION = frozenset(
    {"revision", "raw", "record_sha256", "ingested_at"}
    | {"minhash", "near_duplicate_of", "near_duplicate_similarity"}
)

#: Columns of a cleaned row: those of a record, then the finding where there is one.
CLEANED: pa.Schema = pa.schema(
    [field for field in DOCUMENTS if field.name not in _OF_A_VERSION]
    + [pa.field("code", pa.string()), pa.field("message", pa.string())]
)

#: Rows cleaned at once: frameworks hand over tens of thousands, and lines are shared in fewer.
SLICE = 500

#: Stands in a column that is left out.
_NO_MOMENT = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Row:
    """A row that was read: a source, or why it is none."""

    id: str | None
    source: Source | None
    problem: Finding | None = None


def clean_rows(
    rows: _Rows,
    *,
    profile: Profile,
    rules: str | None,
    fields: Mapping[str, str],
    keep: Sequence[str] | None,
    tool_version: str,
) -> _Rows:
    """Clean each row of a batch or table; see ``archiver.clean_batch``, which this is.

    rows: n rows. Returns: n rows, in the same order, columns ``CLEANED``.
    Raises: as ``archiver.clean_batch``. Memory: a small multiple of ``rows``.
    """
    if profile not in PROFILES:
        raise ValueError(f"no profile {profile!r}: there are {', '.join(PROFILES)}")
    unknown = sorted(set(fields) - set(FIELDS))
    if unknown:
        raise ValueError(f"no field {unknown[0]!r}: there are {', '.join(FIELDS)}")
    columns = {name: fields.get(name, name) for name in ("id", "text")}
    for name, column in columns.items():
        if column.partition(".")[0] not in rows.schema.names:
            raise ValueError(f"no column {column!r}: say which is the {name} by fields")
    wanted = Wanted(fields=dict(fields), keep=None if keep is None else tuple(keep))
    ruleset = _ruleset(rules)
    cleaned = [
        _cleaned(batch.slice(start, SLICE), wanted, ruleset, profile, tool_version)
        for batch in _batches(rows)
        for start in range(0, batch.num_rows, SLICE)
    ]
    if isinstance(rows, pa.Table):
        return pa.Table.from_batches(cleaned, CLEANED)
    if not cleaned:
        return pa.RecordBatch.from_pylist([], schema=CLEANED)
    whole: pa.RecordBatch = pa.concat_batches(cleaned)  # type: ignore[attr-defined] # not in the stubs
    return whole


def _batches(rows: pa.RecordBatch | pa.Table) -> list[pa.RecordBatch]:
    return rows.to_batches() if isinstance(rows, pa.Table) else [rows]


@lru_cache(maxsize=4)
def _ruleset(rules: str | None) -> Ruleset:
    """Read once a process: a worker is handed one batch after the other."""
    return builtin() if rules is None else load(Path(rules))


def _cleaned(
    batch: pa.RecordBatch, wanted: Wanted, ruleset: Ruleset, profile: Profile, tool_version: str
) -> pa.RecordBatch:
    read = list(_read(batch, wanted))
    made: list[dict[str, Any]] = []
    for group in _groups(read):
        sources = [row.source for row in group if row.source is not None]
        done = clean_batch(
            source_batch([(source, 1) for source in sources], _NO_MOMENT),
            ruleset,
            profile=profile,
            tool_version=tool_version,
        )
        records = {row["id"]: row for row in done.records.select(CLEANED.names[:-2]).to_pylist()}
        found = {note.documents[0]: note for note in reversed(done.notes)}
        found |= {reject.id: reject.finding for reject in done.rejects}
        for row in group:
            if row.source is None:
                made.append({"id": row.id, **_finding_columns(row.problem)})
            else:
                record = records.get(row.source.id, {"id": row.source.id})
                made.append({**record, **_finding_columns(found.get(row.source.id))})
    return pa.RecordBatch.from_pylist(made, schema=CLEANED)


def _groups(rows: list[_Row]) -> Iterator[list[_Row]]:
    """The rows in their order, cut where an id stands a second time: it names one of a group."""
    group: list[_Row] = []
    ids: set[str | None] = set()
    for row in rows:
        if row.source is not None and row.id in ids:
            yield group
            group, ids = [], set()
        group.append(row)
        ids.add(row.id)
    if group:
        yield group


def _finding_columns(found: Finding | None) -> dict[str, str | None]:
    if found is None:
        return {"code": None, "message": None}
    return {"code": found.code, "message": found.message}


def _read(batch: pa.RecordBatch, wanted: Wanted) -> Iterator[_Row]:
    """Rows as sources, the way that records of a file are."""
    own = {wanted.fields.get(name, name).partition(".")[0] for name in FIELDS}
    own |= {wanted.fields.get(name, name) for name in FIELDS}
    names = [
        name
        for name in batch.schema.names
        if name in own or wanted.keep is None or name in wanted.keep
    ]
    columns = {name: batch.column(name) for name in names}
    for at in range(batch.num_rows):
        id_: str | None = None
        try:
            cells = {name: column[at].as_py() for name, column in columns.items()}
            given = cells.get(wanted.fields.get("id", "id"))
            id_ = None if given is None else str(given)
            taken = take(cells, wanted)
            if taken.id is None:
                raise RecordProblem("E230", "has no id")
            if not taken.data.strip():
                raise RecordProblem("E201", "holds only white space")
        except RecordProblem as problem:
            words = f"{id_ or 'a row'} {problem.problem}"
            yield _Row(id_, None, Finding(problem.code, words, where=id_ or ""))
        except (ValueError, OverflowError, ArithmeticError) as error:
            words = f"{id_ or 'a row'} holds a value that cannot be read: {error}"
            yield _Row(id_, None, Finding("E230", words, where=id_ or ""))
        else:
            media_type = media_type_by_bytes(taken.data)
            source = Source(taken.id, taken.id, taken.data, media_type, taken.provenance)
            yield _Row(taken.id, source.with_digests(sha256(taken.data), None))
