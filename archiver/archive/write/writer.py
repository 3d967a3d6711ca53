"""Stage parts, then commit them as one new version of the archive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa

from archiver.archive.archive import Archive
from archiver.archive.files.disk import (
    Checkpoint,
    entry_steps,
    no_checkpoint,
    storing,
)
from archiver.archive.files.lock import locked
from archiver.archive.files.rulesets import keep_ruleset
from archiver.archive.log.entry import Entry, Head, Part
from archiver.archive.rows.columns import RULESETS, TABLES
from archiver.archive.write.finish import STEPS as LAST_STEPS
from archiver.archive.write.finish import finish_and_sweep
from archiver.archive.write.join import PART_BYTES
from archiver.archive.write.noted import settle
from archiver.archive.write.pending import Pending
from archiver.archive.write.publish import Batch, MovedOnError
from archiver.archive.write.stage import ROW_GROUP_BYTES
from archiver.digest import sha256

__all__ = ["STEPS", "Commit", "MovedOnError", "Writer"]

#: Every step told to ``checkpoint``, in order (those of parts come once a part).
STEPS = (
    "documents-part-staged",
    "quarantine-part-staged",
    "locked",
    "parts-noted",
    "quarantine-part-named",
    "quarantine-part-durable",
    "documents-part-named",
    "documents-part-durable",
    "ruleset-durable",
    *entry_steps("quarantine", "documents"),
    *LAST_STEPS,
)


@dataclass(frozen=True, slots=True)
class Commit:
    """An acknowledged version. ``sealed`` is False where only the bag's manifests lag behind.

    ``parts`` and ``bytes`` count what it added to both tables.
    """

    head: Head
    parts: int
    bytes: int
    sealed: bool


class Writer:
    """One run's way into the archive: all of it becomes visible at once, or nothing.

    batch_id: names the run; committing the same one twice makes one version.
    ingested_at: the moment the version bears. checkpoint: told every step.
    part_bytes: batches are joined into parts of so many bytes, packed; 0: each is a part.
    """

    def __init__(
        self,
        archive: Archive,
        *,
        batch_id: str,
        ingested_at: datetime,
        tool: str,
        lock_timeout: float = 60.0,
        checkpoint: Checkpoint = no_checkpoint,
        part_bytes: int = PART_BYTES,
    ) -> None:
        self._archive = archive
        self._batch = Batch(archive, batch_id, ingested_at, tool, checkpoint)
        self._lock_timeout = lock_timeout
        self._checkpoint = checkpoint
        self._mine = Pending(archive, checkpoint, part_bytes)
        self._alone = False
        self._counts = {"added": 0, "revised": 0, "quarantined": 0}
        self._pending: list[pa.RecordBatch] = []
        self._acknowledged = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if not self._acknowledged:
                self._mine.discard(self._batch.doubtful)
        finally:
            self._mine.close()

    def stage_documents(self, batch: pa.RecordBatch) -> None:
        """Write a batch of documents as a part that no version names yet.

        Raises: ValueError for other columns, an empty batch or one staged before;
        StorageError.
        """
        self._mine.stage("documents", batch)
        first = batch.column("revision").to_pylist().count(1)
        self._counts["added"] += first
        self._counts["revised"] += batch.num_rows - first

    def folder(self) -> Path:
        """Where other processes stage parts for this run. Raises: StorageError."""
        return self._mine.folder()

    def adopt_documents(
        self, staged: Path, part: Part, *, needs: int, added: int, revised: int
    ) -> None:
        """Take a part of documents that another process staged in ``folder``.

        needs: the oldest schema version that holds its rows; added, revised: its
        rows, by whether they are first revisions. Raises: as ``stage_documents``.
        """
        self._mine.adopt("documents", staged, part, needs)
        self._counts["added"] += added
        self._counts["revised"] += revised

    def begin(self, batch_id: str) -> None:
        """Go on with a next version, after ``commit``. batch_id: another one."""
        self._batch = replace(self._batch, id=batch_id, doubtful=set())
        self._counts = dict.fromkeys(self._counts, 0)
        self._acknowledged = False
        self._mine.start_over()

    @property
    def is_empty(self) -> bool:
        """Whether nothing was staged for the version."""
        return not any(self._counts.values())

    def stage_quarantine(self, batch: pa.RecordBatch) -> None:
        """Take a batch of quarantine rows; small ones are gathered into one part.

        Raises: as ``stage_documents``.
        """
        self._pending.append(batch)
        self._counts["quarantined"] += batch.column("chunk").to_pylist().count(0)
        if sum(item.nbytes for item in self._pending) >= ROW_GROUP_BYTES:
            self._flush()

    def _flush(self) -> None:
        """Write the quarantine rows gathered so far as a part."""
        if self._pending:
            joined = pa.Table.from_batches(self._pending).combine_chunks().to_batches()
            self._pending = []
            for batch in joined:
                self._mine.stage("quarantine", batch)

    def commit(
        self,
        *,
        ruleset_digest: str,
        ruleset_json: bytes,
        profile: str,
        index_sha256: str | None,
        counts: Mapping[str, int],
        expected_head: Head | None = None,
        readmitted: Mapping[str, Sequence[str]] | None = None,
        about: Mapping[str, str] | None = None,
    ) -> Commit:
        """Make all that was staged one new version, then seal the bag.

        Once it returns, the version is on the disk. A version is made even
        where nothing was staged. counts: kept with the version, beside those
        the writer makes itself (added, revised, quarantined).
        expected_head: the head the run was planned on. readmitted: digests of
        ``ids`` and ``raw`` bytes that a take-down no longer keeps out.
        about: what the bag says of itself, see ``about.stated``.
        Raises: LockedError; MovedOnError where the archive is not at
        ``expected_head``; ValueError where the ruleset is not its digest's;
        StorageError where the disk refuses: nothing changed then.
        """
        if sha256(ruleset_json) != ruleset_digest:
            raise ValueError("the ruleset's bytes do not have the digest given")
        self._flush()
        self._mine.join()
        info: dict[str, Any] = {
            "ruleset": ruleset_digest,
            "profile": profile,
            "index_sha256": index_sha256,
            "counts": dict(sorted({**counts, **self._counts}.items())),
        }
        if readmitted is not None and any(readmitted.values()):
            info["readmitted"] = dict(readmitted)
        with locked(self._archive.path, self._lock_timeout) as held:
            self._alone = held
            self._checkpoint("locked")
            done = self._batch.done("documents")
            if done is not None:
                return self._acknowledge(done)
            # Documents first: what they bind is then in the quarantine's log as read here.
            # Without locks, an entry made since has the name that ours would get.
            log = {table: self._archive.entries(table) for table in ("documents", "quarantine")}
            settle(self._archive.path, log)
            self._check_unmoved(log["documents"][-1].head, expected_head)
            self._mine.place()
            self._keep_ruleset(ruleset_digest, ruleset_json)
            bound = log["quarantine"][-1].head  # or another run's rows, not bound so far
            if self._mine.fresh("quarantine"):
                bound = self._publish("quarantine", info, log["quarantine"])
            info["quarantine"] = {"version": bound.version, "sha256": bound.sha256}
            if about:
                info["about"] = dict(about)
            self._publish("documents", info, log["documents"])
            return self._acknowledge(self._archive.entries()[-1])

    def _check_unmoved(self, head: Head, expected: Head | None) -> None:
        if expected is not None and head != expected:
            raise MovedOnError(
                f"{self._archive.path}: another run made version {head.version} meanwhile"
            )
        if len(self._mine.fresh("documents")) < len(self._mine.parts("documents")):
            raise MovedOnError(f"{self._archive.path}: it holds documents of this run already")

    def _keep_ruleset(self, digest: str, data: bytes) -> None:
        with storing(f"a ruleset in {self._archive.path / RULESETS}"):
            keep_ruleset(self._archive.path, digest, data, self._mine.folder())
            self._checkpoint("ruleset-durable")

    def _publish(self, table: str, info: Mapping[str, Any], log: Sequence[Entry]) -> Head:
        parts, staging = self._mine.fresh(table), self._mine.folder()
        return self._batch.publish(table, parts, info, log, staging=staging, alone=self._alone)

    def _acknowledge(self, entry: Entry) -> Commit:
        """The version is on the disk: what follows undoes nothing where it fails."""
        self._acknowledged = True
        sealed = finish_and_sweep(
            self._archive, self._mine.folder(), self._checkpoint, alone=self._alone
        )
        added = [part for table in TABLES for part in self._mine.parts(table)]
        return Commit(entry.head, len(added), sum(part.bytes for part in added), sealed)
