"""Files and folders as sources, with the provenance that an INDEX.md gives them.

Every file named, found or listed comes out once: as a Source, as a Reject with
its reason, or as a Finding where there is nothing to keep. One file is in memory
at a time.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from archiver.digest import canonical_json, sha256
from archiver.document import Finding, Provenance, Reject, Source
from archiver.errors import InputError
from archiver.findings import finding
from archiver.readers.index_sheet import Index, Row
from archiver.readers.names import original
from archiver.readers.roots import STDIN, Root, find_roots, html_begins
from archiver.readers.slurp import ReadProblem, slurp
from archiver.readers.walk import Entry

#: Bytes of a source. Texts of more are corpora in one file; they would also hold
#: several times their size in memory while they are cleaned.
MAX_SOURCE_BYTES = 64 << 20

PAGE_SUFFIXES = (".html", ".htm", ".xhtml")

Item = Source | Reject | Finding


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run will read: for its progress bar and its record.

    ``bytes`` are those of the files that will be read. ``index_sha256`` is the
    index's digest; of several indexes the digest of their digests; or None.
    """

    files: int
    bytes: int
    index_sha256: str | None


def plan(paths: Sequence[str], *, base: Path, index: Path | None = None) -> Plan:
    """Count what ``read_files`` would read, without opening it. Standard input counts as 0.

    Raises: as ``read_files``. Cost: one walk.
    """
    files = size = 0
    digests: set[str] = set()
    for root in find_roots(paths, base, index):
        for entry in root.entries():
            if entry.code is None:
                files += 1
                size += entry.size
        if root.index is not None:
            digests.add(root.index.sha256)
    return Plan(files, size, _index_digest(sorted(digests)))


def read_files(
    paths: Sequence[str],
    *,
    base: Path,
    index: Path | None = None,
    require_index: bool = False,
    max_bytes: int = MAX_SOURCE_BYTES,
    stdin: Callable[[], bytes] | None = None,
) -> Iterator[Item]:
    """Read files, folders and (as ``-``) standard input, sorted by address.

    ``base`` is the folder that relative paths start from. Without ``index`` each
    folder's own INDEX.md is used. Arguments are checked and indexes read at once;
    the files themselves are read as the iterator is drawn.
    Raises: InputError when a path does not exist or all of them together hold
    nothing to read; IndexFileError for an index that cannot be used.
    """
    roots = find_roots(paths, base, index)
    reader = _Reader(require_index=require_index, max_bytes=max_bytes, several=len(roots) > 1)
    if STDIN in paths and stdin is None:
        raise InputError("standard input cannot be read here")
    if STDIN not in paths and not any(map(_brings_anything, roots)):
        named = ", ".join(paths) or "nothing was named"
        raise InputError(
            f"no .txt or .html file to read: {named}", hint="Name a folder that holds some."
        )
    return reader.read(roots, stdin if STDIN in paths else None)


class _Reader:
    """The state of one run: which ids and files it has met."""

    def __init__(self, *, require_index: bool, max_bytes: int, several: bool) -> None:
        self._require_index = require_index
        self._max_bytes = max_bytes
        self._several = several
        self._ids: dict[str, tuple[str, Path | None]] = {}
        self._brought: set[tuple[str, Path | None]] = set()

    def read(self, roots: list[Root], stdin: Callable[[], bytes] | None) -> Iterator[Item]:
        told: set[Path] = set()
        for root in roots:
            if root.index is not None and root.index.path not in told:
                told.add(root.index.path)
                yield from self._notes(root, roots)
            yield from self._root(root)
        if stdin is not None:
            yield from self._claim(self._stdin(stdin()), None)

    def _notes(self, root: Root, roots: list[Root]) -> Iterator[Item]:
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

    def _root(self, root: Root) -> Iterator[Item]:
        met: set[str] = set()
        for entry in root.entries():
            listed = root.listed(entry.relative)
            if listed is not None:
                met.add(listed)
            if not self._is_first(root.address_of(entry.relative), entry.path):
                continue
            for item in self._entry(root, entry, listed):
                yield from self._claim(item, entry.path)
        if root.is_folder and root.index is not None:
            yield from self._unmet(root, root.index, met)

    def _entry(self, root: Root, entry: Entry, listed: str | None) -> Iterator[Item]:
        address = root.address_of(entry.relative)
        index = root.index
        row = index.rows.get(listed) if index and listed else None
        refused = index.refused.get(listed) if index and listed else None
        name = (row.id if row else None) or address
        provenance = row.provenance if row else Provenance()
        if entry.code == "W208" and listed is None:
            yield finding("W208", f"{address} {entry.problem}", where=address)
            return
        if entry.code not in (None, "W208"):
            found = finding(str(entry.code), f"{address} {entry.problem}", where=address)
            yield Reject(found, name, address, provenance)
            return
        try:
            data = slurp(entry.path, self._max_bytes)
        except ReadProblem as problem:
            found = finding(problem.code, f"{address} {problem.problem}", where=address)
            large = entry.path if problem.code == "E204" else None
            yield Reject(found, name, address, provenance, path=large)
            return
        if entry.code == "W208":
            found = finding("E208", f"{address} {entry.problem}", where=address)
            yield Reject(found, name, address, provenance, data)
            return
        if refused is not None:
            yield Reject(refused, name, address, provenance, data)
            return
        yield from self._source(
            Source(name, address, data, _media_type(entry, data), provenance), row, index
        )

    def _source(self, source: Source, row: Row | None, index: Index | None) -> Iterator[Item]:
        """A source that was read: as listed, or as the index's absence lets it be."""
        where = source.file_path
        if row is not None and index is not None:
            if row.sha256 is not None and row.sha256 != source.raw_sha256:
                found = finding(
                    "E303",
                    f"{where} has sha256 {source.raw_sha256}, the index says {row.sha256}",
                    where=index.where,
                    line=row.line,
                )
                yield _reject(found, source)
                return
        elif self._require_index:
            yield _reject(finding("E307", f"{where} is in no index", where=where), source)
            return
        else:
            yield finding("W307", f"{where} is in no index: its origin is unknown", where=where)
        yield source

    def _is_first(self, address: str, path: Path | None) -> bool:
        """Whether overlapping arguments have not brought this very file before."""
        is_first = (address, path) not in self._brought
        if self._several:
            self._brought.add((address, path))
        return is_first

    def _claim(self, item: Item, path: Path | None) -> Iterator[Item]:
        """Give each id out once; what comes second is kept, but not under that id."""
        if isinstance(item, Source):
            mine = (item.file_path, path)
            first = self._ids.setdefault(item.id, mine)
            if first != mine:
                other = first[0] if first[0] != item.file_path else str(first[1])
                message = f"{item.file_path} has the id {item.id!r} of {other}"
                yield _reject(finding("E210", message, where=item.file_path), item)
                return
        yield item

    def _unmet(self, root: Root, index: Index, met: set[str]) -> Iterator[Item]:
        """Rows whose file the walk of their folder did not bring."""
        for listed, line, row in _lines(index):
            relative = root.below(listed)
            if listed in met or relative is None:
                continue
            address = root.address_of(relative)
            if not self._is_first(address, None):
                continue
            name = (row.id if row else None) or address
            provenance = row.provenance if row else Provenance()
            if os.path.lexists(root.folder / original(relative)):
                code, problem = "E208", "is listed, but hidden or no file: it is not read"
            elif row is None:
                yield index.refused[listed]
                continue
            else:
                code, problem = "E302", "is listed, but does not exist"
            found = finding(code, f"{address} {problem}", where=index.where, line=line)
            yield Reject(found, name, address, provenance)

    def _stdin(self, data: bytes) -> Item:
        name = f"stdin-{sha256(data)[:16]}"
        kind = "text/html" if html_begins(data) else "text/plain"
        source = Source(name, name, data, kind)
        if len(data) > self._max_bytes:
            message = f"standard input has {len(data):,} bytes, more than {self._max_bytes:,}"
            return _reject(finding("E204", message, where=name), source)
        return source


def _lines(index: Index) -> list[tuple[str, int, Row | None]]:
    """All files that an index names, sound or refused, in the order of its lines."""
    rows: list[tuple[str, int, Row | None]] = [
        (file, row.line, row) for file, row in index.rows.items()
    ]
    rows += [(file, found.line or 0, None) for file, found in index.refused.items()]
    return sorted(rows, key=lambda row: (row[1], row[0]))


def _brings_anything(root: Root) -> bool:
    """Whether a root holds a file to read or a problem to keep, not only skipped files."""
    if root.index is not None and (root.index.rows or root.index.findings):
        return True
    return any(entry.code != "W208" for entry in root.entries())


def _media_type(entry: Entry, data: bytes) -> str:
    name = entry.relative.lower()
    if name.endswith(PAGE_SUFFIXES) or (not name.endswith(".txt") and html_begins(data)):
        return "text/html"
    return "text/plain"


def _reject(found: Finding, source: Source) -> Reject:
    return Reject(found, source.id, source.file_path, source.provenance, source.data)


def _index_digest(digests: list[str]) -> str | None:
    if len(digests) <= 1:
        return digests[0] if digests else None
    return sha256(canonical_json([*digests]))
