"""What each code point is: letter, digit, mark; and how it is written small."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.uint32]
Flags = NDArray[np.uint16]
Rows = NDArray[np.intp]
Wide = NDArray[np.uint64]

ALPHA, UPPER, DIGIT, SPACE, WORD, CJK, SENTENCE, COMMA, END, QUOTE, BAR, PRICE = (
    1 << bit for bit in range(12)
)

#: Scripts written without blanks: there, each character counts as a word.
_UNSPACED = ((0x0E00, 0x0E80), (0x1000, 0x10A0), (0x3040, 0x3100), (0x3400, 0xA000))

_MARKS = {
    SENTENCE: ".!?。！？…।؟۔",
    COMMA: ",，、،",
    END: ".!?。！？…।؟۔\"'”»’」』)）",
    QUOTE: '"“”„«»「」『』‹›',
    BAR: "|»›•·→▸▶＞>",
}

#: The tables hold the Basic Multilingual Plane, and one row for all letters and
#: one for all symbols beyond it.
_BEYOND_LETTER, _BEYOND_CJK, _BEYOND_SYMBOL = 0x10000, 0x10001, 0x10002


def rows_of(codes: Codes) -> Rows:
    """The rows of this module's tables that stand for code points."""
    rows = codes.astype(np.intp)
    if codes.size and int(codes.max()) >= 0x10000:
        rows[rows >= 0x20000] = _BEYOND_CJK
        rows[rows >= 0x1F000] = _BEYOND_SYMBOL
        rows[(rows >= 0x10000) & (codes < 0x1F000)] = _BEYOND_LETTER
    return rows


def small_of(rows: Rows) -> Wide:
    """Code points written small, every digit as ``0``; one for one, unlike ``str.lower``."""
    return _tables()[1].take(rows, mode="clip")  # "clip" only spares the check


def flags_of(rows: Rows) -> Flags:
    """What each code point is: the constants of this module, added up."""
    return _tables()[0].take(rows, mode="clip")


def every_flag() -> Flags:
    """The flags of all rows."""
    return _tables()[0]


def counted(rows: Rows) -> tuple[Wide, Wide]:
    """Code points as numbers to be added up: two counts in each, the second from bit 32 on.

    Returns: letters and capitals; digits and white space.
    """
    return _counting()[0].take(rows, mode="clip"), _counting()[1].take(rows, mode="clip")


@lru_cache(maxsize=1)
def _counting() -> tuple[Wide, Wide]:
    flags = _tables()[0]
    letter, capital, digit, space = (
        ((flags & flag) != 0).astype(np.uint64) for flag in (ALPHA, UPPER, DIGIT, SPACE)
    )
    return letter | capital << np.uint64(32), digit | space << np.uint64(32)


@lru_cache(maxsize=1)
def _tables() -> tuple[Flags, Wide]:
    """Made at first use, in a few hundredths of a second."""
    flags = np.zeros(0x10003, np.uint16)
    small = np.arange(0x10003, dtype=np.uint64)
    for code in range(0x10000):
        char = chr(code)
        kind = unicodedata.category(char)
        if kind[0] == "L":
            lowered = char.lower()
            flags[code] = ALPHA | WORD | (UPPER if kind in {"Lu", "Lt"} else 0)
            small[code] = ord(lowered) if len(lowered) == 1 else code
        elif kind[0] == "M":
            flags[code] = ALPHA | WORD
        elif kind[0] == "N":
            flags[code] = DIGIT | WORD
            small[code] = ord("0") if kind == "Nd" else code
        elif kind == "Sc":
            flags[code] = PRICE
        if char.isspace():
            flags[code] |= SPACE
    for start, end in _UNSPACED:
        flags[start:end] |= np.where(flags[start:end] & WORD, CJK, 0).astype(np.uint16)
    for flag, chars in _MARKS.items():
        flags[[ord(char) for char in chars]] |= flag
    flags[_BEYOND_LETTER] = ALPHA | WORD
    flags[_BEYOND_CJK] = ALPHA | WORD | CJK
    return flags, small
