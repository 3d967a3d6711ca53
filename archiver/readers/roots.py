"""What the user named: folders and files, their addresses and their indexes."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePath

from archiver.document import Finding, Reject
from archiver.errors import InputError
from archiver.readers.index_sheet import INDEX_NAME, Index, is_index, read_index
from archiver.readers.names import storable
from archiver.readers.walk import Entry, kind_of, walk

#: The argument that stands for standard input.
STDIN = "-"


@dataclass(frozen=True)
class Root:
    """One argument. ``address`` names it in the archive; ``place`` is where it lies.

    ``folder`` is the real folder whose files it brings: itself, or a file's parent.
    """

    address: str
    place: Path
    is_folder: bool
    index: Index | None = None

    @cached_property
    def folder(self) -> Path:
        """The real folder that relative paths start from."""
        return Path(os.path.realpath(self.place if self.is_folder else self.place.parent))

    @cached_property
    def _prefix(self) -> str | None:
        """This root's folder as the index writes it: "" or "a/b/", None when outside."""
        if self.index is None:
            return None
        home = os.path.realpath(self.index.folder)
        try:
            inside = os.path.relpath(self.folder, home)
        except ValueError:  # another drive
            return None
        parts = PurePath(inside).parts
        if ".." in parts:
            return None
        return "".join(f"{storable(part)}/" for part in parts)

    def address_of(self, relative: str) -> str:
        """The address of a file of this root."""
        if not self.is_folder:
            return self.address
        return f"{self.address}/{relative}" if self.address else relative

    def listed(self, relative: str) -> str | None:
        """How the index writes a file of this root, or None when it is not listed."""
        if self.index is None or self._prefix is None:
            return None
        return self.index.name_of(self._prefix + relative)

    def inside(self, address: str) -> str | None:
        """How the index writes what lies in a file of this root, by its address; or None."""
        start = f"{self.address}/" if self.address else ""
        if not address.startswith(start):
            return None
        rest = address[len(start) :]
        return self.listed(rest if self.is_folder else f"{storable(self.place.name)}/{rest}")

    def lists_below(self, relative: str) -> bool:
        """Whether the index lists what lies in a file of this root: members of an archive."""
        return self._prefix is not None and self._prefix + relative in self._parents

    @cached_property
    def _parents(self) -> frozenset[str]:
        """Whatever stands before a slash in the index: folders, and archives of files."""
        names = [*self.index.rows, *self.index.refused] if self.index else []
        return frozenset(name[:at] for name in names for at, mark in enumerate(name) if mark == "/")

    def below(self, listed: str) -> str | None:
        """A path of the index as a path below this root; None when it is elsewhere."""
        if self._prefix is None or not listed.startswith(self._prefix):
            return None
        return listed[len(self._prefix) :]

    def entries(self) -> Iterator[Entry]:
        """The files this root brings, in order; the index itself left out.

        Raises: InputError when the folder cannot be listed.
        """
        if not self.is_folder:
            yield self._sole()
            return
        own = os.path.realpath(self.index.path) if self.index else None
        try:
            for entry in walk(self.folder):
                if own is None or os.fspath(entry.path) != own:
                    yield entry
        except OSError as error:
            raise InputError(f"{self.place} cannot be listed: {error.strerror}") from error

    def _sole(self) -> Entry:
        name = storable(self.place.name)
        real = Path(os.path.realpath(self.place))
        if is_index(real):
            return Entry(name, real, 0, "E208", "is an index of sources, not a source")
        found = real.stat()
        kind = kind_of(found.st_mode)
        if kind is not None:
            return Entry(name, real, 0, "E208", f"is {kind}, not a file; pipe it in with `-`")
        return Entry(name, real, found.st_size)


def find_roots(paths: Sequence[str], base: Path, index: Path | None) -> list[Root]:
    """The arguments as roots, sorted by address, each once; ``-`` is left out.

    Raises: InputError naming every path that does not exist or cannot be listed;
    IndexFileError for an index that cannot be used.
    """
    missing: list[str] = []
    roots: dict[tuple[str, str], Root] = {}
    given = None if index is None else _given(base / index, base)
    known: dict[Path, Index | None] = {}
    for typed in paths:
        if typed == STDIN:
            continue
        place = base / typed
        problem = _cannot_open(place)
        if problem is not None:
            missing.append(f"{storable(typed)} {problem}")
            continue
        is_folder = place.is_dir()
        address = _address(typed, base)
        home = Path(os.path.realpath(place if is_folder else place.parent))
        if given is None and home not in known:
            known[home] = _index_in(home, address if is_folder else address.rpartition("/")[0])
        root = Root(address, place, is_folder, given or known.get(home))
        roots[address, os.path.realpath(place)] = root
    if missing:
        raise InputError("; ".join(missing))
    return [roots[key] for key in sorted(roots)]


def index_notes(root: Root, roots: Sequence[Root]) -> Iterator[Finding | Reject]:
    """What is wrong with an index and belongs to no file that comes up later."""
    index = root.index
    if index is None:
        return
    refused = {id(found) for found in index.refused.values()}
    if not any(other.is_folder for other in roots if other.index is index):
        yield from (found for found in index.findings if id(found) not in refused)
        return
    outside = {id(found): path for path, found in index.outside}
    for found in index.findings:
        if id(found) in outside:  # known by its line: the path itself is not to be used
            yield Reject(found, id=found.place(), file_path=index.where)
        elif id(found) not in refused:
            yield found


def _given(path: Path, base: Path) -> Index:
    """The index that was named; in messages relative to the base where it lies below."""
    shown = path.relative_to(base) if path.is_relative_to(base) else path
    return read_index(path, where=storable(shown.as_posix()))


def _index_in(folder: Path, address: str) -> Index | None:
    path = folder / INDEX_NAME
    where = f"{address}/{INDEX_NAME}" if address else INDEX_NAME
    return read_index(path, where=where) if is_index(path) else None


def _cannot_open(place: Path) -> str | None:
    try:
        if place.is_dir():
            os.scandir(place).close()
        else:
            place.stat()
    except FileNotFoundError:
        return "does not exist"
    except ValueError:  # a zero byte in the name
        return "is no path"
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    return None


def _address(typed: str, base: Path) -> str:
    """The name of an argument in the archive, the same wherever it is run from."""
    pure = PurePath(typed)
    parts = pure.parts
    if not (pure.is_absolute() or pure.drive or pure.root or ".." in parts or not parts):
        return "/".join(map(storable, parts))
    place = base / typed
    real = Path(os.path.realpath(place))
    if place.is_dir():
        return storable(real.name)
    return "/".join(storable(name) for name in (real.parent.name, real.name) if name)
