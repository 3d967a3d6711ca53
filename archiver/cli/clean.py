"""``archiver clean``: text in, clean text out; nothing is archived."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archiver.cli.clean_records import clean_records, holds_records
from archiver.cli.clean_stream import STDIN, clean_stream, opened, text_field_of
from archiver.cli.reading import given_fields, reading_options
from archiver.cli.screen import (
    Screen,
    binary_stdout,
    count,
    echo,
    finding_json,
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
from archiver.cli.visible import visible
from archiver.document import Finding, Provenance, Source
from archiver.errors import InputError, UsageError

if TYPE_CHECKING:
    from archiver.cli.explain import Explained


@command("clean")
@click.argument("file", default=STDIN, type=click.Path())
@cleaning_options
@host_option
@click.option("--jsonl", is_flag=True, help="Clean the field text of one object a line.")
@reading_options
@click.option("--edits", is_flag=True, help="With JSON lines: add what was taken out, and where.")
@click.option(
    "--max-bytes", metavar="SIZE", type=byte_size, help="The longest text or line to take."
)
def clean(
    file: str,
    profile: str | None,
    rules: str | None,
    host: str | None,
    jsonl: bool,
    form: str | None,
    text_field: str | None,
    fields: tuple[str, ...],
    keep_fields: tuple[str, ...],
    edits: bool,
    max_bytes: int | None,
    as_json: bool,
    quiet: bool,
) -> int:
    """Clean one text, or many out of one file. FILE is - or left out for stdin.

    With --jsonl each line keeps all its fields; text is cleaned and facts is
    added. Other files of many documents (.parquet, .csv, .warc, .zip, .jsonl.gz,
    what `archiver ingest` reads) give a JSON object a line. What cannot be used is
    told with its place, and left out; the exit status is 3 then.
    Rules for single hosts act on what is from there: tell it by --host, or with
    --jsonl by the field url.

    \b
    Examples:
      archiver clean page.html > page.txt
      curl -s https://example.org/ | archiver clean
      zstdcat dump.jsonl.zst | archiver clean --jsonl | zstd > clean.jsonl.zst
      archiver clean crawl.warc.gz | jq -r .url
      archiver clean posts.parquet --text-field body > posts.jsonl
      archiver clean --json page.txt | jq .dropped
    """
    screen = Screen(as_json, quiet)
    if jsonl:
        if as_json:
            raise UsageError("--jsonl and --json do not go together", hint="Leave --json out.")
        field = text_field_of(text_field, fields)
        return clean_stream(screen, file, profile, rules, host, field, max_bytes, edits)
    known = settings(
        profile=profile,
        rules=rules,
        max_bytes=max_bytes,
        format=form,
        fields=given_fields(text_field, fields),
        keep_fields=keep_fields or None,
    )
    if holds_records(file, known.format):
        if as_json:
            raise UsageError("this file holds many documents", hint="Leave --json out.")
        return clean_records(screen, known, file, host=named_host(host), with_edits=edits)
    if edits or fields or text_field or keep_fields:
        raise UsageError(
            "--edits and fields are of files of many documents", hint="Use --json for one text."
        )
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
    with opened(file) as stream:
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


def _write_text(text: str) -> None:
    """The clean text: exact into a pipe or file, escaped for a terminal."""
    if is_terminal(sys.stdout):
        echo(visible(text), nl=not text.endswith("\n"))
        return
    binary_stdout().write(text.encode("utf-8", "surrogatepass"))


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
