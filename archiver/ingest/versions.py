"""A run's side of the archive: what it knew, what is staged, and the versions that are made."""

from __future__ import annotations

from contextlib import ExitStack, suppress
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archiver.archive.archive import Archive, create_archive, open_archive
from archiver.archive.log.history import mentioning
from archiver.archive.log.marks import id_digest
from archiver.archive.log.taken import Taken, own_bytes
from archiver.archive.takedown.take_down import World, finish_takedown
from archiver.archive.write.finish import tidy
from archiver.archive.write.writer import Commit, MovedOnError, Writer
from archiver.errors import NoArchiveError
from archiver.ingest.job import Committed, Job
from archiver.ingest.known import KEY, Known, id_key
from archiver.ingest.work import Done
from archiver.readers.digests import Digests, digest_of_words

if TYPE_CHECKING:
    import pyarrow as pa

    from archiver.archive.log.chain import Head

#: What tells one quarantined source from another.
_KEYS = ("id", "code", "raw_sha256")

#: Times a commit is tried anew when another run committed first.
MAX_RACES = 5


class Versions:
    """What one run found in the archive, and what it adds, version by version.

    Memory: see ``Known``; 16 bytes a document and ~100 a quarantined source of the
    version that is being made, and 25 a source quarantined ever.
    """

    def __init__(self, job: Job, cleanup: ExitStack) -> None:
        self.job = job
        self.archive: Archive | None = None
        with suppress(NoArchiveError):
            self.archive = open_archive(job.archive)
        if self.archive is not None and not job.dry_run:
            finish_takedown(self.archive, World(job.now, job.tool_version, job.batch_id))
        # The head comes first, here and below: what is read after it may be newer, and then
        # the commit is refused; were it older, another run's documents would be added twice.
        self.head: Head | None = self.archive.head() if self.archive else None
        self.taken = self.archive.taken_down() if self.archive else Taken()
        self.known = Known(self.archive)
        self.made = 0
        self.bytes_written = 0
        self._sealed = True
        self._cleanup = cleanup
        self._writer: Writer | None = None
        self._number = self._first_number()
        self._set_aside = _quarantined(self.archive)
        self._readmitted: dict[str, set[str]] = {"ids": set(), "raw": set()}
        self._forget()

    def _forget(self) -> None:
        """Nothing is staged for the next version so far."""
        self._ids = bytearray()
        self._kept_out: set[bytes] = set()
        self._documents = 0
        self._bytes = 0

    def folder(self) -> Path:
        """Where parts of this run are staged. Raises: StorageError."""
        return self._to_write().folder()

    def stage(self, done: Done) -> None:
        """Take the records of a batch into the next version."""
        self._documents += done.counts.get("documents", 0)
        self._bytes += done.counts.get("bytes", 0)
        self._ids += b"".join(map(id_key, done.ids))
        if done.records is not None:
            self._to_write().stage_documents(done.records)
        for at, item in enumerate(done.staged):
            counted = {name: done.counts[name] if at == 0 else 0 for name in ("added", "revised")}
            self._to_write().adopt_documents(item.path, item.part, needs=item.needs, **counted)

    def is_new_reject(self, key: tuple[str, str, str | None], size: int) -> bool:
        """Whether a reject was never put aside; from now on it was."""
        short = _short(key)
        if self._set_aside.put(short) is not None:
            return False
        self._kept_out.add(short)
        self._bytes += size
        return True

    def put_aside(self, batch: pa.RecordBatch) -> None:
        """Take rows of quarantine into the next version."""
        self._to_write().stage_quarantine(batch)

    def readmit(self, id_: str, digest: str | None) -> None:
        """Archive again what was taken down; the log will say so."""
        self._readmitted["ids"].add(id_digest(id_))
        self._readmitted["raw"] |= own_bytes([digest])

    def commit_if_due(self, unchanged: int) -> Committed | None:
        """A version, where enough is staged for one. unchanged: sources so far, for the log."""
        due = self.job.commit_every.is_due(self._documents, self._bytes)
        if not due or self.job.dry_run or self._writer is None or self._writer.is_empty:
            return None
        return self._commit(self._writer, unchanged)

    def finish(self, unchanged: int) -> bool:
        """Commit what is staged, if anything is. Returns: whether the bag is sealed."""
        if self.job.dry_run or self.archive is None:
            return True
        nothing = self._writer is None or self._writer.is_empty
        if not nothing or self.archive.unfinished():
            self._commit(self._to_write(), unchanged)
        elif not self.made:
            return tidy(self.archive)
        return self._sealed

    def _commit(self, writer: Writer, unchanged: int) -> Committed:
        commit = self._tried(writer, unchanged)
        self.head = commit.head
        self.made += 1
        self.bytes_written += commit.bytes
        self._sealed = commit.sealed
        self._number += 1
        self._forget()
        self._readmitted = {"ids": set(), "raw": set()}
        writer.begin(self._batch_id())
        return Committed(commit.head.version, commit.head.sha256)

    def _tried(self, writer: Writer, unchanged: int) -> Commit:
        """Commit on the head the run was planned on, or on a newer one that is as good.

        Another run may have committed meanwhile. Where it touched none of this
        run's documents the plan still holds; else it is the other's turn, and
        MovedOnError tells to run again: that run then sees what changed.
        """
        readmitted = {name: sorted(digests) for name, digests in self._readmitted.items()}
        for race in range(MAX_RACES):
            try:
                return writer.commit(
                    ruleset_digest=self.job.ruleset.digest,
                    ruleset_json=self.job.ruleset.to_json(),
                    profile=self.job.profile,
                    index_sha256=self.job.index_sha256,
                    counts={"unchanged": unchanged},
                    expected_head=self.head,
                    about=self.job.about,
                    readmitted=readmitted,
                )
            except MovedOnError:
                if self.archive is None or race == MAX_RACES - 1:
                    raise
                head = self.archive.head()
                if self.archive.taken_down() != self.taken or self._was_touched(self.archive):
                    raise
                self.head = head
        raise AssertionError("unreachable: the last race returns or raises")

    def _was_touched(self, archive: Archive) -> bool:
        """Whether anything of this version was archived or put aside by another run."""
        now = Known(archive)
        keys = (bytes(self._ids[at : at + KEY]) for at in range(0, len(self._ids), KEY))
        if any(now.find(key) != self.known.find(key) for key in keys):
            return True
        aside = _quarantined(archive)
        return any(key in aside for key in self._kept_out)

    def _to_write(self) -> Writer:
        """The writer, made when the first thing is to be written; and the archive with it."""
        if self._writer is None:
            job = self.job
            if self.archive is None:
                self.archive = create_archive(
                    job.archive, job.now, tool=job.tool_version, exist_ok=True
                )
                # Planned on an empty archive: another run may have been quicker since.
                self.head = self.archive.entries()[0].head
            self._writer = self._cleanup.enter_context(
                Writer(
                    self.archive,
                    batch_id=self._batch_id(),
                    ingested_at=job.now,
                    tool=job.tool_version,
                )
            )
        return self._writer

    def _batch_id(self) -> str:
        """The name under which the archive takes the next version once, and never again."""
        return _name(self.job.batch_id, self._number)

    def _first_number(self) -> int:
        """The first version of this run's name that is not in the log as the run was planned."""
        if self.archive is None:
            return 1
        entries = mentioning(self.archive.entries(), self.job.batch_id)
        made = {name for entry in entries for name in entry.transactions}
        return next(number for number in count(1) if _name(self.job.batch_id, number) not in made)


def _name(batch_id: str, number: int) -> str:
    return batch_id if number == 1 else f"{batch_id}.{number}"


def _quarantined(archive: Archive | None) -> Digests:
    """What stands for each source that was put aside. Memory: a part's keys at a time."""
    found = Digests()
    for table in archive.snapshot("quarantine").scan(_KEYS) if archive else ():
        columns: list[list[Any]] = [table[name].to_pylist() for name in _KEYS]
        for key in zip(*columns, strict=True):
            found.put(_short(key))
    return found


def _short(key: tuple[str, str, str | None]) -> bytes:
    return digest_of_words(*(part or "" for part in key))
