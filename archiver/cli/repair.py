"""``archiver repair``: take damaged and missing files from a second copy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from archiver.cli.joblog import logged
from archiver.cli.places import local_path
from archiver.cli.screen import Screen, count, finding_json, finding_lines, paint, size, table
from archiver.cli.session import archive_argument, command, now, settings
from archiver.cli.visible import visible_line
from archiver.errors import DamageError

if TYPE_CHECKING:
    from archiver.archive.mend.repair import Repair

#: Files listed one by one before the rest is counted; --json lists all.
_LISTED = 20


@command("repair")
@archive_argument("archive")
@click.option(
    "--from",
    "copy",
    metavar="COPY",
    required=True,
    type=click.Path(),
    help="The folder of a second copy; it is only read.",
)
@click.option("-n", "--dry-run", is_flag=True, help="Say what would be taken; write nothing.")
@logged
def repair(archive: str | None, copy: str, dry_run: bool, as_json: bool, quiet: bool) -> int:
    """Take damaged and missing files from a second copy of the archive.

    The archive's own log and manifest say which digest a file must have; the
    copy's file is taken only if it has that one. The copy may be older, newer
    or damaged itself. What is sound is not touched; what is damaged is moved
    into .damaged/ inside the archive. Exit status 4 if damage is left.

    \b
    Examples:
      archiver repair --from /mnt/backup/archive --dry-run
      archiver repair --from /mnt/backup/archive
      archiver repair corpus --from copy --json | jq '.taken[].path'
    """
    from archiver.archive.mend.repair import repair as mend

    screen = Screen(as_json, quiet)
    place = settings(archive=archive).archive
    damaged, sound = local_path(place, "repair"), local_path(copy, "repair")
    done = mend(damaged, sound, moment=now(), dry_run=dry_run)
    if as_json:
        screen.json(_as_json(place, copy, done))
    else:
        for line in _lines(place, done, quiet=quiet):
            screen.result(line)
    return 0 if done.is_sound else DamageError.exit_status


def _lines(place: str, done: Repair, *, quiet: bool) -> Iterator[str]:
    yield from (line for error, line in finding_lines(done.findings) if error or not quiet)
    if quiet:
        return
    if done.taken:
        head = ("would take" if done.dry_run else "taken from the copy", "size", "damaged one")
        rows = [(item.path, size(item.bytes), item.damaged or "") for item in done.taken[:_LISTED]]
        if done.dry_run:
            rows = [(path, much, "to .damaged/" if old else "") for path, much, old in rows]
        yield from table(head, rows, right="size")
        if len(done.taken) > _LISTED:
            yield f"… and {count(len(done.taken) - _LISTED, 'more file')}"
        yield ""
    if done.newer:
        yield f"The copy is newer by {count(done.newer, 'version')}; what is newer stays there."
    yield _verdict(visible_line(place), done)
    if done.head is not None:
        yield paint(f"head {done.head}", "faint")


def _verdict(place: str, done: Repair) -> str:
    files = count(len(done.taken), "file")
    if not done.is_sound:
        errors = sum(item.is_error for item in done.findings)
        return f"{paint('Still damaged', 'bad')}: {place}, {files} taken, {count(errors, 'error')}"
    if done.dry_run:
        return f"Nothing was written: {place}, {files} would be taken"
    if not done.taken and not done.sealed:
        return f"{paint('Sound', 'good')}: {place}, there was nothing to repair"
    return f"{paint('Repaired', 'good')}: {place}, {files} taken; what was touched is sound"


def _as_json(place: str, copy: str, done: Repair) -> dict[str, object]:
    return {
        "archive": place,
        "copy": copy,
        "dry_run": done.dry_run,
        "sound": done.is_sound,
        "taken": [
            {
                "path": item.path,
                "sha256": item.sha256,
                "bytes": item.bytes,
                "damaged": item.damaged,
            }
            for item in done.taken
        ],
        "aside": list(done.aside),
        "sealed": done.sealed,
        "newer": done.newer,
        "head": str(done.head) if done.head else None,
        "findings": [finding_json(item) for item in done.findings],
    }
