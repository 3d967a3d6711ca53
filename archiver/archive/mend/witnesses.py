"""What vouches for a damaged log: the entries as they are once repaired, and the bag."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from archiver.archive.bag.tags import (
    MANIFEST,
    MAX_MANIFEST_BYTES,
    TAG_MANIFEST,
    read_head,
    read_info,
    read_manifest,
)
from archiver.archive.checks.check import Check
from archiver.archive.files.disk import read_small
from archiver.archive.log.chain import LOG_FOLDER, MAX_ENTRY_BYTES, list_versions
from archiver.archive.log.entry import BadEntryError, Entry, Head, entry_name, parse_entry
from archiver.archive.rows.columns import TABLES
from archiver.digest import sha256
from archiver.errors import NewerArchiveError


@dataclass(frozen=True, slots=True)
class Need:
    """A file that is damaged or missing, and the one digest that can take its place."""

    path: str
    sha256: str
    limit: int


@dataclass(slots=True)
class Promises:
    """What was found: the files needed, and those that nothing can be promised for."""

    needs: list[Need] = field(default_factory=list)
    #: Path -> why the copy cannot mend it.
    hopeless: dict[str, str] = field(default_factory=dict)
    #: Versions that the copy has beyond the archive's own, by table.
    newer: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Bag:
    """The archive's own manifest; ``trusted`` where the tag manifest holds its digest."""

    lines: dict[str, str]
    trusted: bool
    head: Head | None


def read_bag(root: Path, copy: Path) -> Bag:
    """The manifest, from the copy where the tag manifest says that this is the right one."""
    lines: dict[str, str] = {}
    tags = _lines(_small(root / TAG_MANIFEST))
    promised = (tags or {}).get(MANIFEST)
    own, other = _small(root / MANIFEST), _small(copy / MANIFEST)
    trusted = own is not None and (sha256(own) == promised or own == other)
    if not trusted and other is not None and sha256(other) == promised:
        own, trusted = other, True
    lines = _lines(own) or {}  # an untrusted manifest may still name the right digests
    try:
        head = read_head(read_info(root))
    except (OSError, ValueError):
        head = None
    payload = {path: lines[path] for path in lines if path.startswith("data/")}
    return Bag(payload, trusted and bool(payload), head)


def _small(path: Path) -> bytes | None:
    try:
        return read_small(path, MAX_MANIFEST_BYTES)
    except (OSError, ValueError):
        return None


def _lines(data: bytes | None) -> dict[str, str] | None:
    try:
        return None if data is None else read_manifest(data)
    except ValueError:
        return None


def choose_entries(  # noqa: PLR0917 - one call
    check: Check, copy: Path, table: str, bag: Bag, head: Head | None, found: Promises
) -> list[Entry]:
    """The entries of a table as they are once repaired, from the newest down."""
    log = f"{TABLES[table]}/{LOG_FOLDER}"
    own = {entry.version: entry for entry in check.entries[table]}
    there, listed = _versions(check.root / TABLES[table]), _listed(bag, log)
    theirs = _versions(copy / TABLES[table])
    known = there | listed | ({head.version} if head else set())
    top = max(own.keys() | listed | ({head.version} if head else set()) | there, default=-1)
    found.newer[table] = len([version for version in theirs if version > top])
    chosen: dict[int, Entry] = {}
    for version in sorted(known | {item for item in theirs if item < top}, reverse=True):
        path = f"{log}/{entry_name(version)}"
        witnesses = _witnesses(path, version, bag, head, chosen.get(version + 1))
        mine = own.get(version)
        if mine is not None and not (check.root / path).is_symlink():
            doubted = path in check.reported or _next_doubted(check, log, version) or bag.trusted
            if not (doubted and witnesses) or mine.sha256 in witnesses:
                chosen[version] = mine
                continue
        other = _entry(copy / path, version)
        before = own.get(version - 1)
        follows = (
            other is not None
            and version in there | listed
            and before is not None
            and other.info["prev"] == before.sha256
        )
        if other is not None and (other.sha256 in witnesses or (not witnesses and follows)):
            chosen[version] = other
            found.needs.append(Need(path, other.sha256, MAX_ENTRY_BYTES))
        else:
            found.hopeless[path] = (
                "the copy lacks this log entry" if other is None else "the copy has another entry"
            )
    return [chosen[version] for version in sorted(chosen)]


def _witnesses(
    path: str, version: int, bag: Bag, head: Head | None, after: Entry | None
) -> set[str]:
    """The digests that an entry may have. A sealed manifest alone decides where it has a line.

    It knows of entries that were lawfully rewritten; the entry after does not.
    """
    if bag.trusted and path in bag.lines:
        return {bag.lines[path]}
    named = {after.info["prev"]} if after is not None else set()
    if head is not None and head.version == version:
        named.add(head.sha256)
    if path in bag.lines:
        named.add(bag.lines[path])
    return named


def _next_doubted(check: Check, log: str, version: int) -> bool:
    """A broken link of the chain is laid to the later entry; the earlier may be the wrong one."""
    return f"{log}/{entry_name(version + 1)}" in check.reported


def _versions(table: Path) -> set[int]:
    try:
        return set(list_versions(table))
    except OSError:
        return set()


def _listed(bag: Bag, log: str) -> set[int]:
    names = (path.removeprefix(f"{log}/") for path in bag.lines if path.startswith(f"{log}/"))
    return {
        int(name[:20])
        for name in names
        if len(name) == 25 and name.endswith(".json") and name[:20].isdecimal()
    }


def _entry(path: Path, version: int) -> Entry | None:
    try:
        return parse_entry(version, read_small(path, MAX_ENTRY_BYTES))
    except (BadEntryError, NewerArchiveError, OSError, ValueError, MemoryError):
        return None
