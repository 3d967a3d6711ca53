"""Which files are web pages: by their names, or by how their bytes begin."""

from __future__ import annotations

import re

PAGE_SUFFIXES = (".html", ".htm", ".xhtml")

_HTML = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html)[\s>]",
    re.IGNORECASE | re.DOTALL,
)


def html_begins(data: bytes) -> bool:
    """Whether bytes open like an HTML page."""
    return bool(_HTML.match(data[:1024]))


def media_type_of(path: str, data: bytes) -> str:
    """``text/html`` or ``text/plain``; a file named ``.txt`` is a text, however it begins."""
    name = path.lower()
    is_page = name.endswith(PAGE_SUFFIXES) or (not name.endswith(".txt") and html_begins(data))
    return "text/html" if is_page else "text/plain"


def media_type_by_bytes(data: bytes) -> str:
    """``text/html`` or ``text/plain``, of what has no name to go by."""
    return "text/html" if html_begins(data) else "text/plain"
