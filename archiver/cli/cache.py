"""The user's folder for what may be deleted at any time: what files looked like."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from archiver.readers.seen import Seen

#: The file of ``--trust-mtime``.
SEEN = "seen.sqlite"


def cache_folder(environ: Mapping[str, str], home: Path, platform: str) -> Path:
    """Where programs keep such things on a system: XDG's folder, Library, AppData."""
    if platform == "win32":
        local = environ.get("LOCALAPPDATA")
        return (Path(local) if local else home / "AppData" / "Local") / "archiver" / "Cache"
    if platform == "darwin":
        return home / "Library" / "Caches" / "archiver"
    given = environ.get("XDG_CACHE_HOME", "")
    return (Path(given) if given.startswith("/") else home / ".cache") / "archiver"


def seen_before(version: str) -> Seen:
    """The table of files read before, of this user on this machine.

    Files are held to the real time, whatever moment a run is told to record.
    """
    from archiver.readers.seen import Seen

    home = Path(os.path.expanduser("~"))  # noqa: PTH111 -- Path's raises where there is none
    folder = cache_folder(os.environ, home.absolute(), sys.platform)
    return Seen(folder / SEEN, now=datetime.now(UTC), version=version)
