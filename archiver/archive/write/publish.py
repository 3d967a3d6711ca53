"""The next entry of a table's log, made in competition with other runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from archiver.archive.archive import Archive
from archiver.archive.files.disk import Checkpoint, storing
from archiver.archive.log.actions import (
    add_action,
    commit_info,
    encode_entry,
    file_facts,
    milliseconds,
)
from archiver.archive.log.chain import publish_entry
from archiver.archive.log.entry import Entry, Head, Part
from archiver.archive.log.history import mentioning
from archiver.archive.log.summary import next_summary
from archiver.archive.rows.columns import TABLES
from archiver.errors import LockedError, StorageError


class MovedOnError(LockedError):
    """Another run committed since this one looked at the archive."""

    default_hint = "Run the same command again: it goes on from the newest version."


def publish_next(
    table: Path,
    before: Entry,
    actions: Sequence[Mapping[str, Any]],
    *,
    staging: Path,
    checkpoint: Checkpoint,
    name: str,
    alone: bool,
) -> Head:
    """Make the entry that follows another. The rest is as in ``publish_entry``.

    Raises: MovedOnError where another run was quicker; StorageError.
    """
    version = before.version + 1
    try:
        with storing(f"version {version} of {table}"):
            return publish_entry(
                table,
                version,
                encode_entry(actions),
                staging=staging,
                checkpoint=checkpoint,
                name=name,
                alone=alone,
            )
    except StorageError as problem:
        if isinstance(problem.__cause__, FileExistsError):
            raise MovedOnError(f"{table}: another run took the version") from problem
        raise


@dataclass(slots=True)
class Batch:
    """The entries of one batch: one of each table that it brings rows for.

    ``doubtful``: tables whose entry may be on the disk, whether or not it shows: from
    that moment on its parts are not this run's to delete.
    """

    archive: Archive
    id: str
    moment: datetime
    tool: str
    checkpoint: Checkpoint
    doubtful: set[str] = field(default_factory=set)

    def done(self, table: str) -> Entry | None:
        """The entry that this batch made before, if it did."""
        entries = mentioning(self.archive.entries(table), self.id)
        return next((item for item in entries if self.id in item.transactions), None)

    def publish(
        self,
        table: str,
        parts: Sequence[Part],
        info: Mapping[str, Any],
        log: Sequence[Entry],
        *,
        staging: Path,
        alone: bool,
    ) -> Head:
        """Make the next entry of a table. Raises: MovedOnError, StorageError."""
        moment = milliseconds(self.moment)
        known: dict[str, Any] = {
            "prev": log[-1].sha256,
            "batch": self.id,
            **info,
            "files": file_facts(parts),
        }
        summary = next_summary(self.archive.path, table, log)
        if summary is not None:
            known["summary"] = summary
        actions = [
            commit_info("WRITE", self.moment, self.tool, known),
            {"txn": {"appId": self.id, "version": 1, "lastUpdated": moment}},
            *(add_action(part, moment) for part in parts),
        ]
        try:
            return publish_next(
                self.archive.path / TABLES[table],
                log[-1],
                actions,
                staging=staging,
                checkpoint=partial(self._tell, table),
                name=table,
                alone=alone,
            )
        except MovedOnError:
            self.doubtful.discard(table)
            raise

    def _tell(self, table: str, step: str) -> None:
        if step.endswith("-entry-staged"):
            self.doubtful.add(table)
        self.checkpoint(step)
