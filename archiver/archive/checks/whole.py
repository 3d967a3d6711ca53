"""The checks that look at the whole archive, on one version of it.

Reading all parts takes long, and other processes commit meanwhile. What the log, the
list of files and the bag say must be of one version, or a sound archive looks damaged.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from archiver.archive.bag.tags import MANIFEST, TAG_MANIFEST
from archiver.archive.checks.check import Check
from archiver.archive.checks.log import check_chain
from archiver.archive.checks.parts import glance
from archiver.archive.files.lock import locked
from archiver.archive.log.chain import list_versions, live_parts
from archiver.archive.log.entry import Part
from archiver.archive.rows.columns import TABLES
from archiver.errors import LockedError, StorageError

#: Times the checks are made where versions come and the lock cannot be had.
_TURNS = 3

#: Seconds to wait for the end of a commit that is in the way.
_LOCK_SECONDS = 30.0

#: What tells that a commit or a seal took place: newest entries, and files of the bag.
State = tuple[object, ...]


def state_of(root: Path) -> State:
    """What differs once another process has committed or sealed. Cost: a listing of the logs."""
    newest = [_newest(root / folder) for folder in TABLES.values()]
    return (*newest, *(_stamp(root / name) for name in (MANIFEST, TAG_MANIFEST)))


def _newest(table: Path) -> int | None:
    try:
        return max(list_versions(table), default=None)
    except OSError:
        return None


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        found = path.lstat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino


def check_whole(check: Check, before: State, checks: Callable[[Check], None]) -> Check:
    """Make the checks, again where the archive moved on since ``before``.

    check: after the checks of log and parts. checks: adds to what it is given.
    Returns: a copy of ``check`` with all findings. Where versions came meanwhile they are
    held for whole by the log alone: of their parts only the size was looked at.
    """
    done = check
    for turn in range(_TURNS):
        with ExitStack() as held:
            if turn:
                _hold_still(check.root, held)
                before = state_of(check.root)
            done = check.copy()
            if turn:
                _take_up(done)
            checks(done)
            if state_of(check.root) == before:
                break
    done.entries = check.entries  # what was planned and is told is the version at the start
    return done


def _hold_still(root: Path, held: ExitStack) -> None:
    """Let nobody commit meanwhile, where that can be had: an archive may be read-only."""
    try:
        held.enter_context(locked(root, _LOCK_SECONDS))
    except (LockedError, StorageError):
        return


def _take_up(check: Check) -> None:
    """Go on with the log as it is now; what lawfully went is not missing."""
    fresh = Check(check.root)
    check_chain(fresh)
    old, new = _live(check), _live(fresh)
    gone = {path for path in old if path not in new}
    check.drop(lambda item: item.where in gone or (item.code, item.layer) == ("W102", "chain"))
    known = {(item.code, item.where) for item in check.findings}
    for item in fresh.findings:
        if (item.code, item.where) not in known:
            check.add(item.code, item.layer, item.where, item.message, item.documents)
    check.entries = fresh.entries
    check.digests.update(fresh.digests)
    check.note_rulesets()
    glance(check, [new[path] for path in new if path not in old])


def _live(check: Check) -> dict[str, tuple[str, Part]]:
    return {
        f"{folder}/{part.path}": (table, part)
        for table, folder in TABLES.items()
        for _, part in live_parts(check.entries.get(table, [])).values()
    }
