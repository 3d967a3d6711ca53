"""Could ftfy change a text at all? Told for a whole text at once, at the speed of RE2.

ftfy asks an expression whether a line looks decoded with the wrong encoding, and goes
on to seven smaller fixes; for nearly every line all of that changes nothing. Here the
same is asked of whole texts, by an expression that matches wherever ftfy's own does and
wherever a character stands that a smaller fix would touch. It is read off the ftfy that
is installed; where that cannot be followed, every text counts as damaged, which is
slow and right.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Any

from archiver.text.lines import SPACE

#: Characters that the fixes of line ends, controls and terminal escapes touch. A test
#: compares them with ftfy's tables.
_TOUCHED = (
    r"[\x00-\x08\x0b\x0d-\x1f\x7f-\x{9f}\x{2028}\x{2029}\x{206a}-\x{206f}\x{feff}\x{fff9}-\x{fffc}]"
)

#: A class, an escape, a comment, white space that counts for nothing, any one character.
_VERBOSE = re.compile(r"\[[^\]]+\]|\\.|(?P<idle>#[^\n]*|\s+)|.", re.DOTALL)


def is_sound(text: str) -> bool:
    """True where ftfy under our configuration leaves every line of the text alone.

    False may be wrong: then ftfy has a look. Cost: a pass of RE2, and a quick check of
    normalisation; of plain ASCII, two looks in C.
    """
    if _is_plain(text):
        return True
    looks_damaged = _expression()
    if looks_damaged is None:
        return False
    try:
        data = text.encode()
    except UnicodeEncodeError:  # halves of characters, which ftfy mends
        return False
    return looks_damaged.search(data) is None and unicodedata.is_normalized("NFC", text)


def suspects(text: str) -> list[int]:
    """The numbers from 0 of the lines that ftfy might change, the line end of each included.

    Cost: as ``is_sound``, and some microseconds a line that is named.
    """
    if _is_plain(text):
        return []
    looks_damaged = _expression()
    lines = text.split("\n")
    try:
        data = text.encode()
    except UnicodeEncodeError:
        return [*range(len(lines))]
    if looks_damaged is None:
        return [*range(len(lines))]
    found: set[int] = set()
    number = at = 0
    while (match := looks_damaged.search(data, at)) is not None:
        start = match.start()
        number += data.count(b"\n", at, start)
        found.add(number)
        # On with the next line, not behind the match: that may reach into it.
        at = data.find(b"\n", start) + 1
        number += 1
        if not at:
            break
    if not unicodedata.is_normalized("NFC", text):
        normal = unicodedata.is_normalized
        found.update(n for n, line in enumerate(lines) if not normal("NFC", line))
    return sorted(found)


def _is_plain(text: str) -> bool:
    return text.isascii() and text.replace("\n", "").replace("\t", "").isprintable()


def widened(pattern: str) -> str | None:
    """A verbose pattern of Python's as one of RE2's that matches at least as often.

    Anchors and ``\\w`` are left out, white space is Unicode's. None where the pattern
    holds what is not known to go over: look-around, flags, back references.
    """
    if "(" in pattern:
        return None
    parts: list[str] = []
    for token in _VERBOSE.finditer(pattern):
        text = token[0]
        if token["idle"] is not None or text in {"^", r"\w"}:
            continue
        if text == r"\s":
            text = SPACE
        elif text.startswith("\\"):
            return None
        parts.append(text)
    return "".join(parts)


@lru_cache(maxsize=1)
def _expression() -> Any:  # noqa: ANN401 -- re2 has no types
    """What damaged text matches; None where it cannot be made."""
    import re2
    from ftfy.badness import BADNESS_RE

    options = re2.Options()
    options.never_capture = True
    options.log_errors = False
    bad = widened(BADNESS_RE.pattern) if BADNESS_RE.flags & re.VERBOSE else None
    if bad is None:
        return None
    try:
        return re2.compile(f"{_TOUCHED}|{bad}".encode(), options)
    except re2.error:
        return None
