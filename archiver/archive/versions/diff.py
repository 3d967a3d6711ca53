"""What happened to the documents between two versions of an archive, and why."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pyarrow as pa

from archiver.archive.archive import Archive
from archiver.archive.log.entry import Part
from archiver.archive.log.history import versions_with
from archiver.archive.read.parts import read_part
from archiver.archive.read.snapshot import Left
from archiver.archive.rows.columns import DOCUMENTS
from archiver.archive.versions.changes import COLUMNS, Change, compare
from archiver.errors import InputError


@dataclass(frozen=True, slots=True)
class TakeDowns:
    """Documents that went for good: at which version, when and why.

    Nothing keeps their ids, by design; ``ids`` are digests of them (``marks.id_digest``).
    """

    version: int
    moment: datetime
    reason: str
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a revision lies."""

    revision: int
    part: int
    row: int


@dataclass(frozen=True, slots=True)
class _Plan:
    """``differ``: place of a part -> ids, in the order of its rows, that differ and are new there.

    ``before`` and ``after``: where the newest revision of each lies in the two versions.
    """

    differ: Mapping[int, Sequence[str]]
    before: Mapping[str, _Place]
    after: Mapping[str, _Place]


def diff_versions(
    archive: Archive, old: int, new: int | None = None, *, only: str | None = None
) -> Iterator[Change]:
    """The documents that differ between two versions, in the order in which they came.

    old, new: versions; None is the newest. only: one document's id.
    An archive only grows, so none is gone, save by take-down: ``take_downs``.
    Raises: InputError for a version that is not there, or an ``old`` that is
    newer than ``new``; DamageError. Memory: two parts and the changes that one of
    them brings, and the ids of all documents that differ.
    """
    if new is not None and old > new:
        raise InputError(
            f"version {old} is newer than version {new}", hint="Name the older version first."
        )
    archive.snapshot("documents", old)  # it is there
    documents = archive.snapshot("documents", new)
    settled = {at for at, (came, _) in enumerate(documents.parts) if came <= old}

    def plan(parts: Left) -> _Plan:
        return _plan(documents.folder, parts, settled, only)

    def changes(found: _Plan, parts: Left, at: int) -> list[Change]:
        return list(_changes(documents.folder, parts, at, found))

    for made in documents.in_turn(plan, changes):
        yield from made


def take_downs(archive: Archive, old: int, new: int | None = None) -> list[TakeDowns]:
    """The take-downs begun after one version and up to another, oldest first.

    Raises: ValueError for a moment that is none.
    """
    entries = archive.entries()
    last = len(entries) - 1 if new is None else new
    found = []
    for version in versions_with(entries, "takedown"):
        info = entries[version].info
        if old < version <= last and info["takedown"]["step"] == "begin":
            moment = datetime.fromisoformat(info["committed_at"])
            told = info["takedown"]
            found.append(TakeDowns(version, moment, told["reason"], tuple(told["ids"])))
    return found


def _plan(folder: Path, parts: Left, settled: Container[int], only: str | None) -> _Plan:
    """Where to look. settled: the places of the parts that the older version has."""
    places = range(len(parts))
    after = _places(folder, parts, [at for at in places if at not in settled], only)
    before = _places(folder, parts, [at for at in places if at in settled], only, after)
    by_part: dict[int, list[tuple[int, str]]] = {}
    for id_, place in after.items():
        if id_ not in before or before[id_].revision < place.revision:
            by_part.setdefault(place.part, []).append((place.row, id_))
    differ = {at: [id_ for _, id_ in sorted(rows)] for at, rows in by_part.items()}
    return _Plan(differ, before, after)


def _places(
    folder: Path,
    parts: Left,
    chosen: Sequence[int],
    only: str | None,
    among: Mapping[str, _Place] | None = None,
) -> dict[str, _Place]:
    """Where the newest revision of each document lies, in some of the parts."""
    found: dict[str, _Place] = {}
    for at in chosen:
        keys = _read(folder, parts[at], ("id", "revision"))
        for row, key in enumerate(keys.to_pylist()):
            id_, revision = key["id"], key["revision"]
            if only not in {None, id_} or (among is not None and id_ not in among):
                continue
            if id_ not in found or found[id_].revision < revision:
                found[id_] = _Place(revision, at, row)
    return found


def _read(folder: Path, part: Part | None, columns: Sequence[str]) -> pa.Table:
    """Columns of a part; no rows where nothing is left of it. Raises: DamageError."""
    if part is None:
        return pa.schema([DOCUMENTS.field(name) for name in columns]).empty_table()
    return read_part(folder, part, columns)


def _changes(folder: Path, parts: Left, at: int, plan: _Plan) -> Iterator[Change]:
    """The changes of documents whose new revisions lie in one part."""
    ids = plan.differ.get(at)
    if not ids:
        return
    table = _read(folder, parts[at], COLUMNS)
    by_part: dict[int, list[str]] = {}
    for id_ in ids:
        if id_ in plan.before:
            by_part.setdefault(plan.before[id_].part, []).append(id_)
        else:
            yield Change(id_, None, plan.after[id_].revision)
    for other in sorted(by_part):
        older = _read(folder, parts[other], COLUMNS)
        for id_ in by_part[other]:
            new = table.slice(plan.after[id_].row, 1).to_pylist()[0]
            yield compare(older.slice(plan.before[id_].row, 1).to_pylist()[0], new)
