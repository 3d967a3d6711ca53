"""A path at which delta-rs can open a table, wherever the table lies.

It takes a path for a URL: in ``%20x`` it looks for `` x``, and in ``a\\b`` for
``a/b``. Relative paths and ``file:`` URLs come to the same (deltalake 1.6).
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from archiver.archive.log.chain import LOG_FOLDER

#: What delta-rs reads in another way: a percent sign, control characters, bytes
#: that are no text, and a backslash where that does not part folders.
_ODD = re.compile(
    r"[%\x00-\x1f\x7f-\x9f\ud800-\udfff]"
    if os.sep == "\\"
    else r"[%\\\x00-\x1f\x7f-\x9f\ud800-\udfff]"
)


class NoPlaceError(Exception):
    """No path at which delta-rs could open the table; its words say why."""


@contextmanager
def plain_place(table: Path) -> Iterator[Path]:
    """The table itself, or where its path is odd a folder whose log is the table's.

    That folder is a temporary one, gone when the block ends. Its log is a link;
    where links cannot be made, a copy, and what is written there is not in the
    table. Raises: NoPlaceError.
    """
    if not _ODD.search(str(table.resolve())):
        yield table
        return
    try:
        made = tempfile.TemporaryDirectory(prefix="archiver-", ignore_cleanup_errors=True)
    except OSError as problem:
        raise NoPlaceError(f"no temporary folder: {problem.strerror}") from problem
    with made as name:
        place = Path(name)
        if _ODD.search(str(place.resolve())):
            raise NoPlaceError("the path of the temporary folder is odd too")
        _show_log(table / LOG_FOLDER, place / LOG_FOLDER)
        yield place


def _show_log(log: Path, at: Path) -> None:
    try:
        at.symlink_to(log.resolve(), target_is_directory=True)
    except (OSError, NotImplementedError):
        try:
            shutil.copytree(log, at)
        except OSError as problem:
            raise NoPlaceError(f"the log cannot be copied: {problem}"[:300]) from problem
