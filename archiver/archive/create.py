"""Lay out an empty archive."""

from __future__ import annotations

import os
import uuid
from datetime import datetime
from pathlib import Path
from typing import Any

from archiver.archive.bag import bag
from archiver.archive.files.disk import (
    STAGING,
    Checkpoint,
    entry_steps,
    make_folder,
    no_checkpoint,
    storing,
)
from archiver.archive.files.lock import LOCK, locked
from archiver.archive.files.staging import workspace
from archiver.archive.log.actions import commit_info, encode_entry, milliseconds
from archiver.archive.log.chain import LOG_FOLDER, list_versions, publish_entry, read_entry
from archiver.archive.log.delta import creation_actions
from archiver.archive.log.entry import BadEntryError, Head, entry_name
from archiver.archive.rows.columns import SCHEMA_VERSION, TABLES
from archiver.digest import timestamp
from archiver.errors import InputError

#: Making an archive takes milliseconds; whoever waits longer waits for a stuck disk.
LOCK_SECONDS = 60.0

#: Steps told to ``checkpoint``, before those of the seal.
STEPS = (
    "folder-made",
    *entry_steps("quarantine", "documents"),
)


def lay_out(
    path: Path,
    created_at: datetime,
    tool: str,
    *,
    exist_ok: bool = False,
    checkpoint: Checkpoint = no_checkpoint,
) -> None:
    """Make both tables' first entries, and seal.

    exist_ok: whether an archive that is there already, or is being made by another
    process, will do. Raises: InputError, LockedError, StorageError.
    """
    if path.exists() and not path.is_dir():
        raise InputError(f"{path}: this is a file, not a folder", hint="Choose another --archive.")
    strange = _strangers(path)
    if strange and (is_unborn(path) or not exist_ok):
        what = "an archive already" if not is_unborn(path) else strange[0]
        raise InputError(
            f"{path}: the folder is neither empty nor half-made: it holds {what}",
            hint="Choose another folder with --archive, or empty this one.",
        )
    with storing(f"a new archive at {path}"):
        make_folder(path)
        checkpoint("folder-made")
        with locked(path, LOCK_SECONDS) as held, workspace(path) as work:
            if held and not is_unborn(path):
                return
            _publish_first(path, created_at, tool, work.folder, checkpoint, alone=held)
            bag.seal(path, staging=work.folder, checkpoint=checkpoint)


def _publish_first(
    path: Path,
    created_at: datetime,
    tool: str,
    staging: Path,
    checkpoint: Checkpoint,
    *,
    alone: bool,
) -> None:
    bound: Head | None = None
    for name in ("quarantine", "documents"):
        make_folder(path / TABLES[name] / LOG_FOLDER)
        data = encode_entry(_creation(name, created_at, tool, bound))
        bound = _whole_first(path / TABLES[name], alone=alone)
        if bound is not None:
            continue  # of a run that was killed in here, or that was quicker
        try:
            bound = publish_entry(
                path / TABLES[name],
                0,
                data,
                staging=staging,
                checkpoint=checkpoint,
                name=name,
                alone=alone,
            )
        except FileExistsError:  # no locks here, and another run was quicker
            bound = read_entry(path / TABLES[name], 0).head


def _whole_first(table: Path, *, alone: bool) -> Head | None:
    """The head of a table that has its first entry. A torn one goes: nothing was ever in it."""
    try:
        return read_entry(table, 0).head
    except BadEntryError:
        if alone:
            (table / LOG_FOLDER / entry_name(0)).unlink()
    except FileNotFoundError:
        pass
    return None


def _creation(
    table: str, created_at: datetime, tool: str, bound: Head | None
) -> list[dict[str, Any]]:
    table_id = str(uuid.uuid5(uuid.NAMESPACE_URL, f"archiver:{table}:{timestamp(created_at)}"))
    known: dict[str, Any] = {"prev": None, "files": {}, "counts": {}}
    if SCHEMA_VERSION > 1:
        known["schema"] = SCHEMA_VERSION
    if bound is not None:
        known["quarantine"] = {"version": bound.version, "sha256": bound.sha256}
    info = commit_info("CREATE TABLE", created_at, tool, known)
    return [info, *creation_actions(table, table_id, milliseconds(created_at))]


def is_unborn(path: Path) -> bool:
    """Whether ``create_archive`` was killed before the archive came to be."""
    if (path / bag.DECLARATION).exists():
        return False
    try:
        return not list_versions(path / TABLES["documents"])
    except FileNotFoundError:
        return True


def _strangers(path: Path) -> list[str]:
    """What lies in the folder that a killed ``create_archive`` cannot have left there."""
    ours = {
        f"{TABLES['quarantine']}/{LOG_FOLDER}/{entry_name(0)}",
        LOCK,
    }
    found = []
    for place, folders, files in os.walk(path):  # unlike rglob, it bears with what vanishes
        folder = Path(place).relative_to(path)
        if not folder.parts and STAGING in folders:
            folders.remove(STAGING)
        found += [(folder / name).as_posix() for name in files]
    return sorted(set(found) - ours)
