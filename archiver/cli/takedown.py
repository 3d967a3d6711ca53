"""``archiver takedown``: the lawful removal of documents, from every version and file."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from archiver.cli import session
from archiver.cli.ids import as_meant, complete_id, document_id
from archiver.cli.joblog import logged
from archiver.cli.places import archive_path, keeps_versions
from archiver.cli.screen import Screen, count, is_terminal, labelled, paint
from archiver.cli.visible import visible_line
from archiver.errors import InputError, UsageError

if TYPE_CHECKING:
    from archiver.archive.archive import Archive
    from archiver.archive.takedown.survey import Survey


@session.command("takedown")
@click.argument("wanted", metavar="ID...", nargs=-1, required=True, shell_complete=complete_id)
@session.archive_option
@click.option("--reason", metavar="TEXT", required=True, help="Why; the log keeps it for ever.")
@click.option("--dry-run", is_flag=True, help="Show what would go, remove nothing.")
@click.option("--yes", is_flag=True, help="Do not ask; needed where nobody sits at a terminal.")
@logged
def takedown(
    wanted: tuple[str, ...],
    archive: str | None,
    reason: str,
    dry_run: bool,
    yes: bool,
    as_json: bool,
    quiet: bool,
) -> int:
    """Remove documents for good: from every version, from quarantine, from every file.

    ID is the whole id of a document or of a source in quarantine, or the path of
    the source. All revisions go, and what quarantine holds of the same bytes. The
    log keeps the reason, the moment, and digests of ids and bytes: by them
    `archiver ingest` refuses the sources from then on. There is no way back.

    \b
    Examples:
      archiver takedown people/jane.txt --reason "erasure request 117" --dry-run
      archiver takedown people/jane.txt --reason "erasure request 117"
      archiver takedown a b c --reason "licence withdrawn" --yes --json
    """
    from archiver.archive.archive import open_archive
    from archiver.archive.log.marks import id_digest
    from archiver.archive.takedown.survey import survey
    from archiver.archive.takedown.take_down import (
        World,
        check_aside,
        check_reason,
        finish_takedown,
        take_down,
    )

    screen = Screen(as_json, quiet)
    place = session.settings(archive=archive).archive
    opened = open_archive(archive_path(place))
    world = World(session.now(), session.tool_version(), session.batch_id())
    if not dry_run and finish_takedown(opened, world):
        screen.say("finished a take-down that was stopped before")
    ids = list(dict.fromkeys(_whole_id(opened, name) for name in wanted))
    check_reason(reason, ids)
    check_aside(opened.path)
    found = survey(opened, {id_digest(id_) for id_ in ids})
    if not as_json:
        _show(screen, place, ids, found, dry_run=dry_run)
    if dry_run:
        if as_json:
            screen.json(_as_json(place, reason, found, dry_run=True))
        return 0
    if not yes:
        _confirm(len(ids))
    done = take_down(opened, ids, reason, world)
    if not done.sealed:
        screen.warn("warning: W101 they are gone, but the bag could not be sealed")
    if keeps_versions(opened.path):
        screen.warn(
            "warning: the bucket keeps older versions of objects, and with them what was taken "
            "down: delete the versions that are not current"
        )
    if as_json:
        told = _as_json(place, reason, done.survey, dry_run=False)
        screen.json({**told, "head": str(done.head), "sealed": done.sealed})
        return 0
    screen.result(f"{paint('Taken down', 'strong')}: {count(len(ids), 'document')}")
    screen.result(f"{paint('head', 'faint')} {done.head}")
    screen.say("note the head elsewhere: the one noted before is no longer the newest")
    return 0


def _whole_id(archive: Archive, wanted: str) -> str:
    """An id or a path given in full: what is removed for good must not be guessed.

    Raises: InputError, also where it was taken down before.
    """
    wanted = as_meant(wanted)
    paths = archive.paths()
    kept = {id_ for id_, _, _ in archive.quarantined_keys()}
    if wanted in paths or wanted in kept:
        return wanted
    found = [id_ for id_, path in paths.items() if path == wanted]
    if len(found) == 1:
        return found[0]
    if not found:
        near = document_id(archive, wanted)  # else says why there is none
        raise InputError(
            f"{wanted!r} is not a whole id", hint=f"Did you mean {near}? Give the id in full."
        )
    raise InputError(
        f"{wanted!r} is the path of {len(found):,} documents", hint="Name them by their ids."
    )


def _confirm(number: int) -> None:
    """Ask the person at the terminal. Raises: UsageError where there is none; Abort."""
    if not is_terminal(sys.stdin):
        raise UsageError(
            "nobody is there to confirm the take-down", hint="Give --yes, after --dry-run."
        )
    click.confirm(
        f"Remove {count(number, 'document')} for good?", default=False, abort=True, err=True
    )


def _show(screen: Screen, place: str, ids: Sequence[str], found: Survey, *, dry_run: bool) -> None:
    if screen.quiet and not dry_run:
        return
    head = "Dry run: would go from" if dry_run else "To go from"
    screen.result(paint(f"{head} {visible_line(place)}", "strong"))
    for line in labelled(_rows(ids, found)):
        screen.result(line)
    if found.sharing:
        names = ", ".join(map(visible_line, found.sharing[:5]))
        more = f" and {len(found.sharing) - 5:,} more" if len(found.sharing) > 5 else ""
        screen.warn(f"warning: other documents have the same bytes, and stay: {names}{more}")


def _rows(ids: Sequence[str], found: Survey) -> Iterator[tuple[str, str]]:
    yield "documents", "\n".join(ids)
    yield "revisions", f"{found.revisions:,}"
    yield "versions", ", ".join(map(str, found.versions)) or "none"
    whole = sum(len(hit.rows) == hit.part.rows for hit in (*found.documents, *found.quarantine))
    parts = len(found.documents) + len(found.quarantine)
    yield "parts", f"{parts - whole:,} written anew, {whole:,} removed"
    yield "quarantine", count(found.kept_out, "source")


def _as_json(place: str, reason: str, found: Survey, *, dry_run: bool) -> dict[str, object]:
    return {
        "archive": place,
        "dry_run": dry_run,
        "reason": reason,
        "documents": list(found.taken),
        "revisions": found.revisions,
        "versions": found.versions,
        "parts": {
            table: [
                {
                    "path": hit.part.path,
                    "rows": hit.part.rows,
                    "rows_removed": len(hit.rows),
                }
                for hit in hits
            ]
            for table, hits in (("documents", found.documents), ("quarantine", found.quarantine))
        },
        "quarantined_sources": found.kept_out,
        "same_bytes": list(found.sharing),
    }
