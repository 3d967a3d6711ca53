"""Lines, and the folded form in which two lines count as the same."""

from __future__ import annotations

import unicodedata

#: Typographic quotes, written one way for comparison only.
_QUOTES = str.maketrans("“”„‟«»″‘’‚‛′", '"""""""' + "'''''")

#: Bullets that list and menu renderers put before a line.
BULLETS = "*+•·‣◦▪–—-"


def fold(line: str) -> str:
    """The form in which rules compare lines; never stored, never shown.

    Case, white space, Unicode compatibility forms, quote shapes and a leading
    bullet are taken out: ``fold("  *  Share\\u00a0This")`` is ``"share this"``.
    Idempotent. Cost: one pass; about a microsecond for a short ASCII line.
    """
    if not line.isascii():
        line = unicodedata.normalize("NFKC", line).translate(_QUOTES)
    folded = " ".join(line.casefold().split())
    while len(folded) > 1 and folded[0] in BULLETS and folded[1] == " ":
        folded = folded[2:]
    return folded


def is_blank(line: str) -> bool:
    """True for a line without a visible character."""
    return not line or line.isspace()
