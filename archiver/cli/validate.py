"""``archiver validate``: is every byte of an archive still what was written?"""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archiver.cli.joblog import logged
from archiver.cli.metrics import metrics_option
from archiver.cli.places import archive_path
from archiver.cli.progress import byte_bar
from archiver.cli.screen import Screen, echo
from archiver.cli.session import (
    archive_argument,
    command,
    given_head,
    head_option,
    now,
    settings,
    tool_version,
)
from archiver.cli.spans import share, span
from archiver.cli.verdict import log_report, report_json, report_lines
from archiver.errors import ArchiverError, DamageError, UsageError

if TYPE_CHECKING:
    from archiver.archive.checks.replay import Replay
    from archiver.archive.checks.validate import Clock, Report, Scope

#: More threads wait for one another: what Python does between digests, one does at a time.
MAX_THREADS = 4

FORMATS = ("table", "json", "junit")


@command("validate")
@archive_argument("archive")
@click.option("--quick", is_flag=True, help="Digests of files only; rows are not read.")
@click.option(
    "--replay", is_flag=True, help="Also clean what was received again, by the rules recorded."
)
@head_option
@click.option(
    "--expect-head-or-newer",
    metavar="HEAD",
    callback=given_head,
    help="The same, where versions may have come since.",
)
@click.option(
    "--subset", metavar="K/N", type=share, help="The K-th of N shares of the parts: 1/7 on Monday."
)
@click.option(
    "--max-age",
    metavar="TIME",
    type=span,
    help="Only parts not checked for so long, as 30d; damaged ones always.",
)
@click.option(
    "--max-duration",
    metavar="TIME",
    type=span,
    help="Begin no part after so long, as 10m; the next run goes on.",
)
@click.option(
    "--format",
    "form",
    metavar="FORM",
    type=click.Choice(FORMATS),
    help="How the result is shown: table, json, junit.  [default: table]",
)
@metrics_option
@click.option("--no-event", is_flag=True, help="Do not note this check in the fixity log.")
@logged
def validate(
    archive: str | None,
    quick: bool,
    replay: bool,
    expect_head: str | None,
    expect_head_or_newer: str | None,
    subset: tuple[int, int] | None,
    max_age: timedelta | None,
    max_duration: timedelta | None,
    form: str | None,
    metrics: str | None,
    no_event: bool,
    as_json: bool,
    quiet: bool,
) -> int:
    """Check every byte of an archive, and say what is damaged.

    Checked are the log and its chain, the digests of files, pages, records and
    texts, the received bytes as they would be restored, what other Delta readers
    see, and the bag. Exit status 4 if anything is damaged. Nothing is written but
    a line in fixity/events.jsonl, which `archiver log --fixity` shows.

    \b
    Examples:
      archiver validate
      archiver validate corpus --quick
      archiver validate --expect-head "$(cat head.txt)"
      archiver validate --max-age 30d --max-duration 10m --metrics archiver.prom
      archiver validate --json | jq '.findings[].documents'
      archiver validate --format junit > fixity.xml
    """
    from archiver.archive.checks.validate import Clock, Scope

    if quick and replay:
        raise UsageError("--quick reads no rows, and --replay cleans them: give one of the two")
    if as_json and form not in (None, "json"):
        raise UsageError(f"--json and --format {form} do not go together")
    began = time.monotonic()
    clock = Clock(now(), lambda: time.monotonic() - began)
    screen = Screen(as_json or form == "json", quiet or form == "junit")
    place = settings(archive=archive).archive
    try:
        report = _check(
            place,
            screen,
            clock,
            Scope(subset, max_age, max_duration),
            quick=quick,
            replay=replay,
            heads=(expect_head, expect_head_or_newer),
            no_event=no_event,
        )
    except ArchiverError as error:
        _write_metrics(metrics, place, None, error.exit_status, clock)
        raise
    log_report(report)
    status = 0 if report.is_sound else DamageError.exit_status
    _show(place, report, screen, clock, form)
    _write_metrics(metrics, place, report, status, clock)
    return status


def _check(
    place: str,
    screen: Screen,
    clock: Clock,
    scope: Scope,
    *,
    quick: bool,
    replay: bool,
    heads: tuple[str | None, str | None],
    no_event: bool,
) -> Report:
    from archiver.archive.checks.validate import validate as check
    from archiver.engines.cores import cores

    with byte_bar(screen, "checking") as reach:
        return check(
            archive_path(place, fresh=True),
            quick=quick,
            replay=_replay() if replay else None,
            expect_head=heads[0],
            expect_head_or_newer=heads[1],
            progress=reach,
            scope=scope,
            clock=clock,
            tool=None if no_event else f"archiver {tool_version()}",
            threads=min(cores(), MAX_THREADS),
        )


def _replay() -> Replay:
    from archiver.replay import replay_with

    return replay_with(tool_version())


def _show(place: str, report: Report, screen: Screen, clock: Clock, form: str | None) -> None:
    if form == "junit":
        from archiver.cli.junit import junit

        text = junit(place, report, started_at=clock.started_at, seconds=clock.elapsed())
        echo(text, color=False)
    elif screen.as_json:
        screen.json(report_json(place, report))
    else:
        for line in report_lines(place, report, quiet=screen.quiet):
            screen.result(line)


def _write_metrics(
    path: str | None, place: str, report: Report | None, status: int, clock: Clock
) -> None:
    if path is None:
        return
    from archiver.cli.metrics import metrics, write_metrics

    text = metrics(place, report, status=status, ended_at=clock.now(), seconds=clock.elapsed())
    write_metrics(Path(path), text)
