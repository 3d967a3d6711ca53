"""``archiver ingest``: the main job, from files to a new version of the archive."""

from __future__ import annotations

import glob
import re
from collections import Counter, deque
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archiver.cli import session
from archiver.cli.engine import Limit, engine_of, engine_options, every_of
from archiver.cli.ingest_summary import summary_json, tell
from archiver.cli.outcome import QUARANTINED
from archiver.cli.progress import ReachBoth, run_bar
from archiver.cli.reading import given_fields, reading_options, wanted_of
from archiver.cli.screen import (
    Screen,
    binary_stdin,
    count,
    show_findings,
)
from archiver.document import Finding
from archiver.errors import InputError, UsageError
from archiver.settings import Settings

if TYPE_CHECKING:
    from archiver.ingest import Event, Every, Job, Planned, Summary
    from archiver.ingest.engine import Engine

    How = tuple[Engine, Every]

#: Findings kept for the end of the run; more of one code are counted only.
HELD = 10_000

_GLOB = re.compile(r"[*?\[]")


@session.command("ingest")
@click.argument("paths", nargs=-1, type=click.Path())
@session.archive_option
@click.option(
    "--index",
    metavar="FILE",
    type=click.Path(),
    help="The INDEX.md of all sources.  [default: the one in their folder]",
)
@session.cleaning_options
@click.option("--require-index", is_flag=True, default=None, help="Quarantine unlisted files.")
@click.option(
    "--max-bytes", metavar="SIZE", type=session.byte_size, help="Quarantine larger files."
)
@reading_options
@click.option(
    "--allow-taken-down", is_flag=True, help="Archive again what `archiver takedown` removed."
)
@click.option(
    "--reclean", is_flag=True, help="Clean again what the archive holds, without the files."
)
@click.option(
    "--near-duplicates",
    type=click.Choice(["mark"]),
    help="Mark documents that are like one archived before.",
)
@engine_options
@click.option("--dry-run", is_flag=True, help="Read and clean everything, write nothing.")
def ingest(
    paths: tuple[str, ...],
    archive: str | None,
    index: str | None,
    profile: str | None,
    rules: str | None,
    require_index: bool | None,
    max_bytes: int | None,
    form: str | None,
    text_field: str | None,
    fields: tuple[str, ...],
    keep_fields: tuple[str, ...],
    allow_taken_down: bool,
    reclean: bool,
    near_duplicates: str | None,
    workers: int | None,
    commit_every: Limit | None,
    atomic: bool,
    dry_run: bool,
    as_json: bool,
    quiet: bool,
) -> int:
    """Clean sources and archive them: a run that finds news makes a version.

    PATHS are files, folders, globs, or - for stdin; without any, seeds/ is taken.
    What did not change since the last run is skipped. What cannot be used goes
    to quarantine with its bytes and the reason; the exit status is 3 then. What
    was taken down is refused (E122): nothing of it is kept, and the status is 3.

    A file of many records (.jsonl, .csv, .tsv, .parquet, .warc, .wet; .gz, .zst,
    .bz2, .xz of them) gives a document each, an archive (.zip, .tar) its members.

    A large run makes several versions, so that one that is stopped goes on where
    it was when it is started again; --atomic makes one at the end.

    \b
    Examples:
      archiver ingest
      archiver ingest crawl/ 'more/*.html' --archive corpus
      curl -s https://example.org/ | archiver ingest -
      archiver ingest crawl.warc.gz posts.jsonl.zst --text-field body
      zstdcat dump.zst | archiver ingest - --format jsonl --field url=link
      archiver ingest dump/ --workers 8 --commit-every 256MiB
      archiver ingest mirrors/ --near-duplicates mark
      archiver ingest --reclean --profile strict
      archiver ingest --dry-run --json | jq .added
    """
    screen = Screen(as_json, quiet)
    known = session.settings(
        archive=archive,
        sources=paths or None,
        index=index,
        profile=profile,
        rules=rules,
        require_index=require_index,
        max_bytes=max_bytes,
        format=form,
        fields=given_fields(text_field, fields),
        keep_fields=keep_fields or None,
    )
    how = engine_of(workers), every_of(commit_every, atomic=atomic)
    if reclean:
        if paths or index or require_index or max_bytes or allow_taken_down:
            hint = "Leave out paths, and options about them."
            raise UsageError("--reclean takes its sources from the archive", hint=hint)
        summary, findings, left_out = _reclean(
            screen, known, how, dry_run=dry_run, near=near_duplicates is not None
        )
    else:
        sources = expand(known.sources, Path.cwd())
        summary, findings, left_out = _run(
            screen,
            known,
            sources,
            how,
            dry_run=dry_run,
            allow_taken_down=allow_taken_down,
            near=near_duplicates is not None,
        )
    if as_json:
        screen.json(summary_json(known, summary, findings, left_out))
    else:
        show_findings(screen, findings)
        if left_out:
            screen.warn(f"… and {count(left_out, 'more finding')}")
        if findings:
            screen.say("")
        tell(screen, known.archive, summary)
    return QUARANTINED if summary.quarantined or summary.refused else 0


def expand(paths: Sequence[str], base: Path) -> list[str]:
    """The paths with their globs resolved, sorted; a name that exists is never a glob.

    Shells do this too, but not all, and not within quotes.
    Raises: InputError for a glob that nothing fits.
    """
    found: list[str] = []
    for path in paths:
        if path == "-" or not _GLOB.search(path) or (base / path).exists():
            found.append(path)
            continue
        hits = sorted(glob.glob(path, root_dir=base, recursive=True))  # noqa: PTH207 -- Path.glob takes no absolute pattern
        if not hits:
            raise InputError(f"{path}: no file has such a name")
        found += hits
    return list(dict.fromkeys(found))


def _run(
    screen: Screen,
    known: Settings,
    sources: list[str],
    how: How,
    *,
    dry_run: bool,
    allow_taken_down: bool,
    near: bool,
) -> tuple[Summary, list[Finding], int]:
    from archiver.ingest import Planned
    from archiver.ingest import ingest as run
    from archiver.readers.files import MAX_SOURCE_BYTES, plan, read_files

    base = Path.cwd()
    index = base / known.index if known.index else None
    limit = known.max_bytes or MAX_SOURCE_BYTES
    planned = plan(sources, base=base, index=index)
    # Of files that hold many documents, neither their number nor their size is known.
    reached: deque[int] = deque([0], maxlen=1)
    documents = 0 if planned.records else planned.files
    items = read_files(
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
        return _follow(run(items, job), by_bytes, Planned(documents, planned.bytes))


def _reclean(
    screen: Screen, known: Settings, how: How, *, dry_run: bool, near: bool
) -> tuple[Summary, list[Finding], int]:
    from archiver.reclean import reclean

    with run_bar(screen, "cleaning again") as reach:
        return _follow(reclean(_job(known, None, how, dry_run=dry_run, near=near)), reach)


def _job(known: Settings, index_sha256: str | None, how: How, *, dry_run: bool, near: bool) -> Job:
    from archiver.archive.bag.about import stated
    from archiver.ingest import Job
    from archiver.rules.load import load

    return Job(
        archive=Path(known.archive),
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
    )


def _follow(
    events: Generator[Event, None, None], reach: ReachBoth, planned: Planned | None = None
) -> tuple[Summary, list[Finding], int]:
    """Draw the run to its end; it is closed, its workers with it, however this ends."""
    from archiver.ingest import Committed, Finished, Noted, Planned, Read

    findings: list[Finding] = []
    seen: Counter[str] = Counter()
    summary, documents, size = None, 0, 0
    with closing(events):
        for event in events:
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
