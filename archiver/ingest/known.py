"""What an archive knows of its documents, small enough to hold for millions of them."""

from __future__ import annotations

import struct
from array import array
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from archiver.archive.archive import Archive
from archiver.readers.digests import SIZE, digest_of_words

#: Bytes of the digest that stands for an id. Two ids in 10^15 documents that share one are a
#: chance of 10^-9; even then a source is skipped only where its own digest agrees too.
KEY = SIZE

#: Bytes kept of a source's digest. A later revision that shares them would be taken for
#: unchanged, and lost: two such sources take 2^96 tries to find.
SOURCE = 24

_COLUMNS = ("id", "revision", "source_sha256", "ruleset", "profile")

#: Documents are sorted in so many heaps, by the key's first byte: the memory that sorting takes
#: is that of one heap.
_HEAPS = 64

_PAIR = struct.Struct("=QQ")

_ROW = np.dtype(
    [
        ("high", np.uint64),
        ("low", np.uint64),
        ("source", f"V{SOURCE}"),
        ("revision", np.uint32),
        ("kind", np.uint16),
    ]
)


@dataclass(frozen=True, slots=True)
class State:
    """What the archive knows of a document's newest revision; tells whether it is unchanged.

    ``source`` is how its ``source_sha256`` begins, ``2 * SOURCE`` digits of it.
    """

    revision: int
    source: str
    ruleset: str
    profile: str


def id_key(id_: str) -> bytes:
    """What stands for an id."""
    return digest_of_words(id_)


class Known:
    """The newest revision of every document, found by id.

    Memory: 46 bytes a document, half as much again in the process; a dict of ``State``
    takes 450.
    """

    def __init__(self, archive: Archive | None = None) -> None:
        """Read an archive. Raises: DamageError. Cost: five columns of all parts, 6 us a row."""
        self._kinds: list[tuple[str, str]] = []
        gathered = [bytearray() for _ in range(_HEAPS)]
        for table in [] if archive is None else archive.scan(_COLUMNS):
            self._gather(table, gathered)
        self._heaps = []
        while gathered:  # each is let go as soon as it is sorted
            self._heaps.append(_Heap(gathered.pop(0)))

    def __len__(self) -> int:
        return sum(len(heap.high) for heap in self._heaps)

    def __contains__(self, id_: object) -> bool:
        return isinstance(id_, str) and self.get(id_) is not None

    def __iter__(self) -> Iterator[bytes]:
        """The keys of the ids."""
        for heap in self._heaps:
            for pair in zip(heap.high, heap.low, strict=True):
                yield np.array(pair, np.uint64).tobytes()

    def get(self, id_: str) -> State | None:
        """The newest revision of a document."""
        return self.find(id_key(id_))

    def find(self, key: bytes) -> State | None:
        """As ``get``, for an id's key."""
        found = self._heaps[key[0] % _HEAPS].find(key)
        if found is None:
            return None
        revision, source, kind = found
        return State(revision, source.hex(), *self._kinds[kind])

    def _gather(self, table: pa.Table, heaps: list[bytearray]) -> None:
        """Put a part's rows where they belong."""
        columns: list[list[Any]] = [table[name].to_pylist() for name in _COLUMNS]
        ids, revisions, sources, rulesets, profiles = columns
        places = {}
        for kind in set(zip(rulesets, profiles, strict=True)):
            if kind not in self._kinds:
                self._kinds.append(kind)
            places[kind] = self._kinds.index(kind)
        rows = np.empty(len(ids), _ROW)
        keys = b"".join(map(id_key, ids))
        pairs = np.frombuffer(keys, np.uint64).reshape(-1, 2)
        rows["high"], rows["low"] = pairs[:, 0], pairs[:, 1]
        starts = "".join([digest[: 2 * SOURCE] for digest in sources])
        rows["source"] = np.frombuffer(bytes.fromhex(starts), f"V{SOURCE}")
        rows["revision"] = revisions
        rows["kind"] = [places[kind] for kind in zip(rulesets, profiles, strict=True)]
        belongs = np.frombuffer(keys, np.uint8)[::KEY] % _HEAPS
        order = np.argsort(belongs, kind="stable")
        ends = np.searchsorted(belongs[order], np.arange(1, _HEAPS + 1))
        start = 0
        for heap, end in zip(heaps, ends.tolist(), strict=True):
            heap.extend(rows[order[start:end]].tobytes())
            start = end


class _Heap:
    """Some of the documents, sorted; arrays of the standard library are searched the fastest."""

    __slots__ = ("high", "kinds", "low", "revisions", "sources")

    def __init__(self, gathered: bytearray) -> None:
        rows = np.frombuffer(gathered, _ROW)
        order = np.lexsort((rows["revision"], rows["low"], rows["high"]))
        rows = rows[order]
        newest = np.ones(len(rows), dtype=bool)
        same = (rows["high"][1:] == rows["high"][:-1]) & (rows["low"][1:] == rows["low"][:-1])
        newest[:-1] = ~same
        rows = rows[newest]
        self.high = array("Q", rows["high"].tobytes())
        self.low = array("Q", rows["low"].tobytes())
        self.sources = rows["source"].tobytes()
        self.revisions = array("I", rows["revision"].tobytes())
        self.kinds = array("H", rows["kind"].tobytes())

    def find(self, key: bytes) -> tuple[int, bytes, int] | None:
        """A document's revision, the start of its source's digest, and its kind."""
        high, low = _PAIR.unpack(key)
        at = bisect_left(self.high, high)
        while at < len(self.high) and self.high[at] == high:
            if self.low[at] == low:
                source = self.sources[SOURCE * at : SOURCE * at + SOURCE]
                return self.revisions[at], source, self.kinds[at]
            at += 1
        return None
