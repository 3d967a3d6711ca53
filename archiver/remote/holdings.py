"""What a working copy holds of each object: nothing, stretches or all of its bytes."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock, RLock

from archiver.archive.files.mounts import Stretch
from archiver.remote.store import Found

#: Stretches that lie closer than this are brought as one: a request costs as much as
#: reading some hundred kB.
GAP = 256 << 10

#: Objects of up to this size are brought whole.
SMALL = 256 << 10

#: Bytes of parts that a copy keeps before the one that was used longest ago is let go.
KEPT_BYTES = 1 << 30


@dataclass(slots=True)
class Held:
    """An object, and what of it is here. ``stamp`` tells a local file that was written since."""

    found: Found
    whole: bool = False
    have: list[Stretch] = field(default_factory=list)
    stamp: tuple[int, int] | None = None
    pins: int = 0
    lock: Lock = field(default_factory=Lock)

    def bytes(self) -> int:
        """How many bytes are here."""
        return self.found.size if self.whole else sum(end - start for start, end in self.have)


def placeholder(path: Path, found: Found) -> None:
    """A file of an object's size and moment without its bytes: it takes no room where it can.

    Raises: OSError.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as stream:
        stream.truncate(found.size)
    set_moment(path, found)


def set_moment(path: Path, found: Found) -> None:
    """Give a file the moment of its object. Raises: OSError."""
    moment = int(found.modified.timestamp() * 1_000_000_000)
    os.utime(path, ns=(moment, moment))


def stamp_of(path: Path) -> tuple[int, int]:
    """What differs once a file was written anew. Raises: OSError."""
    known = path.stat()
    return known.st_size, known.st_mtime_ns


def lacking(have: Sequence[Stretch], wanted: Sequence[Stretch], size: int) -> list[Stretch]:
    """What is to be brought so that the wanted stretches are here; near ones as one.

    Stretches beyond the file are cut off: a footer may lie.
    """
    joined: list[Stretch] = []
    for first, last in sorted(wanted):
        start, end = max(first, 0), min(last, size)
        if start >= end or any(a <= start and end <= b for a, b in have):
            continue
        if joined and start - joined[-1][1] < GAP:
            joined[-1] = joined[-1][0], max(joined[-1][1], end)
        else:
            joined.append((start, end))
    return joined


class Shelf:
    """The large files that may be let go again, the one used longest ago first."""

    def __init__(self, limit: int, spare: Path) -> None:
        """limit: bytes that may stay. spare: a folder on the same disk, outside the copy."""
        self._limit = limit
        self._spare = spare
        self._used: OrderedDict[Path, Held] = OrderedDict()
        self._lock = RLock()

    def use(self, path: Path, held: Held) -> None:
        """Note that a file was read, and let others go where there are too many bytes."""
        with self._lock:
            self._used[path] = held
            self._used.move_to_end(path)
            total = sum(item.bytes() for item in self._used.values())
            for other, item in list(self._used.items()):
                if total <= self._limit:
                    return
                if item is not held and not item.pins:
                    total -= item.bytes()
                    self._let_go(other, item)

    def drop(self, path: Path) -> None:
        """The file is there no longer."""
        with self._lock:
            self._used.pop(path, None)

    def pin(self, held: Held, by: int) -> None:
        """Keep a file that is read, or keep it no longer."""
        with self._lock:
            held.pins += by

    def _let_go(self, path: Path, held: Held) -> None:
        del self._used[path]
        if held.lock.acquire(blocking=False):  # else it is being brought just now
            try:
                aside = self._spare / path.name
                placeholder(aside, held.found)
                with suppress(PermissionError):  # Windows keeps what is open
                    aside.replace(path)  # whoever has it open still reads what was there
                    held.whole, held.have, held.stamp = False, [], stamp_of(path)
            finally:
                held.lock.release()
