"""``archiver log``: the versions of an archive, or the checks of it, newest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from archiver.cli.places import archive_path
from archiver.cli.screen import Screen, count, finding_line, paint, size, table
from archiver.cli.session import archive_option, at_least, command, settings
from archiver.cli.show import moment
from archiver.cli.visible import visible_line
from archiver.digest import timestamp
from archiver.errors import DamageError, NoArchiveError
from archiver.findings import finding

if TYPE_CHECKING:
    from archiver.archive.checks.fixity import Event

#: Characters of a digest that tell two versions apart at a glance.
SHORT = 12


@command("log")
@archive_option
@click.option("-n", "limit", metavar="N", type=at_least(1), help="Only the newest N.")
@click.option("--fixity", is_flag=True, help="The checks by `archiver validate`, not the versions.")
def log(archive: str | None, limit: int | None, fixity: bool, as_json: bool, quiet: bool) -> int:
    """List the versions of an archive, newest first, with the head of each.

    The head stands for every byte up to its version: keep it somewhere else,
    and `archiver validate --expect-head` tells if anything was lost or replaced.

    With --fixity the checks are listed that `archiver validate` noted in
    fixity/events.jsonl, and the chain of these notes is checked.

    \b
    Examples:
      archiver log
      archiver log -n 5
      archiver log --fixity
      archiver log --json | jq -r '.versions[0].head'
    """
    from archiver.archive.archive import open_archive

    screen = Screen(as_json, quiet)
    path = settings(archive=archive).archive
    if fixity:
        return _fixity(path, limit, screen)
    rows = open_archive(archive_path(path)).versions(limit).to_pylist()[::-1]
    if as_json:
        listed = [
            {
                **row,
                "committed_at": timestamp(row["committed_at"]),
                "head": f"{row['version']}:{row['sha256']}",
            }
            for row in rows
        ]
        screen.json({"archive": path, "versions": listed})
        return 0
    shown = [
        (
            str(row["version"]),
            moment(row["committed_at"]).removesuffix(" UTC"),
            f"{row['documents_added']:,}",
            f"{row['documents_revised']:,}",
            f"{row['quarantined']:,}",
            size(row["bytes"]),
            row["sha256"][:SHORT],
        )
        for row in rows
    ]
    head = ("version", "committed (UTC)", "added", "revised", "quarantined", "size", "sha256")
    for line in table(head, shown, right="version added revised quarantined size"):
        screen.result(line)
    for row in rows:
        if row["takedown"] == "remove":
            what = count(row["taken_down"], "document")
            reason = visible_line(row["reason"])
            screen.result(f"version {row['version']} took down {what}: {reason}")
    head_now = f"{rows[0]['version']}:{rows[0]['sha256']}"
    screen.say(f"\nhead of {visible_line(path)}\n{paint(head_now, 'strong')}")
    return 0


def _fixity(path: str, limit: int | None, screen: Screen) -> int:
    """The log of fixity checks. Status 4 where its chain is broken."""
    from archiver.archive.checks.fixity import EVENTS, read_log

    if not (archive_path(path) / "data").is_dir():  # a damaged archive has a log worth reading, too
        raise NoArchiveError(f"{path}: there is no archive here")
    found = read_log(archive_path(path))
    status = DamageError.exit_status if found.problems else 0
    events = found.events[::-1][:limit]
    if screen.as_json:
        screen.json(
            {
                "archive": path,
                "sound": not found.problems,
                "problems": list(found.problems),
                "torn_bytes": found.torn,
                "events": [dict(event.body) for event in events],
            }
        )
        return status
    for problem in found.problems:
        screen.result(finding_line(finding("E118", problem, where=EVENTS)))
    if found.torn:
        words = f"its last line is torn: {found.torn} bytes"
        screen.warn(finding_line(finding("W105", words, where=EVENTS)))
    if not events:
        screen.say(f"{visible_line(path)}: no check was noted so far; run `archiver validate`")
        return status
    head = ("started (UTC)", "outcome", "level", "parts", "size", "version", "findings", "sha256")
    for line in table(head, map(_event_row, events), right="parts size version"):
        screen.result(line)
    sound = paint("broken", "bad") if found.problems else "whole"
    screen.say(f"\n{count(len(found.events), 'event')}, the chain is {sound}")
    return status


def _event_row(event: Event) -> tuple[str, ...]:
    body, counts = event.body, event.body["counts"]
    scope, codes = body["scope"], body["findings"]
    share = f" {scope['subset']}" if scope.get("subset") else ""
    return (
        moment(event.started_at).removesuffix(" UTC"),
        body["outcome"],
        f"{scope.get('level')}{share}",
        f"{counts.get('parts_checked', 0):,} of {counts.get('parts', 0):,}",
        size(counts.get("bytes_checked", 0)),
        "" if event.head is None else str(event.head.version),
        " ".join(f"{code}:{number}" for code, number in codes.items()) or "none",
        event.id[:SHORT],
    )
