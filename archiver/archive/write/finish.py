"""What follows a commit: checkpoint, seal, and the leftovers of dead runs.

Comforts for other readers, whose failure undoes nothing: the version is safe.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath

from archiver.archive.archive import Archive
from archiver.archive.bag import bag
from archiver.archive.files.disk import STAGING, Checkpoint, no_checkpoint
from archiver.archive.files.lock import locked
from archiver.archive.files.staging import (
    Leftover,
    leftovers,
    noted_by_the_living,
    remove,
    workspace,
)
from archiver.archive.log.chain import LOG_FOLDER, files_came, removed_parts
from archiver.archive.log.delta import CHECKPOINT_INTERVAL, ViewError, write_checkpoint
from archiver.archive.log.entry import Entry, entry_name
from archiver.archive.log.history import mentioning, recent
from archiver.archive.rows.columns import TABLES
from archiver.archive.write.noted import noted_digests, noted_head, settle
from archiver.errors import ArchiverError

#: Times a working copy of an archive elsewhere is sealed where other writers go on meanwhile.
_TURNS = 5

#: Steps told to ``checkpoint``.
STEPS = ("checkpoint-durable", *bag.STEPS, "swept")


def finish(
    archive: Archive,
    staging: Path,
    checkpoint: Checkpoint = no_checkpoint,
    *,
    leaving: Collection[Leftover] = (),
) -> bool:
    """Write the checkpoints that are due, and seal. The caller holds the lock.

    leaving: what is swept right after, so that the bag names it no longer.
    Returns: False where the disk refused: `validate` says so, the next run mends it.
    """
    try:
        return any(_finished(archive, staging, checkpoint, leaving) for _ in range(_TURNS))
    except (OSError, ViewError, ArchiverError):
        return False


def _finished(
    archive: Archive, staging: Path, checkpoint: Checkpoint, leaving: Collection[Leftover]
) -> bool:
    """Checkpoints and seal, once. Returns: False where they are stale already."""
    before = bag.sealed_before(archive.path)
    for table, folder in TABLES.items():
        version = archive.entries(table)[-1].version
        if version and version % CHECKPOINT_INTERVAL == 0:
            write_checkpoint(archive.path / folder, version, staging)
    checkpoint("checkpoint-durable")
    noted = noted_by_the_living(archive.path)
    return bag.seal(
        archive.path,
        entries={table: archive.entries(table) for table in TABLES},
        staging=staging,
        # Without locks another run may be about to commit parts, or to take them back.
        leaving=noted.difference(ever_named(archive, noted)).union(
            *(leftover.parts for leftover in leaving)
        ),
        before=before,
        checkpoint=checkpoint,
    )


def finish_and_sweep(
    archive: Archive, staging: Path, checkpoint: Checkpoint = no_checkpoint, *, alone: bool
) -> bool:
    """As ``finish``, and take away what dead runs left. alone: whether the lock is held."""
    dead = left_by_the_dead(archive) if alone else []
    sealed = finish(archive, staging, checkpoint, leaving=dead)
    if sealed:
        sweep(archive, dead)
    checkpoint("swept")
    return sealed


def left_by_the_dead(archive: Archive) -> list[Leftover]:
    """What dead runs left; nothing where that cannot be told. The caller holds the lock."""
    try:
        return leftovers(archive.path, ever_named(archive, noted_by_the_living(archive.path)))
    except (OSError, ArchiverError):
        return []


def sweep(archive: Archive, dead: Collection[Leftover] | None = None) -> None:
    """Take away what dead runs left; failing does no harm. The bag is to be sealed without it."""
    for leftover in left_by_the_dead(archive) if dead is None else dead:
        with suppress(OSError):
            remove(archive.path, leftover)


def ever_named(archive: Archive, among: Collection[str]) -> set[str]:
    """Those of these parts that any version ever named, as paths from the archive.

    Less those that a take-down removed. Raises: DamageError.
    """
    if not among:
        return set()
    named: set[str] = set()
    for table, folder in TABLES.items():
        log = archive.entries(table)
        named |= _named(folder, recent(log))
        unsure = [PurePosixPath(path).stem for path in among if path not in named]
        named |= _named(folder, mentioning(log, *unsure)) if unsure else set()
    return named.intersection(among)


def _named(folder: str, entries: Sequence[Entry]) -> set[str]:
    return {f"{folder}/{path}" for path in files_came(entries).keys() - removed_parts(entries)}


def is_finished(archive: Archive) -> bool:
    """Whether the bag says what the log says, as far as a glance tells. Raises: DamageError."""
    if not (archive.path / bag.TAG_MANIFEST).is_file():
        return False
    listed = noted_digests(archive.path)
    newest = {
        f"{folder}/{LOG_FOLDER}/{entry_name(archive.entries(table)[-1].version)}"
        for table, folder in TABLES.items()
    }
    return noted_head(archive.path) == archive.head() and newest <= listed.keys()


def tidy(archive: Archive, *, lock_timeout: float = 60.0) -> bool:
    """Finish what a killed run began, where a run has nothing of its own to commit.

    Writes nothing where the bag is sealed at the newest version. Returns: whether it is now.
    Raises: DamageError where an acknowledged version is lost; LockedError, StorageError.
    """
    if is_finished(archive):
        with suppress(OSError, ArchiverError):  # leftovers can wait for a next run
            _sweep_finished(archive)
        return True
    with locked(archive.path, lock_timeout) as held, workspace(archive.path) as work:
        settle(archive.path, {table: archive.entries(table) for table in TABLES})
        return finish_and_sweep(archive, work.folder, alone=held)


def _sweep_finished(archive: Archive) -> None:
    """Take away what dead runs left, if there is anything and nobody else is at work."""
    staging = archive.path / STAGING
    if not staging.is_dir() or not any(staging.iterdir()):
        return
    with locked(archive.path, 0) as held:
        dead = left_by_the_dead(archive) if held else []
        if any(leftover.parts for leftover in dead):
            with workspace(archive.path) as work:
                finish_and_sweep(archive, work.folder, alone=held)
        else:
            sweep(archive, dead)
