"""The state of one run: what waits, what is under way, what was done."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace

from archiver.batch import source_batch
from archiver.document import Finding, Reject, Source
from archiver.findings import finding
from archiver.ingest.duplicates import Duplicates
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
from archiver.ingest.known import State
from archiver.ingest.versions import Versions
from archiver.ingest.work import Done, Recipe, Task
from archiver.quarantine import quarantine_batches, reject_digest
from archiver.rules.hosts import unplaced


class Run:
    """One run: sources go in as they are read, events come out, versions are made."""

    def __init__(self, job: Job, cleanup: ExitStack) -> None:
        self.job = job
        files = cleanup.enter_context(ExitStack())  # the crew stops before its folder goes
        self.versions = Versions(job, files)
        self.duplicates = None
        if job.near_duplicates and not job.dry_run:
            self.duplicates = Duplicates(self.versions.archive)
        recipe = Recipe(
            job.ruleset,
            job.profile,
            job.tool_version,
            keep=not job.dry_run,
            signed=self.duplicates is not None,
            seconds=job.document_seconds,
        )
        self.crew = job.engine(recipe, self.versions.folder)
        cleanup.callback(self.crew.close)
        self.waiting: list[tuple[Source, int]] = []
        self.waiting_bytes = 0
        #: For each batch under way, the rejects that a reader gave after it: they are put
        #: aside in the order in which they came, whatever the engine.
        self.later: deque[list[Reject]] = deque()
        self.later_bytes = 0
        self.counts: Counter[str] = Counter()
        self.dropped: Counter[str] = Counter()
        #: Those that the versions made so far tell of.
        self.told_unchanged = 0

    def take(self, item: Source | Reject | Finding) -> Iterator[Event]:
        """Look at one thing a reader gave."""
        if isinstance(item, Finding):
            yield self._note(item)
        elif isinstance(item, Reject):
            yield from self._take_reject(item)
        else:
            size = len(item.data)
            self.counts["bytes_in"] += size
            yield Read(item.file_path, size)
            taken = self.versions.taken
            if taken and (refusal := self._refuse(item.id, item.file_path, item.raw_sha256)):
                yield refusal
                return
            state = self.versions.known.get(item.id)
            if state is not None and self._is_unchanged(item, state):
                self.counts["unchanged"] += 1
                return
            self.waiting.append((item, state.revision + 1 if state else 1))
            self.waiting_bytes += size
            if len(self.waiting) >= BATCH_DOCUMENTS or self.waiting_bytes >= BATCH_BYTES:
                yield from self.flush()

    def is_archived(self, source: Source) -> bool:
        """Whether the archive has a source as it is. Only its digests are looked at."""
        state = self.versions.known.get(source.id)
        return state is not None and self._is_unchanged(source, state)

    def flush(self) -> Iterator[Event]:
        """Hand over what waits, and take what is done meanwhile."""
        if not self.waiting:
            return
        task = Task(source_batch(self.waiting, self.job.now), self._archived())
        self.waiting, self.waiting_bytes = [], 0
        self.later.append([])
        for done in self.crew.put(task):
            yield from self._absorb(done)

    def close(self) -> Iterator[Event]:
        """Clean what still waits, and say what concerns the run as a whole."""
        yield from self.flush()
        yield from self._drain()
        hosts = self.job.ruleset.hosts
        if hosts and self.counts["unplaced"]:
            yield self._note(unplaced(hosts, self.counts["unplaced"]))

    def finish(self) -> Summary:
        """Commit what was staged, if anything was, and tell what was done."""
        counts = self.counts
        sealed = self.versions.finish(counts["unchanged"] - self.told_unchanged)
        head = self.versions.head
        return Summary(
            version=head.version if head else None,
            head=head.sha256 if head else None,
            committed=self.versions.made > 0,
            versions=self.versions.made,
            added=counts["added"],
            revised=counts["revised"],
            unchanged=counts["unchanged"],
            quarantined=counts["quarantined"],
            quarantined_before=counts["quarantined_before"],
            refused=counts["refused"],
            findings=counts["findings"],
            dropped=dict(sorted(self.dropped.items())),
            facts=counts["facts"],
            near_duplicates=self.duplicates.found if self.duplicates else 0,
            bytes_in=counts["bytes_in"],
            bytes_text=counts["bytes_text"],
            bytes_written=self.versions.bytes_written,
            sealed=sealed,
            dry_run=self.job.dry_run,
        )

    def _archived(self) -> Mapping[str, str]:
        """Id -> result that is archived, where only cleaning tells what is unchanged."""
        return {}

    def _is_unchanged(self, source: Source, state: State) -> bool:
        return (
            source.source_sha256.startswith(state.source)
            and state.ruleset == self.job.ruleset.digest
            and state.profile == self.job.profile
        )

    def _take_reject(self, item: Reject) -> Iterator[Event]:
        size = len(item.data or b"")
        self.counts["bytes_in"] += size
        digest = reject_digest(item)[0] if self.versions.taken else None
        if refusal := self._refuse(item.id, item.file_path, digest):
            yield refusal
        elif self.later:
            self.later[-1].append(item)
            self.later_bytes += size
            if self.later_bytes >= BATCH_BYTES:
                yield from self._drain()
        else:
            yield self._keep_out(item)

    def _drain(self) -> Iterator[Event]:
        """Wait for all that is under way."""
        for done in self.crew.drain():
            yield from self._absorb(done)

    def _absorb(self, done: Done) -> Iterator[Event]:
        """Take a batch that is done; and what came after it, up to the next one."""
        if self.duplicates is not None and done.records is not None:
            done = replace(done, records=self.duplicates.mark(done.records))
        self.versions.stage(done)
        self.counts.update(done.counts)
        self.dropped.update(done.dropped)
        for reject in done.rejects:
            yield self._keep_out(reject)
        for note in done.notes:
            yield self._note(note)
        unchanged = self.counts["unchanged"]
        if committed := self.versions.commit_if_due(unchanged - self.told_unchanged):
            self.told_unchanged = unchanged
            yield committed
        for reject in self.later.popleft():  # they came after it, also where nothing waits
            self.later_bytes -= len(reject.data or b"")
            yield self._keep_out(reject)

    def _refuse(self, id_: str, file_path: str, digest: str | None) -> Noted | None:
        """E122 for a source that was taken down: nothing of it may be kept, not even aside."""
        taken = self.versions.taken.find(id_, digest)
        if taken is None:
            return None
        if self.job.allow_taken_down:
            self.versions.readmit(id_, digest)
            return None
        self.counts["refused"] += 1
        return self._note(finding("E122", str(taken), where=file_path, documents=[id_]))

    def _note(self, found: Finding) -> Noted:
        self.counts["findings"] += 1
        return Noted(found)

    def _keep_out(self, reject: Reject) -> Quarantined:
        digest, size = reject_digest(reject)
        is_new = self.versions.is_new_reject((reject.id, reject.finding.code, digest), size or 0)
        self.counts["quarantined" if is_new else "quarantined_before"] += 1
        if is_new and not self.job.dry_run:
            for batch in quarantine_batches(
                reject, digest, size, now=self.job.now, tool_version=self.job.tool_version
            ):
                self.versions.put_aside(batch)
        return Quarantined(reject.finding, reject.file_path, known=not is_new, id=reject.id)
