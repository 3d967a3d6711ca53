"""Finding one document: damage elsewhere in the archive does not stand in the way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from archiver.archive.log.entry import Part
from archiver.archive.log.widths import fill
from archiver.archive.read.parts import PARQUET_ERRORS, check_group, open_part, read_part
from archiver.archive.read.snapshot import Snapshot
from archiver.archive.rows.columns import DOCUMENTS
from archiver.archive.rows.records import record_sha256
from archiver.errors import DamageError


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a revision of a document lies: version it came in, part, row group, row."""

    revision: int
    came: int
    part: Part
    group: int
    row: int


def find_record(
    folder: Path,
    parts: Sequence[tuple[int, Part]],
    id_: str,
    revision: int | None,
) -> dict[str, Any] | None:
    """One record of a table's parts, its digest held, or None.

    parts: (version its rows came in, part); later versions hold later revisions.
    revision: the one wanted; None for the newest.
    Raises: DamageError where the record is damaged, or where a damaged part may
    hold the one wanted: older content is never shown in place of newer.
    """
    best: _Place | None = None
    blind: list[tuple[int, Part]] = []
    for came, part in parts:
        try:
            for place, found in _keys(folder, came, part):
                fits = found == id_ and revision in (None, place.revision)
                if fits and (best is None or best.revision < place.revision):
                    best = place
        except PARQUET_ERRORS:
            blind.append((came, part))
    if revision is None and best is not None:
        blind = [(came, part) for came, part in blind if came > best.came]
    if blind and (revision is None or best is None):
        _refuse(folder, blind[-1][1], id_, best, revision)
    return None if best is None else _read(folder, best, id_)


def _keys(folder: Path, came: int, part: Part) -> Iterator[tuple[_Place, str]]:
    """The revisions in a part. Raises: one of PARQUET_ERRORS."""
    with open_part(folder / part.path, part.footer) as file:
        for group in range(file.num_row_groups):
            check_group(file, group, ["id", "revision"])
            keys = file.read_row_group(group, columns=["id", "revision"], use_threads=False)
            for row, key in enumerate(keys.to_pylist()):
                yield _Place(key["revision"], came, part, group, row), key["id"]


def _refuse(folder: Path, part: Part, id_: str, best: _Place | None, revision: int | None) -> None:
    what = f"revision {revision}" if revision is not None else "its newest revision"
    hint = "Run `archiver validate` to see the damage, `archiver repair --from COPY` to mend it."
    if best is not None:
        hint = f"Give --revision {best.revision} for the newest one that is intact. {hint}"
    raise DamageError(
        f"document {id_!r}: {what} may be in {folder / part.path}, which is damaged", hint=hint
    )


def _read(folder: Path, place: _Place, id_: str) -> dict[str, Any]:
    """The row at a place: only its row group is read."""
    path = folder / place.part.path
    try:
        with open_part(path, place.part.footer) as file:
            check_group(file, place.group)
            found = file.read_row_group(place.group, use_threads=False)
            table = fill(found, DOCUMENTS.names, file.schema_arrow.names)
        record: dict[str, Any] = table.slice(place.row, 1).to_pylist()[0]
        if record_sha256(record) != record["record_sha256"]:
            raise DamageError(f"document {id_!r} in {place.part.path}: not what was ingested")
    except PARQUET_ERRORS as problem:
        raise DamageError(f"document {id_!r} in {path}: {problem}") from problem
    return record


def find_history(folder: Path, parts: Sequence[tuple[int, Part]], id_: str) -> pa.Table:
    """All revisions of a document, oldest first; the column ``version`` leads.

    parts: (version its rows came in, part). Raises: DamageError.
    """
    schema = pa.schema([pa.field("version", pa.int64()), *DOCUMENTS])
    tables = [schema.empty_table()]
    for version, part in parts:
        table = read_part(folder, part, DOCUMENTS.names)
        found = table.filter(pa.array([value == id_ for value in table["id"].to_pylist()]))
        column = pa.array([version] * found.num_rows, pa.int64())
        tables.append(found.add_column(0, "version", column))
    return pa.concat_tables(tables).sort_by([("revision", "ascending")])


def file_paths(documents: Snapshot) -> tuple[dict[str, str], list[Path]]:
    """Id -> file_path of its newest readable revision; and the parts that cannot be read.

    Memory: two columns of one row group, and the result. Raises: nothing for parts.
    """
    newest: dict[str, tuple[int, str]] = {}
    lost: list[Path] = []
    for _, came in documents.parts:
        part: Part | None = came
        while part is not None:
            try:
                for id_, revision, path in _paths(documents.folder, part):
                    if newest.get(id_, (-1, ""))[0] < revision:
                        newest[id_] = revision, path
                break
            except PARQUET_ERRORS:
                (left,) = documents.left([part])
                if left == part:
                    lost.append(documents.folder / part.path)
                    break
                part = left
    return {id_: path for id_, (_, path) in sorted(newest.items())}, lost


def _paths(folder: Path, part: Part) -> Iterator[tuple[str, int, str]]:
    """(id, revision, file_path) of a part's rows. Raises: one of PARQUET_ERRORS."""
    names = ["id", "revision", "file_path"]
    with open_part(folder / part.path, part.footer) as file:
        for group in range(file.num_row_groups):
            check_group(file, group, names)
            rows = file.read_row_group(group, columns=names, use_threads=False)
            for row in rows.to_pylist():
                yield row["id"], row["revision"], row["file_path"]
