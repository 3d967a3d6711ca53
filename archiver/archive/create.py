"""Lay out an empty archive."""

from __future__ import annotations

import uuid
from datetime import datetime
from pathlib import Path
from typing import Any

from archiver.archive import bag
from archiver.archive.columns import TABLES
from archiver.archive.delta import creation_actions
from archiver.archive.disk import STAGING, make_folder, no_checkpoint, storing
from archiver.archive.entry import Head, commit_info, encode_entry, entry_name, milliseconds
from archiver.archive.log import LOG_FOLDER, list_versions, publish_entry
from archiver.digest import timestamp
from archiver.errors import InputError


def lay_out(path: Path, created_at: datetime, tool: str) -> None:
    """Make both tables' first entries, and seal. Raises: InputError, StorageError."""
    if path.exists() and not path.is_dir():
        raise InputError(f"{path}: this is a file, not a folder", hint="Choose another --archive.")
    strange = _strangers(path)
    if strange:
        raise InputError(
            f"{path}: the folder is neither empty nor an archive: it holds {strange[0]}",
            hint="Choose another folder with --archive, or empty this one.",
        )
    with storing(f"a new archive at {path}"):
        bound: Head | None = None
        make_folder(path / STAGING)
        for name in ("quarantine", "documents"):
            make_folder(path / TABLES[name] / LOG_FOLDER)
            data = encode_entry(_creation(name, created_at, tool, bound))
            (path / TABLES[name] / LOG_FOLDER / entry_name(0)).unlink(missing_ok=True)
            bound = publish_entry(
                path / TABLES[name],
                0,
                data,
                staging=path / STAGING,
                checkpoint=no_checkpoint,
                name=name,
            )
        bag.seal(path)


def _creation(
    table: str, created_at: datetime, tool: str, bound: Head | None
) -> list[dict[str, Any]]:
    table_id = str(uuid.uuid5(uuid.NAMESPACE_URL, f"archiver:{table}:{timestamp(created_at)}"))
    known: dict[str, Any] = {"prev": None, "files": {}, "counts": {}}
    if bound is not None:
        known["quarantine"] = {"version": bound.version, "sha256": bound.sha256}
    info = commit_info("CREATE TABLE", created_at, tool, known)
    return [info, *creation_actions(table, table_id, milliseconds(created_at))]


def is_unborn(path: Path) -> bool:
    """Whether ``create_archive`` was killed before the archive came to be."""
    return not (path / bag.DECLARATION).exists() and not list_versions(path / TABLES["documents"])


def _strangers(path: Path) -> list[str]:
    """What lies in the folder that a killed ``create_archive`` cannot have left there."""
    if not path.is_dir():
        return []
    ours = {
        f"{TABLES['quarantine']}/{LOG_FOLDER}/{entry_name(0)}",
        ".lock",
    }
    found = (item for item in sorted(path.rglob("*")) if not item.is_dir())
    names = (item.relative_to(path).as_posix() for item in found)
    return [name for name in names if name not in ours and not name.startswith(f"{STAGING}/")]
