"""Do checkpoints, which Delta readers start from, show the table of the log?"""

from __future__ import annotations

import json
from pathlib import Path

from archiver.archive.files.disk import read_small
from archiver.archive.files.mounts import need
from archiver.archive.log.chain import live_parts
from archiver.archive.log.delta import LAST_CHECKPOINT, ViewError, visible_parts
from archiver.archive.log.entry import Entry
from archiver.archive.log.plain_place import NoPlaceError
from archiver.digest import sha256_stream

#: How the names of checkpoints end.
CHECKPOINT = ".checkpoint.parquet"

#: ``_last_checkpoint`` is one line of JSON.
_MAX_LAST_BYTES = 1 << 20


def is_changed(root: Path, path: str, digests: dict[str, str]) -> bool:
    """Whether a file's bytes are not those the bag was sealed with."""
    if path not in digests:
        return False
    try:
        need(root / path)
        with (root / path).open("rb") as stream:
            return sha256_stream(stream)[0] != digests[path]
    except OSError:
        return True


def strange_view(table: Path, entries: tuple[Entry, ...]) -> str:
    """How the table of Delta readers differs from the log; empty where it does not.

    Empty too where that cannot be looked at here, which `validate` tells (W113).
    """
    try:
        version, shown = visible_parts(table)
    except NoPlaceError:
        return ""
    except ViewError as problem:
        return f"Delta readers cannot open the table: {problem}"
    if version != entries[-1].version or shown != live_parts(entries).keys():
        return f"Delta readers see version {version} with {len(shown)} parts; the log says another"
    return ""


def strange_last(log: Path, names: list[str]) -> str:
    """What is wrong with ``_last_checkpoint``, which Delta readers may bear with."""
    if LAST_CHECKPOINT not in names:
        return ""
    try:
        version = json.loads(read_small(log / LAST_CHECKPOINT, _MAX_LAST_BYTES))["version"]
        named = f"{version:020d}{CHECKPOINT}"
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return "it is torn"
    return "" if named in names else "it names no checkpoint"
