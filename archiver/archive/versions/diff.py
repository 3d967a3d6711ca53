"""What happened to the documents between two versions of an archive, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from archiver.archive.archive import Archive
from archiver.archive.log.entry import Part
from archiver.archive.log.history import versions_with
from archiver.archive.read.parts import read_part
from archiver.archive.rows.columns import TABLES
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


def diff_versions(
    archive: Archive, old: int, new: int | None = None, *, only: str | None = None
) -> Iterator[Change]:
    """The documents that differ between two versions, in the order in which they came.

    old, new: versions; None is the newest. only: one document's id.
    An archive only grows, so none is gone, save by take-down: ``take_downs``.
    Raises: InputError for a version that is not there, or an ``old`` that is
    newer than ``new``; DamageError. Memory: two parts, and the ids of all
    documents that differ.
    """
    if new is not None and old > new:
        raise InputError(
            f"version {old} is newer than version {new}", hint="Name the older version first."
        )
    parts = [part for _, part in archive.parts("documents", new)]
    earlier = {part.path for _, part in archive.parts("documents", old)}
    folder = archive.path / TABLES["documents"]
    fresh = [at for at, part in enumerate(parts) if part.path not in earlier]
    after = _places(folder, parts, fresh, only)
    settled = [at for at, part in enumerate(parts) if part.path in earlier]
    before = _places(folder, parts, settled, only, after)
    by_part: dict[int, list[tuple[int, str]]] = {}
    for id_, place in after.items():
        if id_ not in before or before[id_].revision < place.revision:
            by_part.setdefault(place.part, []).append((place.row, id_))
    for at in sorted(by_part):
        ids = [id_ for _, id_ in sorted(by_part[at])]
        yield from _changes(folder, parts, ids, before, after)


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


def _places(
    folder: Path,
    parts: Sequence[Part],
    chosen: Sequence[int],
    only: str | None,
    among: Mapping[str, _Place] | None = None,
) -> dict[str, _Place]:
    """Where the newest revision of each document lies, in some of the parts."""
    found: dict[str, _Place] = {}
    for at in chosen:
        keys = read_part(folder, parts[at], ["id", "revision"])
        for row, key in enumerate(keys.to_pylist()):
            id_, revision = key["id"], key["revision"]
            if only not in {None, id_} or (among is not None and id_ not in among):
                continue
            if id_ not in found or found[id_].revision < revision:
                found[id_] = _Place(revision, at, row)
    return found


def _changes(
    folder: Path,
    parts: Sequence[Part],
    ids: Sequence[str],
    before: Mapping[str, _Place],
    after: Mapping[str, _Place],
) -> Iterator[Change]:
    """The changes of documents whose new revisions lie in one part."""
    table = read_part(folder, parts[after[ids[0]].part], COLUMNS)
    by_part: dict[int, list[str]] = {}
    for id_ in ids:
        if id_ in before:
            by_part.setdefault(before[id_].part, []).append(id_)
        else:
            yield Change(id_, None, after[id_].revision)
    for at in sorted(by_part):
        older = read_part(folder, parts[at], COLUMNS)
        for id_ in by_part[at]:
            row = table.slice(after[id_].row, 1).to_pylist()[0]
            yield compare(older.slice(before[id_].row, 1).to_pylist()[0], row)
