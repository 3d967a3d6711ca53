"""File names as the archive stores them: UTF-8, forward slashes, and reversible."""

from __future__ import annotations

import re

_SURROGATE = re.compile("[\ud800-\udfff]")
_ESCAPED = re.compile(r"%%([0-9A-F]{2})")
_DRIVE = re.compile(r"^[A-Za-z]:")


def storable(name: str) -> str:
    """A file name as valid Unicode: bytes that are no UTF-8 become ``%%E9``.

    The doubled percent sign keeps names that already are percent-encoded as they
    stand (``caf%C3%A9.txt``); a doubled one in a name is itself escaped. So two
    names never become one, and ``original`` gives the name back.
    """
    if "%%" not in name and not _SURROGATE.search(name):
        return name
    escaped = re.sub("%{2,}", lambda run: "%%25" * len(run[0]), name)
    return _SURROGATE.sub(_escape, escaped)


def original(stored: str) -> str:
    """The file name that ``storable`` was given."""
    if "%%" not in stored:
        return stored
    pieces: list[str] = []
    at = 0
    for match in _ESCAPED.finditer(stored):
        code = int(match[1], 16)
        pieces += (stored[at : match.start()], chr(code) if code < 0x80 else chr(0xDC00 + code))
        at = match.end()
    pieces.append(stored[at:])
    return "".join(pieces)


def path_problem(path: str) -> str | None:
    """Why a path from an index may not be followed, or None when it stays below it.

    Judged by its text alone, the same on every system; links are judged when read.
    """
    if "\0" in path:
        return "holds a zero byte"
    if "\\" in path:
        return "holds a backslash: write forward slashes"
    if path.startswith("/") or _DRIVE.match(path):
        return "is absolute"
    parts = path.split("/")
    if ".." in parts:
        return "climbs out of the folder"
    if "" in parts or "." in parts:
        return "has an empty part or a lone dot"
    return None


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    if 0xDC80 <= code <= 0xDCFF:  # a byte that Python's surrogateescape carried over
        return f"%%{code - 0xDC00:02X}"
    return "".join(f"%%{byte:02X}" for byte in match[0].encode("utf-8", "surrogatepass"))
