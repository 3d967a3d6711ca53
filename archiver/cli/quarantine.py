"""``archiver quarantine``: what was kept out, why, and its bytes back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archiver.cli.ids import as_meant
from archiver.cli.places import archive_path, cache_option
from archiver.cli.restore import write_pieces
from archiver.cli.screen import Screen, binary_stdout, count, labelled, paint, size, table
from archiver.cli.session import archive_option, command, settings
from archiver.cli.show import moment
from archiver.cli.visible import visible_line
from archiver.digest import timestamp
from archiver.errors import InputError
from archiver.findings import CATALOGUE

if TYPE_CHECKING:
    from archiver.archive.archive import Archive

_SHOWN = ("id", "file_path", "code", "message", "where", "line", "size", "raw_sha256")


@command("quarantine")
@click.argument("wanted", metavar="[ID]", required=False)
@archive_option
@cache_option
@click.option(
    "-o", "--output", metavar="FILE", type=click.Path(), help="Write its bytes; - for stdout."
)
@click.option("--force", is_flag=True, help="Replace the file if it exists.")
def quarantine(
    wanted: str | None,
    archive: str | None,
    output: str | None,
    force: bool,
    as_json: bool,
    quiet: bool,
) -> int:
    """List what was kept out of the archive and why, or give its bytes back.

    Nothing that was received is lost: a source that could not be archived lies
    here with its bytes, its provenance and the reason.

    \b
    Examples:
      archiver quarantine
      archiver quarantine crawl/broken.txt
      archiver quarantine crawl/broken.txt -o broken.txt
    """
    from archiver.archive.archive import open_archive

    screen = Screen(as_json, quiet)
    opened = open_archive(archive_path(settings(archive=archive).archive))
    wanted = None if wanted is None else as_meant(wanted)
    rows = list(_rows(opened, wanted))
    if wanted is not None and not rows:
        raise InputError(
            f"{wanted!r} is not in quarantine", hint="`archiver quarantine` lists what is."
        )
    if wanted is not None and output is not None:
        pieces = _pieces(opened, rows[-1])
        if output == "-":
            for piece in pieces:
                binary_stdout().write(piece)
            return 0
        write_pieces(Path(output), pieces, force=force)
        screen.say(f"{visible_line(output)}: {size(rows[-1]['size'])} as received")
    if as_json:
        screen.json({"quarantined": [_as_json(row) for row in rows]})
    elif wanted is None:
        _list(screen, rows)
    elif output is None:
        for row in rows:
            _about(screen, row)
    return 0


def _rows(opened: Archive, wanted: str | None) -> Iterator[dict[str, Any]]:
    """One row a quarantined source, in the order they came, without their bytes."""
    columns = [*_SHOWN, "chunk", "quarantined_at"]
    for row in opened.quarantine(columns).to_pylist():
        if row["chunk"] == 0 and wanted in {None, row["id"], row["file_path"]}:
            yield row


def _pieces(opened: Archive, row: dict[str, Any]) -> Iterator[bytes]:
    """Its bytes. Raises: InputError where there never were any."""
    if row["raw_sha256"] is None:
        raise InputError(f"{row['id']!r} came without bytes: {row['message']}")
    return opened.quarantined_bytes((row["id"], row["code"], row["raw_sha256"]))


def _list(screen: Screen, rows: list[dict[str, Any]]) -> None:
    shown = [(row["id"], row["code"], _size(row), CATALOGUE[row["code"]].title) for row in rows]
    if shown:
        for line in table(("id", "code", "size", "why"), shown, right="size"):
            screen.result(line)
    screen.say(f"{count(len(rows), 'source')} in quarantine")


def _about(screen: Screen, row: dict[str, Any]) -> None:
    screen.result(paint(visible_line(row["id"]), "strong"))
    place = f"{row['where']}:{row['line']}" if row["line"] is not None else row["where"]
    told = [
        ("code", row["code"]),
        ("why", row["message"]),
        ("seen in", place or ""),
        ("file", row["file_path"]),
        ("bytes", _size(row)),
        ("sha256", row["raw_sha256"] or ""),
        ("put aside", moment(row["quarantined_at"])),
    ]
    for line in labelled((label, value) for label, value in told if value):
        screen.result(line)


def _size(row: dict[str, Any]) -> str:
    return "none" if row["size"] is None else size(row["size"])


def _as_json(row: dict[str, Any]) -> dict[str, object]:
    shown: dict[str, object] = {name: row[name] for name in _SHOWN}
    return {**shown, "quarantined_at": timestamp(row["quarantined_at"])}
