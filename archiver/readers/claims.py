"""Which ids were given out in a run: each once, whatever the number of documents."""

from __future__ import annotations

import zlib
from typing import NamedTuple

from archiver.document import Finding, Reject, Source
from archiver.findings import finding
from archiver.readers.digests import Digests, digest_of_words

#: The holder of an id that is named as its document: the commonest one, of which nothing is kept.
_SAME = 0xFFFFFFFF

#: Names are packed so many together: few enough that one is found again at once.
_TOGETHER = 1024


class Place(NamedTuple):
    """Where a document stood; ``numbered`` is what its id begins with, if it is but a number."""

    path: str
    numbered: str = ""


class Claims:
    """The ids of a run, and which file has each; see ``Digests`` for the memory.

    Beyond that some five bytes a file whose documents have other ids than its name.
    Ids that only count the records of a file take no room: that no two are equal
    follows from their file's name being given out once.
    """

    def __init__(self) -> None:
        self._holders = Digests()
        self._names = _Names()
        self._numbered: dict[str, str] = {}

    def first(
        self, item: Source | Reject | Finding, place: Place, file: str
    ) -> Source | Reject | Finding:
        """The item itself, or E210 with its bytes where its id was given out before.

        place: in ``file``, what no other document has. No document is asked about twice.
        """
        if not isinstance(item, Source):
            return item
        other = self._other(item, place, file)
        return item if other is None else _second(item, other)

    def _other(self, item: Source, place: Place, file: str) -> str | None:
        """Who else has the id; None where nobody has, and then it is given out."""
        key = digest_of_words(item.id)
        if place.numbered:
            is_first = self._numbered.setdefault(place.numbered, file) == file
            return None if is_first and key not in self._holders else place.numbered
        if self._numbered:
            head, _, number = item.id.rpartition("#")
            if number.isdigit() and head in self._numbered:
                return head
        same = item.id == item.file_path
        holder = self._holders.put(key, _SAME if same else self._names.number(item.file_path))
        if holder is None:
            return None
        return item.id if holder == _SAME else self._names[holder]


class _Names:
    """The names of files, in order, packed: neighbours are alike."""

    def __init__(self) -> None:
        self._packed: list[bytes] = []
        self._newest: list[str] = []

    def number(self, name: str) -> int:
        """The number of a name; the same as before where it is the same as before."""
        if not self._newest or self._newest[-1] != name:
            if len(self._newest) == _TOGETHER:
                words = "\0".join(self._newest).encode("utf-8", "surrogatepass")
                self._packed.append(zlib.compress(words))
                self._newest = []
            self._newest.append(name)
        return len(self._packed) * _TOGETHER + len(self._newest) - 1

    def __getitem__(self, number: int) -> str:
        block, at = divmod(number, _TOGETHER)
        if block == len(self._packed):
            return self._newest[at]
        words = zlib.decompress(self._packed[block]).decode("utf-8", "surrogatepass")
        return words.split("\0")[at]


def _second(item: Source, other: str) -> Reject:
    """A source whose id another has: kept, but not under that id."""
    message = f"{item.file_path} has the id {item.id!r} of {other}"
    if other == item.file_path:
        message = f"{item.file_path} has two documents with the id {item.id!r}"
    found = finding("E210", message, where=item.file_path, documents=[item.id])
    return Reject(found, item.id, item.file_path, item.provenance, item.data)
