"""``archiver`` alone: what lies in this folder, and what to do next. Imports nothing heavy."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from archiver.cli.places import log_of
from archiver.cli.screen import paint
from archiver.cli.visible import visible_line
from archiver.errors import ArchiverError
from archiver.settings import Settings, load_settings

#: Files of a folder that are counted; of more it is said that there are more.
COUNTED = 1_000

#: Names of files that are about sources, and none themselves.
_ABOUT = frozenset({"INDEX.md", "README.md"})


def first_look(folder: Path) -> Iterator[str]:
    """A few lines: the state of things here, and the commands that come next.

    Cost: a look into the folders of sources and at the archive's log, no file is read
    but that of the settings.
    """
    yield paint("archiver", "strong") + " turns scraped text into a clean, verifiable archive."
    yield ""
    try:
        known = load_settings(folder, os.environ)
    except ArchiverError as error:
        yield f"The settings here are wrong: {visible_line(error.message)}"
        yield from _steps((("archiver doctor", "tells what else is wrong"),))
        return
    sources = [(place, _files(folder / place)) for place in known.sources]
    version = newest_version(folder / known.archive)
    yield from _here(known, sources, version)
    yield from _steps(_next(known, sources, version))
    yield ""
    yield "All commands: archiver -h. One of them with examples: archiver COMMAND -h."


def newest_version(archive: Path) -> int | None:
    """The newest version that a log names; None where there is no archive. Nothing is opened."""
    try:
        names = [path.stem for path in log_of(archive).glob("*.json")]
    except OSError:
        return None
    return max((int(name) for name in names if name.isdecimal()), default=None)


def _files(place: Path) -> int | None:
    """How many files a source is, up to a limit; None where there is nothing."""
    if place.is_file():
        return 1
    if not place.is_dir():
        return None
    found = 0
    for _, folders, files in os.walk(place):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += sum(not name.startswith(".") and name not in _ABOUT for name in files)
        if found > COUNTED:
            break
    return found


def _here(
    known: Settings, sources: list[tuple[str, int | None]], version: int | None
) -> Iterator[str]:
    for place, files in sources:
        name = visible_line(place)
        if files is None:
            yield f"Here: no sources ({name} does not exist)"
        else:
            number = f"more than {COUNTED:,}" if files > COUNTED else f"{files:,}"
            yield f"Here: sources in {name} ({number} file{'' if files == 1 else 's'})"
    name = visible_line(known.archive)
    state = f"an archive in {name}, version {version}" if version is not None else "no archive yet"
    yield f"Here: {state}"
    yield ""


def _next(
    known: Settings, sources: list[tuple[str, int | None]], version: int | None
) -> tuple[tuple[str, str], ...]:
    """The commands that come next, and what each does."""
    has_sources = any(files for _, files in sources)
    if version is not None and version > 0:
        more = (("archiver ingest", "archive what is new in the sources"),) if has_sources else ()
        return (
            *more,
            ("archiver validate", "prove that every byte is still right"),
            ("archiver show", "list the documents"),
            ("archiver log", "list the versions"),
        )
    if has_sources:
        return (
            ("archiver ingest --dry-run", "see what would be archived; nothing is written"),
            ("archiver ingest", f"clean the sources into {visible_line(known.archive)}"),
            ("archiver validate", "prove that every byte is right"),
        )
    empty = next((visible_line(place) for place, files in sources if files == 0), None)
    if empty is not None:
        return (
            (f"archiver index update {empty}", f"once texts or pages lie in {empty}: list them"),
            ("archiver ingest", f"clean them into {visible_line(known.archive)}"),
            ("archiver doctor", "tell what is wrong here, if anything"),
        )
    return (
        ("archiver init my-archive", "lay out a project: folders, settings, checks"),
        ("archiver ingest FILES", "archive files or folders that lie elsewhere"),
        ("archiver explain FILE", "see what would go from a text, and why"),
    )


def _steps(steps: tuple[tuple[str, str], ...]) -> Iterator[str]:
    yield "Next:"
    width = max(len(command) for command, _ in steps)
    for command, does in steps:
        yield f"  {command:<{width}}  {does}"
