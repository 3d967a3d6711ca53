"""What lies in a folder: files to read, and what cannot or may not be read.

Sorted, lazy, one directory listing in memory at a time. Nothing is opened here.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from archiver.readers.formats import format_of
from archiver.readers.names import storable

#: Folders inside folders; deeper ones are reported. Python's own limit is near 1,000.
MAX_DEPTH = 200

_KINDS = (
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISDIR, "a folder"),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of a folder. ``relative`` is its storable path below the folder.

    ``path`` is where to open it (links resolved), ``size`` its bytes. ``code`` and
    ``problem`` are set where it must not be opened: E205 unreadable, E206 a link
    that leads back, E207 a link that leaves, W208 no reader knows it.
    """

    relative: str
    path: Path
    size: int = 0
    code: str | None = None
    problem: str = ""


def is_hidden(name: str) -> bool:
    """Dot files belong to tools, not to the corpus."""
    return name.startswith(".")


def kind_of(mode: int) -> str | None:
    """What a path is when it is no regular file ("a pipe"), or None."""
    if stat.S_ISREG(mode):
        return None
    return next((name for test, name in _KINDS if test(mode)), "no regular file")


def walk(folder: Path) -> Iterator[Entry]:
    """Every file below a folder, in the order of the listing, folders in their place.

    Hidden files and folders and INDEX.md are passed over. Links are followed while
    they stay inside the folder; a linked folder's own folder links are not, so that
    no arrangement of links makes the walk explode.
    Raises: OSError when the folder itself cannot be listed.
    """
    root = os.path.realpath(folder)
    yield from _walk(root, root, "", ancestors=(), through_link=False)


def _walk(
    root: str, folder: str, prefix: str, ancestors: tuple[str, ...], *, through_link: bool
) -> Iterator[Entry]:
    with os.scandir(folder) as listing:
        entries = sorted(listing, key=_order)
    here = (*ancestors, folder)
    for entry in entries:
        if is_hidden(entry.name) or entry.name == "INDEX.md":
            continue
        relative = prefix + storable(entry.name)
        try:
            path, mode, size = _look(root, entry)
        except _Refused as refused:
            yield Entry(relative, Path(entry.path), 0, refused.code, refused.problem)
            continue
        if not stat.S_ISDIR(mode):
            yield _file(relative, path, mode, size)
            continue
        is_link = entry.is_symlink()
        problem = _folder_problem(path, here, is_link=is_link, through_link=through_link)
        if problem is not None:
            yield Entry(relative, Path(path), 0, *problem)
            continue
        try:
            yield from _walk(root, path, f"{relative}/", here, through_link=through_link or is_link)
        except OSError as error:
            yield Entry(relative, Path(path), 0, "E205", f"cannot be listed: {error.strerror}")


def _order(entry: os.DirEntry[str]) -> str:
    """Sorts a listing so that the addresses of all files come out sorted."""
    try:
        is_folder = entry.is_dir()
    except OSError:
        is_folder = False
    return storable(entry.name) + ("/" if is_folder else "")


class _Refused(Exception):
    def __init__(self, code: str, problem: str) -> None:
        super().__init__(problem)
        self.code = code
        self.problem = problem


def _look(root: str, entry: os.DirEntry[str]) -> tuple[str, int, int]:
    """Where an entry really is, its mode and size. Raises: _Refused."""
    path = entry.path
    try:
        if entry.is_symlink():
            path = os.path.realpath(path, strict=True)
            if os.path.commonpath((root, path)) != root:
                raise _Refused("E207", "is a link that leaves the folder")
            found = Path(path).lstat()
        else:
            found = entry.stat(follow_symlinks=False)
    except FileNotFoundError as error:
        raise _Refused("E205", "is a link to nothing, or vanished") from error
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise _Refused("E206", "is a link that leads back to itself") from error
        raise _Refused("E205", f"cannot be read: {error.strerror}") from error
    except ValueError as error:  # paths on different drives have nothing in common
        raise _Refused("E207", "is a link that leaves the folder") from error
    return path, found.st_mode, found.st_size


def _folder_problem(
    path: str, here: tuple[str, ...], *, is_link: bool, through_link: bool
) -> tuple[str, str] | None:
    if is_link and path in here:
        return "E206", "is a link to a folder that holds it"
    if is_link and through_link:
        return "W208", "is a link inside a linked folder; its files are read in their own place"
    if len(here) >= MAX_DEPTH:
        return "E205", f"lies deeper than {MAX_DEPTH} folders"
    return None


def _file(relative: str, path: str, mode: int, size: int) -> Entry:
    kind = kind_of(mode)
    if kind is not None:
        return Entry(relative, Path(path), 0, "W208", f"is {kind}, not a file")
    if format_of(relative) is None:
        return Entry(relative, Path(path), size, "W208", "is of no kind that is read")
    return Entry(relative, Path(path), size)
