"""Shingles of texts, as hashes: all stretches of five tokens, told from code points.

A token is a word; in scripts that set no space between words, a character. What this
makes of a text is stored in archives, by signature: it must not change.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

#: Tokens in a shingle, as FineWeb takes for web text: fewer find texts of one subject
#: alike, more lose copies that were edited.
SHINGLE = 5
#: Characters that are hashed together. Longer texts are cut here, so it is part of the algorithm.
CHUNK = 1 << 18

Array = NDArray[np.uint64]

#: Characters that are tokens of their own: scripts without spaces between words.
_SINGLE = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Myanmar
    (0x1780, 0x17FF),  # Khmer
    (0x2E80, 0x2FFF),  # radicals
    (0x3005, 0x3007),
    (0x3021, 0x3029),
    (0x3040, 0x312F),  # kana, bopomofo
    (0x31A0, 0x31FF),
    (0x3400, 0x4DBF),  # Han
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),
    (0xFF66, 0xFF9D),  # half-width kana
    (0x1B000, 0x1B16F),
    (0x20000, 0x3FFFF),
)
#: Characters beyond ASCII between tokens: punctuation, symbols, emoji. All others are
#: parts of words, also those that no Unicode version knows yet: so no newer version of
#: Python makes other signatures.
_BETWEEN = (
    (0x0080, 0x00A9),
    (0x00AB, 0x00B4),
    (0x00B6, 0x00B9),
    (0x00BB, 0x00BF),
    (0x00D7, 0x00D7),
    (0x00F7, 0x00F7),
    (0x0589, 0x058F),
    (0x05BE, 0x05BE),
    (0x060C, 0x060D),
    (0x061B, 0x061F),
    (0x066A, 0x066D),
    (0x06D4, 0x06D4),
    (0x0964, 0x0965),
    (0x0E2F, 0x0E2F),
    (0x0E3F, 0x0E3F),
    (0x0E4F, 0x0E4F),
    (0x104A, 0x104F),
    (0x1361, 0x1368),
    (0x17D4, 0x17DB),
    (0x2000, 0x206F),
    (0x20A0, 0x20CF),
    (0x2100, 0x2BFF),
    (0x2E00, 0x2E7F),
    (0x3000, 0x3004),
    (0x3008, 0x3020),
    (0x30FB, 0x30FB),
    (0xD800, 0xF8FF),
    (0xFE10, 0xFE1F),
    (0xFE30, 0xFE6F),
    (0xFEFF, 0xFEFF),
    (0xFF00, 0xFF0F),
    (0xFF1A, 0xFF20),
    (0xFF3B, 0xFF40),
    (0xFF5B, 0xFF65),
    (0xFFE0, 0xFFFF),
    (0x1F000, 0x1FAFF),
)

_WORD, _ALONE = 1, 2


#: 2**64 over the golden ratio, and the finaliser of SplitMix64 (Steele, Lea and Flood 2014).
GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1, _MIX_2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


def mix(values: Array) -> Array:
    """Every bit of the result hangs on every bit of a value."""
    values = (values ^ (values >> np.uint64(30))) * _MIX_1
    values = (values ^ (values >> np.uint64(27))) * _MIX_2
    return values ^ (values >> np.uint64(31))


def shingles_of(texts: list[str]) -> tuple[Array, NDArray[np.int64]]:
    """The shingles of all texts, one text after the other, as hashes; how many each has."""
    tokens, owners = _tokens(texts)
    each = np.bincount(owners, minlength=len(texts))
    counts = np.where(each == 0, 0, np.maximum(each - SHINGLE + 1, 1))
    if not len(tokens):
        return np.zeros(0, np.uint64), counts
    # Past the end of a text stands nothing: zero, which no token is.
    padded = np.append(tokens, np.zeros(SHINGLE, np.uint64))
    owned = np.append(owners, np.full(SHINGLE, -1))
    found = np.zeros(len(tokens), np.uint64)
    for step in range(SHINGLE):
        part = padded[step : step + len(tokens)]
        mine = owned[step : step + len(tokens)] == owners
        found = found * _MULTIPLIER + np.where(mine, part, np.uint64(0))
    starts = np.cumsum(each) - each
    within = np.arange(len(tokens)) - starts[owners]
    return mix(found[within < counts[owners]]), counts


#: Odd, so that multiplying by it can be undone. From Steele and Vigna 2021, arXiv:2001.05304.
_MULTIPLIER = np.uint64(0xD1342543DE82EF95)
_INVERSE = np.uint64(pow(int(_MULTIPLIER), -1, 1 << 64))


def _tokens(texts: list[str]) -> tuple[Array, NDArray[np.int64]]:
    """The tokens of all texts as hashes, and the text of each.

    A polynomial over each word's code points, from the difference of two prefix sums.
    """
    points = np.frombuffer("\n".join(texts).encode("utf-32-le", "surrogatepass"), "<u4")
    kinds = _kinds(points)
    word, alone = kinds == _WORD, kinds == _ALONE
    edge = np.diff(word.astype(np.int8), prepend=0, append=0)
    starts, ends = np.flatnonzero(edge == 1), np.flatnonzero(edge == -1)
    single = np.flatnonzero(alone)
    powers = _powers(len(points) + 1, _MULTIPLIER)
    sums = np.zeros(len(points) + 1, np.uint64)
    np.cumsum((points + np.uint64(1)) * powers[:-1], out=sums[1:])
    first = np.append(starts, single)
    last = np.append(ends, single + 1)
    order = np.argsort(first, kind="stable")
    first, last = first[order], last[order]
    hashes = mix((sums[last] - sums[first]) * _powers(len(points) + 1, _INVERSE)[first])
    hashes[hashes == 0] = 1
    lengths = np.array([len(text) + 1 for text in texts])
    return hashes, np.searchsorted(np.cumsum(lengths), first, side="right")


@lru_cache(maxsize=2)
def _all_powers(base: int) -> Array:
    steps = np.full(CHUNK + 1, base, np.uint64)
    steps[0] = 1
    return np.cumprod(steps)


def _powers(size: int, base: np.uint64) -> Array:
    """1, base, base² and so on."""
    return _all_powers(int(base))[:size]


def _kinds(points: NDArray[np.uint32]) -> NDArray[np.uint8]:
    """What each code point is: between tokens, part of a word, or a token of its own."""
    return _table()[np.minimum(points, _LAST)]


_LAST = np.uint32(0x40000)


@lru_cache(maxsize=1)
def _table() -> NDArray[np.uint8]:
    table = np.full(int(_LAST) + 1, _WORD, dtype=np.uint8)
    for point in range(128):
        table[point] = _WORD if chr(point).isalnum() else 0
    for first, last in _BETWEEN:
        table[first : last + 1] = 0
    for first, last in _SINGLE:
        part = table[first : last + 1]
        part[part != 0] = _ALONE
    table[-1] = 0
    return table
