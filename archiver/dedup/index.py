"""The nearest text before: an index of signatures that is asked as it grows.

Candidates share one band of their signatures (locality-sensitive hashing: Leskovec,
Rajaraman and Ullman, "Mining of Massive Datasets", chapter 3); whole signatures then
tell how near they are. What is found depends on the order of the texts alone: not on
how they are cut into batches, versions or runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archiver.dedup.shingles import GOLDEN
from archiver.dedup.signature import SLOTS, Signature

__all__ = ["THRESHOLD", "Index", "Near"]

#: Texts of at least this similarity are near-duplicates: what is usual for web text.
THRESHOLD = 0.8
#: Slots in a band, so that two texts of similarity 0.8 share one of the 32 bands in 99.7
#: of 100 cases, of 0.5 in 12, and of 0.3 in 0.2.
ROWS = 8
BANDS = SLOTS // ROWS
#: Candidates looked at in a band, the earliest: a page that stands in an archive a million
#: times costs no more than one that stands there 64 times.
MOST = 64
#: Pairs whose signatures are compared at a time: bounds memory.
_PAIRS = 8192
#: Signatures kept in one array.
_BLOCK = 4096

_Ints = NDArray[np.int64]
_Keys = NDArray[np.uint64]
_ALIVE = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True)
class Near:
    """The nearest text before: the digest of its document's id, and how near it is."""

    document: bytes
    similarity: float


class Index:
    """Signatures in the order in which their documents came.

    Memory: 1.1 kB a signature, measured at the peak of 100,000.
    """

    def __init__(self) -> None:
        self._size = 0
        self._signatures: list[NDArray[np.uint16]] = []
        self._documents = np.zeros((0, 32), np.uint8)
        self._until: _Ints = np.zeros(0, np.int64)
        #: Sorted keys of the bands, one array a stretch of texts; longer stretches first.
        self._runs: list[_Keys] = []

    def __len__(self) -> int:
        """How many signatures came in, those of replaced revisions too."""
        return self._size

    def add(
        self, signatures: Sequence[Signature], documents: Sequence[bytes], again: Sequence[bool]
    ) -> None:
        """Take in texts without asking.

        documents: the sha256 of each one's id. again: whether an earlier revision of it
        came before; that one is found no more by what comes after.
        Cost: that of sorting, the logarithm of the size times a text.
        """
        if not len(signatures):
            return
        start, end = self._size, self._size + len(signatures)
        self._reserve(end)
        for at, signature in enumerate(signatures, start):
            self._signatures[at // _BLOCK][at % _BLOCK] = signature
        self._documents[start:end] = np.frombuffer(b"".join(documents), np.uint8).reshape(-1, 32)
        self._until[start:end] = _ALIVE
        self._size = end
        self._retire({id_ for id_, is_again in zip(documents, again, strict=True) if is_again})
        places = np.arange(start, end, dtype=np.uint64)
        run = np.sort(_bands(np.stack(list(signatures))) | places, axis=1)
        while self._runs and self._runs[-1].shape[1] <= run.shape[1]:
            run = np.sort(np.concatenate([self._runs.pop(), run], axis=1), axis=1, kind="stable")
        self._runs.append(run)

    def nearest(
        self, signatures: Sequence[Signature], documents: Sequence[bytes], again: Sequence[bool]
    ) -> list[Near | None]:
        """As ``add``; and for each text the nearest of other documents before it, or None.

        Of several that are as near it is the earliest. Cost: at most ``MOST`` candidates a
        band, whatever the size.
        """
        start = self._size
        self.add(signatures, documents, again)
        found: list[Near | None] = [None] * len(signatures)
        mine, others = self._candidates(start)
        best: dict[int, tuple[int, int]] = {}
        for first in range(0, len(mine), _PAIRS):
            near, far = mine[first : first + _PAIRS], others[first : first + _PAIRS]
            agree = (self._of(near) == self._of(far)).sum(axis=1)
            for at in np.flatnonzero(agree >= THRESHOLD * SLOTS).tolist():
                here, offer = int(near[at]), (int(agree[at]), -int(far[at]))
                best[here] = max(best.get(here, (0, 0)), offer)
        for place, (agreed, negative) in best.items():
            document = self._documents[-negative].tobytes()
            found[place - start] = Near(document, agreed / SLOTS)
        return found

    def _reserve(self, size: int) -> None:
        while len(self._signatures) * _BLOCK < size:
            self._signatures.append(np.zeros((_BLOCK, SLOTS), np.uint16))
        if len(self._until) < size:
            more = max(size, len(self._until) * 5 // 4, _BLOCK) - len(self._until)
            self._documents = np.concatenate([self._documents, np.zeros((more, 32), np.uint8)])
            self._until = np.append(self._until, np.full(more, _ALIVE))

    def _retire(self, again: set[bytes]) -> None:
        """Each revision of these documents counts up to the next one."""
        if not again:
            return
        keys = np.ascontiguousarray(self._documents[: self._size, :8]).view(np.uint64).ravel()
        wanted = np.frombuffer(b"".join(sorted(id_[:8] for id_ in again)), np.uint64)
        places = np.flatnonzero(np.isin(keys, wanted))
        places = places[np.argsort(keys[places], kind="stable")]
        same = keys[places[1:]] == keys[places[:-1]]
        self._until[places[:-1][same]] = places[1:][same]

    def _candidates(self, start: int) -> tuple[_Ints, _Ints]:
        """Pairs (text from ``start`` on, a text before it that shares a band), each once."""
        asked = np.arange(start, self._size)
        if not len(asked):
            return asked, asked
        keys = _bands(self._of(asked))
        pairs = [np.zeros(0, np.uint64)]
        for band in range(BANDS):
            lows = keys[band]
            highs = lows | asked.astype(np.uint64)
            left = np.full(len(asked), MOST)
            for run in self._runs:  # in the order of their texts: the earliest are taken
                first = np.searchsorted(run[band], lows)
                counts = np.minimum(np.searchsorted(run[band], highs) - first, left)
                left -= counts
                within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
                hits = run[band][np.repeat(first, counts) + within] & _PLACE
                owners = np.repeat(asked, counts).astype(np.uint64)
                pairs.append(owners << _HALF | hits)
        unique = np.unique(np.concatenate(pairs))
        mine, others = (unique >> _HALF).astype(np.int64), (unique & _PLACE).astype(np.int64)
        sound = self._until[others] > mine
        return mine[sound], others[sound]

    def _of(self, places: _Ints) -> NDArray[np.uint16]:
        rows = np.empty((len(places), SLOTS), np.uint16)
        blocks = places // _BLOCK
        for block in np.unique(blocks).tolist():
            here = blocks == block
            rows[here] = self._signatures[block][places[here] % _BLOCK]
        return rows


_HALF = np.uint64(32)
_PLACE = np.uint64(0xFFFFFFFF)


def _bands(signatures: NDArray[np.uint16]) -> _Keys:
    """A key a band and text, in the upper 32 bits; the lower ones are for the text's place."""
    halves = np.ascontiguousarray(signatures, dtype="<u2").view("<u8").astype(np.uint64)
    halves = halves.reshape(len(signatures), BANDS, ROWS // 4)
    keys = np.zeros((len(signatures), BANDS), np.uint64)
    for part in range(ROWS // 4):
        keys = (keys ^ halves[:, :, part]) * GOLDEN
        keys ^= keys >> _HALF
    return np.ascontiguousarray((keys >> _HALF << _HALF).T)
