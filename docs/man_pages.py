"""Man pages of every command, from what ``-h`` says: packaging/man/*.1, a part of the wheel.

Written in ``man(7)``, which both groff and mandoc read; tests hold them to no warning of either.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import click
import reference_pages

import archiver
from archiver.cli.main import archiver as command_line

ROOT = Path(__file__).parents[1]

ENVIRONMENT = """\
Each setting has a variable, such as ARCHIVER_ARCHIVE or ARCHIVER_PROFILE; an option beats it, and
it beats the file archiver.toml. NO_COLOR, CLICOLOR_FORCE and FORCE_COLOR decide about colour, and
SOURCE_DATE_EPOCH sets the moment of a run."""


def pages() -> Iterator[tuple[str, str]]:
    """Name and text of each page: ``archiver.1``, ``archiver-ingest.1`` and so on."""
    commands = list(reference_pages.commands(command_line, None, "archiver"))
    names = [name for name, _, _ in commands]
    for name, command, context in commands:
        below = [other for other in names if other.rpartition(" ")[0] == name]
        yield f"packaging/man/{_page(name)}.1", _text(name, command, context, below)


def _page(name: str) -> str:
    return name.replace(" ", "-")


def _text(name: str, command: click.Command, context: click.Context, below: list[str]) -> str:
    version, date = _release()
    title = _page(name).upper()
    does = context.command.get_short_help_str(limit=200).rstrip(".")
    usage = " ".join(command.collect_usage_pieces(context))
    lines = [
        '.\\" Written by docs/generate.py from the code; do not edit.',
        f'.TH {title} 1 "{date}" "archiver {version}" "archiver"',
        ".SH NAME",
        f"{_plain(_page(name))} \\- {_plain(does)}",
        ".SH SYNOPSIS",
        f".B {_plain(name)}",
        _line(usage),
        ".SH DESCRIPTION",
        *_description(command.help or ""),
    ]
    options = [option for option in command.params if isinstance(option, click.Option)]
    lines += [".SH OPTIONS"] if options else []
    for option in options:
        lines += [".TP", f".B {_plain(reference_pages.spelling(option, context))}"]
        lines.append(_line(reference_pages.meaning(option).replace("`", "")))
    lines += [".SH COMMANDS"] if below else []
    for other in below:
        lines += [".TP", f".BR {_plain(_page(other))} (1)", _line(_does(context, other))]
    lines += [".SH EXIT STATUS", *_statuses()] if name == "archiver" else []
    lines += [".SH ENVIRONMENT", *map(_line, ENVIRONMENT.splitlines())]
    lines += [".SH SEE ALSO", *_see_also(name, below)]
    return "\n".join(lines) + "\n"


def _release() -> tuple[str, str]:
    """Version of the program and the day that CHANGELOG.md gives it."""
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    version = archiver.__version__
    found = re.search(rf"^## \[{re.escape(version)}\] - (\S+)$", changes, re.MULTILINE)
    if found is None:
        raise SystemExit(f"CHANGELOG.md has no dated heading for {version}")
    return version, found[1]


def _does(context: click.Context, name: str) -> str:
    group = context.command
    found = (
        group.get_command(context, name.rpartition(" ")[2])
        if isinstance(group, click.Group)
        else None
    )
    return found.get_short_help_str(limit=200) if found is not None else ""


def _description(help_text: str) -> Iterator[str]:
    """The help: paragraphs to be filled, and what click leaves as it stands (after a backspace)."""
    for number, block in enumerate(inspect.cleandoc(help_text).split("\n\n")):
        if block.startswith("\b\n"):
            head, *rest = block.removeprefix("\b\n").split("\n")
            yield f".SS {_plain(head.rstrip(':'))}"
            yield from [".nf", *map(_line, rest), ".fi"]
        else:
            yield from ([".PP"] if number else [])
            yield from map(_line, block.splitlines())


def _statuses() -> Iterable[str]:
    for status, said in reference_pages.outcomes():
        yield from (".TP", f".B {status}", _line(said))


def _see_also(name: str, below: list[str]) -> Iterator[str]:
    above = name.rpartition(" ")[0]
    others = [other for other in (above, *below) if other]
    for number, other in enumerate(others):
        end = "," if number + 1 < len(others) else ""
        yield f".BR {_plain(_page(other))} (1){end}"


def _plain(text: str) -> str:
    """Text that roff shows as it stands: dashes that can be copied, no escapes."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("…", "...").replace("`", "")
    return re.sub(r"[’‘]", "'", text).replace("'", "\\(aq") if "'" in text else text


def _line(text: str) -> str:
    """The same as a line of its own: it may not begin like a request."""
    shown = _plain(text.rstrip())
    return f"\\&{shown}" if shown.startswith((".", "\\(aq", " ")) else shown
