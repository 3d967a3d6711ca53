"""``archiver diff``: what changed between two versions of an archive, and why."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from archiver.cli.ids import document_id
from archiver.cli.places import archive_path, cache_option
from archiver.cli.screen import Screen, count, echo, labelled, paint
from archiver.cli.session import archive_argument, archive_option, at_least, command, settings
from archiver.cli.visible import dump_json, visible_json, visible_line
from archiver.digest import timestamp

if TYPE_CHECKING:
    from archiver.archive.archive import Archive
    from archiver.archive.versions.changes import Change
    from archiver.archive.versions.diff import TakeDowns

#: What each reason for a new revision is called.
_WORDS = {
    "bytes": "new bytes",
    "provenance": "new provenance",
    "reading": "read otherwise",
    "ruleset": "new rules",
    "profile": "another profile",
    "tool": "newer program",
}

#: JSON kept in memory before it goes to a temporary file.
_SPOOLED = 8 << 20


@command("diff")
@click.argument("old", metavar="A", type=at_least(0))
@click.argument("new", metavar="[B]", required=False, type=at_least(0))
@archive_argument("place")
@archive_option
@cache_option
@click.option("--id", "wanted", metavar="ID", help="This document only.")
@click.option("--stat", is_flag=True, help="One line a document, without its lines.")
def diff(
    old: int,
    new: int | None,
    place: str | None,
    archive: str | None,
    wanted: str | None,
    stat: bool,
    as_json: bool,
    quiet: bool,
) -> int:
    """Show what changed from version A to version B, and why.

    Without B, to the newest. Documents are added or revised: new bytes came, or
    new provenance, or other rules cleaned the same bytes. Then each line that
    left the text or came back has the rule that is the reason.

    \b
    Examples:
      archiver diff 0
      archiver diff 3 4 --stat
      archiver diff 3 --id 000_7dd4
      archiver diff 3 4 --json | jq '.changes[].id'
    """
    from archiver.archive.archive import open_archive
    from archiver.archive.versions.diff import diff_versions, take_downs

    screen = Screen(as_json, quiet)
    path = settings(archive=place or archive).archive
    opened = open_archive(archive_path(path))
    only = None if wanted is None else document_id(opened, wanted)
    changes = diff_versions(opened, old, new, only=only)
    last = opened.head().version if new is None else new
    if as_json:
        _as_json(opened, changes, old, last, stat=stat)
        return 0
    tally: Counter[str] = Counter()
    for change in changes:
        _count(tally, change)
        for line in _about(change, stat=stat):
            screen.result(line)
    _summary(screen, tally, old, last, take_downs(opened, old, last))
    return 0


def _count(tally: Counter[str], change: Change) -> None:
    tally["added" if change.is_new else "revised"] += 1
    tally.update(change.reasons)
    tally.update(line.mark for line in change.lines)


def _about(change: Change, *, stat: bool) -> Iterator[str]:
    """One document, as a person reads it."""
    name = visible_line(change.id)
    if change.is_new:
        yield f"{paint('added', 'good')}    {name}"
        return
    why = ", ".join(_WORDS[reason] for reason in change.reasons)
    marks = Counter(line.mark for line in change.lines)
    numbers = f"+{marks['+']} -{marks['-']}"
    lines = f"  {paint(numbers, 'faint')}" if change.lines else ""
    revisions = paint(f"revision {change.before} to {change.revision}", "faint")
    yield f"{paint('revised', 'warn')}  {name}  {revisions}  {why}{lines}"
    if stat:
        return
    for item in change.fields:
        yield f"    {item.name}: {_value(item.before)} -> {_value(item.after)}"
    for rule, (before, after) in (change.rules or {}).items():
        yield f"    rule {visible_line(rule)}: {_edits(before)} -> {_edits(after)}"
    for line in change.lines:
        text = paint(
            f"{line.mark} {visible_line(line.text)}", "bad" if line.mark == "-" else "good"
        )
        yield f"    {text}{paint(f'  [{line.rule}]', 'faint') if line.rule else ''}"


def _edits(number: int) -> str:
    return count(number, "edit")


def _value(value: object) -> str:
    if value is None:
        return "unknown"
    if isinstance(value, datetime):
        return str(timestamp(value))
    if isinstance(value, dict):
        return visible_line(json.dumps(value, ensure_ascii=False))
    return visible_line(str(value))


def _summary(
    screen: Screen, tally: Counter[str], old: int, new: int, gone: Sequence[TakeDowns]
) -> None:
    rows = [("added", f"{tally['added']:,}"), ("revised", f"{tally['revised']:,}")]
    rows += [(f"  {words}", f"{tally[name]:,}") for name, words in _WORDS.items() if tally[name]]
    if tally["+"] or tally["-"]:
        rows.append(("lines", f"+{tally['+']:,} -{tally['-']:,}"))
    for item in gone:
        how_many = count(len(item.ids), "document")
        words = f"{how_many} on {item.moment:%Y-%m-%d}: {visible_line(item.reason)}"
        rows.append(("taken down", words))
    screen.result(paint(f"Version {old} to {new}", "strong"))
    for line in labelled(rows):
        screen.result(line)


def _as_json(opened: Archive, changes: Iterator[Change], old: int, new: int, *, stat: bool) -> None:
    """The one object, written as it comes: an error before its end leaves nothing of it."""
    from archiver.archive.versions.diff import take_downs

    tally: Counter[str] = Counter()
    with tempfile.SpooledTemporaryFile(_SPOOLED, "w+", encoding="utf-8") as held:
        for change in changes:
            _count(tally, change)
            comma = "," if tally["added"] + tally["revised"] > 1 else ""
            held.write(f"{comma}\n    {visible_json(json.dumps(_plain(change, stat=stat)))}")
        held.seek(0)
        named = {"archive": str(opened.path), "from": old, "to": new}
        begin = dump_json(named, indent=2).removesuffix("\n}")
        echo(f'{begin},\n  "changes": [', nl=False, color=False)
        while piece := held.read(_SPOOLED):
            echo(piece, nl=False, color=False)
    end = {
        "added": tally["added"],
        "revised": tally["revised"],
        "reasons": {name: tally[name] for name in _WORDS if tally[name]},
        "lines_added": tally["+"],
        "lines_removed": tally["-"],
        "taken_down": [
            {
                "version": item.version,
                "documents": len(item.ids),
                "moment": timestamp(item.moment),
                "reason": item.reason,
                "id_sha256": list(item.ids),
            }
            for item in take_downs(opened, old, new)
        ],
    }
    echo("\n  ],\n" + dump_json(end, indent=2).removeprefix("{\n"), color=False)


def _plain(change: Change, *, stat: bool) -> dict[str, Any]:
    """A change as JSON has it: with --stat only the numbers of lines."""
    found = asdict(change)
    marks = Counter(line.mark for line in change.lines)
    for item in found["fields"]:
        for side in ("before", "after"):
            if isinstance(item[side], datetime):
                item[side] = timestamp(item[side])
    found["rules"] = {
        rule: {"before": before, "after": after}
        for rule, (before, after) in (change.rules or {}).items()
    }
    found |= {"lines_added": marks["+"], "lines_removed": marks["-"]}
    if stat:
        del found["lines"]
    return {"change": "added" if change.is_new else "revised", **found}
