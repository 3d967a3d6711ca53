"""Clean again what an archive holds, with newer rules, without the files it came from.

The received bytes come out of the archive itself. A document gets a new
revision only where the result differs; what was quarantined is tried again.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import ExitStack

from archiver.archive.archive import open_archive
from archiver.document import Source
from archiver.ingest import Event, Finished, Job, Noted, Planned, Read, Run
from archiver.ingest.work import result_digest
from archiver.readers.stored import quarantined_sources, stored_source

#: Rows made into Python objects at a time.
_ROWS = 64


def reclean(job: Job) -> Generator[Event, None, None]:
    """Clean every document of an archive again, in versions as ``job.commit_every`` has them.

    Left alone are documents that this program cleaned with these rules and this
    profile, and those whose text, edits, rules and profile come out the same.
    Sources in quarantine are tried again where their bytes are kept.

    Raises: NoArchiveError, DamageError, LockedError, StorageError; after each of
    them the archive is as it was. Memory: a batch, a part, and the ids.
    """
    open_archive(job.archive)  # one is not made here
    with ExitStack() as cleanup:
        run = _Again(job, cleanup)
        yield from run.documents()
        yield from run.rejected()
        yield from run.close()
        yield Finished(run.finish())


class _Again(Run):
    """A run over stored sources: what is unchanged is known only after cleaning."""

    def __init__(self, job: Job, cleanup: ExitStack) -> None:
        super().__init__(job, cleanup)
        self.stored: dict[str, str] = {}

    def documents(self) -> Iterator[Event]:
        """Look at the newest revision of each document."""
        if self.versions.archive is None:
            return
        yield Planned(len(self.versions.known))
        done = (self.job.ruleset.digest, self.job.profile, self.job.tool_version)
        for table in self.versions.archive.newest():
            for batch in table.to_batches(max_chunksize=_ROWS):
                for row in batch.to_pylist():
                    if (row["ruleset"], row["profile"], row["tool_version"]) == done:
                        self.counts["unchanged"] += 1
                        yield Read(row["file_path"], 0)
                        continue
                    # The bytes were held to their digest; an encoding that was declared in
                    # vain is not stored, so the source's own digest is taken from the record.
                    source = stored_source(row).with_digests(
                        row["raw_sha256"], row["source_sha256"]
                    )
                    self.stored[row["id"]] = result_digest(row)
                    yield from self.take(source)

    def rejected(self) -> Iterator[Event]:
        """Look at what is in quarantine."""
        if self.versions.archive is not None:
            for source in quarantined_sources(self.versions.archive, self.versions.known):
                yield from self.take(source)

    def _archived(self) -> dict[str, str]:
        """What is known of the batch; then it is let go."""
        stored, self.stored = self.stored, {}
        return stored

    def _is_unchanged(self, source: Source, state: object) -> bool:
        del source, state
        return False

    def _refuse(self, id_: str, file_path: str, digest: str | None) -> Noted | None:
        del id_, file_path, digest  # a take-down left none of its sources here
        return None
