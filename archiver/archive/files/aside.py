"""Putting damaged files aside: nothing is ever overwritten or deleted silently."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from archiver.archive.files.disk import make_folder, sync_folder

#: Folder for what `repair` finds damaged, beside ``data`` so that no bag or table sees it.
DAMAGED = ".damaged"

#: Folder for what `recover` moves out of the way, beside ``data`` too.
ASIDE = "aside"


def aside_folder(root: Path, moment: datetime) -> Path:
    """A folder for what one run puts aside: its name is free, and nothing is made yet."""
    name = moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    for number in count(1):
        folder = root / DAMAGED / (name if number == 1 else f"{name}-{number}")
        if not os.path.lexists(folder):
            return folder
    raise AssertionError("unreachable: numbers do not end")


def move_aside(root: Path, path: str, folder: Path) -> str:
    """Move what stands at a path of the archive into a folder, durably, under the same path.

    It may be a file, a folder, a link (moved itself, never followed) or a pipe.
    Returns: where it is now, as a posix path from the root. Raises: OSError.
    """
    target = folder / path
    make_folder(target.parent)
    (root / path).rename(target)
    sync_folder(target.parent)
    sync_folder((root / path).parent)
    return target.relative_to(root).as_posix()
