"""What the bag remembers of the log: proof that a version was acknowledged once.

The bag is sealed after a version is on the disk. So a version that the bag
names and the log lacks was lost, and is not one that never came to be.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from archiver.archive.bag.bag import (
    DECLARATION,
    INFO,
    MANIFEST,
    MAX_MANIFEST_BYTES,
    TAG_MANIFEST,
    read_manifest,
)
from archiver.archive.files.disk import read_small, storing, sync_file, sync_folder
from archiver.archive.log.chain import LOG_FOLDER
from archiver.archive.log.entry import Entry, Head, entry_name
from archiver.archive.rows.columns import TABLES
from archiver.digest import sha256
from archiver.errors import DamageError

#: bag-info.txt is a handful of lines.
_MAX_INFO_BYTES = 1 << 20

_HEAD = re.compile(r"^Archiver-Head: ([0-9]{1,18}):([0-9a-f]{64})$", re.MULTILINE)


def noted_head(root: Path) -> Head | None:
    """The head the bag was last sealed with; None where it does not say, or is damaged itself."""
    data = _tag_file(root, INFO, _MAX_INFO_BYTES)
    found = _HEAD.search(data.decode("utf-8", "replace")) if data else None
    return Head(int(found[1]), found[2]) if found else None


def noted_digests(root: Path) -> dict[str, str]:
    """Payload path -> digest when the bag was last sealed; empty as ``noted_head`` is None."""
    data = _tag_file(root, MANIFEST, MAX_MANIFEST_BYTES)
    try:
        return read_manifest(data) if data else {}
    except ValueError:
        return {}


def tags_hold(root: Path) -> bool:
    """Whether the tag manifest is there and every file it names has its bytes."""
    try:
        lines = read_manifest(read_small(root / TAG_MANIFEST, MAX_MANIFEST_BYTES))
        return {DECLARATION, INFO, MANIFEST} <= lines.keys() and all(
            sha256(read_small(root / name, MAX_MANIFEST_BYTES)) == digest
            for name, digest in lines.items()
        )
    except (OSError, ValueError):
        return False


def _tag_file(root: Path, name: str, limit: int) -> bytes | None:
    """A tag file's bytes, unless the tag manifest says that they are others."""
    try:
        data = read_small(root / name, limit)
    except (OSError, ValueError):
        return None
    try:
        lines = read_manifest(read_small(root / TAG_MANIFEST, MAX_MANIFEST_BYTES))
    except FileNotFoundError:
        return data  # a seal was interrupted; each file is whole
    except (OSError, ValueError):
        return None
    return data if lines.get(name) == sha256(data) else None


def settle(root: Path, entries: Mapping[str, Sequence[Entry]]) -> None:
    """Before anything builds on the newest version: it is the newest, and on the disk.

    A version that the bag does not name may be of a run that was killed before
    the disk had it. entries: table -> its log. The caller holds the lock.
    Raises: DamageError where the bag names a version that the log lacks; StorageError.
    """
    noted, log = noted_head(root), entries["documents"]
    if noted == log[-1].head and log[-1].bound == entries["quarantine"][-1].head:
        return
    if noted is not None and (noted.version >= len(log) or log[noted.version].head != noted):
        raise DamageError(
            f"{root}: the bag was sealed at version {noted.version}; the log ends at "
            f"version {log[-1].version}, and knows no such version",
            hint="Restore the log entries from a copy; `archiver recover --dry-run` says more.",
        )
    with storing(f"the newest version of {root}"):
        for table, folder in TABLES.items():
            path = root / folder / LOG_FOLDER / entry_name(entries[table][-1].version)
            with path.open("rb+") as stream:
                sync_file(stream)
            sync_folder(path.parent)
