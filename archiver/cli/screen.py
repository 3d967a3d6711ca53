"""The screen: results go to stdout, words about them to stderr.

With ``--json`` one object on stdout is all there is; with ``--quiet`` only
results, warnings of damage and errors are left. Colour never carries a
meaning that the words do not carry too.
"""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TextIO

import click

from archiver.cli.columns import lay_out
from archiver.cli.plain import SHOW_ANYWAY, is_plain_wanted, stderr_is_a_log
from archiver.cli.visible import cells, dump_json, pad, visible, visible_line
from archiver.document import Finding

#: Lines longer than this are tiring to read, however wide the window is.
MAX_WIDTH = 100

#: Findings of one code that are listed one by one before the rest is counted.
LISTED = 10

_COLORS = {"good": "green", "bad": "red", "warn": "yellow", "name": "cyan"}


@dataclass(frozen=True, slots=True)
class Screen:
    """Where a command writes, and how."""

    as_json: bool = False
    quiet: bool = False

    @property
    def width(self) -> int:
        """Columns to fill: those of the window, within reason."""
        return max(40, min(shutil.get_terminal_size().columns, MAX_WIDTH))

    def result(self, text: str = "") -> None:
        """A line of the result, on stdout. Its parts were made visible by the caller."""
        echo(text, color=wants_color(sys.stdout))

    def json(self, value: object) -> None:
        """The one object that ``--json`` promises."""
        echo(dump_json(value, indent=2), color=False)

    def say(self, text: str) -> None:
        """A word to the person at the screen; scripts do not see it."""
        if not (self.quiet or self.as_json or stderr_is_a_log()):
            echo(text, err=True, color=wants_color(sys.stderr))

    def warn(self, text: str) -> None:
        """A word that --quiet does not silence."""
        if not (self.as_json or stderr_is_a_log()):
            echo(text, err=True, color=wants_color(sys.stderr))

    def show_progress(self) -> bool:
        """Whether somebody is there to watch a bar move."""
        unwanted = self.quiet or self.as_json or stderr_is_a_log() or is_plain_wanted()
        return not unwanted and is_terminal(sys.stderr)


def echo(text: str, *, nl: bool = True, err: bool = False, color: bool | None = None) -> None:
    """``click.echo`` on our own streams: click alone would send UTF-8 to a screen of ASCII."""
    click.echo(text, file=sys.stderr if err else sys.stdout, nl=nl, color=color)


def is_terminal(stream: IO[str]) -> bool:
    """Whether a person sees this stream; a closed one is seen by nobody."""
    try:
        return stream.isatty()
    except ValueError:
        return False


def wants_color(stream: IO[str], environ: Mapping[str, str] | None = None) -> bool:
    """Whether to paint what goes to this stream.

    --plain and NO_COLOR (no-color.org) beat CLICOLOR_FORCE and FORCE_COLOR, these the terminal.
    """
    env = os.environ if environ is None else environ
    if env.get("NO_COLOR") or is_plain_wanted({}):
        return False
    for name in ("CLICOLOR_FORCE", "FORCE_COLOR"):
        if env.get(name, "0") not in {"", "0"}:
            return True
    if env.get("CLICOLOR") == "0" or env.get("FORCE_COLOR") == "0" or env.get("TERM") == "dumb":
        return False
    return is_terminal(stream)


def paint(text: str, role: str) -> str:
    """A text in the colour of its role; ``click.echo`` takes it off where none is wanted."""
    if role == "strong":
        return click.style(text, bold=True)
    if role == "faint":
        return click.style(text, dim=True)
    return click.style(text, fg=_COLORS[role])


def prepare_streams() -> None:
    """Make stdout and stderr take any text.

    Pipes and files get UTF-8, whatever the locale says; a terminal keeps its
    own encoding and gets a look-alike or an escape for what this lacks. A stream that was
    closed before we came (``>&-``) is opened on nothing.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            nothing = Path(os.devnull).open(mode, encoding="utf-8")  # noqa: SIM115 -- for good
            setattr(sys, name, nothing)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            encoding = None if stream.isatty() else "utf-8"
            with contextlib.suppress(ValueError):  # closed before we came
                stream.reconfigure(encoding=encoding, errors=SHOW_ANYWAY)


def binary_stdout() -> IO[bytes]:
    """Stdout for exact bytes, after what was written as text."""
    sys.stdout.flush()
    return _binary(sys.stdout)


def binary_stdin() -> IO[bytes]:
    """Stdin as bytes; whoever sits at the keyboard is told that it is their turn."""
    if is_terminal(sys.stdin):
        echo("reading from the keyboard; end with Ctrl-D (Windows: Ctrl-Z)", err=True)
    return _binary(sys.stdin)


def _binary(stream: TextIO) -> IO[bytes]:
    return stream.buffer


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, right: str = "") -> list[str]:
    """Aligned lines under a head; ``right`` names the columns that hold numbers.

    Cells are shown on one line each, unless a terminal is too narrow for that.
    Returns: the head, then a line a row.
    """
    shown = [[visible_line(cell) for cell in row] for row in rows]
    numbers = {place for place, name in enumerate(head) if name in right.split()}
    room = shutil.get_terminal_size().columns if is_terminal(sys.stdout) else None
    first, *others = lay_out(head, shown, numbers, room)
    return [*([paint(first, "faint")] if first else []), *others]


def labelled(pairs: Iterable[tuple[str, str]], least: int = 0) -> list[str]:
    """``label  value`` lines with the values under one another.

    least: columns for the labels, where several blocks stand over one another.
    """
    listed = [(visible_line(label), visible(value)) for label, value in pairs]
    width = max([least, *(cells(label) for label, _ in listed)])
    gap = "\n" + " " * (width + 4)
    return [
        f"  {paint(pad(label, width), 'faint')}  {value.replace(chr(10), gap)}"
        for label, value in listed
    ]


def show_findings(screen: Screen, findings: Sequence[Finding]) -> None:
    """Findings on stderr, as words about a result; --quiet leaves the errors."""
    for is_error, line in finding_lines(findings):
        (screen.warn if is_error else screen.say)(line)


def finding_lines(findings: Sequence[Finding]) -> Iterator[tuple[bool, str]]:
    """Findings as editors read them, errors first, each code's hint once.

    Yields: whether it is an error, and the line.
    """
    by_code: dict[str, list[Finding]] = {}
    for found in findings:
        by_code.setdefault(found.code, []).append(found)
    for code in sorted(by_code):  # E before W
        group = by_code[code]
        is_error = group[0].is_error
        for found in group[:LISTED]:
            yield is_error, finding_line(found)
        if len(group) > LISTED:
            yield is_error, f"… and {count(len(group) - LISTED, 'more finding')} of {code}"
        if group[0].hint:
            yield is_error, paint(f"  hint: {visible_line(group[0].hint)}", "faint")


def finding_line(found: Finding) -> str:
    """``file:line: E201 message (layer) [documents …]`` on one line."""
    place = f"{visible_line(found.place())}: " if found.where else ""
    code = paint(found.code, "bad" if found.is_error else "warn")
    layer = f" ({visible_line(found.layer)})" if found.layer else ""
    words = found.message
    for told in (found.place(), found.where):
        words = words.removeprefix(f"{told} ").removeprefix(f"{told}: ") if told else words
    return f"{place}{code} {visible_line(words)}{layer}{_documents(found.documents)}"


def finding_json(found: Finding) -> dict[str, object]:
    """A finding as ``--json`` shows it."""
    return {
        "code": found.code,
        "message": found.message,
        "where": found.where,
        "line": found.line,
        "hint": found.hint,
        "layer": found.layer,
        "documents": list(found.documents),
    }


def _documents(ids: Sequence[str], most: int = 5) -> str:
    if not ids:
        return ""
    named = ", ".join(map(visible_line, ids[:most]))
    rest = f" and {len(ids) - most:,} more" if len(ids) > most else ""
    return f" [{'document' if len(ids) == 1 else 'documents'} {named}{rest}]"


def count(number: int, noun: str) -> str:
    """``1 document``, ``2,300 documents``, ``no documents``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}" if number else f"no {noun}s"


def size(number: int) -> str:
    """Bytes as people read them: ``812 bytes``, ``28.4 kB``, ``1.2 GB`` (powers of 1000)."""
    if number < 1000:
        return f"{number} byte{'' if number == 1 else 's'}"
    value = float(number)
    for unit in ("kB", "MB", "GB"):
        value /= 1000
        if value < 999.95:
            return f"{value:.1f} {unit}"
    return f"{value / 1000:,.1f} TB"
