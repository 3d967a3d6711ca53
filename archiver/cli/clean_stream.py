"""``archiver clean --jsonl``: a stream of JSON objects, and how files are opened for cleaning."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from archiver.cli import pipe
from archiver.cli.outcome import QUARANTINED, cannot_read
from archiver.cli.screen import (
    Screen,
    binary_stdin,
    binary_stdout,
    count,
    finding_line,
    is_terminal,
    show_findings,
)
from archiver.cli.session import named_host, settings
from archiver.cli.visible import visible_json
from archiver.document import Cleaning, Finding
from archiver.errors import InputError, UsageError

STDIN = "-"


def text_field_of(text_field: str | None, fields: tuple[str, ...]) -> str:
    """With --jsonl: the field of the text; ``--field NAME`` names it too. Raises: UsageError."""
    named = [item.removeprefix("text=") for item in fields]
    if any("=" in item for item in named):
        hint = "Each line keeps all its fields; name that of the text by --text-field."
        raise UsageError("--field NAME=FIELD does not go with --jsonl", hint=hint)
    return text_field or (named[-1] if named else "text")


@contextmanager
def opened(file: str) -> Iterator[IO[bytes]]:
    """A file or stdin, as bytes. Raises: InputError."""
    if file == STDIN:
        yield binary_stdin()
        return
    try:
        stream = Path(file).open("rb")  # noqa: SIM115 -- an error of opening is told apart
    except (OSError, ValueError) as error:
        raise _unreadable(file, error) from error
    with stream:
        yield stream


def _unreadable(file: str, error: OSError | ValueError) -> InputError:
    if isinstance(error, IsADirectoryError):
        hint = "Name a file, or use `archiver ingest` for a folder."
        return InputError(f"{file} is a folder", hint=hint)
    return cannot_read(file, error)


def clean_stream(
    screen: Screen,
    file: str,
    profile: str | None,
    rules: str | None,
    host: str | None,
    field: str,
    max_bytes: int | None,
    with_edits: bool,
) -> int:
    """Clean the text of each line's object; the exit status. Raises: InputError, UsageError."""
    from archiver.clean import clean_text
    from archiver.readers.files import MAX_SOURCE_BYTES
    from archiver.rules.hosts import host_of, unplaced
    from archiver.rules.load import load

    known = settings(profile=profile, rules=rules, max_bytes=max_bytes)
    ruleset = load(Path(known.rules) if known.rules else None)
    given = named_host(host)
    shown = is_terminal(sys.stdout)
    good = bad = unknown = 0

    def work(text: str, url: str | None) -> Cleaning:
        nonlocal unknown
        place = host_of(url) or given
        unknown += place is None
        return clean_text(text, ruleset, profile=known.profile, host=place)

    with opened(file) as stream:
        out = binary_stdout()
        for item in pipe.clean_lines(
            stream,
            work,
            where="stdin" if file == STDIN else file,
            max_bytes=known.max_bytes or MAX_SOURCE_BYTES,
            field=field,
            with_edits=with_edits,
        ):
            if isinstance(item, Finding):
                bad += 1
                screen.warn(finding_line(item))
                continue
            good += 1
            line = visible_json(item.line) if shown else item.line
            out.write(line.encode("utf-8") + b"\n")
    out.flush()
    if unknown and ruleset.hosts:
        show_findings(screen, [unplaced(ruleset.hosts, unknown)])
    screen.say(f"{count(good, 'object')} cleaned, {count(bad, 'line')} left out")
    return QUARANTINED if bad else 0
