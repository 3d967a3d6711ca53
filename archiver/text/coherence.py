"""Does a decoded text look written? Script, case and symbol evidence, no language model.

A wrong encoding leaves traces that need no dictionary: symbols inside words,
capitals after small letters, Greek letters in Latin words, control characters.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

#: Code points looked at, from the first that is not ASCII; more tell nothing new.
SAMPLE = 200_000

#: Share of code points that no text has, above which a decoding is refused.
#: A few stray controls are common in scraped text; wrong tables give many more.
STRANGE_SHARE = 0.01

_NON_ASCII = re.compile(r"[^\x00-\x7f]")
#: Words of accented Latin letters alone: Cyrillic or Greek read as Latin.
_ACCENTED_WORD = re.compile(r"(?<![^\W\d_])[À-ÖØ-öø-ÿ]{4,}(?![^\W\d_])")
#: Marks that stand between letters in honest text.
_WORD_MARKS = frozenset("’‘ʼ´·‧-‐‑–—…­")
_BLOCKS = ((0x250, "latin"), (0x370, "other"), (0x400, "greek"), (0x530, "cyrillic"))


def strange(text: str) -> int:
    """How many code points no text has: controls, unassigned, private, U+FFFD.

    Cost: one pass in C to count, then one look at each distinct code point.
    """
    return sum(count for char, count in Counter(text).items() if _is_strange(char))


def is_strange(text: str) -> bool:
    """More than the odd stray control: binary, or decoded with the wrong table."""
    return strange(text) > max(1, int(len(text) * STRANGE_SHARE))


def incoherence(text: str) -> float:
    """How little the non-ASCII code points of a text fit their neighbours.

    Returns: faults per non-ASCII code point, 0.0 for a text that looks written;
    text in the right encoding stays under 0.05, in a wrong one it is above 0.2
    as a rule. Cost: O(n) in the sample, some microseconds a non-ASCII letter.
    """
    first = _NON_ASCII.search(text)
    if first is None:
        return 0.0
    start = max(0, first.start() - 1)
    sample = text[start : start + SAMPLE]
    faults, seen = 0.0, 0
    for match in _NON_ASCII.finditer(sample):
        at = match.start()
        before = sample[at - 1] if at else " "
        after = sample[at + 1 : at + 2] or " "
        faults += _fault(before, sample[at], after)
        seen += 1
    faults += sum(len(word) for word in _ACCENTED_WORD.findall(sample))
    return faults / seen


def _fault(before: str, char: str, after: str) -> float:
    """How badly one code point sits between its neighbours: 0 well, 3 never seen."""
    if _is_strange(char):
        return 3.0
    left, right = before.isalpha(), after.isalpha()
    if char in "ªº":
        return 1.0 if left and right else 0.0
    if char.isalpha():
        is_mixed = (left and _script(before) != _script(char)) or (
            right and _script(after) != _script(char)
        )
        return 1.0 if is_mixed or (before.islower() and char.isupper()) else 0.0
    if char in _WORD_MARKS or unicodedata.category(char)[0] in "MZ":
        return 0.0
    # In a table's frame a line or a blank stands between two corners.
    if (left and right) or (_is_junction(char) and _is_junction(before)):
        return 1.0
    is_symbol = unicodedata.category(char)[0] in "SNC"
    return 0.25 if is_symbol and (left or right) else 0.0


def _script(char: str) -> str:
    code = ord(char)
    if code < 0x250 or 0x1E00 <= code < 0x1F00 or 0x2C60 <= code < 0x2C80:
        return "latin"
    for end, name in _BLOCKS:
        if code < end:
            return name
    return "other"


def _is_junction(char: str) -> bool:
    return "\u250c" <= char <= "\u256c" and char not in "═║"


def _is_strange(char: str) -> bool:
    if char in "\t\n\r\f":
        return False
    return char == "\ufffd" or unicodedata.category(char) in ("Cc", "Cn", "Co", "Cs")
