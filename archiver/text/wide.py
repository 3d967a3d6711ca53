"""UTF-16 and UTF-32 without a byte order mark, told from binary by what they spell.

Almost any bytes can be read as UTF-16. Of the possible readings at most one gives a
text: one script beside the common signs, words of some length, and of ideographs
and syllables only those in daily use. Numbers, sounds and pictures give none.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from dataclasses import dataclass

from archiver.text.coherence import is_strange
from archiver.text.scripts import is_rare, script

CODECS = ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be")

#: Code points looked at; more tell nothing new.
SAMPLE = 4_000

#: Letters that a reading must have: fewer may be chance.
MIN_LETTERS = 8

#: Different characters that it must have: tables of numbers repeat a few.
MIN_DIFFERENT = 5

#: Share of the code points that must be of one script, Latin, or a common sign.
ONE_SCRIPT = 0.95

#: Share of letters and digits among what is not white space.
LETTERS = 0.5

#: Share of ideographs and syllables that may be rare ones; of random ones 60 % are.
RARE = 0.15

#: Code points to one blank that scripts with spaces may have, on the average.
WORD = 40

#: Scripts that are written without spaces, or where a text may have none.
_SPACELESS = frozenset({"han", "thai", "lao", "khmer", "myanmar", "tibetan"})

_WIDTH = {"utf-32-le": 4, "utf-32-be": 4, "utf-16-le": 2, "utf-16-be": 2}


@dataclass(frozen=True, slots=True)
class Wide:
    """A reading of bytes in units of two or four."""

    text: str
    codec: str


def wide(data: bytes) -> Wide | None:
    """The reading as UTF-16 or UTF-32 that gives a text, or None.

    Raises: nothing. Cost: a few microseconds a code point of the sample for each of
    four readings, and one decoding.
    """
    best: tuple[float, Wide] | None = None
    for codec in CODECS:
        width = _WIDTH[codec]
        if len(data) % width:
            continue
        score = _written(data[: SAMPLE * width].decode(codec, "ignore"))
        if score and (best is None or score > best[0]):
            text = _strict(data, codec)
            if text is not None and "\0" not in text and not is_strange(text):
                best = score, Wide(text, codec)
                if width == 4:
                    break
    return None if best is None else best[1]


def _written(text: str) -> float:
    """How much of a reading is of one script and the common signs; 0.0 for no text."""
    counts = Counter(text)
    groups: Counter[str] = Counter()
    rare = blanks = letters = 0
    for char, count in counts.items():
        group = _group(char)
        groups[group] += count
        blanks += count if char.isspace() else 0
        letters += count if group not in {"sign", "odd"} or char.isdigit() else 0
        rare += count if is_rare(char) else 0
    east = groups["han"] + groups["hangul"]
    main, size = _main_script(groups, east)
    total = len(text)
    if len(counts) < MIN_DIFFERENT:
        return 0.0
    signs = groups["sign"] + (groups["latin"] if main != "latin" else 0)
    share = (size + signs) / total if total else 0.0
    if letters < MIN_LETTERS or share < ONE_SCRIPT or letters < LETTERS * (total - blanks):
        return 0.0
    if rare > east * RARE:
        return 0.0
    if main not in _SPACELESS and total > 2 * WORD and blanks * WORD < total:
        return 0.0
    return share - rare / total


def _main_script(groups: Counter[str], east: int) -> tuple[str, int]:
    """The script with most letters. Ideographs, kana and Hangul stand together."""
    alphabets = [name for name in groups if name not in {"sign", "odd", "other", "han", "hangul"}]
    main = max(sorted(alphabets), key=lambda name: groups[name], default="latin")
    if east > groups[main]:
        return ("hangul" if groups["hangul"] > groups["han"] else "han"), east
    return main, groups[main]


def _group(char: str) -> str:
    """A letter's script; "sign" for what every script uses; "odd" for the rest."""
    code = ord(char)
    if code < 0x80 and not char.isalpha():
        return "sign" if char.isprintable() or char in "\t\n\r" else "odd"
    if 0x2010 <= code < 0x2070 or 0x1F000 <= code < 0x1FB00 or char in "\u200b\u200c\u200d\ufeff":
        return "sign"
    kind = unicodedata.category(char)
    if kind in {"Cc", "Cn", "Co", "Cs"}:
        return "odd"
    is_sign = (code < 0x250 and kind[0] != "L") or (0x20A0 <= code < 0x2800 and kind[0] in "SN")
    return "sign" if is_sign else script(char)


def _strict(data: bytes, codec: str) -> str | None:
    try:
        return data.decode(codec)
    except (UnicodeError, ValueError):
        return None
