"""The archive's lock: one process commits at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from archiver.archive.disk import storing
from archiver.errors import LockedError

#: Held by whoever commits. The operating system frees it when its owner dies.
LOCK = ".lock"


@contextmanager
def locked(root: Path, timeout: float) -> Iterator[None]:
    """Hold the lock of an archive.

    On a file system without locks nothing is held; the name of a log entry can
    be taken only once all the same.
    timeout: seconds to wait. Raises: LockedError after that; StorageError where
    the lock file cannot be written.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(root / LOCK, timeout=timeout)
    with storing(f"the lock of {root}"), suppress(NotImplementedError):
        try:
            lock.acquire()
        except Timeout as problem:  # an OSError too, though no disk refused anything
            raise LockedError(f"{root}: another process is committing") from problem
    try:
        yield
    finally:
        lock.release()
