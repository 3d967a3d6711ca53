"""The entries of a take-down, one after the other; see ``takedown``."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from archiver.archive.archive import Archive
from archiver.archive.files.disk import Checkpoint, no_checkpoint, storing
from archiver.archive.files.staging import Workspace
from archiver.archive.log.actions import (
    add_action,
    commit_info,
    file_facts,
    milliseconds,
)
from archiver.archive.log.chain import removed_parts
from archiver.archive.log.entry import Part
from archiver.archive.log.taken import unfinished
from archiver.archive.rows.columns import TABLES
from archiver.archive.takedown.survey import Survey, survey
from archiver.archive.takedown.wipe import newest_metadata, wipe, write_stand_ins
from archiver.archive.write.publish import publish_next

_OPERATIONS = {"begin": "SET TBLPROPERTIES", "remove": "DELETE", "end": "SET TBLPROPERTIES"}


@dataclass(frozen=True, slots=True)
class World:
    """What a take-down needs from outside. ``now`` is the moment its versions bear."""

    now: datetime
    tool: str
    batch_id: str
    lock_timeout: float = 60.0
    checkpoint: Checkpoint = no_checkpoint


def left_files(archive: Archive) -> list[Path]:
    """Parts that a take-down removed and that are still, or again, there."""
    return [
        path
        for table, folder in TABLES.items()
        for name in sorted(removed_parts(archive.entries(table)))
        if (path := archive.path / folder / name).exists()
    ]


class Run:
    """A take-down under way, under the lock."""

    def __init__(self, archive: Archive, world: World, work: Workspace, *, alone: bool) -> None:
        self.archive = archive
        self.world = world
        self.work = work
        self.alone = alone

    def complete(self) -> None:
        """Carry out what the log begins and does not end; else remove what came back."""
        told = unfinished(self.archive.entries())
        if told is not None:
            kept = {name: told[name] for name in ("batch", "reason", "ids", "raw")}
            self.carry_out(kept, survey(self.archive, set(told["ids"]), set(told["raw"])))
        elif left_files(self.archive):
            with storing(f"the take-down of {self.archive.path}"):
                self.wipe(frozenset(), frozenset())

    def carry_out(self, told: Mapping[str, Any], found: Survey) -> None:
        """From ``begin`` to ``end``; goes on where an earlier run was stopped."""
        begun = unfinished(self.archive.entries("quarantine"))
        if found.quarantine and begun is None:
            self.publish("quarantine", "begin", told)
        if found.quarantine:
            self.remove("quarantine", told, found)
        if found.quarantine or begun is not None:
            self.publish("quarantine", "end", told)
        newest = unfinished(self.archive.entries())
        if newest is not None and newest["step"] == "begin":
            self.remove("documents", told, found)
        with storing(f"the take-down of {self.archive.path}"):
            ids, raw = frozenset(told["ids"]), frozenset(told["raw"])
            self.wipe(ids, raw)
        self.world.checkpoint("wiped")
        self.publish("documents", "end", told)

    def wipe(self, ids: Collection[str], raw: Collection[str]) -> None:
        """Delete what holds them. Raises: as ``wipe.wipe``."""
        wipe(self.archive, ids, raw, work=self.work, sweep_dead=self.alone)

    def remove(self, table: str, told: Mapping[str, Any], found: Survey) -> None:
        """Write what is left of the parts hit, and put it in their place."""
        hits = found.quarantine if table == "quarantine" else found.documents
        stand_ins = write_stand_ins(
            self.archive, table, hits, work=self.work, checkpoint=self.world.checkpoint
        )
        replaced = {
            hit.part.path: None if part is None else part.path
            for hit, part in zip(hits, stand_ins, strict=True)
        }
        self.publish(
            table,
            "remove",
            {**told, "replaced": replaced},
            parts=[part for part in stand_ins if part is not None],
            gone=[hit.part for hit in hits],
            counts={"taken_down": len(found.taken), "revisions_removed": found.revisions}
            if table == "documents"
            else None,
        )

    def publish(
        self,
        table: str,
        step: str,
        told: Mapping[str, Any],
        *,
        parts: Sequence[Part] = (),
        gone: Sequence[Part] = (),
        counts: Mapping[str, int] | None = None,
    ) -> None:
        """Make the next entry of a table. Raises: MovedOnError, StorageError."""
        archive, moment = self.archive, milliseconds(self.world.now)
        before = archive.entries(table)[-1]
        known: dict[str, Any] = {
            "prev": before.sha256,
            "takedown": {"step": step, **told},
            "counts": dict(counts or {}),
            "files": file_facts(parts),
        }
        if table == "documents":
            bound = archive.entries("quarantine")[-1].head
            known["quarantine"] = {"version": bound.version, "sha256": bound.sha256}
        folder = archive.path / TABLES[table]
        actions = [commit_info(_OPERATIONS[step], self.world.now, self.world.tool, known)]
        if step != "remove":
            actions.append(newest_metadata(folder, before.version, append_only=step == "end"))
        actions += (_remove_action(part, moment) for part in gone)
        actions += (add_action(part, moment) for part in parts)
        publish_next(
            folder,
            before,
            actions,
            staging=self.work.folder,
            checkpoint=self.world.checkpoint,
            name=f"{table}-{step}",
            alone=self.alone,
        )


def _remove_action(part: Part, moment_ms: int) -> dict[str, Any]:
    return {
        "remove": {
            "path": part.path,
            "deletionTimestamp": moment_ms,
            "dataChange": True,
            "extendedFileMetadata": True,
            "partitionValues": {},
            "size": part.bytes,
        }
    }
