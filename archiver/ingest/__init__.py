"""One run of the main job: read, clean, pack, commit; told as events.

Sources come in as readers yield them and leave in batches, so that memory is
bounded by a batch and not by the corpus. What is unchanged is skipped by
digest; what is bad goes to quarantine with its bytes; all that is new becomes
exactly one version.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack

from archiver.document import Finding, Reject, Source
from archiver.ingest.job import Event, Finished, Job, Noted, Quarantined, Read, Summary
from archiver.ingest.run import Run

__all__ = [
    "Event",
    "Finished",
    "Job",
    "Noted",
    "Quarantined",
    "Read",
    "Run",
    "Summary",
    "ingest",
]


def ingest(items: Iterable[Source | Reject | Finding], job: Job) -> Iterator[Event]:
    """Take sources into an archive; nothing is committed before the last event.

    The archive is made where there is none. A dry run reads and cleans all and
    writes nothing.

    Raises: InputError from the readers; NewerArchiveError, DamageError,
    LockedError, StorageError from the archive. After each of them the archive
    is as it was before.
    """
    with ExitStack() as cleanup:
        run = Run(job, cleanup)
        for item in items:
            yield from run.take(item)
        yield from run.close()
        yield Finished(run.finish())
