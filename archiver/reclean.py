"""Clean again what an archive holds, with newer rules, without the files it came from.

The received bytes come out of the archive itself. A document gets a new
revision only where the result differs; what was quarantined is tried again.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pyarrow as pa

from archiver.archive.archive import open_archive
from archiver.archive.rows.records import records_from_rows
from archiver.document import Source
from archiver.ingest import Event, Finished, Job, Noted, Read, Run
from archiver.readers.stored import quarantined_sources, stored_source

#: Rows made into Python objects at a time.
_ROWS = 64

#: A new revision is made where one of these differs.
_RESULT = ("text_sha256", "edits", "dropped", "facts", "ruleset", "profile")


def reclean(job: Job) -> Iterator[Event]:
    """Clean every document of an archive again, as one new version.

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
        self.stored: dict[str, dict[str, Any]] = {}

    def documents(self) -> Iterator[Event]:
        """Look at the newest revision of each document."""
        if self.archive is None:
            return
        done = (self.job.ruleset.digest, self.job.profile, self.job.tool_version)
        for table in self.archive.newest():
            for batch in table.to_batches(max_chunksize=_ROWS):
                for row in batch.to_pylist():
                    if (row["ruleset"], row["profile"], row["tool_version"]) == done:
                        self.counts["unchanged"] += 1
                        yield Read(row["file_path"], 0)
                        continue
                    source = stored_source(row)
                    self.stored[row["id"]] = {
                        name: row[name] for name in (*_RESULT, "source_sha256")
                    }
                    yield from self.take(source)

    def rejected(self) -> Iterator[Event]:
        """Look at what is in quarantine."""
        if self.archive is not None:
            for source in quarantined_sources(self.archive, self.states):
                yield from self.take(source)

    def flush(self) -> Iterator[Event]:
        """As of any run; then what was known of the batch is let go."""
        yield from super().flush()
        self.stored.clear()

    def _is_unchanged(self, source: Source, state: object) -> bool:
        del source, state
        return False

    def _refuse(self, id_: str, file_path: str, digest: str | None) -> Noted | None:
        del id_, file_path, digest  # a take-down left none of its sources here
        return None

    def _news(self, records: pa.RecordBatch) -> pa.RecordBatch:
        """The records that differ from what is stored, with the digest of the source as given."""
        news = []
        for row in records.to_pylist():
            known = self.stored.get(row["id"])
            if known is None:
                news.append(row)
            elif all(row[name] == known[name] for name in _RESULT):
                self.counts["unchanged"] += 1
            else:
                news.append(row | {"source_sha256": known["source_sha256"]})
        return records_from_rows(news)
