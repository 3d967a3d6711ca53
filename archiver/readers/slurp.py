"""A file's bytes, all or none: bounded, and never of a file that is changing."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import IO

from archiver.archive.files.mounts import need

#: Readings before a file that keeps changing is given up.
_TRIES = 2


class ReadProblem(Exception):
    """A file could not be read whole; ``code`` is a finding's."""

    def __init__(self, code: str, problem: str) -> None:
        super().__init__(problem)
        self.code = code
        self.problem = problem


def slurp(path: Path, max_bytes: int) -> bytes:
    """All bytes of a regular file, at most ``max_bytes``. Raises: as ``slurp_stamped``."""
    return slurp_stamped(path, max_bytes)[0]


def slurp_stamped(path: Path, max_bytes: int) -> tuple[bytes, os.stat_result]:
    """All bytes of a regular file, and what the system says of the file that they are from.

    Never follows a link put in its place meanwhile, never waits for a pipe.
    Raises: ReadProblem E204 (too large), E205 (missing, forbidden, changing), E208
    (no regular file).
    """
    for _ in range(_TRIES):
        try:
            data, found, is_stable = _read_once(path, max_bytes)
        except FileNotFoundError as error:
            raise ReadProblem("E205", "vanished before it was read") from error
        except OSError as error:
            raise ReadProblem("E205", f"cannot be read: {error.strerror or error}") from error
        if is_stable:
            return data, found
    raise ReadProblem("E205", "changes while it is read")


def open_regular(path: Path) -> IO[bytes]:
    """A regular file, opened for reading without following a link or waiting.

    Raises: OSError, ReadProblem E208 when it is no regular file.
    """
    need(path)
    stream = os.fdopen(os.open(path, _flags()), "rb")
    if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
        stream.close()
        raise ReadProblem("E208", "is no regular file")
    return stream


def _read_once(path: Path, max_bytes: int) -> tuple[bytes, os.stat_result, bool]:
    with open_regular(path) as stream:
        before = os.fstat(stream.fileno())
        if before.st_size > max_bytes:
            raise ReadProblem("E204", f"has {before.st_size:,} bytes, more than {max_bytes:,}")
        data = stream.read(max_bytes + 1)
        after = os.fstat(stream.fileno())
    if len(data) > max_bytes:
        raise ReadProblem("E204", f"has more than {max_bytes:,} bytes")
    is_stable = (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)
    return data, after, is_stable and len(data) == after.st_size


def _flags() -> int:
    """Read only; without links and waiting where the system can say so."""
    wanted = ("O_BINARY", "O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_NOCTTY")
    flags = os.O_RDONLY
    for name in wanted:
        flags |= getattr(os, name, 0)
    return flags
