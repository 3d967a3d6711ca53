"""The state of one run: what waits, what is cleaned, staged and committed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from archiver.archive.archive import Archive, State, create_archive, open_archive
from archiver.archive.log.marks import id_digest
from archiver.archive.log.taken import Taken, own_bytes
from archiver.archive.takedown.take_down import World, finish_takedown
from archiver.archive.write.finish import tidy
from archiver.archive.write.writer import Commit, MovedOnError, Writer
from archiver.batch import clean_batch, source_batch
from archiver.document import Finding, Reject, Source
from archiver.errors import NoArchiveError
from archiver.findings import finding
from archiver.ingest.job import (
    BATCH_BYTES,
    BATCH_DOCUMENTS,
    Event,
    Job,
    Noted,
    Quarantined,
    Read,
    Summary,
)
from archiver.quarantine import QuarantineKey, quarantine_batches, reject_digest
from archiver.rules.hosts import unplaced

if TYPE_CHECKING:
    import pyarrow as pa

    from archiver.archive.log.chain import Head

#: Times a commit is tried anew when another run committed first.
MAX_RACES = 5


class Run:
    """The state of one run: what the archive knows, what waits, what was done."""

    def __init__(self, job: Job, cleanup: ExitStack) -> None:
        self.job = job
        self.cleanup = cleanup
        self.archive: Archive | None = None
        with suppress(NoArchiveError):
            self.archive = open_archive(job.archive)
        if self.archive is not None and not job.dry_run:
            finish_takedown(self.archive, World(job.now, job.tool_version, job.batch_id))
        self.taken = self.archive.taken_down() if self.archive else Taken()
        self.readmitted: dict[str, set[str]] = {"ids": set(), "raw": set()}
        self.head: Head | None = self.archive.head() if self.archive else None
        self.states: dict[str, State] = self.archive.states() if self.archive else {}
        self.quarantined: set[QuarantineKey] = (
            self.archive.quarantined_keys() if self.archive else set()
        )
        self.writer: Writer | None = None
        self.waiting: list[tuple[Source, int]] = []
        self.waiting_bytes = 0
        self.ids: set[str] = set()
        self.kept_out: set[QuarantineKey] = set()
        self.counts: Counter[str] = Counter()
        self.dropped: Counter[str] = Counter()

    def take(self, item: Source | Reject | Finding) -> Iterator[Event]:
        """Look at one thing a reader gave."""
        if isinstance(item, Finding):
            yield self._note(item)
        elif isinstance(item, Reject):
            self.counts["bytes_in"] += len(item.data or b"")
            digest = reject_digest(item)[0] if self.taken else None
            yield self._refuse(item.id, item.file_path, digest) or self._keep_out(item)
        else:
            size = len(item.data)
            self.counts["bytes_in"] += size
            yield Read(item.file_path, size)
            if self.taken and (refusal := self._refuse(item.id, item.file_path, item.raw_sha256)):
                yield refusal
                return
            state = self.states.get(item.id)
            if state is not None and self._is_unchanged(item, state):
                self.counts["unchanged"] += 1
                return
            self.waiting.append((item, state.revision + 1 if state else 1))
            self.waiting_bytes += size
            if len(self.waiting) >= BATCH_DOCUMENTS or self.waiting_bytes >= BATCH_BYTES:
                yield from self.flush()

    def flush(self) -> Iterator[Event]:
        """Clean what waits, and stage it."""
        if not self.waiting:
            return
        batch = source_batch(self.waiting, self.job.now)
        self.waiting, self.waiting_bytes = [], 0
        result = clean_batch(
            batch,
            self.job.ruleset,
            profile=self.job.profile,
            tool_version=self.job.tool_version,
        )
        records = self._news(result.records)
        self._count(records)
        if records.num_rows and not self.job.dry_run:
            self._writer().stage_documents(records)
        for reject in result.rejects:
            yield self._keep_out(reject)
        self.counts["unplaced"] += result.unplaced
        for note in result.notes:
            yield self._note(note)

    def close(self) -> Iterator[Event]:
        """Clean what still waits, and say what concerns the run as a whole."""
        yield from self.flush()
        hosts = self.job.ruleset.hosts
        if hosts and self.counts["unplaced"]:
            yield self._note(unplaced(hosts, self.counts["unplaced"]))

    def finish(self) -> Summary:
        """Commit what was staged, if anything was, and tell what was done."""
        counts = self.counts
        summary = Summary(
            version=self.head.version if self.head else None,
            head=self.head.sha256 if self.head else None,
            added=counts["added"],
            revised=counts["revised"],
            unchanged=counts["unchanged"],
            quarantined=counts["quarantined"],
            quarantined_before=counts["quarantined_before"],
            refused=counts["refused"],
            findings=counts["findings"],
            dropped=dict(sorted(self.dropped.items())),
            facts=counts["facts"],
            bytes_in=counts["bytes_in"],
            bytes_text=counts["bytes_text"],
            dry_run=self.job.dry_run,
        )
        unbound = self.archive is not None and self.archive.unfinished()
        if self.job.dry_run or self.archive is None:
            return summary
        if self.writer is None and not unbound:
            return replace(summary, sealed=tidy(self.archive))
        commit = self._commit(self._writer())
        return replace(
            summary,
            version=commit.head.version,
            head=commit.head.sha256,
            committed=True,
            bytes_written=commit.bytes,
            sealed=commit.sealed,
        )

    def _is_unchanged(self, source: Source, state: State) -> bool:
        return (
            state.source_sha256 == source.source_sha256
            and state.ruleset == self.job.ruleset.digest
            and state.profile == self.job.profile
        )

    def _news(self, records: pa.RecordBatch) -> pa.RecordBatch:
        """The records that are to be archived: here all, since unchanged sources were skipped."""
        return records

    def _refuse(self, id_: str, file_path: str, digest: str | None) -> Noted | None:
        """E122 for a source that was taken down: nothing of it may be kept, not even aside."""
        taken = self.taken.find(id_, digest)
        if taken is None:
            return None
        if self.job.allow_taken_down:
            self.readmitted["ids"].add(id_digest(id_))
            self.readmitted["raw"] |= own_bytes([digest])
            return None
        self.counts["refused"] += 1
        return self._note(finding("E122", str(taken), where=file_path, documents=[id_]))

    def _note(self, found: Finding) -> Noted:
        self.counts["findings"] += 1
        return Noted(found)

    def _keep_out(self, reject: Reject) -> Quarantined:
        digest, size = reject_digest(reject)
        key = (reject.id, reject.finding.code, digest)
        known = key in self.quarantined
        self.counts["quarantined_before" if known else "quarantined"] += 1
        if not known:
            self.quarantined.add(key)
            self.kept_out.add(key)
            if not self.job.dry_run:
                for batch in quarantine_batches(
                    reject, digest, size, now=self.job.now, tool_version=self.job.tool_version
                ):
                    self._writer().stage_quarantine(batch)
        return Quarantined(reject.finding, reject.file_path, known)

    def _count(self, records: pa.RecordBatch) -> None:
        for row in records.select(["id", "revision", "dropped", "facts", "text"]).to_pylist():
            self.ids.add(row["id"])
            self.counts["added" if row["revision"] == 1 else "revised"] += 1
            self.counts["facts"] += len(row["facts"])
            self.counts["bytes_text"] += len(row["text"].encode())
            for item in row["dropped"]:
                self.dropped[item["rule"].partition(".")[0]] += item["count"]

    def _writer(self) -> Writer:
        """The writer, made when the first thing is to be written; and the archive with it."""
        if self.writer is None:
            job = self.job
            if self.archive is None:
                self.archive = create_archive(
                    job.archive, job.now, tool=job.tool_version, exist_ok=True
                )
                # Planned on an empty archive: another run may have been quicker since.
                self.head = self.archive.entries()[0].head
            self.writer = self.cleanup.enter_context(
                Writer(
                    self.archive,
                    batch_id=job.batch_id,
                    ingested_at=job.now,
                    tool=job.tool_version,
                )
            )
        return self.writer

    def _commit(self, writer: Writer) -> Commit:
        """Commit on the head the run was planned on, or on a newer one that is as good.

        Another run may have committed meanwhile. Where it touched none of this
        run's documents the plan still holds; else it is the other's turn, and
        MovedOnError tells to run again: that run then sees what changed.
        """
        counts = {"unchanged": self.counts["unchanged"]}
        readmitted = {name: sorted(digests) for name, digests in self.readmitted.items()}
        for race in range(MAX_RACES):
            try:
                return writer.commit(
                    ruleset_digest=self.job.ruleset.digest,
                    ruleset_json=self.job.ruleset.to_json(),
                    profile=self.job.profile,
                    index_sha256=self.job.index_sha256,
                    counts=counts,
                    expected_head=self.head,
                    about=self.job.about,
                    readmitted=readmitted,
                )
            except MovedOnError:
                if self.archive is None or race == MAX_RACES - 1:
                    raise
                if self.archive.taken_down() != self.taken:
                    raise
                states = self.archive.states()
                if any(states.get(key) != self.states.get(key) for key in self.ids):
                    raise
                if self.kept_out & self.archive.quarantined_keys():
                    raise
                self.head = self.archive.head()
        raise AssertionError("unreachable: the last race returns or raises")
