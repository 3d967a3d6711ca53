"""``archiver log``: the versions of an archive, newest first."""

from __future__ import annotations

from pathlib import Path

import click

from archiver.cli.screen import Screen, paint, size, table
from archiver.cli.session import archive_option, at_least, command, settings
from archiver.cli.show import moment
from archiver.cli.visible import visible_line
from archiver.digest import timestamp

#: Characters of a digest that tell two versions apart at a glance.
SHORT = 12


@command("log")
@archive_option
@click.option("-n", "limit", metavar="N", type=at_least(1), help="Only the newest N.")
def log(archive: str | None, limit: int | None, as_json: bool, quiet: bool) -> int:
    """List the versions of an archive, newest first, with the head of each.

    The head stands for every byte up to its version: keep it somewhere else,
    and `archiver validate --expect-head` tells if anything was lost or replaced.

    \b
    Examples:
      archiver log
      archiver log -n 5
      archiver log --json | jq -r '.versions[0].head'
    """
    from archiver.archive.archive import open_archive

    screen = Screen(as_json, quiet)
    path = settings(archive=archive).archive
    rows = open_archive(Path(path)).versions().to_pylist()[::-1][:limit]
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
    head_now = f"{rows[0]['version']}:{rows[0]['sha256']}"
    screen.say(f"\nhead of {visible_line(path)}\n{paint(head_now, 'strong')}")
    return 0
