"""The reading half of a working copy: what the store holds, and its bytes as they are read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from archiver.archive.checks.fixity import EVENTS
from archiver.archive.files.mounts import Stretch
from archiver.archive.files.staging import PART
from archiver.archive.log.chain import LOG_FOLDER
from archiver.archive.rows.columns import RULESETS, TABLES
from archiver.errors import RemoteError
from archiver.remote.holdings import (
    KEPT_BYTES,
    SMALL,
    Held,
    Shelf,
    lacking,
    placeholder,
    set_moment,
    stamp_of,
)
from archiver.remote.kept import Kept
from archiver.remote.location import is_key
from archiver.remote.store import Found, Store

#: Requests under way at a time.
AT_ONCE = 8

#: Times the store is listed anew where files of the bag change while they are brought.
_LOOKS = 5

#: Written once, and then again and again in vain: proof that the service keeps conditions.
PROBE = ".conditional-writes"

#: Made to learn the store's own time.
MOMENT = ".moment"

#: Files that are brought when they are read; others are small, and brought at once.
_LAZY = re.compile(
    rf"(?:{'|'.join(TABLES.values())})/(?:parts/.*|{LOG_FOLDER}/.*\.(?:json|parquet))"
    rf"|{RULESETS}/.*|\.cache/.*|aside/.*|damaged/.*|{re.escape(EVENTS)}"
)


class Brought:
    """What there is of an archive at a folder of this process.

    root: an empty folder, below one that is free for this. kept: where whole parts are
    kept for later runs, if anywhere. limit: bytes of parts that may stay.
    """

    def __init__(
        self, root: Path, store: Store, *, kept: Path | None = None, limit: int = KEPT_BYTES
    ) -> None:
        self.root = root
        self.store = store
        self._held: dict[str, Held] = {}
        self._shelf = Shelf(limit, root.parent)
        self._kept = None if kept is None else Kept(kept)

    def refresh(self) -> None:
        """Show what the store holds now. Raises: RemoteError.

        Cost: a request a thousand objects, one for each file of the bag that changed, and
        then one more: a bag that was sealed while it was brought is brought again.
        """
        for _ in range(_LOOKS):
            listed = self.store.list()
            if not self._show(listed):
                return
            again = self.store.list_flat()
            if all(listed.get(key, found)[:2] == found[:2] for key, found in again.items()):
                return

    def _show(self, listed: dict[str, Found]) -> bool:
        """Returns: whether files of the bag were brought."""
        listed = {key: found for key, found in listed.items() if is_key(key)}
        for key in sorted(self._held.keys() - listed.keys()):
            self._forget(key)
        fresh: list[str] = []
        for key, found in sorted(listed.items()):
            known = self._held.get(key)
            if key in {PROBE, MOMENT} or (known and known.found[:2] == found[:2]):
                continue
            if known is None and (self.root / key).is_file() and PART.fullmatch(key):
                continue  # of this run: sent, and not named so far
            self._held[key] = Held(found)
            if _LAZY.fullmatch(key):
                self._place(key, found)
                self._shelf.drop(self.root / key)
            else:
                fresh.append(key)
        self._bring_all(fresh)
        return bool(fresh)

    def _place(self, key: str, found: Found) -> None:
        try:
            placeholder(self.root / key, found)
        except OSError as problem:
            where = f"{self.store.location}/{key}"
            raise RemoteError(
                f"{where}: no file here can stand for it: {problem.strerror or problem}",
                hint="Make room in the folder for temporary files (TMPDIR); an object that no "
                "archive has, such as one named as a folder is, has to go from the bucket.",
            ) from problem
        self._held[key].stamp = stamp_of(self.root / key)

    def _forget(self, key: str) -> None:
        del self._held[key]
        self._shelf.drop(self.root / key)
        (self.root / key).unlink(missing_ok=True)

    def need(self, path: Path, stretches: Sequence[Stretch] | None) -> None:
        """Bring a file's bytes. Raises: FileNotFoundError, RemoteError."""
        key = self._key(path)
        held = self._held.get(key)
        if held is None or held.whole:
            return
        try:
            with held.lock:
                self._bring(key, path, held, stretches)
        except FileNotFoundError:
            self.refresh()  # a take-down elsewhere; or it was just deleted
            raise
        if PART.fullmatch(key):
            self._shelf.use(path, held)

    def need_all(self, paths: Sequence[Path]) -> None:
        """Bring small files side by side."""
        keys = [self._key(path) for path in paths]
        self._bring_all([key for key in keys if self._lacks(key)])

    def _lacks(self, key: str) -> bool:
        """Whether a file is a placeholder; one that this run wrote in its place is none."""
        held = self._held.get(key)
        return held is not None and not held.whole and stamp_of(self.root / key) == held.stamp

    def pin(self, path: Path) -> None:
        """Keep what is brought of a file."""
        if held := self._held.get(self._key(path)):
            self._shelf.pin(held, 1)

    def unpin(self, path: Path) -> None:
        """The inverse of ``pin``."""
        if held := self._held.get(self._key(path)):
            self._shelf.pin(held, -1)

    def _bring_all(self, keys: Sequence[str]) -> None:
        if not keys:
            return
        with ThreadPoolExecutor(min(AT_ONCE, len(keys))) as pool:
            list(pool.map(self._bring_small, keys))

    def _bring_small(self, key: str) -> None:
        """A small file, put in its place whole. One that is gone meanwhile is not there."""
        path = self.root / key
        held = self._held[key]
        aside = self.root.parent / "brought" / key
        with held.lock:
            try:
                aside.parent.mkdir(parents=True, exist_ok=True)
                with aside.open("wb") as stream:
                    for piece in self.store.pieces(key):
                        stream.write(piece)
            except FileNotFoundError:
                self._forget(key)
                return
            set_moment(aside, held.found)
            path.parent.mkdir(parents=True, exist_ok=True)
            aside.replace(path)
            held.whole, held.stamp = True, stamp_of(path)

    def _bring(self, key: str, path: Path, held: Held, stretches: Sequence[Stretch] | None) -> None:
        if held.whole or stamp_of(path) != held.stamp:
            return  # the latter: this run wrote another
        try:
            self._fill(key, path, held, stretches)
        finally:  # also where the connection broke in the middle: it is tried again
            set_moment(path, held.found)
            held.stamp = stamp_of(path)

    def _fill(self, key: str, path: Path, held: Held, stretches: Sequence[Stretch] | None) -> None:
        size = held.found.size
        kept = self._kept if PART.fullmatch(key) else None
        if kept is not None and kept.give(key, path):
            held.whole = True
        elif stretches is None or size <= SMALL or kept is not None:
            with path.open("r+b") as stream:  # in place: others may have it open already
                for piece in self.store.pieces(key):
                    stream.write(piece)
                stream.truncate()
            held.whole = True
            if kept is not None:
                kept.take(key, path)
        else:
            with path.open("r+b") as stream:
                for start, end in lacking(held.have, stretches, size):
                    stream.seek(start)
                    stream.write(self.store.stretch(key, start, end))
                    held.have.append((start, end))

    def _key(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix()
