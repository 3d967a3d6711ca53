"""Put an archive in order after an interrupted commit or a power cut.

Nothing that a version names is touched. What has to go from its place, so that
the archive can be read and written again, is moved to a folder beside ``data``.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from archiver.archive.bag import bag
from archiver.archive.create import LOCK_SECONDS, is_unborn
from archiver.archive.files.aside import ASIDE
from archiver.archive.files.disk import Checkpoint, make_folder, no_checkpoint, storing, sync_folder
from archiver.archive.files.lock import locked
from archiver.archive.files.mounts import gone, is_recent, need, push
from archiver.archive.files.staging import remove, workspace
from archiver.archive.log.chain import LOG_FOLDER, list_versions
from archiver.archive.log.delta import CHECKPOINT_INTERVAL, ViewError, write_checkpoint
from archiver.archive.log.entry import Head
from archiver.archive.mend.plan import Plan, look
from archiver.archive.rows.columns import TABLES
from archiver.document import Finding
from archiver.errors import LockedError, NoArchiveError, StorageError

#: Steps told to ``checkpoint``, beside those of the seal.
STEPS = ("planned", "moved-aside", "checkpoints-written", "orphans-removed")


@dataclass(frozen=True, slots=True)
class Recovery:
    """What was done, or would be. Paths count from the archive.

    ``refused``: what would be lost; then nothing was done at all. ``aside``: where
    each file moved was put. ``removed``: what was deleted. ``left``: what
    ``orphans`` would delete. ``head``: None where no archive is left.
    """

    found: tuple[Finding, ...]
    refused: tuple[Finding, ...]
    aside: dict[str, str]
    removed: tuple[str, ...]
    left: tuple[str, ...]
    sealed: bool
    head: Head | None


def recover(
    root: Path,
    *,
    name: str,
    expect_head: str | None = None,
    orphans: bool = False,
    alone: bool = False,
    dry_run: bool = False,
    lock_timeout: float = LOCK_SECONDS,
    checkpoint: Checkpoint = no_checkpoint,
) -> Recovery:
    """Do what an interrupted run left undone; afterwards the archive opens and is sealed.

    name: of the folder, below ``aside``, for what is moved. expect_head: see
    ``recover_plan.look``. orphans: also delete what dead runs left, and parts
    that no version names. alone: go on where the file system has no locks, since
    the user says that nobody else writes. dry_run: only say what would be done.
    Stopped half-way, it can be run again.
    Raises: NoArchiveError, NewerArchiveError, LockedError, StorageError.
    """
    if not any((root / folder / LOG_FOLDER).is_dir() for folder in TABLES.values()) or (
        is_unborn(root)
    ):
        raise NoArchiveError(f"{root}: there is no archive here")
    with nullcontext(True) if dry_run else locked(root, lock_timeout) as held:
        if not held and not alone:
            raise LockedError(
                f"{root}: the file system knows no locks, so another run may be writing",
                hint="Make sure that nothing else writes there, then add --alone.",
            )
        with storing(f"what is put in order in {root}"):
            plan = look(root, expect_head)
            recent = [] if alone else [path for path in plan.orphans if is_recent(root / path)]
            plan.orphans = [path for path in plan.orphans if path not in recent]
            checkpoint("planned")
            aside = _places(root, plan, name)
            if dry_run or plan.refused:
                sealed = False
            else:
                sealed = _carry_out(root, plan, aside, checkpoint, orphans=orphans)
    junk = [item.path.relative_to(root).as_posix() for item in plan.leftovers]
    junk += plan.orphans
    removed = orphans and not plan.refused
    return Recovery(
        tuple(plan.found),
        tuple(plan.refused),
        {} if plan.refused else aside,
        tuple(junk) if removed else (),
        tuple(recent) if removed else tuple(sorted([*junk, *recent])),
        sealed or (dry_run and plan.seal and not plan.refused),
        plan.head,
    )


def _places(root: Path, plan: Plan, name: str) -> dict[str, str]:
    folder, number = f"{ASIDE}/{name}", 1
    while (root / folder).exists():
        number += 1
        folder = f"{ASIDE}/{name}-{number}"
    return {path: f"{folder}/{path}" for path in plan.aside}


def _carry_out(
    root: Path, plan: Plan, aside: dict[str, str], checkpoint: Checkpoint, *, orphans: bool
) -> bool:
    # Entries go last, _last_checkpoint goes before the checkpoint it names.
    for path in sorted(aside, key=lambda path: (path.endswith(".json"), "." in Path(path).name)):
        _move(root, path, aside[path])
    checkpoint("moved-aside")
    if plan.head is not None and (plan.seal or (orphans and plan.orphans)):
        with workspace(root) as work:
            for folder in plan.checkpoints:
                _write_checkpoint(root / folder, work.folder)
            checkpoint("checkpoints-written")
            leaving = plan.orphans if orphans else []
            bag.seal(root, staging=work.folder, leaving=leaving, checkpoint=checkpoint)
    if orphans:  # last: whatever ends this early, the bag names nothing that is gone
        for leftover in plan.leftovers:
            remove(root, leftover)
        for path in plan.orphans:
            (root / path).unlink(missing_ok=True)
            gone(root / path)
        push(root)
    checkpoint("orphans-removed")
    return plan.head is not None and (plan.seal or (orphans and bool(plan.orphans)))


def _move(root: Path, path: str, place: str) -> None:
    """Move a file aside, durably in its new place before it leaves the old one's list."""
    make_folder((root / place).parent)
    need(root / path)
    (root / path).rename(root / place)
    gone(root / path)
    sync_folder((root / place).parent)
    sync_folder((root / path).parent)


def _write_checkpoint(table: Path, staging: Path) -> None:
    newest = list_versions(table)[-1]
    version = newest - newest % CHECKPOINT_INTERVAL
    if version:
        try:
            write_checkpoint(table, version, staging)
        except ViewError as problem:
            raise StorageError(f"{table}: no checkpoint could be written: {problem}") from problem
