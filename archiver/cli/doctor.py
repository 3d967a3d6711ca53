"""``archiver doctor``: is anything wrong here, and what can this installation do?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import groupby
from pathlib import Path

from archiver.cli.checkup import Check, State, encodings, program, settings_here
from archiver.cli.checkup_places import archive_state, disk, file_system, sources
from archiver.cli.places import is_remote
from archiver.cli.screen import Screen, count, paint
from archiver.cli.session import archive_option, command, now
from archiver.cli.visible import pad, visible_line, wrap

#: The words before each line, and their colours; the words say it without the colour.
WORDS: dict[State, tuple[str, str]] = {
    "ok": ("ok", "good"),
    "note": ("note", "warn"),
    "wrong": ("WRONG", "bad"),
}

#: Which exit status counts where several things are wrong: damage first.
_FIRST = (4, 12, 7, 5, 6)


@command("doctor")
@archive_option
def doctor(archive: str | None, as_json: bool, quiet: bool) -> int:
    """Tell what is wrong here, and what this installation can do.

    Looked at are the versions of the program and its parts, optional parts and what
    they are for, settings and rules, the archive's state, room and permissions, and
    what the file system can do (tried in a new folder beside the archive, which goes
    again). Nothing is read in full: `archiver validate` checks every byte. The exit
    status is 0 where nothing is wrong, else that of the error a run would meet.

    \b
    Examples:
      archiver doctor
      archiver doctor --archive corpus --quiet
      archiver doctor --json | jq '.checks[] | select(.state != "ok")'
    """
    screen = Screen(as_json, quiet)
    checks = list(_checks(archive))
    bad = [check for check in checks if check.state == "wrong"]
    if as_json:
        screen.json({"sound": not bad, "checks": [asdict(check) for check in checks]})
        return _status(bad)
    for line in _lines(bad if quiet else checks, screen.width):
        screen.result(line)
    notes = sum(check.state == "note" for check in checks)
    if not quiet:
        last = f"{len(bad) or 'nothing'} wrong, {count(notes, 'note')}"
        screen.result(f"\n{paint(last, 'bad' if bad else 'good')}")
    return _status(bad)


def _checks(archive: str | None) -> Iterator[Check]:
    here = Path.cwd()
    yield from program()
    yield from encodings()
    known, found = settings_here(here)
    yield from found
    if known is None:
        return
    place = archive or known.archive
    yield from sources(here, known)
    yield from archive_state(place, now())
    if not is_remote(place):
        yield from disk(Path(place))
        yield from file_system(Path(place))


def _status(bad: Sequence[Check]) -> int:
    """The most serious of what is wrong."""
    found = {check.status for check in bad}
    return next((status for status in _FIRST if status in found), min(found, default=0))


def _lines(checks: Sequence[Check], width: int) -> Iterator[str]:
    """The checks under their areas, with what to do about those that are not well."""
    if not checks:
        return
    name_width = min(max(len(check.name) for check in checks), 18)
    indent = " " * (name_width + 10)
    for place, (area, group) in enumerate(groupby(checks, key=lambda check: check.area)):
        if place:
            yield ""
        yield paint(area, "strong")
        for check in group:
            word, role = WORDS[check.state]
            rows = wrap(visible_line(check.says), max(20, width - len(indent))) or [""]
            name = pad(visible_line(check.name), name_width)
            yield f"  {paint(pad(word, 5), role)}  {name} {rows[0]}"
            yield from (f"{indent}{row}" for row in rows[1:])
            if check.hint and check.state != "ok":
                rows = wrap(visible_line(check.hint), max(20, width - len(indent)))
                yield from (paint(f"{indent}{row}", "faint") for row in rows)
