"""The working copy of an archive in an object store; see the package for what makes it safe."""

from __future__ import annotations

import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path

from archiver.archive.bag.tags import MANIFEST, TAG_MANIFEST
from archiver.archive.checks.fixity import EVENTS
from archiver.archive.files.lock import LOCK
from archiver.archive.files.staging import PART
from archiver.archive.log.chain import LOG_FOLDER
from archiver.archive.log.entry import parse_entry
from archiver.archive.rows.columns import RULESETS, TABLES
from archiver.errors import LockedError, RemoteError
from archiver.remote.brought import AT_ONCE, MOMENT, PROBE, Brought
from archiver.remote.holdings import KEPT_BYTES, Held, stamp_of
from archiver.remote.store import Found, Store, TakenError

#: Parts that no version names are a living writer's until they are older than this: a
#: machine elsewhere can be asked nothing. The same week as for leftovers on a shared disk.
RECENT = timedelta(days=7)

#: Times an entry is sent again where the answer was lost and the store does not have it.
TRIES = 4

_PROBE_BYTES = b"Written once: archiver asks whether this service keeps If-None-Match.\n"

_ENTRY = re.compile(rf"(?:{'|'.join(TABLES.values())})/{LOG_FOLDER}/([0-9]{{20}})\.json")

#: The moment of what this run wrote itself: nobody asks for it.
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

#: Folders whose files are derived or noted, and brought to the store as they come.
_PUSHED = (RULESETS, ".cache", "fixity", "aside", "damaged")


class WorkingCopy(Brought):
    """A mount (see ``archive.files.mounts``) of one archive: what is written goes to the store."""

    def __init__(
        self, root: Path, store: Store, *, kept: Path | None = None, limit: int = KEPT_BYTES
    ) -> None:
        super().__init__(root, store, kept=kept, limit=limit)
        self._sent: set[str] = set()
        self._tags: dict[str, str | None] = {}
        self._doomed: list[str] = []
        self._proven = False
        self._now: datetime | None = None

    def claim(self, path: Path, data: bytes) -> None:
        """Publish an entry: what it names first, then itself, under a name taken once.

        Raises: FileExistsError where another writer was first; RemoteError where the store
        does not answer: the entry may be there then, and the next run sees it.
        """
        key = self._key(path)
        version = int(key[-25:-5])
        folder = key.partition(f"/{LOG_FOLDER}/")[0]
        entry = parse_entry(version, data)
        self._prove()
        self._delete_doomed()
        parts = [f"{folder}/{part.path}" for part in entry.added]
        named = list(parts)
        ruleset = entry.info.get("ruleset")
        if ruleset is not None:
            names = (f"{RULESETS}/{ruleset}.json.gz", f"{RULESETS}/{ruleset}.json")
            named += [name for name in names if (self.root / name).is_file()]
        old = self._held.keys() - parts
        self._send([name for name in named if name not in self._sent and name not in old])
        tag = self._publish(key, data)
        self._held[key] = Held(Found(tag, len(data), _EPOCH), whole=True)
        for name in named:
            if name in self._tags:
                self._note_own(name, self._tags.pop(name))

    def _publish(self, key: str, data: bytes) -> str | None:
        last: RemoteError | None = None
        for _ in range(TRIES):
            try:
                return self.store.put_if(key, data, None)
            except TakenError:  # by another, or by ourselves: an answer was lost
                last = None
            except RemoteError as problem:
                last = problem
            try:
                theirs, found = self.store.get(key)
            except FileNotFoundError:  # S3 may answer 409 while somebody deletes: ask again
                continue
            except RemoteError as problem:
                last = last or problem
                continue
            if theirs == data:
                return found.tag
            self.refresh()
            self._sent.clear()  # another's recover may have taken them: they are sent anew
            raise FileExistsError(f"{key}: another writer was first")
        raise last or RemoteError(f"{self.store.location}/{key}: the service does not take it")

    def _send(self, names: Sequence[str]) -> None:
        """Upload files side by side.

        Parts go even where the store has them: their moment is then of now, and
        `recover` elsewhere takes them for a living run's.
        """

        def send(name: str) -> tuple[str, str | None]:
            return name, self.store.put(name, self.root / name)

        if names:
            with ThreadPoolExecutor(min(AT_ONCE, len(names))) as pool:
                for name, tag in pool.map(send, names):
                    self._tags[name] = tag
                    self._sent.add(name)

    def _prove(self) -> None:
        """Hold that the service keeps conditions; without them writers would lose versions.

        Raises: RemoteError. Cost: one request, refused; three when it is asked first.
        """
        if self._proven:
            return
        for _ in range(2):
            try:
                self.store.put_if(PROBE, _PROBE_BYTES, None)
            except TakenError:
                self._proven = True
                return
        raise RemoteError(
            f"{self.store.location}: the service ignores If-None-Match, so that two writers "
            "would overwrite each other's versions",
            hint="Use a service with conditional writes; docs/how-to/archive-on-s3.md names some.",
        )

    def gone(self, path: Path) -> None:
        """A file was deleted on purpose; the store follows with the next claim or push."""
        key = self._key(path)
        if key in self._held:
            del self._held[key]
            self._shelf.drop(path)
            self._doomed.append(key)

    def _delete_doomed(self) -> None:
        if self._doomed:
            self.store.delete(self._doomed)
            self._doomed.clear()

    def push(self) -> bool:
        """Bring what was written beside the log to the store, the tag manifest last.

        Returns: False where another writer wrote any of it since, or a newer version.
        Raises: LockedError where another check was noted meanwhile; RemoteError.
        """
        changed = [key for key in self._beside() if self._is_changed(key)]
        sealed = TAG_MANIFEST in changed
        if sealed and TAG_MANIFEST in self._held:
            self.store.delete([TAG_MANIFEST])  # a bag that is not whole is called unsealed
        for _, keys in groupby(sorted(changed, key=_order), key=lambda key: _order(key)[0]):
            with ThreadPoolExecutor(AT_ONCE) as pool:
                list(pool.map(self._put, keys))
        self._delete_doomed()
        return not sealed or self._is_settled()

    def _put(self, key: str) -> None:
        if key != EVENTS:
            self._note_own(key, self.store.put(key, self.root / key))
            return
        held = self._held.get(key)
        try:  # a chain of events, like the log: nobody's may be lost
            tag = self.store.put_if(
                key, (self.root / key).read_bytes(), held.found.tag if held else None
            )
        except TakenError:
            self._held.pop(key, None)
            self.refresh()
            raise LockedError(f"{self.store.location}/{key}: another check was noted") from None
        self._note_own(key, tag)

    def _note_own(self, key: str, tag: str | None) -> None:
        path = self.root / key
        found = Found(tag, path.stat().st_size, _EPOCH)
        held = self._held[key] = Held(found, whole=True, stamp=stamp_of(path))
        if PART.fullmatch(key):
            self._shelf.use(path, held)

    def _beside(self) -> list[str]:
        """Files of the copy that are neither parts nor entries."""
        found = [path for path in self.root.iterdir() if path.is_file() and path.name != LOCK]
        for name in _PUSHED:
            found += (path for path in (self.root / name).rglob("*") if path.is_file())
        for folder in TABLES.values():
            log = self.root / folder / LOG_FOLDER
            names = log.iterdir() if log.is_dir() else ()
            found += (path for path in names if not _ENTRY.fullmatch(self._key(path)))
        return sorted(map(self._key, found))

    def _is_changed(self, key: str) -> bool:
        held = self._held.get(key)
        if held is None:
            return True
        return held.stamp != stamp_of(self.root / key)

    def _is_settled(self) -> bool:
        """Whether the store holds what this run sealed, and no newer version."""
        listed = self.store.list_flat()
        for folder in TABLES.values():
            listed |= self.store.list_flat(f"{folder}/{LOG_FOLDER}")
        mine = {key: held.found.tag for key, held in self._held.items() if key in listed}
        others = {key for key, found in listed.items() if mine.get(key) != found.tag}
        if others <= {PROBE, MOMENT}:
            return True
        self.refresh()
        return False

    def is_recent(self, path: Path) -> bool:
        """Whether an object may be of a writer at work, by the store's own clock."""
        held = self._held.get(self._key(path))
        if held is None:
            return False
        if self._now is None:
            self.store.put(MOMENT, b"")
            self._now = self.store.head(MOMENT).modified
            self.store.delete([MOMENT])
        return self._now - held.found.modified < RECENT


def _order(key: str) -> tuple[int, str]:
    """Checkpoints before what names them, then the bag's files as a seal writes them."""
    name = key.rpartition("/")[2]
    if "/" in key:
        return (1 if name == "_last_checkpoint" else 0), key
    return {MANIFEST: 2, TAG_MANIFEST: 4}.get(key, 3), key
