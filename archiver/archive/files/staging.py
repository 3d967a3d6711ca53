"""Where a run keeps what is unfinished, and how a dead run's leftovers are told from it.

Each run has a folder of its own below ``.staging``, and holds a lock on a file
in it for as long as it lives. Beside what it writes lies the list of the parts
it is about to place: whoever finds the lock free knows which of them to take
away again.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from archiver.archive.files.disk import (
    STAGING,
    make_folder,
    read_small,
    staged_file,
    storing,
    sync_folder,
    write_synced,
)
from archiver.archive.files.lock import lock_file
from archiver.archive.rows.columns import TABLES

#: Locked by the run that owns the folder, for as long as it lives.
ALIVE = "alive"

#: The parts that a run is about to place, a line each.
PLACED = "placed"

#: Locks of another machine may not reach this one: its runs count as dead only
#: when nothing in their folder changed for a week.
IDLE_SECONDS = 7 * 86_400

#: Whoever works without a folder of its own holds the archive's lock, for minutes.
LOOSE_SECONDS = 86_400

#: A part's path takes ~110 bytes; 100,000 parts in one commit are far beyond any run.
_MAX_PLACED_BYTES = 16 << 20

#: See ``_moment``; made by whoever holds the archive's lock, so another one's is a dead one's.
_PROBE = re.compile(r"[0-9]+-[0-9]+-moment")

_RUN = re.compile(r"run-([0-9A-Za-z.-]*)-[0-9]+-[0-9]+")
#: Paths, from the archive, that parts have.
PART = re.compile(rf"(?:{'|'.join(TABLES.values())})/parts/[0-9a-f]{{2}}/[0-9a-f]{{64}}\.parquet")


@dataclass(slots=True)
class Workspace:
    """The folder of a living run, below ``.staging``.

    ``left``: whether it stays when the run ends, as a killed run's does: a next run
    then takes away the parts noted in it that no version names.
    """

    folder: Path
    left: bool = False

    def note_parts(self, paths: Iterable[str]) -> None:
        """Note, durably, the parts about to be placed: paths from the archive. Raises: OSError."""
        write_synced(self.folder / PLACED, "".join(f"{path}\n" for path in paths).encode())
        sync_folder(self.folder)
        sync_folder(self.folder.parent)  # the folder itself was made without waiting


@dataclass(frozen=True, slots=True)
class Leftover:
    """What a dead run left: a folder or file below ``.staging``, and parts no version names."""

    path: Path
    parts: tuple[str, ...]


@contextmanager
def workspace(root: Path) -> Iterator[Workspace]:
    """A new folder for one run; gone with all that is in it when the block ends, unless left.

    Raises: StorageError.
    """
    with storing(f"the folder for unfinished files in {root}"):
        make_folder(root / STAGING)
        folder, handle = _own_folder(root / STAGING)
    work = Workspace(folder)
    try:
        yield work
    finally:
        os.close(handle)  # first: Windows keeps what is open
        if not work.left:
            shutil.rmtree(folder, ignore_errors=True)


def _own_folder(staging: Path) -> tuple[Path, int]:
    for number in count():
        folder = staging / f"run-{_host()}-{os.getpid()}-{number}"
        with suppress(FileExistsError, FileNotFoundError):  # taken, or swept while empty
            folder.mkdir()
            flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0)
            handle = os.open(folder / ALIVE, flags, 0o666)
            with suppress(NotImplementedError):  # then nobody sweeps
                lock_file(handle)
            return folder, handle
    raise AssertionError("unreachable: numbers do not end")


def _host() -> str:
    return re.sub(r"[^0-9A-Za-z.-]", "", platform.node())[:64]


def leftovers(root: Path, named: AbstractSet[str]) -> list[Leftover]:
    """What dead runs left below ``.staging``, and the parts they placed in vain.

    A run is dead where its lock is free, and it ran on this machine or has been
    idle for a week; by the clock of the file system, which all machines share.
    named: the part paths, from the archive's folder, that any version ever named.
    The caller holds the archive's lock. Raises: OSError.
    """
    staging = root / STAGING
    if not staging.is_dir():
        return []
    now = _moment(staging)
    found = []
    for path in sorted(staging.iterdir()):
        run = _RUN.fullmatch(path.name)
        with suppress(FileNotFoundError):  # its owner ended meanwhile
            if run is None or path.is_symlink() or not path.is_dir():
                idle = now - path.lstat().st_mtime
                if idle > LOOSE_SECONDS or _PROBE.fullmatch(path.name):
                    found.append(Leftover(path, ()))
            elif _is_dead(path, now, here=run[1] == _host()):
                parts = _noted_parts(path) - named
                there = tuple(sorted(part for part in parts if (root / part).is_file()))
                found.append(Leftover(path, there))
    return found


def remove(root: Path, leftover: Leftover) -> None:
    """Delete what a dead run left. Raises: OSError."""
    if _is_alive(leftover.path):
        return  # it was empty when looked at, and has come to life since
    for part in leftover.parts:
        (root / part).unlink(missing_ok=True)
    if leftover.path.is_dir() and not leftover.path.is_symlink():
        if next(leftover.path.iterdir(), None) is None:
            leftover.path.rmdir()  # fails where its run has just come to life
        else:
            shutil.rmtree(leftover.path)
    else:
        leftover.path.unlink(missing_ok=True)


def noted_by_the_living(root: Path) -> set[str]:
    """The parts that any run, dead or alive, noted. Raises: OSError."""
    staging = root / STAGING
    folders = sorted(staging.iterdir()) if staging.is_dir() else []
    return set().union(*(_noted_parts(folder) for folder in folders if _RUN.fullmatch(folder.name)))


def _moment(staging: Path) -> float:
    with staged_file(staging, "moment") as probe:
        moment = probe.stat().st_mtime
        probe.unlink(missing_ok=True)
    return moment


def _is_dead(folder: Path, now: float, *, here: bool) -> bool:
    idle = now - max(
        [folder.stat().st_mtime, *(item.lstat().st_mtime for item in folder.iterdir())]
    )
    alive = _is_alive(folder)
    if alive is None:  # killed, or just about to make it; or a power cut took it, and left others
        return here or idle > LOOSE_SECONDS
    return not alive and (here or idle > IDLE_SECONDS)


def _is_alive(folder: Path) -> bool | None:
    """Whether a run holds its lock, or could where there are no locks; None without a lock file."""
    try:
        handle = os.open(folder / ALIVE, os.O_RDWR)
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        return not lock_file(handle)
    except NotImplementedError:
        return True
    finally:
        os.close(handle)


def _noted_parts(folder: Path) -> set[str]:
    try:
        lines = read_small(folder / PLACED, _MAX_PLACED_BYTES).decode("ascii").splitlines()
    except (OSError, ValueError):  # none so far, or torn: then nothing was placed
        return set()
    return {line for line in lines if PART.fullmatch(line)}
