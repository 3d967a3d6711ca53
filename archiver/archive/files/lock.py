"""The archive's lock: one process commits at a time.

The operating system's own lock, which it frees when its owner dies. Lock
libraries fall back on a marker file where there is none, and such a file is
left behind by the dead.
"""

from __future__ import annotations

import errno
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from archiver.archive.files.disk import storing
from archiver.archive.files.mounts import refresh
from archiver.errors import LockedError

#: Held by whoever commits. The file stays; only its lock says anything.
LOCK = ".lock"

#: What file systems without locks answer: FUSE, NFS without its lock service, some SMB.
_NO_LOCKS = frozenset({errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP})

#: What a lock held by another answers.
_HELD = frozenset({errno.EAGAIN, errno.EACCES, errno.EDEADLK, errno.EWOULDBLOCK})

#: Seconds between two tries.
_PAUSE = 0.05


def lock_file(handle: int) -> bool:
    """Lock an open file, without waiting; closing it frees the lock.

    Returns: False where another process, or another handle of this one, has it.
    Raises: NotImplementedError where the file system knows no locks; OSError.
    """
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as problem:
        if problem.errno in _HELD:
            return False
        if problem.errno in _NO_LOCKS:
            raise NotImplementedError("the file system knows no locks") from problem
        raise
    return True


@contextmanager
def locked(root: Path, timeout: float) -> Iterator[bool]:
    """Hold the lock of an archive. Gives whether it is held.

    On a file system without locks nothing is held; the name of a log entry can
    be taken only once all the same.
    timeout: seconds to wait. Raises: LockedError after that; StorageError where
    the lock file cannot be written.
    """
    with storing(f"the lock of {root}"):
        handle = os.open(root / LOCK, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o666)
    try:
        with storing(f"the lock of {root}"):
            held = _wait(handle, timeout)
        if held is False:
            raise LockedError(f"{root}: another process is committing")
        refresh(root)  # of a working copy: what is decided now must be of what there is now
        yield held is True
    finally:
        os.close(handle)


def _wait(handle: int, timeout: float) -> bool | None:
    """True with the lock, False where it stayed taken, None where there are no locks."""
    until = time.monotonic() + timeout
    try:
        while not lock_file(handle):
            if time.monotonic() >= until:
                return False
            time.sleep(_PAUSE)
    except NotImplementedError:
        return None
    return True
