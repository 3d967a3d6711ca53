"""One run of the main job: read, clean, pack, commit; told as events.

Sources come in as readers yield them and leave in batches, so that memory is
bounded by a batch and not by the corpus. What is unchanged is skipped by
digest; what is bad goes to quarantine with its bytes; what is new becomes one
version, or several of a bounded size, so that a run that was killed goes on
where it was. An engine does the work: in this process, or in many.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from contextlib import ExitStack

from archiver.document import Finding, Reject, Source
from archiver.ingest.job import (
    ATOMIC,
    Committed,
    Event,
    Every,
    Finished,
    Job,
    Noted,
    Planned,
    Quarantined,
    Read,
    Summary,
)
from archiver.ingest.run import Run
from archiver.ingest.work import SECONDS

__all__ = [
    "ATOMIC",
    "SECONDS",
    "Committed",
    "Event",
    "Every",
    "Finished",
    "Job",
    "Noted",
    "Planned",
    "Quarantined",
    "Read",
    "Run",
    "Summary",
    "ingest",
]


#: What readers give; or what gives it, once it is told whom to ask whether a source is archived.
Items = Iterable[Source | Reject | Finding]
Asking = Callable[[Callable[[Source], bool]], Items]


def ingest(items: Items | Asking, job: Job) -> Generator[Event, None, None]:
    """Take sources into an archive, in versions as ``job.commit_every`` has them.

    The archive is made where there is none. A dry run reads and cleans all and
    writes nothing. A version is on the disk once its ``Committed`` is given; the
    last one is there before ``Finished``.

    Raises: InputError from the readers; NewerArchiveError, DamageError,
    LockedError, StorageError from the archive. After each of them the archive
    is as the last version left it, and a run over the same sources goes on there.
    """
    with ExitStack() as cleanup:
        run = Run(job, cleanup)
        for item in items(run.is_archived) if callable(items) else items:
            yield from run.take(item)
        yield from run.close()
        yield Finished(run.finish())
