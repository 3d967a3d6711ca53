"""The log of a table: Delta commits, each naming the digest of the one before.

The head - version and digest of the newest entry - thus covers every entry,
and through the digests in the entries every part. Entries are written here and
not by delta-rs: an entry is on the disk before it gets its name, so a crash
cannot leave a torn one, and its digest is known before it is published.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from archiver.archive.files.disk import (
    Checkpoint,
    publish_new,
    read_small,
    staged_file,
    sync_folder,
    write_synced,
)
from archiver.archive.files.mounts import claim, need_all
from archiver.archive.log.entry import BadEntryError, Entry, Head, Part, entry_name, parse_entry
from archiver.archive.log.history import joined
from archiver.digest import sha256
from archiver.errors import DamageError

__all__ = [
    "LOG_FOLDER",
    "MAX_ENTRY_BYTES",
    "Head",
    "check_ends",
    "files_came",
    "list_versions",
    "live_parts",
    "publish_entry",
    "read_entry",
    "removed_parts",
    "replay",
]

LOG_FOLDER = "_delta_log"

#: An entry holds ~600 bytes a part; 100,000 parts in one commit are far beyond any run.
MAX_ENTRY_BYTES = 64 << 20

_TORN_HINT = (
    "After a crash or a power cut run `archiver recover`; "
    "if it refuses, `archiver validate` shows what is damaged."
)

_ENTRY_NAME = re.compile(r"[0-9]{20}\.json")


def list_versions(table: Path) -> list[int]:
    """The versions that have an entry, sorted. Raises: OSError where there is no log."""
    # Not iterdir(): names suffice, and there may be many.
    found = os.listdir(table / LOG_FOLDER)  # noqa: PTH208
    names = [name for name in found if _ENTRY_NAME.fullmatch(name)]
    if names and int(max(names)[:20]) == len(names) - 1:
        return list(range(len(names)))  # none is missing
    return sorted(int(name[:20]) for name in names)


def check_ends(table: Path) -> list[int]:
    """A log's versions, the first and newest of them whole. Raises: DamageError."""
    version = 0
    try:
        versions = list_versions(table)
        if not versions:
            raise DamageError(f"{table}: the log has no entries")
        for version in sorted({versions[0], versions[-1]}):
            read_entry(table, version)
    except BadEntryError as problem:
        raise _torn(table, version, problem) from problem
    except OSError as problem:
        raise DamageError(f"{table}: the log cannot be read: {problem}") from problem
    return versions


def _torn(table: Path, version: int, problem: BadEntryError) -> DamageError:
    where = table / LOG_FOLDER / entry_name(version)
    return DamageError(f"log entry {where}: {problem}", hint=_TORN_HINT)


def has_version(table: Path, version: int) -> bool:
    """Whether a version has an entry."""
    return (table / LOG_FOLDER / entry_name(version)).exists()


def read_entry(table: Path, version: int) -> Entry:
    """One entry from disk. Raises: BadEntryError, NewerArchiveError, OSError."""
    path = table / LOG_FOLDER / entry_name(version)
    try:
        data = read_small(path, MAX_ENTRY_BYTES)
    except ValueError as problem:
        raise BadEntryError(str(problem)) from problem
    return parse_entry(version, data)


def follow(table: Path, known: Sequence[Entry]) -> Sequence[Entry]:
    """A log that is known up to a version that is there, and what came since.

    Cost: a look at one name, and the new entries. Raises: as ``replay``.
    """
    new: list[Entry] = []
    try:
        while True:
            entry = read_entry(table, len(known) + len(new))
            _check_chain(table, entry, new[-1] if new else known[-1])
            new.append(entry)
    except FileNotFoundError:
        return joined(known, new) if new else known
    except BadEntryError as problem:
        raise _torn(table, len(known) + len(new), problem) from problem
    except OSError as problem:
        raise DamageError(f"{table}: the log cannot be read: {problem}") from problem


def _check_chain(table: Path, entry: Entry, last: Entry | None) -> None:
    if entry.info["prev"] != (last.sha256 if last else None):
        raise DamageError(f"{table}: the chain of the log breaks at version {entry.version}")


def replay(
    table: Path, known: Sequence[Entry] = (), versions: Sequence[int] = ()
) -> Sequence[Entry]:
    """Every entry from 0 on, the chain checked; entries already known are not read again.

    versions: the entries there are, where the caller has just listed them.
    Raises: DamageError where an entry is missing, torn or out of the chain, so
    that an older state is never taken for the newest; NewerArchiveError.
    """
    new: list[Entry] = []
    try:
        versions = versions or list_versions(table)
        if len(versions) < max(len(known), 1) or versions[-1] != len(versions) - 1:
            raise DamageError(f"{table}: log entries are missing")
        need_all([table / LOG_FOLDER / entry_name(item) for item in versions[len(known) :]])
        for version in versions[len(known) :]:
            entry = read_entry(table, version)
            last = new[-1] if new else known[-1] if known else None
            _check_chain(table, entry, last)
            new.append(entry)
    except BadEntryError as problem:
        raise _torn(table, len(known) + len(new), problem) from problem
    except OSError as problem:
        raise DamageError(f"{table}: the log cannot be read: {problem}") from problem
    return joined(known, new)


def live_parts(entries: Sequence[Entry], upto: int | None = None) -> dict[str, tuple[int, Part]]:
    """Path -> (version its rows came in, part) after these entries; in the order they came.

    upto: the parts of an older version, less what was taken down since.
    """
    parts: dict[str, tuple[int, Part]] = {}
    for entry in entries:
        if entry.removed:
            parts = _without(parts, entry)
        if upto is None or entry.version <= upto:
            stand_ins = entry.replaced.values()
            for part in entry.added:
                if part.path not in stand_ins:
                    parts.setdefault(part.path, (entry.version, part))
    return parts


def files_came(entries: Sequence[Entry]) -> dict[str, int]:
    """Path -> the version whose entry adds the file; rows of a stand-in came before."""
    came: dict[str, int] = {}
    for entry in entries:
        for part in entry.added:
            came.setdefault(part.path, entry.version)
    return came


def removed_parts(entries: Sequence[Entry]) -> set[str]:
    """Paths of parts that a take-down removed and that no later entry added again."""
    removed: set[str] = set()
    for entry in entries:
        removed = (removed | set(entry.removed)) - {part.path for part in entry.added}
    return removed


def _without(parts: Mapping[str, tuple[int, Part]], entry: Entry) -> dict[str, tuple[int, Part]]:
    """The parts after a take-down: what is left of a removed one stands in its place."""
    added = {part.path: part for part in entry.added}
    left: dict[str, tuple[int, Part]] = {}
    for path, (version, part) in parts.items():
        if path not in entry.removed:
            left[path] = version, part
        elif stand_in := added.get(entry.replaced.get(path) or ""):
            left[stand_in.path] = version, stand_in
    return left


def publish_entry(
    table: Path,
    version: int,
    data: bytes,
    *,
    staging: Path,
    checkpoint: Checkpoint,
    name: str,
    alone: bool = False,
) -> Head:
    """Write entry ``version``: on disk first, visible then, acknowledged last.

    name: begins the steps told to ``checkpoint``. alone: as in ``publish_new``.
    Raises: FileExistsError where another process committed this version; OSError.
    """
    path = table / LOG_FOLDER / entry_name(version)
    with staged_file(staging, f"{name}-{path.name}") as staged:
        write_synced(staged, data)
        checkpoint(f"{name}-entry-staged")
        claim(path, data)
        publish_new(staged, path, alone=alone)
        checkpoint(f"{name}-entry-visible")
        sync_folder(path.parent)
        checkpoint(f"{name}-entry-durable")
        staged.unlink(missing_ok=True)  # a rename took it already
    return Head(version, sha256(data))
