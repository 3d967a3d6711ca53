"""What varies in example lines, made a pattern: numbers, addresses, names, differing words."""

from __future__ import annotations

import re
from collections.abc import Sequence

from archiver.rules.regex import Pattern
from archiver.text.lines import fold

#: A pattern must leave so many letters as they are: with fewer it fits almost any line.
MIN_LETTERS = 6

#: Words of a name that may vary, one after the other: ``by Anna Maria van Huber``.
MAX_NAME_WORDS = 4

_NUMBER = re.compile(r"\d+(?:[.,:/-]\d+)*", re.ASCII)  # what RE2 takes \d to be
_ADDRESS = re.compile(r"\S*(?:://|@|www\.)\S*")
_NAME = re.compile(r"[^\W\d_][\w'’.-]*[.,:;!?]?")

_ANY_NUMBER = r"\d+(?:[.,:/-]\d+)*"
_ANY_WORD = r"[^\s]+"
_ANY_NAME = rf"[\pL][\pL\pM'’.-]*(?: [\pL][\pL\pM'’.-]*){{0,{MAX_NAME_WORDS - 1}}}"


#: What a piece of a line is (text, number, address, name), and the piece, folded.
Token = tuple[str, str]


def pattern_of(lines: Sequence[str]) -> str | None:
    """A pattern that fits the lines, and others of their make.

    Numbers, addresses, names of two and more capitalised words, and words in which the
    lines differ may vary; all else stands. None where nothing would vary, or too little
    would be left to tell such a line from another.
    Returns: RE2 syntax for the folded line. Cost: linear in the lines.
    """
    tokens = [_tokens(line) for line in lines]
    if len({len(row) for row in tokens}) > 1:
        return None  # the lines are not of one make
    pieces: list[str] = []
    letters = 0
    for column in zip(*tokens, strict=True):
        kinds = {kind for kind, _ in column}
        texts = {text for _, text in column}
        kind = kinds.pop() if len(kinds) == 1 else "word"
        if kind == "text" and len(texts) == 1:
            (text,) = texts
            letters += sum(char.isalpha() for char in text)
            pieces.append(_escaped(text))
        else:
            pieces.append({"number": _ANY_NUMBER, "name": _ANY_NAME}.get(kind, _ANY_WORD))
    found = "".join(pieces)
    varies = any(piece in {_ANY_NUMBER, _ANY_NAME, _ANY_WORD} for piece in pieces)
    fits = all(Pattern(found).fullmatch(_sound(fold(line))) is not None for line in lines)
    return found if varies and fits and letters >= MIN_LETTERS else None


def without_numbers(folded: str) -> str:
    """A folded line with every number the same: lines that differ in these alone are equal."""
    return _NUMBER.sub("0", folded)


def _tokens(line: str) -> list[Token]:
    """The words of a line and what stands between them, folded, each with its kind."""
    groups: list[list[Token]] = []
    names: list[str] = []
    for place, word in enumerate(_plain(line)):
        # A first word has a capital letter whatever it is; a name alone may be a noun.
        if place and word[:1].isupper() and _NAME.fullmatch(word):
            names.append(word)
            continue
        groups += [*_named(names), _parts(word)]
        names = []
    groups += _named(names)
    return [token for group in groups for token in (("text", " "), *group)][1:]


def _plain(line: str) -> list[str]:
    """The words of the line as written, but for the bullets that ``fold`` takes off."""
    words = line.split()
    return words[-len(fold(line).split(" ")) :]


def _named(names: list[str]) -> list[list[Token]]:
    """Words with a capital letter in a row: one name where they are two and more."""
    if not 1 < len(names) <= MAX_NAME_WORDS:
        return [_parts(name) for name in names]
    name = fold(" ".join(names))
    bare = name.rstrip(".,:;!?")
    return [[("name", bare), *([("text", name[len(bare) :])] if name != bare else [])]]


def _parts(word: str) -> list[Token]:
    """A word as one text, or cut at its numbers."""
    if _ADDRESS.fullmatch(word):
        return [("address", fold(word))]
    found: list[Token] = []
    at = 0
    for match in _NUMBER.finditer(word):
        if match.start() > at:
            found.append(("text", fold(word[at : match.start()])))
        found.append(("number", match[0]))
        at = match.end()
    return [*found, ("text", fold(word[at:]))] if at < len(word) else found


def _escaped(text: str) -> str:
    """Text as a pattern. RE2 takes a backslash before ASCII punctuation alone."""
    return "".join(f"\\{char}" if char in r"\.+*?()|[]{}^$" else char for char in text)


def _sound(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")
