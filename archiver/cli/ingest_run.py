"""A run of `archiver ingest`, from the settings to its summary, with a bar that follows it."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from archiver.cli import session
from archiver.cli.cache import seen_before
from archiver.cli.ingest_log import log_ingest
from archiver.cli.places import archive_path, index_path, sources_of
from archiver.cli.progress import ReachBoth, run_bar
from archiver.cli.reading import wanted_of
from archiver.cli.screen import Screen, binary_stdin
from archiver.document import Finding
from archiver.settings import Settings

if TYPE_CHECKING:
    from archiver.ingest import Event, Every, Job, Planned, Summary
    from archiver.ingest.engine import Engine
    from archiver.readers.seen import Seen

    #: What works, when a version is made, and the seconds that a document may take.
    How = tuple[Engine, Every, int | None]
    #: The summary, the findings on the way, and how many more of these there were.
    Told = tuple[Summary, list[Finding], int]

#: Findings kept for the end of the run; more of one code are counted only.
HELD = 10_000


def archive_sources(
    screen: Screen,
    known: Settings,
    named: Sequence[str],
    how: How,
    *,
    dry_run: bool,
    allow_taken_down: bool,
    near: bool,
    trusting: bool = False,
) -> Told:
    """Clean and archive sources, with a bar that moves by their bytes.

    named: paths, folders and globs, or addresses on s3://. trusting: whether files that
    look as they did are not read again.
    Raises: what ``read_files`` and ``archiver.ingest.ingest`` raise.
    """
    from archiver.ingest import Planned
    from archiver.ingest import ingest as run
    from archiver.readers.files import MAX_SOURCE_BYTES, plan, read_files

    sources, base, odd = sources_of(named)
    index = index_path(known.index or None)
    limit = known.max_bytes or MAX_SOURCE_BYTES
    planned = plan(sources, base=base, index=index)
    # Of files that hold many documents, neither their number nor their size is known.
    reached: deque[int] = deque([0], maxlen=1)
    documents = 0 if planned.records else planned.files
    read = partial(
        read_files,
        sources,
        base=base,
        index=index,
        require_index=known.require_index,
        max_bytes=limit,
        stdin=binary_stdin,
        wanted=wanted_of(known),
        tell=reached.append,
    )
    job = replace(
        _job(known, planned.index_sha256, how, dry_run=dry_run, near=near),
        allow_taken_down=allow_taken_down,
    )
    with run_bar(screen, "cleaning") as reach:
        by_bytes: ReachBoth = lambda count, size, _, of: reach(  # noqa: E731 -- one use
            count, reached[0] if planned.records else size, documents, of
        )
        planned_all = Planned(documents, planned.bytes)
        if not trusting:
            return _follow(run(chain(odd, read()), job), by_bytes, planned_all)
        with closing(seen_before(job.tool_version)) as seen:
            asking = lambda archived: chain(odd, read(seen=seen.asking(archived)))  # noqa: E731
            return _follow(_noting(run(asking, job), seen), by_bytes, planned_all)


def _noting(events: Generator[Event, None, None], seen: Seen) -> Generator[Event, None, None]:
    """The events of a run; with each version, what was read for it is noted as read."""
    from archiver.ingest import Committed

    with closing(events):
        for event in events:
            if isinstance(event, Committed):
                seen.flush()
            yield event


def clean_again(screen: Screen, known: Settings, how: How, *, dry_run: bool, near: bool) -> Told:
    """Clean again what the archive holds. Raises: what ``archiver.reclean.reclean`` raises."""
    from archiver.reclean import reclean

    with run_bar(screen, "cleaning again") as reach:
        return _follow(reclean(_job(known, None, how, dry_run=dry_run, near=near)), reach)


def _job(known: Settings, index_sha256: str | None, how: How, *, dry_run: bool, near: bool) -> Job:
    from archiver.archive.bag.about import stated
    from archiver.ingest import SECONDS, Job
    from archiver.rules.load import load

    return Job(
        archive=archive_path(known.archive),
        ruleset=load(Path(known.rules) if known.rules else None),
        profile=known.profile,
        now=session.now(),
        batch_id=session.batch_id(),
        tool_version=session.tool_version(),
        index_sha256=index_sha256,
        dry_run=dry_run,
        near_duplicates=near,
        about=stated(known),
        engine=how[0],
        commit_every=how[1],
        document_seconds=how[2] or SECONDS,
    )


def _follow(
    events: Generator[Event, None, None], reach: ReachBoth, planned: Planned | None = None
) -> Told:
    """Draw the run to its end; it is closed, its workers with it, however this ends."""
    from archiver.ingest import Committed, Finished, Noted, Planned, Read

    findings: list[Finding] = []
    seen: Counter[str] = Counter()
    summary, documents, size = None, 0, 0
    with closing(events):
        for event in events:
            log_ingest(event)
            if isinstance(event, Read):
                documents, size = documents + 1, size + event.bytes
                if planned is None:
                    reach(documents, size, None, None)
                else:
                    reach(documents, size, planned.documents, planned.bytes)
            elif isinstance(event, Planned):
                planned = event
            elif isinstance(event, Finished):
                summary = event.summary
            elif isinstance(event, Committed):
                continue
            elif isinstance(event, Noted) or not event.known:
                seen[event.finding.code] += 1
                if seen[event.finding.code] <= HELD:
                    findings.append(event.finding)
    if summary is None:
        raise AssertionError("a run ends with its summary")
    return summary, findings, sum(max(0, number - HELD) for number in seen.values())
