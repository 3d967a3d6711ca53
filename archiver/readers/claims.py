"""Which ids were given out in a run: each once, whatever the number of documents."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from archiver.document import Finding, Reject, Source
from archiver.findings import finding

#: Bytes of a digest that stand for an id: of a hundred million ids two are taken for
#: one by chance once in three thousand runs, and then one is quarantined, not lost.
_DIGEST = 8


class Place(NamedTuple):
    """Where a document stood; ``numbered`` is what its id begins with, if it is but a number."""

    path: str
    numbered: str = ""


class Claims:
    """The ids of a run, and who has each; some 150 bytes an id of its own.

    Ids are kept by digest and their holders by place. Ids that only count the
    records of a file take no room: that no two are equal follows from their file's
    name being given out once.
    """

    def __init__(self) -> None:
        self._holders: dict[int, int] = {}
        self._files: list[str] = []
        self._file_of: dict[str, int] = {}
        self._places: dict[int, int] = {}
        self._numbered: dict[str, str] = {}

    def first(
        self, item: Source | Reject | Finding, place: Place, file: str
    ) -> Source | Reject | Finding:
        """The item itself, or E210 with its bytes where its id was given out before.

        place: in ``file``, what no other document has.
        """
        if not isinstance(item, Source):
            return item
        key = _digest(item.id)
        other = self._other(item, key, place, file)
        return item if other is None else _second(item, other)

    def _other(self, item: Source, key: int, place: Place, file: str) -> str | None:
        """Who else has the id; None where nobody has, and then it is given out."""
        if place.numbered:
            is_first = self._numbered.setdefault(place.numbered, file) == file
            return None if is_first and key not in self._holders else place.numbered
        head, _, number = item.id.rpartition("#")
        if number.isdigit() and head in self._numbered:
            return head
        mine = _digest(f"{file}\0{place.path}\0{item.file_path}")
        if self._places.setdefault(key, mine) != mine:
            return self._files[self._holders[key]]
        self._holders[key] = self._file(item.file_path)
        return None

    def _file(self, path: str) -> int:
        if path not in self._file_of:
            self._file_of[path] = len(self._files)
            self._files.append(path)
        return self._file_of[path]


def _second(item: Source, other: str) -> Reject:
    """A source whose id another has: kept, but not under that id."""
    message = f"{item.file_path} has the id {item.id!r} of {other}"
    if other == item.file_path:
        message = f"{item.file_path} has two documents with the id {item.id!r}"
    found = finding("E210", message, where=item.file_path, documents=[item.id])
    return Reject(found, item.id, item.file_path, item.provenance, item.data)


def _digest(words: str) -> int:
    data = words.encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(data, digest_size=_DIGEST).digest(), "big")
