"""MinHash signatures: how much two texts have in common, told from 512 bytes of each.

Two texts are alike as far as their shingles are: stretches of five tokens. A token is a
word; in scripts that set no space between words, a character. The share of slots in
which two signatures agree estimates the Jaccard index of their shingles.

Signatures are stored in archives and must be comparable for years, on every platform. So
the algorithm is here, in whole numbers, and not that of a library (rensa 0.5 cannot read
the signatures of 0.4); what it makes of a few texts is held by a test.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from archiver.dedup.shingles import CHUNK, GOLDEN, Array, mix, shingles_of

__all__ = ["SLOTS", "decode", "encode", "signatures"]

#: Numbers in a signature. The estimate of a similarity of 0.8 has a standard error of
#: 0.025 with 256 of them, of 0.035 with 128.
SLOTS = 256
#: Each token is drawn for one slot in each of so many rounds; a slot that is empty after
#: them takes the least over all tokens. See Dahlgaard, Knudsen and Thorup,
#: "Fast Similarity Sketching", arXiv:1704.04370.
ROUNDS = 3

Signature = NDArray[np.uint16]


def signatures(texts: Iterable[str]) -> list[Signature | None]:
    """The signature of each text; None for one without a token.

    Case and what stands between tokens do not matter. A text of fewer than five
    tokens is one shingle. Lone surrogates stand between tokens.
    Returns: arrays of ``SLOTS`` numbers below 65,536. Raises: nothing.
    Cost: linear in the texts. Memory: bounded by ``CHUNK``, whatever their length.
    """
    found: list[Signature | None] = []
    chunk: list[str] = []
    size = 0
    for text in map(str.lower, texts):
        if chunk and size + len(text) > CHUNK:
            found += _signed(chunk)
            chunk, size = [], 0
        if len(text) > CHUNK:
            found.append(_signed_long(text))
            continue
        chunk.append(text)
        size += len(text) + 1
    found += _signed(chunk)
    return found


def encode(signature: Signature | None) -> str:
    """A signature as archives store it: Base64 of its numbers, least byte first; or empty."""
    if signature is None:
        return ""
    return base64.b64encode(signature.astype("<u2").tobytes()).decode("ascii")


def decode(text: str) -> Signature | None:
    """A signature from what ``encode`` made. Raises: ValueError for anything else."""
    if not text:
        return None
    numbers = np.frombuffer(base64.b64decode(text, validate=True), dtype="<u2")
    if len(numbers) != SLOTS:
        raise ValueError(f"a signature has {SLOTS} numbers, not {len(numbers)}")
    return numbers.astype(np.uint16)


def _signed(texts: list[str]) -> list[Signature | None]:
    """Of texts in small letters, so many characters together as ``CHUNK``."""
    if not texts:
        return []
    shingles, counts = shingles_of(texts)
    slots = _filled(shingles, counts)
    ends = np.cumsum(counts)
    for at in np.flatnonzero((slots == _EMPTY).any(axis=1) & (counts > 0)):
        slots[at] = _completed(slots[at], shingles[ends[at] - counts[at] : ends[at]])
    low = _low(slots)
    return [low[at] if counts[at] else None for at in range(len(texts))]


def _signed_long(text: str) -> Signature | None:
    """Of one text, piece by piece; a word at a seam counts as two, and shingles end there."""
    pieces = [text[start : start + CHUNK] for start in range(0, len(text), CHUNK)]
    slots = np.full(SLOTS, _EMPTY, dtype=np.uint32)
    total = 0
    for piece in pieces:
        shingles, counts = shingles_of([piece])
        total += int(counts[0])
        slots = np.minimum(slots, _filled(shingles, counts)[0])
    if not total:
        return None
    filled = slots
    if (slots == _EMPTY).any():  # hardly a text: few shingles, said again and again
        for piece in pieces:
            slots = np.minimum(slots, _completed(filled, shingles_of([piece])[0]))
    return _low(slots)


def _low(slots: NDArray[np.uint32]) -> Signature:
    """The low half of each number: as even as the whole, for the least of many is small."""
    return (slots & np.uint32(0xFFFF)).astype(np.uint16)


#: Larger than what any round gives.
_EMPTY = np.uint32(0xFFFFFFFF)


def _filled(shingles: Array, counts: NDArray[np.int64]) -> NDArray[np.uint32]:
    """The least of each slot over the rounds; an earlier round beats a later one."""
    slots = np.full(len(counts) * SLOTS, _EMPTY, dtype=np.uint32)
    base = np.repeat(np.arange(len(counts)) * SLOTS, counts)
    for number in range(ROUNDS):
        drawn = mix(shingles + _seeds(number, number + 1))
        places = base + (drawn >> np.uint64(56)).astype(np.int64)
        ranks = (drawn & _RANK).astype(np.uint32) | np.uint32(number << 30)
        np.minimum.at(slots, places, ranks)
    return slots.reshape(len(counts), SLOTS)


def _completed(slots: NDArray[np.uint32], shingles: Array) -> NDArray[np.uint32]:
    """The slots of one text; those that no round has filled have the least over all shingles."""
    empty = np.flatnonzero(slots == _EMPTY)
    seeds = _seeds(ROUNDS, ROUNDS + SLOTS)[empty]
    best = np.full(len(empty), _EMPTY, dtype=np.uint32)
    for start in range(0, len(shingles), 1024):
        drawn = mix(shingles[None, start : start + 1024] + seeds[:, None])
        ranks = (drawn & _RANK).astype(np.uint32) | np.uint32(ROUNDS << 30)
        best = np.minimum(best, ranks.min(axis=1))
    whole = slots.copy()
    whole[empty] = best
    return whole


def _seeds(first: int, last: int) -> Array:
    return np.arange(first + 1, last + 1, dtype=np.uint64) * GOLDEN


#: What of a hash ranks the shingles of a slot; the round stands above it.
_RANK = np.uint64(0x3FFFFFFF)
