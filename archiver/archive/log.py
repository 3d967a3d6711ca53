"""The log of a table: Delta commits, each naming the digest of the one before.

The head - version and digest of the newest entry - thus covers every entry,
and through the digests in the entries every part. Entries are written here and
not by delta-rs: an entry is on the disk before it gets its name, so a crash
cannot leave a torn one, and its digest is known before it is published.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from archiver.archive.disk import (
    Checkpoint,
    publish_new,
    read_small,
    staged_file,
    sync_folder,
    write_synced,
)
from archiver.archive.entry import BadEntryError, Entry, Head, Part, entry_name, parse_entry
from archiver.digest import sha256
from archiver.errors import DamageError

__all__ = [
    "LOG_FOLDER",
    "MAX_ENTRY_BYTES",
    "Head",
    "list_versions",
    "live_parts",
    "publish_entry",
    "read_entry",
    "replay",
]

LOG_FOLDER = "_delta_log"

#: An entry holds ~600 bytes a part; 100,000 parts in one commit are far beyond any run.
MAX_ENTRY_BYTES = 64 << 20

_ENTRY_NAME = re.compile(r"[0-9]{20}\.json")


def list_versions(table: Path) -> list[int]:
    """The versions that have an entry, sorted. Raises: OSError where there is no log."""
    with os.scandir(table / LOG_FOLDER) as found:
        return sorted(int(item.name[:20]) for item in found if _ENTRY_NAME.fullmatch(item.name))


def read_entry(table: Path, version: int) -> Entry:
    """One entry from disk. Raises: BadEntryError, NewerArchiveError, OSError."""
    path = table / LOG_FOLDER / entry_name(version)
    try:
        data = read_small(path, MAX_ENTRY_BYTES)
    except ValueError as problem:
        raise BadEntryError(str(problem)) from problem
    return parse_entry(version, data)


def replay(table: Path, known: Sequence[Entry] = ()) -> tuple[Entry, ...]:
    """Every entry from 0 on, the chain checked; entries already known are not read again.

    Raises: DamageError where an entry is missing, torn or out of the chain, so
    that an older state is never taken for the newest; NewerArchiveError.
    """
    entries = list(known)
    try:
        versions = list_versions(table)
        if len(versions) < max(len(known), 1) or versions[-1] != len(versions) - 1:
            raise DamageError(f"{table}: log entries are missing")
        for version in versions[len(known) :]:
            entry = read_entry(table, version)
            before = entries[-1].sha256 if entries else None
            if entry.info["prev"] != before:
                raise DamageError(f"{table}: the chain of the log breaks at version {version}")
            entries.append(entry)
    except BadEntryError as problem:
        where = table / LOG_FOLDER / entry_name(len(entries))
        raise DamageError(f"log entry {where}: {problem}") from problem
    except OSError as problem:
        raise DamageError(f"{table}: the log cannot be read: {problem}") from problem
    return tuple(entries)


def live_parts(entries: Sequence[Entry]) -> dict[str, tuple[int, Part]]:
    """Path -> (version it came in, part) after these entries; in the order they came."""
    parts: dict[str, tuple[int, Part]] = {}
    for entry in entries:
        for path in entry.removed:
            parts.pop(path, None)
        for part in entry.added:
            parts.setdefault(part.path, (entry.version, part))
    return parts


def publish_entry(
    table: Path, version: int, data: bytes, *, staging: Path, checkpoint: Checkpoint, name: str
) -> Head:
    """Write entry ``version``: on disk first, visible then, acknowledged last.

    name: begins the steps told to ``checkpoint``.
    Raises: FileExistsError where another process committed this version; OSError.
    """
    path = table / LOG_FOLDER / entry_name(version)
    with staged_file(staging, f"{name}-{path.name}") as staged:
        write_synced(staged, data)
        checkpoint(f"{name}-entry-staged")
        publish_new(staged, path)
        checkpoint(f"{name}-entry-visible")
        sync_folder(path.parent)
        checkpoint(f"{name}-entry-durable")
        staged.unlink()
    return Head(version, sha256(data))
