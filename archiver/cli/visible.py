"""Text made safe to look at: what a terminal would obey is shown as an escape.

Archived text, file names and messages come from strangers. A control
character in them can move the cursor, change the title of the window or turn
the direction of the line, and so make a screen show what is not there.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator

#: C0 without tab and line feed, DEL, C1; marks and overrides of direction;
#: invisible separators, fillers and tags; line and paragraph separators; surrogates.
_UNSAFE = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f"
)
_TEXT = re.compile(f"[{_UNSAFE}]")
_LINE = re.compile(f"[\t\n{_UNSAFE}]")

#: The last code point that ``\\uXXXX`` can write.
_BMP = 0xFFFF
_BYTE = 0xFF


def visible(text: str) -> str:
    """The text with control characters as escapes; tabs and line feeds stay."""
    return _TEXT.sub(_escape, text)


def visible_line(text: str) -> str:
    """The text on one line: tabs and line feeds are escapes too."""
    return _LINE.sub(_escape, text)


def is_plain(text: str) -> bool:
    """Whether a terminal shows the text as it is, and obeys nothing in it."""
    return _TEXT.search(text) is None


def dump_json(value: object, *, indent: int | None = None) -> str:
    """JSON that any terminal and any encoding of Unicode can carry.

    Control characters are written as ``\\uXXXX``, which means the same.
    """
    return visible_json(json.dumps(value, ensure_ascii=False, indent=indent))


def visible_json(text: str) -> str:
    """JSON with its control characters written as escapes; it means the same."""
    return _TEXT.sub(_json_escape, text)


def cells(text: str) -> int:
    """How many columns of a terminal a line takes: wide characters take two."""
    if text.isascii():
        return len(text)
    return sum(_width(char) for char in text)


def clip(text: str, width: int) -> str:
    """A line cut to a number of columns, with an ellipsis where it was cut."""
    if cells(text) <= width:
        return text
    taken, room = [], width - 1
    for char in text:
        room -= _width(char)
        if room < 0:
            break
        taken.append(char)
    return "".join(taken).rstrip() + "…"


def pad(text: str, width: int) -> str:
    """A line filled with blanks up to a number of columns."""
    return text + " " * (width - cells(text))


def wrap(text: str, width: int) -> list[str]:
    """A line on rows of so many columns, broken at blanks; a longer word is cut."""
    rows: list[str] = []
    row, room = "", width
    for word in re.findall(r" +|[^ ]+", text):
        if cells(word) <= room:
            row, room = row + word, room - cells(word)
            continue
        if row.strip():
            rows.append(row.rstrip())
        row = ""
        for piece in _pieces("" if word.isspace() else word, width):
            if row:
                rows.append(row)
            row = piece
        room = width - cells(row)
    return [*rows, row.rstrip()] if row.strip() else rows


def _pieces(word: str, width: int) -> Iterator[str]:
    """A word in pieces of at most so many columns."""
    piece, room = "", width
    for char in word:
        if _width(char) > room:
            yield piece
            piece, room = "", width
        piece, room = piece + char, room - _width(char)
    if piece:
        yield piece


def _width(char: str) -> int:
    if unicodedata.category(char) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(char) in {"W", "F"} else 1


def _escape(match: re.Match[str]) -> str:
    char = match[0]
    if char in "\t\n\r":
        return {"\t": "\\t", "\n": "\\n", "\r": "\\r"}[char]
    point = ord(char)
    if point <= _BYTE:
        return f"\\x{point:02x}"
    return f"\\u{point:04x}" if point <= _BMP else f"\\U{point:08x}"


def _json_escape(match: re.Match[str]) -> str:
    return json.dumps(match[0])[1:-1] if match[0] != "\x7f" else "\\u007f"
