"""Parts kept between runs, by the digest that is their name: a run need not bring them again."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path

from archiver.archive.files.disk import staged_file
from archiver.digest import sha256_stream

#: Folder of the parts, in the one that the user named.
_PARTS = "parts"


class Kept:
    """A folder of whole parts; several runs may use it at a time, and anyone may empty it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / _PARTS

    def give(self, key: str, path: Path) -> bool:
        """Copy a part to its place, if it is kept and its bytes are still those of its name."""
        mine = self._place(key)
        try:
            with mine.open("rb") as stream:
                digest, _ = sha256_stream(stream)
            if digest != mine.stem:
                mine.unlink()
                return False
            with mine.open("rb") as source, path.open("r+b") as target:
                shutil.copyfileobj(source, target, 1 << 20)
                target.truncate()
        except OSError:
            return False
        return True

    def take(self, key: str, path: Path) -> None:
        """Keep a part; one whose bytes are not those of its name is not kept."""
        mine = self._place(key)
        with suppress(OSError):  # the run goes on without
            with path.open("rb") as stream:
                if sha256_stream(stream)[0] != mine.stem:
                    return
            mine.parent.mkdir(parents=True, exist_ok=True)
            with staged_file(mine.parent, mine.name) as staged:
                shutil.copyfile(path, staged)
                staged.replace(mine)

    def _place(self, key: str) -> Path:
        name = key.rpartition("/")[2]
        return self._folder / name[:2] / name
