"""Give an archive the columns of another schema version, as one new version of it.

No row is written anew: parts keep the columns they have, and readers see null
in the others. So an upgrade is taken back by the same command, as long as no
part has the new columns; and every version before it stays readable as it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from archiver.archive.archive import Archive
from archiver.archive.files.disk import storing
from archiver.archive.files.lock import locked
from archiver.archive.files.staging import workspace
from archiver.archive.log.actions import commit_info
from archiver.archive.log.chain import live_parts
from archiver.archive.log.entry import Entry, Head, Part
from archiver.archive.log.widths import schema_at, schema_in_force
from archiver.archive.read.parts import PARQUET_ERRORS, open_part
from archiver.archive.rows.columns import SCHEMA_VERSION, TABLES, WIDTHS
from archiver.archive.takedown.take_down import World
from archiver.archive.takedown.wipe import newest_metadata
from archiver.archive.write.finish import finish
from archiver.archive.write.noted import settle
from archiver.archive.write.publish import publish_next
from archiver.errors import DamageError, InputError, UsageError


@dataclass(frozen=True, slots=True)
class Upgrade:
    """What an upgrade does, or did. ``columns`` are those added, or dropped, by table.

    ``head`` is the archive's afterwards; ``sealed`` is False where only the bag's
    manifests lag behind.
    """

    before: int
    after: int
    columns: dict[str, list[str]] = field(default_factory=dict)
    head: Head | None = None
    sealed: bool = True

    @property
    def is_needed(self) -> bool:
        """Whether the archive is at another schema version."""
        return self.before != self.after


def plan_upgrade(archive: Archive, to: int | None = None) -> Upgrade:
    """What an upgrade would do. to: a schema version; None for this program's.

    Raises: InputError for a version that is not known; UsageError where a part
    has columns that would be dropped; DamageError. Cost: to an older version,
    the footer of every part is read.
    """
    target = SCHEMA_VERSION if to is None else to
    if target not in WIDTHS:
        raise InputError(
            f"there is no schema version {target}; this program knows 1 to {SCHEMA_VERSION}",
            hint="Leave out --to for the newest.",
        )
    found = {table: schema_in_force(archive.entries(table)) for table in TABLES}
    # Killed between its two entries, an upgrade has changed one table only.
    before = next((version for version in found.values() if version != target), target)
    columns = {}
    for table in TABLES:
        low, high = sorted((WIDTHS[found[table]][table], WIDTHS[target][table]))
        wide = schema_at(table, max(found[table], target)).names
        columns[table] = wide[low:high]
        if target < found[table]:
            _check_narrow(archive, table, low)
    return Upgrade(before, target, columns, archive.head())


def upgrade(archive: Archive, world: World, *, to: int | None = None) -> Upgrade:
    """Carry out ``plan_upgrade``: one new version, and nothing where nothing is to do.

    Raises: as ``plan_upgrade``; LockedError, StorageError: run it again then.
    """
    with locked(archive.path, world.lock_timeout) as held, workspace(archive.path) as work:
        settle(archive.path, {table: archive.entries(table) for table in TABLES})
        planned = plan_upgrade(archive, to)
        if not planned.is_needed:
            return planned
        for table in ("quarantine", "documents"):  # the documents' entry binds the other
            if schema_in_force(archive.entries(table)) != planned.after or table == "documents":
                _publish(archive, table, planned, world, work.folder, alone=held)
        sealed = finish(archive, work.folder, world.checkpoint)
    return Upgrade(planned.before, planned.after, planned.columns, archive.head(), sealed)


def _check_narrow(archive: Archive, table: str, width: int) -> None:
    """Hold that no part has more columns. Raises: UsageError, DamageError."""
    folder = archive.path / TABLES[table]
    for _, part in live_parts(archive.entries(table)).values():
        odd = _names(folder, part)[width:]
        if odd:
            raise UsageError(
                f"{folder / part.path} holds values in {', '.join(odd)}: "
                "an archive that only grows cannot drop them",
                hint="Versions before the upgrade can still be read and exported.",
            )


def _names(folder: Path, part: Part) -> Sequence[str]:
    try:
        with open_part(folder / part.path, part.footer) as file:
            return list(file.schema_arrow.names)
    except PARQUET_ERRORS as problem:
        raise DamageError(f"{folder / part.path}: {problem}") from problem


def _publish(
    archive: Archive,
    table: str,
    planned: Upgrade,
    world: World,
    staging: Path,
    *,
    alone: bool,
) -> None:
    before: Entry = archive.entries(table)[-1]
    folder = archive.path / TABLES[table]
    known: dict[str, Any] = {
        "prev": before.sha256,
        "files": {},
        "counts": {},
        "schema": planned.after,
    }
    if table == "documents":
        bound = archive.entries("quarantine")[-1].head
        known["quarantine"] = {"version": bound.version, "sha256": bound.sha256}
    grows = planned.after > planned.before
    with storing(f"version {before.version + 1} of {folder}"):
        actions = [
            commit_info("ADD COLUMNS" if grows else "DROP COLUMNS", world.now, world.tool, known),
            _metadata(folder, table, before.version, planned.after),
        ]
        publish_next(
            folder,
            before,
            actions,
            staging=staging,
            checkpoint=world.checkpoint,
            name=table,
            alone=alone,
        )


def _metadata(folder: Path, table: str, version: int, schema: int) -> dict[str, Any]:
    """Delta's metadata action with the columns of another schema version."""
    from deltalake import Schema

    action = newest_metadata(folder, version, append_only=True)
    columns = Schema.from_arrow(schema_at(table, schema)).to_json()
    return {"metaData": action["metaData"] | {"schemaString": columns}}
