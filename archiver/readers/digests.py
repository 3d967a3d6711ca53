"""A great many digests in little memory: each with a number, found by a few comparisons."""

from __future__ import annotations

import hashlib
import struct
from array import array
from bisect import bisect_left

import numpy as np

#: Bytes of a digest. Two of 10^15 things that share one are a chance of 10^-9.
SIZE = 16

#: Digests are kept in so many places, by their first byte: only one of these is sorted at a
#: time, and that is all the memory that sorting takes beyond what is kept.
_SHARDS = 64

#: Digests of a place that wait to be sorted; a dict takes five times the room of an array.
_WAITING = 512

_PAIR = struct.Struct("=QQ")


class Digests:
    """Digests, and a number below 2**32 for each. 20 bytes a digest (of a million: 25).

    Cost: a few microseconds a call, growing with the logarithm of how many there are.
    """

    def __init__(self) -> None:
        self._shards = [_Shard() for _ in range(_SHARDS)]

    def __len__(self) -> int:
        return sum(map(len, self._shards))

    def __contains__(self, key: bytes) -> bool:
        return self.get(key) is not None

    def get(self, key: bytes) -> int | None:
        """The number of a digest of ``SIZE`` bytes, or None."""
        return self._shards[key[0] % _SHARDS].get(key)

    def put(self, key: bytes, number: int = 0) -> int | None:
        """Take a digest in. Returns: None, or the number that it has already and keeps."""
        return self._shards[key[0] % _SHARDS].put(key, number)


class _Run:
    """Digests in order, as two numbers each: arrays of them are compact and quickly searched."""

    __slots__ = ("high", "low", "numbers")

    def __init__(self, high: array[int], low: array[int], numbers: array[int]) -> None:
        self.high = high
        self.low = low
        self.numbers = numbers

    def get(self, high: int, low: int) -> int | None:
        at = bisect_left(self.high, high)
        while at < len(self.high) and self.high[at] == high:
            if self.low[at] == low:
                return self.numbers[at]
            at += 1
        return None


class _Shard:
    """Some of the digests: a few in a dict, the rest in runs, each twice the next one's size."""

    __slots__ = ("runs", "waiting")

    def __init__(self) -> None:
        self.waiting: dict[bytes, int] = {}
        self.runs: list[_Run] = []

    def __len__(self) -> int:
        return len(self.waiting) + sum(len(run.high) for run in self.runs)

    def get(self, key: bytes) -> int | None:
        number = self.waiting.get(key)
        if number is not None or not self.runs:
            return number
        high, low = _PAIR.unpack(key)
        for run in self.runs:
            number = run.get(high, low)
            if number is not None:
                return number
        return None

    def put(self, key: bytes, number: int) -> int | None:
        known = self.get(key)
        if known is not None:
            return known
        self.waiting[key] = number
        if len(self.waiting) >= _WAITING:
            self._sort()
        return None

    def _sort(self) -> None:
        pairs = np.frombuffer(b"".join(self.waiting), np.uint64).reshape(-1, 2)
        high, low = pairs[:, 0], pairs[:, 1]
        numbers = np.fromiter(self.waiting.values(), np.uint32, len(self.waiting))
        self.waiting.clear()
        while self.runs and len(self.runs[-1].high) <= len(high):
            last = self.runs.pop()
            high = np.concatenate([np.frombuffer(last.high, np.uint64), high])
            low = np.concatenate([np.frombuffer(last.low, np.uint64), low])
            numbers = np.concatenate([np.frombuffer(last.numbers, np.uint32), numbers])
        order = np.lexsort((low, high))
        self.runs.append(
            _Run(_packed("Q", high[order]), _packed("Q", low[order]), _packed("I", numbers[order]))
        )


def digest_of_words(*words: str) -> bytes:
    """What stands for some words, none of which holds a zero byte but the last."""
    data = "\0".join(words).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(data, digest_size=SIZE).digest()


def _packed(code: str, values: np.ndarray) -> array[int]:
    """Numbers as an array of the standard library: a lookup in it needs no numpy."""
    return array(code, values.tobytes())
