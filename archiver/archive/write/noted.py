"""What the bag remembers of the log: proof that a version was acknowledged once.

The bag is sealed after a version is on the disk. So a version that the bag
names and the log lacks was lost, and is not one that never came to be.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from archiver.archive.bag.tags import INFO, MANIFEST, read_head, read_manifest, vouched
from archiver.archive.files.disk import storing, sync_file, sync_folder
from archiver.archive.log.chain import LOG_FOLDER
from archiver.archive.log.entry import Entry, Head, entry_name
from archiver.archive.rows.columns import TABLES
from archiver.errors import DamageError


def noted_head(root: Path) -> Head | None:
    """The head the bag was last sealed with; None where it does not say, or is damaged itself."""
    found = vouched(root, INFO, unsealed=True)
    try:
        return read_head(found[0]) if found else None
    except ValueError:
        return None


def noted_digests(root: Path) -> dict[str, str]:
    """Payload path -> digest when the bag was last sealed; empty as ``noted_head`` is None."""
    found = vouched(root, MANIFEST, unsealed=True)
    try:
        return read_manifest(found[0]) if found else {}
    except ValueError:
        return {}


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
