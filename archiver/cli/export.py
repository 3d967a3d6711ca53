"""``archiver export``: documents as files that other programs read."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from archiver.cli.outcome import is_broken_pipe
from archiver.cli.places import archive_path, cache_option
from archiver.cli.progress import byte_bar
from archiver.cli.screen import (
    Screen,
    binary_stdout,
    count,
    finding_json,
    is_terminal,
    show_findings,
    size,
)
from archiver.cli.session import (
    archive_argument,
    archive_option,
    at_least,
    command,
    now,
    settings,
    tool_version,
)
from archiver.cli.visible import visible_line
from archiver.document import Finding
from archiver.errors import DamageError, StorageError, UsageError

if TYPE_CHECKING:
    from archiver.archive.archive import Archive
    from archiver.archive.versions.export import Format, Selection

_FORMATS: tuple[Format, ...] = ("jsonl", "parquet", "csv", "bagit")


@command("export")
@archive_argument("place")
@archive_option
@cache_option
@click.option(
    "--format",
    "form",
    metavar="NAME",
    type=click.Choice(_FORMATS),
    help="jsonl, parquet, csv, bagit.  [default: by the ending of OUT]",
)
@click.option(
    "-o", "--output", metavar="OUT", required=True, type=click.Path(), help="File, folder, or -."
)
@click.option("--version", metavar="V", type=at_least(0), help="As it was in version V.")
@click.option("--all-revisions", is_flag=True, help="Every revision, not the newest alone.")
@click.option("--columns", metavar="A,B", help="These columns.  [default: all]")
@click.option("--skip-damaged", is_flag=True, help="Write what is sound, tell what is not.")
@click.option("--force", is_flag=True, help="Replace the file if it exists.")
def export(
    place: str | None,
    archive: str | None,
    form: str | None,
    output: str,
    version: int | None,
    all_revisions: bool,
    columns: str | None,
    skip_damaged: bool,
    force: bool,
    as_json: bool,
    quiet: bool,
) -> int:
    """Write documents as JSON lines, Parquet, CSV, or as files in a BagIt bag.

    One row a document, its newest revision. OUT appears when it is whole; - is
    stdout. With --skip-damaged what can be read is written, what is left out
    is named, and the exit status is 4.

    \b
    Examples:
      archiver export -o documents.parquet
      archiver export -o - --format jsonl --columns id,text | head
      archiver export corpus -o bag --format bagit --version 3
      archiver export -o sound.jsonl --skip-damaged
    """
    from archiver.archive.archive import Archive, open_archive
    from archiver.archive.rows.columns import DOCUMENTS
    from archiver.archive.versions.export import Selection

    screen = Screen(as_json, quiet)
    kind = _kind(form, output, columns, as_json=as_json)
    path = archive_path(settings(archive=place or archive).archive)
    try:
        opened = open_archive(path)
    except DamageError:
        if not skip_damaged:
            raise
        opened = Archive(path)
    wanted = Selection(version, all_revisions, tuple(DOCUMENTS.names), skip_damaged)
    if columns is not None:
        wanted = replace(wanted, columns=_columns(columns))
    found: list[Finding] = []
    with byte_bar(screen, "exporting") as reach:
        rows, written = _write(opened, wanted, kind, output, found, reach, force=force)
    show_findings(screen, found)
    if as_json:
        told = {"archive": str(path), "output": output, "format": kind, "documents": rows}
        screen.json({**told, "bytes": written, "left_out": [finding_json(item) for item in found]})
    noun = "revision" if all_revisions else "document"
    where = "stdout" if output == "-" else visible_line(output)
    screen.say(f"{where}: {count(rows, noun)}, {size(written)}")
    return DamageError.exit_status if any(item.is_error for item in found) else 0


def _kind(form: str | None, output: str, columns: str | None, *, as_json: bool) -> Format:
    """The format, and that the options go together. Raises: UsageError."""
    kind = form or Path(output).suffix.removeprefix(".").lower()
    known: dict[str, Format] = {name: name for name in _FORMATS}
    if kind not in known:
        raise UsageError(
            f"{output} does not tell the format", hint=f"Give --format: {', '.join(_FORMATS)}."
        )
    if output == "-" and kind in {"parquet", "bagit"}:
        raise UsageError(f"{kind} does not go to stdout", hint="Name a file with -o.")
    if output == "-" and as_json:
        raise UsageError("--json tells about a file written", hint="Name the file with -o.")
    if kind == "bagit" and columns is not None:
        raise UsageError("--columns does not go with bagit", hint="A bag holds all of a document.")
    return known[kind]


def _columns(given: str) -> tuple[str, ...]:
    """Raises: UsageError for a name that is none, or stands twice."""
    from archiver.archive.rows.columns import DOCUMENTS

    names = tuple(name.strip() for name in given.split(","))
    odd = [name for at, name in enumerate(names) if name in names[:at]]
    odd += [name for name in names if name not in DOCUMENTS.names]
    if odd:
        raise UsageError(
            f"--columns: {odd[0]!r} is no column, or stands twice",
            hint="`archiver schema` lists them.",
        )
    return names


def _write(
    opened: Archive,
    wanted: Selection,
    kind: Format,
    output: str,
    found: list[Finding],
    reach: Callable[[int, int], None],
    *,
    force: bool,
) -> tuple[int, int]:
    """Write all. Returns: rows, and bytes written."""
    from archiver.archive.versions.export import selected, write_rows

    done = _progress(opened, wanted, reach)
    if kind == "bagit":
        rows = _write_bag(opened, wanted, Path(output), found, done)
        files = (item for item in Path(output).rglob("*") if item.is_file())
        return rows, sum(item.stat().st_size for item in files)
    with _stream(output, force=force) as stream:
        tables = selected(opened, wanted, found.append)
        return write_rows(tables, stream, kind, wanted.columns, done)


def _progress(
    opened: Archive, wanted: Selection, reach: Callable[[int, int], None]
) -> Callable[[int], None]:
    """Rows done, told as the share of the archive's bytes."""
    from archiver.archive.versions.export import extent

    try:
        rows, octets = extent(opened, wanted.version)
    except DamageError:
        if not wanted.skip_damaged:
            raise
        return lambda _: None
    return lambda done: reach(octets * done // max(rows, 1), octets)


def _write_bag(
    opened: Archive,
    wanted: Selection,
    folder: Path,
    found: list[Finding],
    reach: Callable[[int], None],
) -> int:
    from archiver.archive.versions.export import selected
    from archiver.archive.versions.export_bag import BagFacts, export_bag

    head = opened.entries()[-1 if wanted.version is None else wanted.version].head
    facts = BagFacts(head, head.version, tool_version(), now())
    tables = selected(opened, wanted, found.append)
    return export_bag(tables, folder, facts, all_revisions=wanted.all_revisions, reach=reach)


@contextmanager
def _stream(output: str, *, force: bool) -> Iterator[IO[bytes]]:
    """Where rows go: stdout, or a file that appears when it is whole."""
    if output == "-":
        if is_terminal(sys.stdout):
            raise UsageError(
                "this could change the terminal", hint="Use -o FILE, or a pipe: | less"
            )
        yield binary_stdout()
        return
    from archiver.cli.restore import publish

    path = Path(output)
    if path.is_dir() or (os.path.lexists(path) and not force):
        hint = "Name another file, or give --force to replace it."
        raise UsageError(f"{path} exists", hint=hint)
    aside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with aside.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        publish(aside, path, force=force)
    except FileExistsError as error:
        raise UsageError(f"{path} exists", hint="Give --force to replace it.") from error
    except OSError as error:
        if is_broken_pipe(error):
            raise
        raise StorageError(f"{path} could not be written: {error.strerror or error}") from error
    finally:
        with suppress(OSError):  # gone by its rename, or never made
            aside.unlink()
