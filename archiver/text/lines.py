"""Lines, and the folded form in which two lines count as the same."""

from __future__ import annotations

import unicodedata

#: Typographic quotes, written one way for comparison only.
_QUOTES = str.maketrans("“”„‟«»″‘’‚‛′", '"""""""' + "'''''")

_QUOTE_FORMS = tuple((chr(form), chr(plain)) for form, plain in _QUOTES.items())

#: What ``str.split`` splits at, but for the space and the line feed; of the characters
#: beyond ASCII those that NFKC leaves.
_SPACES = "\t\x0b\x0c\r\x1c\x1d\x1e\x1f"
_MORE_SPACES = "\x85\u1680\u2028\u2029"

#: White space as Python has it (``\s``, ``str.isspace``), in RE2's syntax.
SPACE = r"[\s\x0b\x1c-\x1f\x{85}\p{Z}]"

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


def fold_lines(text: str) -> list[str]:
    """``fold`` of each line of a text, split at every ``\\n``.

    Works on the text as a whole as far as it can: nothing that folding does reaches
    across a line feed. Cost: some passes in C, and a look at the first characters of
    each line.
    """
    spaces = _SPACES
    if not text.isascii():
        spaces += _MORE_SPACES
        if not unicodedata.is_normalized("NFKC", text):
            text = "\n".join(
                line if line.isascii() else unicodedata.normalize("NFKC", line)
                for line in text.split("\n")
            )
        for form, plain in _QUOTE_FORMS:
            if form in text:
                text = text.replace(form, plain)
    for space in spaces:
        if space in text:
            text = text.replace(space, " ")
    folded: list[str] = []
    for line in text.split("\n"):
        bare = line.strip(" ")
        if "  " in bare:
            bare = " ".join(bare.split())
        while bare[1:2] == " " and bare[0] in BULLETS:
            bare = bare[2:]
        folded.append(bare.casefold())
    return folded


def is_blank(line: str) -> bool:
    """True for a line without a visible character."""
    return not line or line.isspace()
