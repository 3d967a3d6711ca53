"""What a run of `archiver ingest` tells machines: lines of its log, figures for Prometheus."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from archiver.cli.joblog import current_log
from archiver.cli.metrics import Sample, exposition, finding_samples, write_metrics
from archiver.cli.session import now
from archiver.errors import ArchiverError, UsageError

if TYPE_CHECKING:
    from archiver.ingest import Event, Summary

HELP = {
    "ingest_last_run_timestamp_seconds": "When the run ended.",
    "ingest_exit_status": "Exit status of the run.",
    "ingest_duration_seconds": "How long the run took.",
    "ingest_documents_added": "Documents that the run added.",
    "ingest_documents_revised": "Documents that got a new revision.",
    "ingest_documents_unchanged": "Sources that were archived as they are before.",
    "ingest_documents_quarantined": "Sources that the run kept out.",
    "ingest_documents_refused": "Sources that were taken down before.",
    "ingest_documents_near_duplicate": "Documents marked as like another.",
    "ingest_bytes_read": "Bytes of all sources read.",
    "ingest_bytes_text": "Bytes of clean text.",
    "ingest_edits": "Edits of one family of rules.",
    "ingest_findings": "Findings of one code.",
    "ingest_versions": "Versions that the run made.",
    "ingest_archive_version": "Newest version after the run.",
}


def log_ingest(event: Event) -> None:
    """A line of the log for an event that is worth one, and its finding counted."""
    from archiver.ingest import Committed, Finished, Noted, Quarantined

    log = current_log()
    if isinstance(event, Committed):
        log.committed(event.version, event.head)
    elif isinstance(event, Quarantined):
        if not event.known:
            name = "document.quarantined"
            log.finding(event.finding, name=name, document=event.id or None, file=event.file_path)
    elif isinstance(event, Noted):
        log.finding(event.finding)
    elif isinstance(event, Finished):
        done = event.summary
        if done.committed and done.version is not None and done.head is not None:
            log.committed(done.version, done.head)  # the last one comes with the summary alone
        newest = f"{done.version}:{done.head}" if done.head else None
        log.event("ingest.summary", version=done.version, head=newest, figures=_figures(done))


def _figures(done: Summary) -> dict[str, int]:
    return {
        "documents_added": done.added,
        "documents_revised": done.revised,
        "documents_unchanged": done.unchanged,
        "documents_quarantined": done.quarantined,
        "documents_refused": done.refused,
        "documents_near_duplicate": done.near_duplicates,
        "bytes_read": done.bytes_in,
        "bytes_text": done.bytes_text,
        "versions": done.versions,
    }


def ingest_metrics(
    place: str,
    summary: Summary | None,
    codes: Mapping[str, int],
    *,
    status: int,
    ended_at: datetime,
    seconds: float,
) -> str:
    """The whole file. summary: None where the run ended with an error before its end.

    codes: how many findings of each code there were.
    """
    samples = _samples(summary, codes, status=status, ended_at=ended_at, seconds=seconds)
    return exposition(place, HELP, samples)


def _samples(
    summary: Summary | None,
    codes: Mapping[str, int],
    *,
    status: int,
    ended_at: datetime,
    seconds: float,
) -> Iterator[Sample]:
    yield "ingest_last_run_timestamp_seconds", {}, ended_at.timestamp()
    yield "ingest_exit_status", {}, status
    yield "ingest_duration_seconds", {}, round(seconds, 3)
    yield from finding_samples("ingest_findings", codes)
    if summary is None:
        return
    for name, value in _figures(summary).items():
        yield f"ingest_{name}", {}, value
    for family, edits in sorted(summary.dropped.items()):
        yield "ingest_edits", {"family": family}, edits
    if summary.version is not None:
        yield "ingest_archive_version", {}, summary.version


@contextmanager
def figures_of(path: str | None, place: str) -> Iterator[Callable[[Summary, int], None]]:
    """Write the figures of a run to a file: with its summary, or with its error's status.

    Yields: what takes the summary and the exit status. A run that is interrupted leaves
    the file as it was. Raises: StorageError.
    """
    log = current_log()

    def write(summary: Summary | None, status: int) -> None:
        if path is not None:
            text = ingest_metrics(
                place,
                summary,
                log.codes,
                status=status,
                ended_at=now(),
                seconds=log.seconds(),
            )
            write_metrics(Path(path), text)

    try:
        yield write
    except ArchiverError as error:
        write(None, error.exit_status)
        raise


def check_metrics(path: str | None, *, dry_run: bool) -> None:
    """Refuse figures of a run that does nothing. Raises: UsageError."""
    if path is not None and dry_run:
        raise UsageError("--metrics are of a run, and --dry-run is none", hint="Give one of them.")
