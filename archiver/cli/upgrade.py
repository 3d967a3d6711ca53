"""``archiver upgrade``: give an archive the columns that this program knows."""

from __future__ import annotations

import click

from archiver.cli.joblog import logged
from archiver.cli.places import archive_path
from archiver.cli.screen import Screen, labelled, paint
from archiver.cli.session import (
    archive_argument,
    archive_option,
    at_least,
    batch_id,
    command,
    now,
    settings,
    tool_version,
)
from archiver.cli.visible import visible_line


@command("upgrade")
@archive_argument("place")
@archive_option
@click.option("--to", metavar="N", type=at_least(1), help="This schema version; also an older one.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, write nothing.")
@logged
def upgrade(
    place: str | None,
    archive: str | None,
    to: int | None,
    dry_run: bool,
    as_json: bool,
    quiet: bool,
) -> int:
    """Give an archive the columns that this program knows.

    Newer programs may know more columns. They read older archives as they are,
    and add to them without the new columns, until an upgrade makes one new
    version with them. No document is written anew. --to takes it back, as long
    as no document has a value in the new columns.

    \b
    Examples:
      archiver upgrade --dry-run
      archiver upgrade corpus
      archiver upgrade --to 1
    """
    from archiver.archive.archive import open_archive
    from archiver.archive.takedown.take_down import World
    from archiver.archive.versions.upgrade import plan_upgrade
    from archiver.archive.versions.upgrade import upgrade as carry_out

    screen = Screen(as_json, quiet)
    path = settings(archive=place or archive).archive
    opened = open_archive(archive_path(path))
    if dry_run:
        done = plan_upgrade(opened, to)
    else:
        done = carry_out(opened, World(now(), tool_version(), batch_id()), to=to)
    if as_json:
        told = {"archive": path, "from": done.before, "to": done.after, "dry_run": dry_run}
        head = None if done.head is None else str(done.head)
        screen.json({**told, "columns": done.columns, "head": head, "sealed": done.sealed})
        return 0
    if not done.sealed:
        screen.warn("warning: W101 the version is safe, but the bag could not be sealed")
    name = visible_line(path)
    if not done.is_needed:
        screen.result(f"Nothing to do: {name} has the columns of schema version {done.after}")
        return 0
    verb = "would have" if dry_run else "now has"
    screen.result(paint(f"{name} {verb} the columns of schema version {done.after}", "strong"))
    sign = "added" if done.after > done.before else "dropped"
    rows = [(f"{sign} to {table}", ", ".join(names)) for table, names in done.columns.items()]
    for line in labelled((label, names) for label, names in rows if names):
        screen.result(line)
    return 0
