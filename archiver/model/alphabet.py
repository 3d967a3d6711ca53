"""What each code point is: letter, digit, mark; and how it is written small."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.uint32]
Flags = NDArray[np.uint16]

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


def small_of(codes: Codes) -> Codes:
    """Code points written small, every digit as ``0``; one for one, unlike ``str.lower``."""
    small = _tables()[1]
    return small[_rows(codes)]


def flags_of(codes: Codes) -> Flags:
    """What each code point is: the constants of this module, added up."""
    return _tables()[0][_rows(codes)]


def _rows(codes: Codes) -> Codes:
    if codes.size == 0 or int(codes.max()) < 0x10000:
        return codes
    beyond = np.where(
        codes >= 0x20000, _BEYOND_CJK, np.where(codes >= 0x1F000, _BEYOND_SYMBOL, _BEYOND_LETTER)
    )
    return np.where(codes < 0x10000, codes, beyond).astype(np.uint32)


@lru_cache(maxsize=1)
def _tables() -> tuple[Flags, Codes]:
    """Made at first use, in a few hundredths of a second."""
    flags = np.zeros(0x10003, np.uint16)
    small = np.arange(0x10003, dtype=np.uint32)
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
