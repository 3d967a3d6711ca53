"""Working copies: folders whose files lie elsewhere and are brought when they are read.

An archive in an object store is worked on in a local copy of it (see ``archiver.remote``).
The protocols of this package stay what they are on a disk; at the few places that matter
they ask here whether the folder is such a copy: before a file's bytes are read, before a
log entry gets its name, after the bag was sealed. For a folder that is no copy each of these
functions does nothing; where there is none at all they cost a look at an empty mapping.

The mapping is of this process. Workers need none: they write new files and read no old ones.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

#: A stretch of a file: first byte, and the one after the last.
Stretch = tuple[int, int]


class Mount(Protocol):
    """What stands behind a working copy. Paths are of the local copy."""

    def need(self, path: Path, stretches: Sequence[Stretch] | None) -> None:
        """Bring a file's bytes, or stretches of them; None: the whole file."""

    def need_all(self, paths: Sequence[Path]) -> None:
        """Bring many small files."""

    def pin(self, path: Path) -> None:
        """Keep what was brought of a file until it is unpinned."""

    def unpin(self, path: Path) -> None:
        """The inverse of ``pin``."""

    def refresh(self) -> None:
        """Let the copy show what the store holds now."""

    def claim(self, path: Path, data: bytes) -> None:
        """Give a log entry its name in the store, for good, after all that it names."""

    def gone(self, path: Path) -> None:
        """A file was deleted from the copy on purpose: it is to go from the store as well."""

    def push(self) -> bool:
        """Bring what was derived from the log to the store; False where it is stale already."""

    def is_recent(self, path: Path) -> bool:
        """Whether a file came to the store so lately that its writer may still be at work."""


_MOUNTS: dict[str, Mount] = {}


@contextmanager
def mounted(root: Path, mount: Mount) -> Iterator[None]:
    """Let a folder be a working copy, for this process, while the block runs."""
    key = os.fspath(root)
    _MOUNTS[key] = mount
    try:
        yield
    finally:
        del _MOUNTS[key]


def is_copy(path: Path) -> bool:
    """Whether a path lies in a working copy."""
    return _of(path) is not None


def need(path: Path, stretches: Sequence[Stretch] | None = None) -> None:
    """Before bytes of a file are read. stretches: those needed; None for all.

    Raises: FileNotFoundError where the store has it no longer; RemoteError.
    """
    if mount := _of(path):
        mount.need(path, stretches)


def need_all(paths: Sequence[Path]) -> None:
    """As ``need`` for many small files of one folder: they come side by side."""
    if paths and (mount := _of(paths[0])):
        mount.need_all(paths)


@contextmanager
def whole(path: Path) -> Iterator[None]:
    """While the block runs, a file is here with all its bytes. Raises: as ``need``."""
    mount = _of(path)
    if mount is None:
        yield
        return
    mount.pin(path)
    try:
        mount.need(path, None)
        yield
    finally:
        mount.unpin(path)


def pin(path: Path) -> None:
    """From now on nothing that is brought of a file is let go, until ``unpin``."""
    if mount := _of(path):
        mount.pin(path)


def unpin(path: Path) -> None:
    """The inverse of ``pin``."""
    if mount := _of(path):
        mount.unpin(path)


def refresh(root: Path) -> None:
    """Let a copy show what the store holds now. Raises: RemoteError."""
    if mount := _of(root):
        mount.refresh()


def claim(path: Path, data: bytes) -> None:
    """Before a log entry gets its name: the store decides who gets it.

    Raises: FileExistsError where another writer was first; RemoteError.
    """
    if mount := _of(path):
        mount.claim(path, data)


def gone(path: Path) -> None:
    """After a file was deleted or moved away on purpose."""
    if mount := _of(path):
        mount.gone(path)


def push(root: Path) -> bool:
    """After the bag was sealed or a check was noted. Raises: LockedError, RemoteError.

    Returns: False where another writer went on meanwhile, so that it is to be made again.
    """
    mount = _of(root)
    return mount is None or mount.push()


def is_recent(path: Path) -> bool:
    """Whether a file no version names may be of a writer at work elsewhere. Raises: RemoteError."""
    mount = _of(path)
    return mount is not None and mount.is_recent(path)


def _of(path: Path) -> Mount | None:
    if not _MOUNTS:
        return None
    name = os.fspath(path)
    for root, mount in _MOUNTS.items():
        if name == root or name.startswith(root + os.sep):
            return mount
    return None
