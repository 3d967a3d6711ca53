"""Lines, and the folded form in which two lines count as the same."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from itertools import compress, islice
from operator import not_

#: Typographic quotes, written one way for comparison only.
_QUOTES = str.maketrans("“”„‟«»″‘’‚‛′", '"""""""' + "'''''")

_QUOTE_FORMS = tuple((chr(form), chr(plain)) for form, plain in _QUOTES.items())

#: What ``str.split`` splits at, but for the space and the line feed; of the characters
#: beyond ASCII those that NFKC leaves.
_SPACES = "\t\x0b\x0c\r\x1c\x1d\x1e\x1f"
_MORE_SPACES = "\x85\u1680\u2028\u2029"

#: White space as Python has it (``\s``, ``str.isspace``), in RE2's syntax.
SPACE = r"[\s\x0b\x1c-\x1f\x{85}\p{Z}]"

#: Lines folded together: few enough that a processor keeps them at hand, and that one
#: character of four bytes does not make all the others as wide.
_SLICE = 200

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


def fold_all(lines: Sequence[str]) -> list[str]:
    """What ``fold`` makes of each line, given without its ``\\n``.

    Works on all lines as one text as far as it can: nothing that folding does reaches
    across a line feed. Cost: some passes in C, and a look at the first characters of
    each line.
    """
    is_plain = [line.isascii() for line in lines]
    plain = (form for some in _slices(compress(lines, is_plain)) for form in _folded(some))
    others = (
        form for some in _slices(compress(lines, map(not_, is_plain))) for form in _folded(some)
    )
    return [next(plain) if ascii_ else next(others) for ascii_ in is_plain]


def _slices(lines: Iterator[str]) -> Iterator[str]:
    """Lines as texts of a few each, in normal form and with plain quotes."""
    while some := list(islice(lines, _SLICE)):
        text = "\n".join(some)
        if not text.isascii():
            text = "\n".join([_compatible(line) for line in some])
            for form, alike in _QUOTE_FORMS:
                if form in text:
                    text = text.replace(form, alike)
        yield text


def _compatible(line: str) -> str:
    normal = unicodedata.is_normalized("NFKC", line)
    return line if normal else unicodedata.normalize("NFKC", line)


def _folded(text: str) -> list[str]:
    """The lines of a text in normal form without case, needless white space and bullets."""
    for space in _SPACES if text.isascii() else _SPACES + _MORE_SPACES:
        if space in text:
            text = text.replace(space, " ")
    # Comprehensions in stages, as there are some for each line of a corpus.
    lines = [line.strip(" ") for line in text.casefold().split("\n")]
    lines = [line if "  " not in line else " ".join(line.split()) for line in lines]
    return [line if line[1:2] != " " else _without_bullets(line) for line in lines]


def _without_bullets(line: str) -> str:
    while line[1:2] == " " and line[0] in BULLETS:
        line = line[2:]
    return line


def is_blank(line: str) -> bool:
    """True for a line without a visible character."""
    return not line or line.isspace()
