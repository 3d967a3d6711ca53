"""Does a decoded text look written? Script, case and symbol evidence, no language model.

A wrong encoding leaves traces that need no dictionary: symbols inside words,
capitals after small letters, Greek letters in Latin words, control characters.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from functools import lru_cache

from archiver.text.scripts import is_rare, script

#: Code points looked at, from the first that is not ASCII; more tell nothing new.
SAMPLE = 200_000

#: Share of code points that no text has, above which a decoding is refused.
#: A few stray controls are common in scraped text; wrong tables give many more.
STRANGE_SHARE = 0.01

_NON_ASCII = re.compile(r"[^\x00-\x7f]")
#: Words of accented Latin letters alone: Cyrillic or Greek read as Latin.
#: (What stands before is asked behind the first letter: so it is looked for in C.)
_ACCENTED_WORD = re.compile(r"[À-ÖØ-öø-ÿ](?<![^\W\d_].)[À-ÖØ-öø-ÿ]{3,}(?![^\W\d_])", re.DOTALL)
#: Scripts that stand beside others, and each other, without a space.
EAST = frozenset({"han", "hangul"})
#: Marks that stand between letters in honest text.
_WORD_MARKS = frozenset("’‘ʼ´·‧-‐‑–—…­")


#: So many characters are each counted for themselves, in C.
_FEW = 4


def strange(text: str) -> int:
    """How many code points no text has: controls, unassigned, private, U+FFFD.

    Cost: some passes in C, and one look at each distinct code point.
    """
    odd = [char for char in set(text) if _is_strange(char)]
    if len(odd) <= _FEW:
        return sum(map(text.count, odd))
    counts = Counter(text)
    return sum(counts[char] for char in odd)


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
    padded = f" {sample} "
    # Texts are made of few threes of characters, and each has the same fault wherever it
    # stands; faults are quarters, so that their sum does not depend on the order.
    threes = Counter([padded[at.start() : at.start() + 3] for at in _NON_ASCII.finditer(sample)])
    faults = sum(_fault(three) * count for three, count in threes.items())
    faults += sum(len(word) for word in _ACCENTED_WORD.findall(sample))
    return faults / threes.total()


@lru_cache(maxsize=1 << 14)
def _fault(three: str) -> float:
    return fault(*three)


def fault(before: str, char: str, after: str) -> float:
    """How badly one code point sits between its neighbours: 0 well, 3 never seen."""
    if _is_strange(char):
        return 3.0
    left, right = before.isalpha(), after.isalpha()
    if char in "ªº":
        return 1.0 if left and right else 0.0
    if char.isalpha():
        return _letter_fault(before if left else "", char, after if right else "")
    if char in _WORD_MARKS or unicodedata.category(char)[0] in "MZ":
        return 0.0
    # In a table's frame a line or a blank stands between two corners.
    if (left and right) or (_is_junction(char) and _is_junction(before)):
        return 1.0
    is_symbol = unicodedata.category(char)[0] in "SNC"
    return 0.25 if is_symbol and (left or right) else 0.0


def _letter_fault(before: str, char: str, after: str) -> float:
    """A letter's fault between letters, or the empty string where it has none beside it."""
    own = script(char)
    # Hangul and ideographs, and ideographs and Latin, stand side by side in headlines.
    is_mixed = any(
        other and script(other) != own and own not in EAST and script(other) not in EAST
        for other in (before, after)
    )
    if is_mixed or (before.islower() and char.isupper()):
        return 1.0
    if own in EAST:
        return 0.5 if is_rare(char) else 0.0
    is_lone_capital = not before and not after and own == "latin" and char.isupper()
    return 0.25 if is_lone_capital else 0.0


def _is_junction(char: str) -> bool:
    return "\u250c" <= char <= "\u256c" and char not in "═║"


def _is_strange(char: str) -> bool:
    if char in "\t\n\r\f":
        return False
    return char == "\ufffd" or unicodedata.category(char) in ("Cc", "Cn", "Co", "Cs")
