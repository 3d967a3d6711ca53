"""Stage parts, then commit them as one new version of the archive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
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
from archiver.archive.log.actions import (
    add_action,
    commit_info,
    encode_entry,
    file_facts,
    milliseconds,
)
from archiver.archive.log.chain import publish_entry
from archiver.archive.log.entry import Entry, Head
from archiver.archive.log.history import mentioning
from archiver.archive.log.summary import next_summary
from archiver.archive.read.parts import ROW_GROUP_BYTES
from archiver.archive.rows.columns import RULESETS, TABLES
from archiver.archive.write.finish import STEPS as LAST_STEPS
from archiver.archive.write.finish import finish_and_sweep
from archiver.archive.write.noted import settle
from archiver.archive.write.pending import Pending
from archiver.digest import sha256
from archiver.errors import LockedError, StorageError

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


class MovedOnError(LockedError):
    """Another run committed since this one looked at the archive."""

    default_hint = "Run the same command again: it goes on from the newest version."


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
    ) -> None:
        self._archive = archive
        self._batch_id = batch_id
        self._moment = ingested_at
        self._tool = tool
        self._lock_timeout = lock_timeout
        self._checkpoint = checkpoint
        self._mine = Pending(archive, checkpoint)
        self._alone = False
        self._counts = {"added": 0, "revised": 0, "quarantined": 0}
        self._pending: list[pa.RecordBatch] = []
        self._published = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if not self._published:
                self._mine.discard()
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
            done = self._done("documents")
            if done is not None:
                self._published = True
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

    def _done(self, table: str) -> Entry | None:
        """The entry that this run made before, if it did."""
        entries = mentioning(self._archive.entries(table), self._batch_id)
        return next((item for item in entries if self._batch_id in item.transactions), None)

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
        before = log[-1].head
        parts = self._mine.fresh(table)
        moment = milliseconds(self._moment)
        known: dict[str, Any] = {
            "prev": before.sha256,
            "batch": self._batch_id,
            **info,
            "files": file_facts(parts),
        }
        summary = next_summary(self._archive.path, table, log)
        if summary is not None:
            known["summary"] = summary
        actions = [
            commit_info("WRITE", self._moment, self._tool, known),
            {"txn": {"appId": self._batch_id, "version": 1, "lastUpdated": moment}},
            *(add_action(part, moment) for part in parts),
        ]
        folder = self._archive.path / TABLES[table]
        try:
            with storing(f"version {before.version + 1} of {folder}"):
                return publish_entry(
                    folder,
                    before.version + 1,
                    encode_entry(actions),
                    staging=self._mine.folder(),
                    checkpoint=self._telling_published,
                    name=table,
                    alone=self._alone,
                )
        except StorageError as problem:
            if isinstance(problem.__cause__, FileExistsError):
                self._published = False
                raise MovedOnError(f"{folder}: another run took the version") from problem
            raise

    def _telling_published(self, step: str) -> None:
        # From the moment an entry may be visible, its parts are not ours to delete.
        self._published = self._published or step.endswith("-entry-staged")
        self._checkpoint(step)

    def _acknowledge(self, entry: Entry) -> Commit:
        """The version is on the disk: what follows undoes nothing where it fails."""
        sealed = finish_and_sweep(
            self._archive, self._mine.folder(), self._checkpoint, alone=self._alone
        )
        added = [part for table in TABLES for part in self._mine.parts(table)]
        return Commit(entry.head, len(added), sum(part.bytes for part in added), sealed)
