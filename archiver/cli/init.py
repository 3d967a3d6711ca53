"""``archiver init [DIR]``: a new project: folders, settings, checks, and a timer."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from archiver.cli.project_files import project_files
from archiver.cli.restore import write_pieces
from archiver.cli.schedules.job import INTERVALS, Job, absolute, moment_of
from archiver.cli.screen import Screen
from archiver.cli.session import command, tool_version
from archiver.cli.visible import visible_line
from archiver.errors import StorageError, UsageError

#: The unit that each system has; others are made by `archiver schedule`.
_TIMERS = {"linux": "systemd", "darwin": "cron"}

#: Where timers are written: nothing reads them there, they are installed by hand.
UNITS = "units"


@command("init")
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path())
@click.option("--every", type=click.Choice(list(INTERVALS)), help="How often it is validated.")
@click.option("--no-timer", is_flag=True, help="Write no timer for this machine.")
@click.option("--no-workflow", is_flag=True, help="Write no GitHub workflow.")
def init(
    folder: str,
    every: str | None,
    no_timer: bool,
    no_workflow: bool,
    as_json: bool,
    quiet: bool,
) -> int:
    """Lay out a new project in DIR, which is made where it does not exist.

    It gets seeds/ with an INDEX.md, a pack for rules of your own, archiver.toml,
    a GitHub workflow, and a timer that validates on this machine (install it as
    it says). Files that exist are never replaced: then nothing is written at all.

    \b
    Examples:
      archiver init corpus
      archiver init --no-workflow --every weekly
      archiver init corpus --json | jq -r '.files[]'
    """
    screen = Screen(as_json, quiet)
    root = Path(folder)
    files = project_files(tool_version(), workflow=not no_workflow)
    timers, why_none = ({}, "") if no_timer else _timers(root, every or "daily")
    files |= timers
    _refuse_to_replace(root, files)
    for name, text in files.items():
        _write(root / name, text)
    if as_json:
        screen.json({"folder": folder, "files": sorted(files), "no_timer": why_none or None})
        return 0
    for name in sorted(files):
        screen.result(visible_line((root / name).as_posix()))
    if why_none:
        screen.say(f"\nno timer: {visible_line(why_none)}")
    for line in _next_steps(root, timers):
        screen.say(line)
    return 0


def _timers(root: Path, every: str) -> tuple[dict[str, str], str]:
    """The units for this machine by their names, or why there are none."""
    from archiver.cli.schedules.kinds import MAKERS

    kind = _TIMERS.get(sys.platform)
    if kind is None:
        return {}, "see `archiver schedule -h` for this system's"
    only: dict[str, str | None] = dict.fromkeys(("user", "program", "mailto"))
    try:
        place = absolute("--archive", os.fspath(Path.cwd() / root / "output" / "archive"))
        if kind == "systemd":
            only["user"] = _owner(root)
        hour, minute = moment_of(place, None)
        job = Job("archiver-validate", place, every, hour, minute)
        made = MAKERS[kind](job, only)
    except UsageError as error:  # a timer is an extra: the rest is laid out all the same
        return {}, error.message
    return {f"{UNITS}/{file.name}": file.content for file in made}, ""


def _owner(root: Path) -> str | None:
    """Who owns the place where the project will be."""
    place = Path.cwd() / root
    while not place.exists() and place != place.parent:
        place = place.parent
    try:
        return place.owner()
    except (OSError, KeyError, NotImplementedError):
        return None


def _refuse_to_replace(root: Path, files: dict[str, str]) -> None:
    """Raises: UsageError naming what is in the way; StorageError where it cannot be looked at."""
    try:
        there = [name for name in sorted(files) if os.path.lexists(root / name)]
    except (OSError, ValueError) as error:
        raise StorageError(f"{root}: {error}") from error
    if there:
        more = f" and {len(there) - 1} more of its files" if len(there) > 1 else ""
        raise UsageError(
            f"{(root / there[0]).as_posix()} exists{more}; nothing was written",
            hint="Name a new folder, or move what is there.",
        )


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else None
        raise StorageError(f"{path.parent} could not be made: {reason or error}") from error
    write_pieces(path, [text.encode("utf-8")], force=False)


def _next_steps(root: Path, timers: dict[str, str]) -> Iterator[str]:
    yield "\nnext:"
    if root != Path():
        yield f"  cd {shlex.quote(visible_line(os.fspath(root)))}"
    yield "  put texts, pages or dumps into seeds/"
    yield "  archiver index update seeds   # then say in seeds/INDEX.md where they are from"
    yield "  archiver ingest"
    yield "  archiver validate"
    units = [name for name in sorted(timers) if name.endswith((".service", ".timer"))]
    if units:
        yield f"  sudo cp {UNITS}/* /etc/systemd/system/ && sudo systemctl daemon-reload"
        yield "  sudo systemctl enable --now archiver-validate.timer"
    elif timers:
        yield f"  crontab -e   # and add the lines of {next(iter(timers))}"
