"""``archiver ingest``: the main job, from files to a new version of the archive."""

from __future__ import annotations

import glob
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archiver.cli import session
from archiver.cli.ingest_summary import summary_json, tell
from archiver.cli.outcome import QUARANTINED
from archiver.cli.progress import byte_bar
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
    from archiver.ingest import Event, Job, Summary

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
@click.option(
    "--allow-taken-down", is_flag=True, help="Archive again what `archiver takedown` removed."
)
@click.option(
    "--reclean", is_flag=True, help="Clean again what the archive holds, without the files."
)
@click.option("--dry-run", is_flag=True, help="Read and clean everything, write nothing.")
def ingest(
    paths: tuple[str, ...],
    archive: str | None,
    index: str | None,
    profile: str | None,
    rules: str | None,
    require_index: bool | None,
    max_bytes: int | None,
    allow_taken_down: bool,
    reclean: bool,
    dry_run: bool,
    as_json: bool,
    quiet: bool,
) -> int:
    """Clean sources and archive them: each run that finds news makes one version.

    PATHS are files, folders, globs, or - for stdin; without any, seeds/ is taken.
    What did not change since the last run is skipped. What cannot be used goes
    to quarantine with its bytes and the reason; the exit status is 3 then. What
    was taken down is refused (E122): nothing of it is kept, and the status is 3.

    \b
    Examples:
      archiver ingest
      archiver ingest crawl/ 'more/*.html' --archive corpus
      curl -s https://example.org/ | archiver ingest -
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
    )
    if reclean:
        if paths or index or require_index or max_bytes or allow_taken_down:
            hint = "Leave out paths, and options about them."
            raise UsageError("--reclean takes its sources from the archive", hint=hint)
        summary, findings, left_out = _reclean(known, dry_run=dry_run)
    else:
        sources = expand(known.sources, Path.cwd())
        summary, findings, left_out = _run(
            screen, known, sources, dry_run=dry_run, allow_taken_down=allow_taken_down
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
    screen: Screen, known: Settings, sources: list[str], *, dry_run: bool, allow_taken_down: bool
) -> tuple[Summary, list[Finding], int]:
    from archiver.ingest import ingest as run
    from archiver.readers.files import MAX_SOURCE_BYTES, plan, read_files

    base = Path.cwd()
    index = base / known.index if known.index else None
    limit = known.max_bytes or MAX_SOURCE_BYTES
    planned = plan(sources, base=base, index=index)
    items = read_files(
        sources,
        base=base,
        index=index,
        require_index=known.require_index,
        max_bytes=limit,
        stdin=lambda: binary_stdin().read(limit + 1),
    )
    job = replace(
        _job(known, planned.index_sha256, dry_run=dry_run), allow_taken_down=allow_taken_down
    )
    with byte_bar(screen, "cleaning") as reach:
        return _follow(run(items, job), lambda done: reach(done, planned.bytes))


def _reclean(known: Settings, *, dry_run: bool) -> tuple[Summary, list[Finding], int]:
    from archiver.reclean import reclean

    return _follow(reclean(_job(known, None, dry_run=dry_run)), lambda _done: None)


def _job(known: Settings, index_sha256: str | None, *, dry_run: bool) -> Job:
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
        about=stated(known),
    )


def _follow(
    events: Iterable[Event], reach: Callable[[int], None]
) -> tuple[Summary, list[Finding], int]:
    from archiver.ingest import Finished, Noted, Read

    findings: list[Finding] = []
    seen: Counter[str] = Counter()
    summary, done = None, 0
    for event in events:
        if isinstance(event, Read):
            done += event.bytes
            reach(done)
        elif isinstance(event, Finished):
            summary = event.summary
        elif isinstance(event, Noted) or not event.known:
            seen[event.finding.code] += 1
            if seen[event.finding.code] <= HELD:
                findings.append(event.finding)
    if summary is None:
        raise AssertionError("a run ends with its summary")
    return summary, findings, sum(max(0, number - HELD) for number in seen.values())
