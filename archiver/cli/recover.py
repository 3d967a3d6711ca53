"""``archiver recover``: put an archive in order after a crash or a power cut."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archiver.cli.joblog import logged
from archiver.cli.places import archive_path
from archiver.cli.screen import Screen, count, finding_json, finding_lines, paint
from archiver.cli.session import (
    archive_argument,
    batch_id,
    command,
    head_option,
    now,
    settings,
    tool_version,
)
from archiver.cli.visible import visible_line
from archiver.document import Finding
from archiver.errors import DamageError

if TYPE_CHECKING:
    from archiver.archive.mend.recover import Recovery

#: Orphans listed one by one before the rest is counted; --json has them all.
LISTED = 10


@command("recover")
@archive_argument("archive")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@click.option("--orphans", is_flag=True, help="Also delete what killed runs left behind.")
@head_option
@click.option("--alone", is_flag=True, help="Nobody else writes: go on without locks.")
@logged
def recover(
    archive: str | None,
    dry_run: bool,
    orphans: bool,
    expect_head: str | None,
    alone: bool,
    as_json: bool,
    quiet: bool,
) -> int:
    """Put an archive in order after a crash, a full disk or a power cut.

    A torn newest log entry that no run acknowledged is moved to a folder beside
    data/, and so are checkpoints that mislead other Delta readers; the bag is
    sealed anew. Nothing that a version names is touched. Where an acknowledged
    version would be lost, nothing is done, and the exit status is 4.

    \b
    Examples:
      archiver recover --dry-run
      archiver recover corpus
      archiver recover --orphans
      archiver recover --expect-head "$(cat head.txt)" --json | jq .aside
    """
    from archiver.archive.mend.recover import recover as run

    screen = Screen(as_json, quiet)
    place = settings(archive=archive).archive
    done = run(
        archive_path(place),
        name=now().strftime("%Y%m%dT%H%M%SZ"),
        expect_head=expect_head,
        orphans=orphans,
        alone=alone,
        dry_run=dry_run,
    )
    if done.head is not None and not (dry_run or done.refused):
        done = _finish_takedown(archive_path(place), done)
    if as_json:
        screen.json(_as_json(place, done, dry_run=dry_run))
    else:
        _tell(screen, place, done, dry_run=dry_run)
    return DamageError.exit_status if done.refused else 0


def _finish_takedown(place: Path, done: Recovery) -> Recovery:
    """Complete a take-down that was stopped."""
    from archiver.archive.archive import open_archive
    from archiver.archive.takedown.take_down import World, finish_takedown

    archive = open_archive(place)
    if not finish_takedown(archive, World(now(), tool_version(), batch_id())):
        return done
    return replace(done, sealed=True, head=archive.head())


def _tell(screen: Screen, place: str, done: Recovery, *, dry_run: bool) -> None:
    for is_error, line in finding_lines([*done.refused, *map(_short, done.found)]):
        if is_error:
            screen.warn(line)
        else:
            screen.say(line)
    where = visible_line(place)
    if done.refused:
        screen.warn(f"{paint('Refused', 'bad')}: nothing was done to {where}")
        return
    if screen.quiet:
        return
    for line in _lines(done, dry_run=dry_run):
        screen.result(line)
    if not (done.aside or done.removed or done.sealed):
        screen.result(f"{paint('In order', 'good')}: {where}, there is nothing to recover")
    elif dry_run:
        screen.result(f"Dry run: nothing was done to {where}")
    else:
        screen.result(f"{paint('Recovered', 'good')}: {where}; now run `archiver validate`")
    if done.head is not None:
        screen.result(paint(f"head {done.head}", "faint"))


def _short(found: Finding) -> Finding:
    return replace(found, message=found.message[:300])


def _lines(done: Recovery, *, dry_run: bool) -> Iterator[str]:
    would = "would be " if dry_run else ""
    for path, aside in sorted(done.aside.items()):
        yield f"{visible_line(path)} {would}moved to {visible_line(aside)}"
    for path in done.removed[:LISTED]:
        yield f"{visible_line(path)} {would}deleted"
    if len(done.removed) > LISTED:
        yield f"… and {count(len(done.removed) - LISTED, 'more file')}"
    if done.sealed:
        yield f"the bag {would or 'was '}sealed"


def _as_json(place: str, done: Recovery, *, dry_run: bool) -> dict[str, object]:
    return {
        "archive": place,
        "dry_run": dry_run,
        "head": str(done.head) if done.head else None,
        "refused": [finding_json(item) for item in done.refused],
        "findings": [finding_json(item) for item in done.found],
        "aside": done.aside,
        "removed": list(done.removed),
        "left": list(done.left),
        "sealed": done.sealed,
    }
