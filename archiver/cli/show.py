"""``archiver show``: one document with all that is known about it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

import click

from archiver.cli.ids import complete_id, document_id
from archiver.cli.places import archive_path, cache_option
from archiver.cli.screen import (
    Screen,
    binary_stdout,
    count,
    echo,
    is_terminal,
    labelled,
    paint,
    table,
)
from archiver.cli.session import archive_option, at_least, command, settings
from archiver.cli.visible import visible, visible_line, wrap
from archiver.digest import timestamp
from archiver.errors import InputError

if TYPE_CHECKING:
    from archiver.archive.archive import Archive

_Command = TypeVar("_Command", bound=Callable[..., Any])


def version_options(function: _Command) -> _Command:
    """``--revision`` and ``--version``: an older state of the document."""
    revision = click.option(
        "--revision", metavar="N", type=at_least(1), help="This revision of the document."
    )
    version = click.option(
        "--version", metavar="V", type=at_least(0), help="As it was in version V of the archive."
    )
    return revision(version(function))


@command("show")
@click.argument("wanted", metavar="[ID]", required=False, shell_complete=complete_id)
@archive_option
@cache_option
@version_options
@click.option("--text", "text_only", is_flag=True, help="The clean text and nothing else.")
def show(
    wanted: str | None,
    archive: str | None,
    revision: int | None,
    version: int | None,
    text_only: bool,
    as_json: bool,
    quiet: bool,
) -> int:
    """Show a document: text, provenance, facts, and what was removed.

    ID is an id, the beginning of one, or the path of the source. Without ID the
    documents are listed.

    \b
    Examples:
      archiver show
      archiver show 000_7dd4
      archiver show seeds/001_2f1ded03767b9897.txt --text | wc -w
      archiver show 000_7dd4 --json | jq .facts
    """
    from archiver.archive.archive import open_archive

    screen = Screen(as_json, quiet)
    opened = open_archive(archive_path(settings(archive=archive).archive))
    if wanted is None:
        _list(screen, opened)
        return 0
    record = find_record(opened, document_id(opened, wanted), revision=revision, version=version)
    if as_json:
        screen.json(record_json(record))
    elif text_only:
        _write_text(str(record["text"]))
    else:
        for line in _about(record, _near_duplicate(opened, record)):
            screen.result(line)
        screen.result("\nText")
        for line in record["text"].rstrip("\n").split("\n"):
            rows = wrap(visible(line), screen.width) if is_terminal(sys.stdout) else []
            screen.result("\n".join(rows) or visible(line))
    return 0


def find_record(
    archive: Archive, name: str, *, revision: int | None, version: int | None
) -> dict[str, Any]:
    """A document's record. Raises: InputError where that revision or version has none."""
    record = archive.record(name, version=version, revision=revision)
    if record is not None:
        return record
    asked = f"revision {revision}" if revision is not None else f"version {version}"
    known = [row["revision"] for row in archive.history(name).select(["revision"]).to_pylist()]
    raise InputError(
        f"document {name!r} has no {asked}",
        hint=f"It has {'revisions' if len(known) > 1 else 'revision'} "
        f"{', '.join(map(str, known))}; `archiver log` lists the versions.",
    )


def record_json(record: Mapping[str, Any]) -> dict[str, object]:
    """A record as JSON: moments in ISO 8601, maps as objects, bytes left to `restore`."""
    shown: dict[str, object] = {}
    for name, value in record.items():
        if name == "raw":
            shown["raw_kept"] = value is not None
        elif isinstance(value, datetime):
            shown[name] = timestamp(value)
        elif name in {"facts", "metadata"}:
            shown[name] = dict(value or ())
        else:
            shown[name] = value
    return shown


def moment(value: datetime | None) -> str:
    """A moment as people read it, in UTC."""
    if value is None:
        return ""
    return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def _list(screen: Screen, archive: Archive) -> None:
    names = ["id", "revision", "language", "date", "title"]
    rows = archive.latest(columns=names).to_pylist()
    if screen.as_json:
        listed = [{**row, "date": timestamp(row["date"])} for row in rows]
        screen.json({"documents": listed})
        return
    known = [name for name in names if any(row[name] for row in rows)] or names
    shown = [[_cell(row[name]) for name in known] for row in rows]
    for line in table(known, shown, right="revision"):
        screen.result(line)
    screen.say(f"\n{count(len(rows), 'document')} in {visible_line(str(archive.path))}")


def _cell(value: object) -> str:
    if isinstance(value, datetime):
        return moment(value)[:10]
    return "" if value is None else str(value)


def _near_duplicate(archive: Archive, record: Mapping[str, Any]) -> str:
    """The document that a record is marked as like, by its id."""
    from archiver.archive.log.marks import id_digest

    if not record["near_duplicate_of"]:
        return ""
    like = (id_ for id_ in archive.paths() if id_digest(id_) == record["near_duplicate_of"])
    name = next(like, "a document that is not here any more")
    return f"{name} (similarity {record['near_duplicate_similarity']:.2f})"


def _about(record: Mapping[str, Any], near: str) -> Iterator[str]:
    yield paint(visible_line(record["id"]), "strong")
    lines = [*_provenance(record), ("like", near)]
    yield from labelled((label, value) for label, value in lines if value)
    for head, items in (("Facts", record["facts"]), ("Metadata", record["metadata"])):
        if items:
            yield f"\n{head}"
            yield from labelled(dict(items).items())
    if record["dropped"]:
        removed = sum(item["count"] for item in record["dropped"])
        yield f"\nRemoved: {count(removed, 'edit')}"
        yield from labelled((item["rule"], f"{item['count']:,}") for item in record["dropped"])


def _provenance(record: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name in ("title", "url", "source", "license"):
        yield name, record[name] or ""
    score = record["language_score"]
    detected = "" if score is None else f" (detected, {score:.2f})"
    yield "language", f"{record['language'] or ''}{detected}"
    yield "published", moment(record["date"])
    yield "fetched", moment(record["fetched_at"])
    yield "file", record["file_path"]
    yield "revision", f"{record['revision']}, ingested {moment(record['ingested_at'])}"
    yield "encoding", record["encoding"]
    yield "found by", record["encoding_evidence"]
    yield "extractor", record["extractor"] or ""
    yield "cleaned by", f"profile {record['profile']}, ruleset {record['ruleset'][:16]}"
    yield "raw sha256", record["raw_sha256"]
    yield "text sha256", record["text_sha256"]


def _write_text(text: str) -> None:
    if is_terminal(sys.stdout):
        echo(visible(text), nl=not text.endswith("\n"))
    else:
        binary_stdout().write(text.encode("utf-8"))
