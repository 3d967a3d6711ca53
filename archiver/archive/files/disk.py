"""Durable writes: a file is either whole and on the disk, or not there."""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import IO

from archiver.archive.files.mounts import need
from archiver.errors import StorageError

if sys.platform == "darwin":
    import fcntl

#: Folder for unfinished files, beside ``data`` so that no bag or table sees them.
STAGING = ".staging"

#: What file systems without hard links answer.
_NO_LINKS = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EXDEV})

#: What some network file systems answer to an ``fsync`` of a folder: they need none.
_NO_FOLDER_SYNC = frozenset({errno.EINVAL, errno.EBADF})

#: What file systems of macOS answer that do not know how to empty the drive's cache.
_NO_FULL_SYNC = frozenset({errno.ENOTSUP, errno.ENOTTY, errno.EINVAL})

_REASONS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT if hasattr(errno, "EDQUOT") else -1: "the disk quota is used up",
    errno.EROFS: "the file system is read-only",
    errno.EACCES: "permission denied",
    errno.EPERM: "permission denied",
    errno.EFBIG: "the file would exceed the size limit",
    errno.EIO: "the disk reports an input/output error",
    errno.ENOTDIR: "a part of the path is a file, not a folder",
}

#: Called after each step of a protocol with the step's name; tests stop a process there.
Checkpoint = Callable[[str], None]


_ENTRY_STATES = ("staged", "visible", "durable")


def no_checkpoint(step: str) -> None:
    """The default ``Checkpoint``: nothing happens."""


def entry_steps(*names: str) -> tuple[str, ...]:
    """The steps told of each entry that is published under these names; see ``publish_entry``."""
    return tuple(f"{name}-entry-{state}" for name in names for state in _ENTRY_STATES)


@contextmanager
def storing(what: str) -> Iterator[None]:
    """Turn a refused write into a StorageError that says what was being written where."""
    try:
        yield
    except OSError as problem:
        reason = _REASONS.get(problem.errno or 0, problem.strerror or str(problem))
        raise StorageError(f"cannot write {what}: {reason}") from problem


def sync_folder(folder: Path) -> None:
    """Make the folder's list of names durable. Windows has no such call and needs none."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        to_disk(handle)
    except OSError as problem:
        if problem.errno not in _NO_FOLDER_SYNC:
            raise
    finally:
        os.close(handle)


def to_disk(handle: int) -> None:
    """Wait until the disk has a file's bytes. Raises: OSError.

    On macOS ``fsync`` ends at the drive's own cache; see ``man 2 fsync`` there.
    """
    if sys.platform == "darwin":
        try:
            fcntl.fcntl(handle, fcntl.F_FULLFSYNC)
        except OSError as problem:
            if problem.errno not in _NO_FULL_SYNC:
                raise
        else:
            return
    os.fsync(handle)


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, each durably. Does nothing where it exists."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    sync_folder(folder.parent)


@contextmanager
def staged_file(staging: Path, name: str) -> Iterator[Path]:
    """A new empty file for unfinished bytes, no other writer's: thread, process or machine.

    The block ends by renaming or deleting it, which frees the name for others;
    a block that fails before leaves nothing. Raises: OSError.
    """
    path = _free_name(staging, name)
    try:
        yield path
    except BaseException:
        with suppress(OSError):
            path.unlink(missing_ok=True)
        raise


def _free_name(staging: Path, name: str) -> Path:
    for number in count():
        path = staging / f"{os.getpid()}-{number}-{name}"
        with suppress(FileExistsError), path.open("xb"):
            return path
    raise AssertionError("unreachable: numbers do not end")


def write_synced(path: Path, data: bytes) -> None:
    """Write a file and wait until the disk has it. An older file of this name is replaced."""
    with path.open("wb") as stream:
        stream.write(data)
        sync_file(stream)


def sync_file(stream: IO[bytes]) -> None:
    """Wait until the disk has what was written to the stream."""
    stream.flush()
    to_disk(stream.fileno())


def write_aside(path: Path, data: bytes, staging: Path) -> None:
    """Write a file so that readers see the old bytes or the new ones, never a mixture."""
    with staged_file(staging, path.name) as staged:
        write_synced(staged, data)
        staged.replace(path)
    sync_folder(path.parent)


def publish_new(staged: Path, path: Path, *, alone: bool = False) -> None:
    """Give a finished file a name that must be free.

    alone: whether a lock keeps other writers out. Without hard links only then
    does the file appear whole to readers.
    Raises: FileExistsError where another process took the name first.
    """
    try:
        os.link(staged, path)
    except OSError as problem:
        if problem.errno not in _NO_LINKS:
            raise
        if alone:
            if path.exists():
                raise FileExistsError(errno.EEXIST, "taken", str(path)) from problem
            staged.replace(path)
            return
        # No hard links, no locks: create exclusively. A crash inside can leave a torn
        # file, which every reader of ours refuses and `archiver recover` puts aside.
        with path.open("xb") as stream:
            stream.write(staged.read_bytes())
            sync_file(stream)


def regular_size(path: Path | os.DirEntry[str]) -> int:
    """The size of a plain file.

    Raises: OSError where there is none, and where it is a folder, a pipe or a
    device: reading those could wait for ever.
    """
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, "not a regular file", str(path))
    return found.st_size


def read_small(path: Path, limit: int) -> bytes:
    """A file's bytes. Raises: OSError; ValueError where it is larger than the limit."""
    size = regular_size(path)
    if size > limit:
        raise ValueError(f"{size} bytes are more than the {limit} allowed")
    need(path)
    with path.open("rb") as stream:
        return stream.read(limit + 1)
