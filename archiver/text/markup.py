"""Markup made harmless before a parser sees it, and the little read from it directly.

libxml2 compares every attribute of a tag with all the others, and an extractor
visits every element many times: both are bounded here, by what honest pages have.
"""

from __future__ import annotations

import re

#: Elements of a page; the extractor takes about 0.2 ms for each.
MAX_ELEMENTS = 100_000

#: Code points of a page; beyond, the parsed tree would take gigabytes.
MAX_PAGE = 20_000_000

#: Attributes of one tag; browsers' own pages have tens.
MAX_ATTRIBUTES = 256

_OPENING = re.compile(r"<[A-Za-z]")
#: One attribute as parsers read it. Possessive throughout: every character is read once.
_ATTRIBUTE = r"""[^\s/>=]++(?:\s*+=\s*+(?:"[^"]*+"?+|'[^']*+'?+|[^\s>"'][^\s>]*+)?+)?+"""
_TAG = re.compile(rf"<([A-Za-z][^\s/>]*+)((?:[\s/=]++|{_ATTRIBUTE})*+)>?+")
_ONE = re.compile(_ATTRIBUTE)
_NOT_FOR_PARSERS = re.compile("[\x00\ufeff\ud800-\udfff]")
_HTML_TAG = re.compile(r"<html\b([^<>]{0,2000})>", re.IGNORECASE)
_LANG = re.compile(r"""(?:^|\s)(?:xml:)?lang\s*=\s*["']?\s*([A-Za-z0-9_-]{2,35})""", re.IGNORECASE)
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*")


def too_much(page: str) -> str | None:
    """Why a page is too large to be parsed in bounded time, or None. Cost: one pass."""
    if len(page) > MAX_PAGE:
        return f"has {len(page):,} characters, more than {MAX_PAGE:,}"
    elements = sum(1 for _ in _OPENING.finditer(page))
    if elements > MAX_ELEMENTS:
        return f"has {elements:,} elements, more than {MAX_ELEMENTS:,}"
    return None


def harmless(page: str) -> str:
    """The page without zero bytes, byte order marks and tags of countless attributes.

    Such a tag loses its attributes; its content stays. Cost: one pass.
    """
    return _TAG.sub(_bounded, _NOT_FOR_PARSERS.sub("", page))


def html_language(page: str) -> str | None:
    """The language that ``<html lang>`` states, as a BCP 47 tag; None if it states none."""
    tag = _HTML_TAG.search(page[:65_536])
    lang = _LANG.search(tag[1]) if tag else None
    if lang is None:
        return None
    language = lang[1].replace("_", "-")
    return language if _LANGUAGE.fullmatch(language) else None


def _bounded(tag: re.Match[str]) -> str:
    attributes = tag[2]
    if len(attributes) < 2 * MAX_ATTRIBUTES:  # an attribute takes two characters at least
        return tag[0]
    count = sum(1 for _ in _ONE.finditer(attributes))
    return tag[0] if count <= MAX_ATTRIBUTES else f"<{tag[1]}>"
