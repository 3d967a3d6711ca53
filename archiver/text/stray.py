"""Stray bytes in UTF-8: each is read by what stands beside it, or becomes U+FFFD."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

from archiver.text.coherence import incoherence

#: Bytes before and after a stray one that tell whether its reading fits.
_NEAR = 12

#: One character of UTF-8 that is not ASCII.
SEQUENCE = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}"
    rb"|\xed[\x80-\x9f][\x80-\xbf]|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}"
    rb"|\xf4[\x80-\x8f][\x80-\xbf]{2}"
)
#: What is no UTF-8: a pair of surrogates, each written as three bytes; the beginning
#: of a character whose end is missing; any other byte.
_BAD = re.compile(
    rb"(?P<pair>\xed[\xa0-\xaf][\x80-\xbf]\xed[\xb0-\xbf][\x80-\xbf])"
    rb"|(?P<cut>[\xe1-\xec\xee\xef][\x80-\xbf]|\xe0[\xa0-\xbf]|\xed[\x80-\x9f]"
    rb"|\xf0[\x90-\xbf][\x80-\xbf]?|[\xf1-\xf3][\x80-\xbf]{1,2}|\xf4[\x80-\x8f][\x80-\xbf]?)"
    rb"|(?P<byte>[\x80-\xff])"
)
_PIECE = re.compile(rb"(?:[\x00-\x7f]|(?:" + SEQUENCE.pattern + rb"))+")


@dataclass(slots=True)
class Tally:
    """What was done to stray bytes, how often."""

    lost: int = 0
    pairs: int = 0
    read: Counter[str] = field(default_factory=Counter)


def mend(data: bytes, tally: Tally) -> str:
    """UTF-8 with stray bytes, each by what stands beside it; the tally says how often.

    Raises: nothing. Cost: linear.
    """
    text = utf8_text(data)
    if text is not None:
        return text
    pieces: list[str] = []
    at = 0
    while at < len(data):
        if piece := _PIECE.match(data, at):
            pieces.append(piece[0].decode("utf-8"))
            at = piece.end()
            continue
        bad = _BAD.match(data, at)
        end = bad.end() if bad else at + 1
        before = pieces[-1][-_NEAR:] if pieces else ""
        after = data[end : end + _NEAR].decode("utf-8", "ignore")
        pieces.append(_stray(data[at:end], bad.lastgroup if bad else None, before, after, tally))
        at = end
    return "".join(pieces)


def utf8_text(data: bytes) -> str | None:
    """The text of bytes that are UTF-8 throughout; None of others."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _stray(data: bytes, kind: str | None, before: str, after: str, tally: Tally) -> str:
    """What some bytes that are no UTF-8 stand for: a character, or U+FFFD."""
    if kind == "pair":
        tally.pairs += 1
        return (
            data.decode("utf-8", "surrogatepass").encode("utf-16", "surrogatepass").decode("utf-16")
        )
    if kind == "byte":
        text = data.decode("cp1252", "replace")
        near = _word_end(before) + text + _word_start(after)
        is_cut = not after and data >= b"\xc2" and not before[-1:].isalpha()
        if not is_cut and text != "\ufffd" and (incoherence(near) == 0.0 or text.isspace()):
            tally.read["cp1252"] += 1
            return text
    tally.lost += 1
    return "\ufffd"


def _word_end(text: str) -> str:
    return text[-1:] if text[-1:].isalpha() else " "


def _word_start(text: str) -> str:
    return text[:1] if text[:1].isalpha() else " "
