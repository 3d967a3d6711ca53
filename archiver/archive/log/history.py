"""A log whose older entries wait, as lines of a summary, until someone asks for them.

At a thousand versions, reading every entry costs more than a commit. Few ask
for more than the newest ones, and those who look for a word in all of them find
the lines that hold it without reading the others.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from typing import overload

from archiver.archive.log.entry import BadEntryError, Entry

#: What a line that no commit wrote makes Python raise.
LINE_ERRORS = (BadEntryError, ValueError, TypeError, KeyError, RecursionError, AttributeError)

#: Fields of an entry's ``info`` that few entries have, and that are asked for in all.
FIELDS = ("about", "readmitted", "schema", "takedown")


class Lines:
    """The entries of a summary, from version 0 on, each read at its first use.

    data: a line an entry, from the offset ``begin`` on; number: of them. counts:
    name -> sum over all. fields: name -> versions that have it, for ``FIELDS``.
    read: makes an entry of its version and line.
    otherwise: the same entries from the log itself, for where a line is none.
    """

    def __init__(
        self,
        data: bytes,
        *,
        begin: int,
        number: int,
        counts: Mapping[str, int],
        fields: Mapping[str, Sequence[int]],
        read: Callable[[int, bytes], Entry],
        otherwise: Callable[[], Sequence[Entry]],
    ) -> None:
        self._data = data
        self._begin = begin
        self.number = number
        self.counts = counts
        self.fields = fields
        self._read = read
        self._otherwise = otherwise
        self._split: list[bytes] = []
        self._known: dict[int, Entry] = {}

    def line(self, version: int) -> bytes:
        """One line, without its end. The first and the last are found without the others."""
        if version == 0:
            return self._data[self._begin : self._data.index(b"\n", self._begin)]
        if version == self.number - 1:
            return self._data[self._data.rindex(b"\n", 0, -1) + 1 : -1]
        self._split = self._split or self.text().split(b"\n")
        return self._split[version]

    def text(self) -> bytes:
        """All lines, with their ends."""
        return self._data[self._begin :]

    def entry(self, version: int) -> Entry:
        """One entry. Raises: DamageError where neither its line nor the log gives it."""
        if version not in self._known:
            try:
                self._known[version] = self._read(version, self.line(version))
            except LINE_ERRORS:
                whole = self._otherwise()[: self.number]
                self._known = {entry.version: entry for entry in whole}
        return self._known[version]

    def versions_with(self, word: bytes) -> set[int]:
        """The versions whose line holds a word."""
        found, at = set(), self._data.find(word, self._begin)
        while at >= 0:
            found.add(self._data.count(b"\n", self._begin, at))
            at = self._data.find(word, self._data.index(b"\n", at))
        return found


class History(Sequence[Entry]):
    """A log: the lines of a summary, and the entries after them."""

    def __init__(self, old: Lines, new: Sequence[Entry] = ()) -> None:
        self.old = old
        self.new = tuple(new)

    def __len__(self) -> int:
        return self.old.number + len(self.new)

    @overload
    def __getitem__(self, at: int) -> Entry: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[Entry, ...]: ...
    def __getitem__(self, at: int | slice) -> Entry | tuple[Entry, ...]:
        if isinstance(at, slice):
            return tuple(self[version] for version in range(*at.indices(len(self))))
        version = range(len(self))[at]  # raises IndexError as a tuple does
        old = self.old.number
        return self.old.entry(version) if version < old else self.new[version - old]

    def __iter__(self) -> Iterator[Entry]:
        return chain(map(self.old.entry, range(self.old.number)), self.new)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(entry.sha256 for entry in self))


def joined(known: Sequence[Entry], new: Sequence[Entry]) -> Sequence[Entry]:
    """A log with the entries that came since."""
    if isinstance(known, History):
        return History(known.old, (*known.new, *new))
    return (*known, *new)


def recent(log: Sequence[Entry]) -> Sequence[Entry]:
    """The newest entries, which are known already."""
    return log.new if isinstance(log, History) else log


def mentioning(log: Sequence[Entry], *words: str) -> list[Entry]:
    """The entries that may hold one of these words, in order: all that do, and perhaps others.

    words: digests, batch ids. Cost: a search through bytes a word.
    """
    if not isinstance(log, History):
        return list(log)
    written = [json.dumps(word, ensure_ascii=False)[1:-1].encode("utf-8") for word in words]
    versions = set[int]().union(*map(log.old.versions_with, written))
    return [*map(log.old.entry, sorted(versions)), *log.new]


def versions_with(log: Sequence[Entry], field: str) -> list[int]:
    """The versions whose ``info`` has one of ``FIELDS``, sorted."""
    new = log.new if isinstance(log, History) else log
    old = log.old.fields[field] if isinstance(log, History) else ()
    return [*old, *(entry.version for entry in new if entry.info.get(field) is not None)]


def latest_with(log: Sequence[Entry], field: str) -> Iterator[Entry]:
    """The entries whose ``info`` may have one of ``FIELDS``, the newest first."""
    if not isinstance(log, History):
        yield from reversed(log)
        return
    yield from reversed(log.new)
    yield from (log.old.entry(version) for version in reversed(log.old.fields[field]))


def total_counts(log: Sequence[Entry]) -> Mapping[str, int]:
    """Name -> sum of the counts of that name in all entries, sorted by name."""
    total: Counter[str] = Counter(log.old.counts if isinstance(log, History) else {})
    for entry in log.new if isinstance(log, History) else log:
        total.update(entry.info.get("counts", {}))
    return dict(sorted(total.items()))
