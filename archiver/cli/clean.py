"""``archiver clean``: text in, clean text out; nothing is archived."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from archiver.cli import pipe
from archiver.cli.outcome import QUARANTINED, cannot_read
from archiver.cli.screen import (
    Screen,
    binary_stdin,
    binary_stdout,
    count,
    finding_json,
    finding_line,
    is_terminal,
    show_findings,
)
from archiver.cli.session import (
    byte_size,
    cleaning_options,
    command,
    host_option,
    named_host,
    settings,
)
from archiver.cli.visible import visible, visible_json
from archiver.document import Cleaning, Finding, Provenance, Source
from archiver.errors import InputError, UsageError

if TYPE_CHECKING:
    from archiver.cli.explain import Explained

STDIN = "-"


@command("clean")
@click.argument("file", default=STDIN, type=click.Path())
@cleaning_options
@host_option
@click.option("--jsonl", is_flag=True, help="Clean the field text of one object a line.")
@click.option("--field", default="text", show_default=True, help="With --jsonl: the text's field.")
@click.option("--edits", is_flag=True, help="With --jsonl: add what was taken out, and where.")
@click.option(
    "--max-bytes", metavar="SIZE", type=byte_size, help="The longest text or line to take."
)
def clean(
    file: str,
    profile: str | None,
    rules: str | None,
    host: str | None,
    jsonl: bool,
    field: str,
    edits: bool,
    max_bytes: int | None,
    as_json: bool,
    quiet: bool,
) -> int:
    """Clean one text, or a stream of JSON objects. FILE is - or left out for stdin.

    With --jsonl each line keeps all its fields; text is cleaned and facts is
    added. A line that cannot be used is told with its number, and left out.
    Rules for single hosts act on what is from there: tell it by --host, or with
    --jsonl by the field url.

    \b
    Examples:
      archiver clean page.html > page.txt
      curl -s https://example.org/ | archiver clean
      zstdcat dump.jsonl.zst | archiver clean --jsonl | zstd > clean.jsonl.zst
      archiver clean --json page.txt | jq .dropped
    """
    screen = Screen(as_json, quiet)
    if jsonl:
        if as_json:
            raise UsageError("--jsonl and --json do not go together", hint="Leave --json out.")
        return _clean_stream(screen, file, profile, rules, host, field, max_bytes, edits)
    if edits or field != "text":
        raise UsageError("--edits and --field go with --jsonl", hint="Use --json for one text.")
    cleaned = clean_file(file, profile=profile, rules=rules, host=host, max_bytes=max_bytes)
    show_findings(screen, cleaned.findings())
    if as_json:
        screen.json(_as_json(cleaned))
        return 0
    _write_text(cleaned.cleaning.text)
    removed, facts = len(cleaned.cleaning.edits), len(cleaned.cleaning.facts)
    screen.say(f"{count(removed, 'edit')}, {count(facts, 'fact')}; `archiver explain` shows them")
    return 0


def clean_file(
    file: str,
    *,
    profile: str | None,
    rules: str | None,
    host: str | None = None,
    max_bytes: int | None = None,
) -> Explained:
    """Read and clean one file, or stdin.

    Raises: InputError where it cannot be read or holds no text.
    """
    from archiver.clean import clean_source, host_for
    from archiver.cli.explain import Explained
    from archiver.rules.load import load

    known = settings(profile=profile, rules=rules, max_bytes=max_bytes)
    ruleset = load(Path(known.rules) if known.rules else None)
    source = _read(file, known.max_bytes, named_host(host))
    outcome = clean_source(source, ruleset, profile=known.profile)
    if isinstance(outcome, Finding):
        raise InputError(f"{outcome.code} {outcome.message}", hint=outcome.hint)
    document, cleaning = outcome
    return Explained(
        source.file_path, document, cleaning, ruleset, known.profile, host_for(source, document)
    )


def _read(file: str, max_bytes: int | None, host: str | None) -> Source:
    from archiver.readers.files import MAX_SOURCE_BYTES

    limit = max_bytes or MAX_SOURCE_BYTES
    with _opened(file) as stream:
        data = stream.read(limit + 1)
    if len(data) > limit:
        raise InputError(
            f"{file}: longer than {limit:,} bytes", hint="Split it, or raise --max-bytes."
        )
    name = "stdin" if file == STDIN else Path(file).as_posix()
    known = Provenance(url=f"https://{host}/" if host else None)
    return Source(name, name, data, _media_type(name, data), known)


def _media_type(name: str, data: bytes) -> str:
    from archiver.readers.pages import html_begins

    is_page = Path(name).suffix.lower() in {".html", ".htm", ".xhtml"} or html_begins(data)
    return "text/html" if is_page else "text/plain"


@contextmanager
def _opened(file: str) -> Iterator[IO[bytes]]:
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


def _write_text(text: str) -> None:
    """The clean text: exact into a pipe or file, escaped for a terminal."""
    if is_terminal(sys.stdout):
        click.echo(visible(text), nl=not text.endswith("\n"))
        return
    binary_stdout().write(text.encode("utf-8", "surrogatepass"))


def _clean_stream(
    screen: Screen,
    file: str,
    profile: str | None,
    rules: str | None,
    host: str | None,
    field: str,
    max_bytes: int | None,
    with_edits: bool,
) -> int:
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

    with _opened(file) as stream:
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


def _as_json(cleaned: Explained) -> dict[str, object]:
    done = cleaned.cleaning
    return {
        "text": done.text,
        "edits": [asdict(edit) for edit in done.edits],
        "facts": done.facts_by_key(),
        "dropped": done.dropped(),
        "findings": [finding_json(found) for found in cleaned.findings()],
        "encoding": cleaned.document.encoding,
        "profile": cleaned.profile,
        "ruleset": cleaned.ruleset.digest,
    }
