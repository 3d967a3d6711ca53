"""Take-down: the lawful removal of documents, from every version and every file.

Three entries of each table hit: ``begin`` switches Delta's append-only mode off
and says what is to go, ``remove`` puts rewritten parts in the place of the old
ones, ``end`` switches the mode on again once no file holds the documents any
more. So whatever stops a take-down, the log says what is left to do, and
``finish_takedown`` does it. Entries name ids and bytes by digest only.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from archiver.archive.archive import Archive
from archiver.archive.files.disk import entry_steps
from archiver.archive.files.lock import locked
from archiver.archive.files.staging import workspace
from archiver.archive.log.entry import Head
from archiver.archive.log.marks import id_digest
from archiver.archive.log.taken import unfinished
from archiver.archive.rows.columns import TABLES
from archiver.archive.takedown.run import Run, World, left_files
from archiver.archive.takedown.survey import Survey, survey
from archiver.archive.takedown.wipe import check_aside
from archiver.archive.write.finish import STEPS as LAST_STEPS
from archiver.archive.write.finish import finish
from archiver.archive.write.noted import settle
from archiver.errors import InputError, UsageError

__all__ = [
    "STEPS",
    "TakeDown",
    "World",
    "check_aside",
    "check_reason",
    "finish_takedown",
    "is_unfinished",
    "take_down",
]

#: Every step told to ``checkpoint`` where both tables are hit; those of parts come once a table.
STEPS = (
    "locked",
    *entry_steps(
        "documents-begin",
        "quarantine-begin",
        "quarantine-remove",
        "quarantine-end",
        "documents-remove",
        "documents-end",
    ),
    "stand-ins-noted",
    "stand-ins-durable",
    "wiped",
    *LAST_STEPS,
)


@dataclass(frozen=True, slots=True)
class TakeDown:
    """A take-down that was carried out; ``sealed`` is False where only the manifests lag behind."""

    head: Head
    survey: Survey
    sealed: bool


def take_down(archive: Archive, ids: Collection[str], reason: str, world: World) -> TakeDown:
    """Remove documents and what quarantine holds of them; older versions lose them too.

    Also removed are quarantine rows with the same received bytes. Once it
    returns, no file of the archive holds them, and `ingest` refuses them.
    Raises: InputError for an id that is not there, or that the log itself holds
    (0.1.0 wrote ids into it), or where damaged parts are kept aside that may hold
    it; UsageError for a reason that is none or names an id; DamageError where a
    part to be rewritten is damaged; LockedError, StorageError.
    Memory: one part, and two columns of all. Cost: reads the ids of every part,
    writes the parts hit anew.
    """
    check_reason(reason, ids)
    digests = {id_digest(id_) for id_ in ids}
    with locked(archive.path, world.lock_timeout) as held, workspace(archive.path) as work:
        run = Run(archive, world, work, alone=held)
        world.checkpoint("locked")
        settle(archive.path, {table: archive.entries(table) for table in TABLES})
        run.complete()
        check_aside(archive.path)
        found = survey(archive, digests)
        _check_found(archive, ids, found)
        told = {
            "batch": world.batch_id,
            "reason": reason,
            "ids": sorted(digests),
            "raw": sorted(found.raw),
        }
        run.publish("documents", "begin", told)
        run.carry_out(told, found)
        sealed = finish(archive, work.folder, world.checkpoint)
    return TakeDown(archive.head(), found, sealed)


def finish_takedown(archive: Archive, world: World) -> bool:
    """Complete a take-down that was stopped, and remove again what came back with a copy.

    Returns: whether there was anything to do. Cost: where not, a look at the
    names of removed parts. Raises: as ``take_down``.
    """
    if not is_unfinished(archive):
        return False
    with locked(archive.path, world.lock_timeout) as held, workspace(archive.path) as work:
        settle(archive.path, {table: archive.entries(table) for table in TABLES})
        Run(archive, world, work, alone=held).complete()
        finish(archive, work.folder, world.checkpoint)
    return True


def is_unfinished(archive: Archive) -> bool:
    """Whether a take-down was begun and not ended, or a file of one is there again."""
    return unfinished(archive.entries()) is not None or bool(left_files(archive))


def check_reason(reason: str, ids: Collection[str]) -> None:
    """Hold that a reason can be kept for ever. Raises: UsageError."""
    if not reason.strip():
        raise UsageError("a take-down needs a reason", hint="Say why: --reason TEXT.")
    try:
        reason.encode("utf-8")
    except UnicodeEncodeError as problem:
        raise UsageError("the reason is no text that could be kept") from problem
    named = [id_ for id_ in ids if re.search(rf"(?<!\w){re.escape(id_)}(?!\w)", reason)]
    if named:
        raise UsageError(
            f"the reason names the id {named[0]!r}, and would keep it for ever",
            hint="Say why without it: a case number, a law.",
        )


def _check_found(archive: Archive, ids: Collection[str], found: Survey) -> None:
    missing = sorted(id_ for id_ in ids if id_digest(id_) not in found.ids)
    if missing:
        raise InputError(
            f"no document {missing[0]!r} in the archive",
            hint="`archiver show` lists the documents, `archiver quarantine` what was kept out.",
        )
    for table in TABLES:
        for entry in archive.entries(table):
            for part in entry.added:
                written = sorted({part.first_id, part.last_id} & set(ids), key=str)
                if written:
                    raise InputError(
                        f"{written[0]!r} stands in version {entry.version} of the log of {table}, "
                        f"written by {entry.info.get('tool')}: no entry of a chain can be changed",
                        hint="Restore the other sources, and ingest them into a new archive.",
                    )
