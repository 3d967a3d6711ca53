"""Globs among the arguments: found here, as not every shell finds them."""

from __future__ import annotations

import glob
import re
from collections.abc import Sequence
from pathlib import Path

from archiver.errors import InputError

_GLOB = re.compile(r"[*?\[]")


def expand(paths: Sequence[str], base: Path) -> list[str]:
    """The paths with their globs resolved, sorted; a name that exists is never a glob.

    Shells do this too, but not all, and not within quotes.
    Raises: InputError for a glob that nothing fits.
    """
    found: list[str] = []
    for path in paths:
        if path == "-" or not _GLOB.search(path) or (base / path).exists():
            found.append(path)
            continue
        hits = sorted(glob.glob(path, root_dir=base, recursive=True))  # noqa: PTH207 -- Path.glob takes no absolute pattern
        if not hits:
            raise InputError(f"{path}: no file has such a name")
        found += hits
    return list(dict.fromkeys(found))
