"""Stage parts, then commit them as one new version of the archive."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Any, Self

import pyarrow as pa

from archiver.archive import bag
from archiver.archive.archive import Archive
from archiver.archive.columns import RULESETS, TABLES
from archiver.archive.delta import CHECKPOINT_INTERVAL, ViewError, write_checkpoint
from archiver.archive.disk import (
    STAGING,
    Checkpoint,
    make_folder,
    no_checkpoint,
    regular_size,
    storing,
    write_aside,
)
from archiver.archive.entry import (
    Entry,
    Head,
    Part,
    add_action,
    commit_info,
    encode_entry,
    file_facts,
    milliseconds,
)
from archiver.archive.lock import locked
from archiver.archive.log import live_parts, publish_entry
from archiver.archive.parts import ROW_GROUP_BYTES, Staged, write_part
from archiver.digest import sha256
from archiver.errors import ArchiverError, LockedError, StorageError

#: Every step told to ``checkpoint``, in order (those of parts come once a part).
STEPS = (
    "documents-part-staged",
    "documents-part-named",
    "documents-part-durable",
    "quarantine-part-staged",
    "quarantine-part-named",
    "quarantine-part-durable",
    "locked",
    "ruleset-durable",
    "quarantine-entry-staged",
    "quarantine-entry-visible",
    "quarantine-entry-durable",
    "documents-entry-staged",
    "documents-entry-visible",
    "documents-entry-durable",
    "checkpoint-durable",
    *bag.STEPS,
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
        self._staged: dict[str, list[Staged]] = {"documents": [], "quarantine": []}
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
        if not self._published:
            self._discard()

    def stage_documents(self, batch: pa.RecordBatch) -> None:
        """Write a batch of documents as a part that no version names yet.

        Raises: ValueError for other columns, an empty batch or one staged before;
        StorageError.
        """
        self._stage("documents", batch)
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
                self._stage("quarantine", batch)

    def commit(
        self,
        *,
        ruleset_digest: str,
        ruleset_json: bytes,
        profile: str,
        index_sha256: str | None,
        counts: Mapping[str, int],
        expected_head: Head | None = None,
    ) -> Commit:
        """Make all that was staged one new version, then seal the bag.

        Once it returns, the version is on the disk. A version is made even
        where nothing was staged. counts: kept with the version, beside those
        the writer makes itself (added, revised, quarantined).
        expected_head: the head the run was planned on.
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
        with locked(self._archive.path, self._lock_timeout):
            self._checkpoint("locked")
            done = self._done("documents")
            if done is not None:
                self._published = True
                return self._acknowledge(done)
            self._check_unmoved(expected_head)
            self._keep_ruleset(ruleset_digest, ruleset_json)
            bound = self._publish("quarantine", info) if self._fresh("quarantine") else None
            if bound is None:  # or another run's rows, not bound so far: this version does it
                bound = self._archive.entries("quarantine")[-1].head
            info["quarantine"] = {"version": bound.version, "sha256": bound.sha256}
            self._publish("documents", info)
            return self._acknowledge(self._archive.entries()[-1])

    def _stage(self, table: str, batch: pa.RecordBatch) -> None:
        with storing(f"the folder for unfinished files in {self._archive.path}"):
            make_folder(self._archive.path / STAGING)
        staged = write_part(
            self._archive.path / TABLES[table],
            batch,
            staging=self._archive.path / STAGING,
            name=table,
            checkpoint=self._checkpoint,
        )
        if any(staged.part.path == other.part.path for other in self._staged[table]):
            # Delta would count one file once, and rows would be missing.
            raise ValueError("the same batch was staged twice")
        self._staged[table].append(staged)

    def _done(self, table: str) -> Entry | None:
        """The entry that this run made before, if it did."""
        entries = self._archive.entries(table)
        return next((item for item in entries if self._batch_id in item.transactions), None)

    def _check_unmoved(self, expected: Head | None) -> None:
        head = self._archive.head()
        if expected is not None and head != expected:
            raise MovedOnError(
                f"{self._archive.path}: another run made version {head.version} meanwhile"
            )
        if len(self._fresh("documents")) < len(self._staged["documents"]):
            raise MovedOnError(f"{self._archive.path}: it holds documents of this run already")
        for table, staged in self._staged.items():
            for item in staged:
                with storing(f"{item.part.path}: the staged part is gone"):
                    regular_size(self._archive.path / TABLES[table] / item.part.path)

    def _fresh(self, table: str) -> list[Part]:
        """The staged parts that no version names; a run killed before may have left some named."""
        named = live_parts(self._archive.entries(table))
        return [item.part for item in self._staged[table] if item.part.path not in named]

    def _keep_ruleset(self, digest: str, data: bytes) -> None:
        folder = self._archive.path / RULESETS
        with storing(f"a ruleset in {folder}"):
            make_folder(folder)
            make_folder(self._archive.path / STAGING)
            if not (folder / f"{digest}.json").exists():
                write_aside(folder / f"{digest}.json", data, self._archive.path / STAGING)
            self._checkpoint("ruleset-durable")

    def _publish(self, table: str, info: Mapping[str, Any]) -> Head:
        before = self._archive.entries(table)[-1].head
        parts = self._fresh(table)
        moment = milliseconds(self._moment)
        known = {
            "prev": before.sha256,
            "batch": self._batch_id,
            **info,
            "files": file_facts(parts),
        }
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
                    staging=self._archive.path / STAGING,
                    checkpoint=self._telling_published,
                    name=table,
                )
        except StorageError as problem:
            if isinstance(problem.__cause__, FileExistsError):
                raise MovedOnError(f"{folder}: another run took the version") from problem
            raise

    def _telling_published(self, step: str) -> None:
        # From the moment an entry may be visible, its parts are not ours to delete.
        self._published = self._published or step.endswith("-entry-staged")
        self._checkpoint(step)

    def _acknowledge(self, entry: Entry) -> Commit:
        """Checkpoint and seal: comforts for other readers, whose failure undoes nothing."""
        added = [item.part for staged in self._staged.values() for item in staged]
        sealed = True
        try:
            for table, folder in TABLES.items():
                version = self._archive.entries(table)[-1].version
                if version and version % CHECKPOINT_INTERVAL == 0:
                    staging = self._archive.path / STAGING
                    write_checkpoint(self._archive.path / folder, version, staging)
            self._checkpoint("checkpoint-durable")
            bag.seal(self._archive.path, checkpoint=self._checkpoint)
        except (OSError, ViewError, ArchiverError):
            sealed = False  # told in the result; `validate` says so too, the next commit mends it
        return Commit(entry.head, len(added), sum(part.bytes for part in added), sealed)

    def _discard(self) -> None:
        """Delete the parts this run made, unless a version names them after all."""
        with suppress(ArchiverError, OSError):
            for table, staged in self._staged.items():
                named = live_parts(self._archive.entries(table))
                for item in staged:
                    if item.created and item.part.path not in named:
                        path = self._archive.path / TABLES[table] / item.part.path
                        path.unlink(missing_ok=True)
