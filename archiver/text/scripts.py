"""Which script a character belongs to, and which East Asian ones are in daily use.

A wrong encoding scatters its characters over many scripts, and over ideographs and
syllables that nobody writes: of the 20,992 unified ideographs about 8,000 are in
the first levels of the national standards, and hardly any text leaves these.
"""

from __future__ import annotations

from bisect import bisect_right
from functools import lru_cache

#: Ends of ranges of code points, and the script that fills each range.
_SCRIPTS: tuple[tuple[int, str], ...] = (
    (0x250, "latin"),
    (0x370, "other"),
    (0x400, "greek"),
    (0x530, "cyrillic"),
    (0x590, "armenian"),
    (0x600, "hebrew"),
    (0x700, "arabic"),
    (0x750, "syriac"),
    (0x780, "arabic"),
    (0x8A0, "other"),
    (0x900, "arabic"),
    (0x980, "devanagari"),
    (0xA00, "bengali"),
    (0xA80, "gurmukhi"),
    (0xB00, "gujarati"),
    (0xB80, "oriya"),
    (0xC00, "tamil"),
    (0xC80, "telugu"),
    (0xD00, "kannada"),
    (0xD80, "malayalam"),
    (0xE00, "sinhala"),
    (0xE80, "thai"),
    (0xF00, "lao"),
    (0x1000, "tibetan"),
    (0x10A0, "myanmar"),
    (0x1100, "georgian"),
    (0x1200, "other"),
    (0x1380, "ethiopic"),
    (0x1780, "other"),
    (0x1800, "khmer"),
    (0x18B0, "mongolian"),
    (0x1E00, "other"),
    (0x1F00, "latin"),
    (0x2000, "greek"),
    (0x2C60, "other"),
    (0x2C80, "latin"),
    (0x3000, "other"),
    (0x3100, "han"),  # with kana and the marks between them
    (0x4E00, "other"),
    (0xA000, "han"),
    (0xAC00, "other"),
    (0xD7B0, "hangul"),
    (0xF900, "other"),
    (0xFB00, "han"),
    (0xFB50, "other"),
    (0xFE00, "arabic"),
    (0xFE70, "other"),
    (0xFEFF, "arabic"),
    (0xFF00, "other"),
    (0xFFF0, "han"),  # full and half width forms
)

_ENDS = tuple(end for end, _ in _SCRIPTS)
_NAMES = (*(name for _, name in _SCRIPTS), "other")

#: First bytes of the first level of each East Asian standard, in EUC or Big5 form.
_LEVELS: tuple[tuple[str, range, range], ...] = (
    ("gb2312", range(0xB0, 0xD8), range(0xA1, 0xFF)),
    ("big5", range(0xA4, 0xC7), range(0x40, 0xFF)),
    ("euc_jp", range(0xB0, 0xD0), range(0xA1, 0xFF)),
    ("euc_kr", range(0xB0, 0xC9), range(0xA1, 0xFF)),
)


def script(char: str) -> str:
    """The script of a letter, as a lower-case word; "other" for the rare ones."""
    return _NAMES[bisect_right(_ENDS, ord(char))]


def is_rare(char: str) -> bool:
    """An ideograph or Hangul syllable outside the first levels of all standards."""
    code = ord(char)
    is_listed = 0x4E00 <= code < 0xA000 or 0xAC00 <= code < 0xD7B0
    return (is_listed or 0x3400 <= code < 0x4DC0) and char not in _common()


@lru_cache(maxsize=1)
def _common() -> frozenset[str]:
    """The ideographs and syllables in daily use; made once, in some milliseconds."""
    return frozenset(
        char
        for codec, leads, trails in _LEVELS
        for lead in leads
        for trail in trails
        for char in bytes((lead, trail)).decode(codec, "ignore")
    )
