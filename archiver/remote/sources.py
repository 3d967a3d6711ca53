"""Sources in an object store: a folder of placeholders, whose bytes come as they are read.

The readers see files and folders, with INDEX.md where it lies, and treat them as those of a
disk. An object is brought whole before it is read, small ones some time ahead and side by
side; those read longest ago are let go. So the disk holds ``KEPT_BYTES`` and the largest
object, and an empty file for each object that was named.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from archiver.archive.files.mounts import Stretch
from archiver.document import Finding
from archiver.errors import InputError
from archiver.findings import finding
from archiver.remote.holdings import Held, Shelf, placeholder, set_moment
from archiver.remote.location import is_key
from archiver.remote.store import Found, Store

#: Bytes of objects that stay on the disk after they were read.
KEPT_BYTES = 256 << 20

#: Objects of up to this size are brought ahead, so many of them.
AHEAD_BYTES = 1 << 20
AHEAD = 32

#: Requests under way at a time.
AT_ONCE = 16


class SourceCopy:
    """A mount (see ``archive.files.mounts``) of what was named of one bucket or several.

    root: an empty folder; the objects of a bucket lie below its name.
    ``findings``: objects that cannot be files here.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.findings: list[Finding] = []
        self._stores: dict[str, Store] = {}
        self._held: dict[str, Held] = {}
        self._order: list[str] = []
        self._place: dict[str, int] = {}
        self._coming: dict[str, Future[None]] = {}
        self._shelf = Shelf(KEPT_BYTES, root.parent)
        self._pool = ThreadPoolExecutor(AT_ONCE)

    def add(self, store: Store, key: str, pattern: str | None = None) -> list[str]:
        """Show an object, or all below a folder, or what fits a pattern below it.

        store: of the whole bucket. key: "" for all of it. Returns: paths below ``root`` that
        stand for what was named. Raises: InputError where nothing fits; RemoteError.
        Cost: a request a thousand objects; no bytes.
        """
        bucket = store.location.bucket
        self._stores[bucket] = store
        found = store.list(key)
        if not found and key and pattern is None:
            try:
                found = {key: store.head(key)}
            except FileNotFoundError as problem:
                where = f"{store.location}/{key}"
                raise InputError(f"{where}: there is no object, and no folder") from problem
        if not found:
            raise InputError(f"{store.location}/{key}{pattern or ''}: there is no such object")
        base = f"{key}/" if key else ""
        named = {f"{bucket}/{key}" if key else bucket}
        if pattern is not None:
            wanted = pattern.split("/")
            hits = {one: _fits(one.removeprefix(base).split("/"), wanted) for one in found}
            found = {one: item for one, item in found.items() if hits[one]}
            named = {f"{bucket}/{base}{hits[one]}" for one in found}
            if not found:
                raise InputError(f"{store.location}/{base}{pattern}: no object has such a name")
        self._show(bucket, found)
        return sorted(named)

    def _show(self, bucket: str, found: dict[str, Found]) -> None:
        for key, item in sorted(found.items()):
            name = f"{bucket}/{key}"
            if name in self._held or (not item.size and key.endswith("/")):
                continue
            path = self.root / name
            try:
                if not is_key(key) or path.exists():
                    raise ValueError  # the latter: another one here, where case does not count
                placeholder(path, item)
            except (OSError, ValueError):
                words = f"{name}: no file here can have such a name"
                self.findings.append(finding("E205", words, where=name))
                continue
            self._held[name] = Held(item)
        self._order = sorted(self._held)
        self._place = {name: at for at, name in enumerate(self._order)}

    def need(self, path: Path, stretches: Sequence[Stretch] | None) -> None:
        """Bring an object, and send for those that come next.

        Raises: FileNotFoundError where it is there no longer; RemoteError.
        """
        del stretches
        name = path.relative_to(self.root).as_posix()
        held = self._held.get(name)
        if held is None:
            return
        for later in self._next(name):
            if later not in self._coming and not self._held[later].whole:
                self._coming[later] = self._pool.submit(self._bring, later)
        coming = self._coming.pop(name, None)
        if coming is not None:
            coming.result()
        if not held.whole:
            self._bring(name)
        self._shelf.use(path, held)

    def _next(self, name: str) -> Iterator[str]:
        if name.endswith("/INDEX.md"):
            return  # it is read to count what there is, too
        at = self._place[name] + 1
        for later in self._order[at : at + AHEAD]:
            if self._held[later].found.size <= AHEAD_BYTES:
                yield later

    def _bring(self, name: str) -> None:
        held, path = self._held[name], self.root / name
        bucket, _, key = name.partition("/")
        with held.lock:
            if held.whole:
                return
            with path.open("r+b") as stream:
                for piece in self._stores[bucket].pieces(key):
                    stream.write(piece)
                stream.truncate()
            set_moment(path, held.found)
            held.whole = True

    def close(self) -> None:
        """Send for nothing more."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def need_all(self, paths: Sequence[Path]) -> None:
        """As ``need``, one after the other."""
        for path in paths:
            self.need(path, None)

    def pin(self, path: Path) -> None:
        """Nothing to keep: what is open stays readable."""

    def unpin(self, path: Path) -> None:
        """As ``pin``."""

    def refresh(self) -> None:
        """Sources are what they were when they were listed."""

    def claim(self, path: Path, data: bytes) -> None:
        """Nothing is ever written to sources."""
        raise NotImplementedError

    def gone(self, path: Path) -> None:
        """Nothing is ever deleted from sources."""

    def push(self) -> bool:
        """Nothing is ever written to sources."""
        return True

    def is_recent(self, path: Path) -> bool:
        """Nobody asks this of sources."""
        del path
        return False


def _fits(steps: Sequence[str], pattern: Sequence[str]) -> str | None:
    """The beginning of a path that a pattern fits, as the file or the folder it names; or None.

    ``**`` stands for any folders, none too; hidden names are named in full, as on a disk.
    """
    for end in range(1, len(steps) + 1):
        if _fits_whole(steps[:end], pattern):
            return "/".join(steps[:end])
    return None


def _fits_whole(steps: Sequence[str], pattern: Sequence[str]) -> bool:
    if not pattern:
        return not steps
    if pattern[0] == "**":
        if _fits_whole(steps, pattern[1:]):
            return True
        return bool(steps) and not steps[0].startswith(".") and _fits_whole(steps[1:], pattern)
    if not steps or (steps[0].startswith(".") and not pattern[0].startswith(".")):
        return False
    return fnmatch.fnmatchcase(steps[0], pattern[0]) and _fits_whole(steps[1:], pattern[1:])
