"""One run of reading: each file once, each id once, and what the index says of both."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO

from archiver.digest import sha256
from archiver.document import Finding, Provenance, Reject, Source
from archiver.findings import finding
from archiver.readers.claims import Claims, Place
from archiver.readers.corpus import NAMELESS, Corpus, Item
from archiver.readers.corpus_items import corpus_items, stdin_items
from archiver.readers.digests import Digests, digest_of_words
from archiver.readers.draft import digest_of
from archiver.readers.formats import Wanted, format_of, is_doubtful
from archiver.readers.index_rows import Row
from archiver.readers.index_sheet import Index
from archiver.readers.names import original
from archiver.readers.pages import media_type_by_bytes, media_type_of
from archiver.readers.roots import Root, index_notes
from archiver.readers.seen import Seen
from archiver.readers.slurp import ReadProblem, slurp_stamped
from archiver.readers.walk import Entry


class Reader:
    """The state of one run: which ids and files it has met."""

    def __init__(
        self,
        *,
        require_index: bool,
        max_bytes: int,
        several: bool,
        wanted: Wanted,
        tell: Callable[[int], None],
        seen: Seen | None = None,
    ) -> None:
        self._require_index = require_index
        self._max_bytes = max_bytes
        self._several = several
        self._wanted = wanted
        self._tell = tell
        self._seen = seen
        self._done = 0
        self._claims = Claims()
        self._brought = Digests()

    def read(self, roots: list[Root], stdin: Callable[[], IO[bytes]] | None) -> Iterator[Item]:
        """Everything that these arguments bring, and then standard input."""
        told: set[Path] = set()
        for root in roots:
            if root.index is not None and root.index.path not in told:
                told.add(root.index.path)
                yield from index_notes(root, roots)
            yield from self._root(root)
        if stdin is None:
            return
        if self._wanted.format in {None, "text"}:
            yield self._stdin(stdin().read(self._max_bytes + 1))
            return
        kind = str(self._wanted.format)
        whole = Corpus("stdin", NAMELESS, kind, self._max_bytes, self._wanted)
        for item, place in stdin_items(whole, stdin()):
            yield self._claims.first(item, place, "")

    def _root(self, root: Root) -> Iterator[Item]:
        met: set[str] = set()
        for entry in root.entries():
            listed = root.listed(entry.relative)
            if listed is not None:
                met.add(listed)
            if not self._is_first(root.address_of(entry.relative), entry.path):
                continue
            kind = self._kind(root, entry)
            if kind == "text" or entry.code is not None:
                for item in self._entry(root, entry, listed):
                    first = self._claims.first(item, Place(""), os.fspath(entry.path))
                    if isinstance(first, Reject) and isinstance(item, Source) and not item.data:
                        first = replace(first, data=None, path=entry.path)  # unread
                    yield first
            else:
                yield from self._corpus(root, entry, listed, kind, met)
            if entry.code is None:
                self._done += entry.size
                self._tell(self._done)
        if root.is_folder and root.index is not None:
            yield from self._unmet(root, root.index, met)

    def _entry(self, root: Root, entry: Entry, listed: str | None) -> Iterator[Item]:
        index = root.index
        address, row, refused, name = _listed(root, entry, listed)
        provenance = row.provenance if row else Provenance()
        if entry.code == "W208" and listed is None:
            yield finding("W208", f"{address} {entry.problem}", where=address)
            return
        if entry.code not in (None, "W208"):
            found = finding(str(entry.code), f"{address} {entry.problem}", where=address)
            yield Reject(found, name, address, provenance)
            return
        listed_or_free = row is not None or not self._require_index
        if self._seen and refused is None and entry.code is None and listed_or_free:
            unread = self._seen.unread(entry.path, name, address, provenance, row)
            if unread is not None:
                yield from self._source(unread, row, index)
                return
        try:
            data, found_there = slurp_stamped(entry.path, self._max_bytes)
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
        source = Source(name, address, data, media_type_of(entry.relative, data), provenance)
        if self._seen is not None:
            self._seen.note(entry.path, found_there, source)
        yield from self._source(source, row, index)

    def _kind(self, root: Root, entry: Entry) -> str:
        """The format to read a file as: a named file may be told, and any may be a text."""
        named = None if root.is_folder else self._wanted.format
        return named or format_of(entry.relative) or "text"

    def _corpus(
        self, root: Root, entry: Entry, listed: str | None, kind: str, met: set[str]
    ) -> Iterator[Item]:
        """A file of many documents, unless the index keeps it out."""
        index = root.index
        address, row, refused, name = _listed(root, entry, listed)
        corpus = Corpus(
            address=address,
            name=name,
            kind=kind,
            max_bytes=self._max_bytes,
            wanted=self._wanted,
            doubtful=root.is_folder and is_doubtful(entry.relative),
            row=row,
            row_of=lambda inside: _member_row(root, inside, met),
        )
        if refused is not None:
            yield Reject(refused, corpus.name, address, corpus.known, path=entry.path)
            return
        known_inside = root.lists_below(entry.relative)
        if row is None and not known_inside and self._require_index:
            found = finding("E307", f"{address} is in no index", where=address)
            yield Reject(found, corpus.name, address, path=entry.path)
            return
        if row is not None and index is not None and row.sha256 is not None:
            digest, _ = digest_of(entry.path) or (row.sha256, False)
            if other := row.disagrees(address, digest, index.where):
                yield Reject(other, corpus.name, address, corpus.known, path=entry.path)
                return
        if row is None and not known_inside:
            yield finding("W307", f"{address} is in no index: its origin is unknown", where=address)
        before = self._done
        tell = lambda count: self._tell(before + min(count, entry.size))  # noqa: E731 -- one use
        for item, place in corpus_items(corpus, entry.path, entry.size, tell):
            yield self._claims.first(item, place, os.fspath(entry.path))

    def _source(self, source: Source, row: Row | None, index: Index | None) -> Iterator[Item]:
        """A source that was read: as listed, or as the index's absence lets it be."""
        where = source.file_path
        if row is not None and index is not None:
            if other := row.sha256 and row.disagrees(where, source.raw_sha256, index.where):
                yield _reject(other, source)
                return
        elif self._require_index:
            yield _reject(finding("E307", f"{where} is in no index", where=where), source)
            return
        else:
            yield finding("W307", f"{where} is in no index: its origin is unknown", where=where)
        yield source

    def _is_first(self, address: str, path: Path | None) -> bool:
        """Whether overlapping arguments have not brought this very file before."""
        if not self._several:
            return True
        return self._brought.put(digest_of_words(address, os.fspath(path or ""))) is None

    def _unmet(self, root: Root, index: Index, met: set[str]) -> Iterator[Item]:
        """Rows whose file the walk of their folder did not bring."""
        for listed, line, row in index.lines():
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
        source = Source(name, name, data, media_type_by_bytes(data))
        if len(data) > self._max_bytes:
            message = f"standard input has {len(data):,} bytes, more than {self._max_bytes:,}"
            return _reject(finding("E204", message, where=name), source)
        return source


def _member_row(root: Root, address: str, met: set[str]) -> Row | None:
    """The row of a member of an archive, which is met then."""
    listed = root.inside(address)
    if listed is None or root.index is None:
        return None
    met.add(listed)
    return root.index.rows.get(listed)


def _listed(
    root: Root, entry: Entry, listed: str | None
) -> tuple[str, Row | None, Finding | None, str]:
    """A file's address, its row or why that was refused, and the id it has without a record's."""
    address, index = root.address_of(entry.relative), root.index
    row = index.rows.get(listed) if index and listed else None
    refused = index.refused.get(listed) if index and listed else None
    return address, row, refused, (row.id if row else None) or address


def _reject(found: Finding, source: Source) -> Reject:
    return Reject(found, source.id, source.file_path, source.provenance, source.data)
