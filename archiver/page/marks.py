"""What an element says of the text inside it: by its name, class, id and role.

Page makers the world over name their boxes in English. Nothing is decided here: a
mark is a hint, and what it is worth was learned from pages.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Protocol

#: Elements whose content is no text of the page.
UNSEEN = frozenset(
    {
        "applet", "audio", "canvas", "datalist", "embed", "head", "iframe", "map", "object",
        "script", "select", "style", "svg", "template", "textarea", "video",
    }
)  # fmt: skip

#: Elements that stand on lines of their own.
BLOCKS = frozenset(
    {
        "address", "article", "aside", "blockquote", "body", "br", "button", "caption", "center",
        "dd", "details", "dialog", "dir", "div", "dl", "dt", "fieldset", "figcaption", "figure",
        "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hgroup", "hr", "legend",
        "li", "main", "menu", "nav", "ol", "p", "pre", "search", "section", "summary", "table",
        "tbody", "tfoot", "thead", "tr", "ul",
    }
)  # fmt: skip

#: Elements that stand side by side on a line.
CELLS = frozenset({"td", "th"})

#: Marks by the name of the element.
TAGS = (
    "nav", "header", "footer", "aside", "main", "article", "form", "button", "li", "table",
    "p", "pre", "blockquote", "dl", "noscript", "label", "figure", "details",
)  # fmt: skip

#: Marks by the words in class, id and role.
HINTS: dict[str, str] = {
    "navigation": "nav|menu|breadcrumbs?|toc|pagination|pager|skip|sitemap|tabs?",
    "frame": "header|footer|masthead|topbar|top|bottom|copyright|legal",
    "side": "sidebar|aside|side|rail|widgets?|secondary",
    "share": "share|sharing|social|follow|likes?|votes?|rating",
    "related": r"related|recommend\w*|recirc\w*|similar|more|trending|popular|suggest\w*|upsell",
    "comment": "comments?|reply|replies|respond|disqus|reviews?",
    "consent": "cookies?|consent|gdpr|privacy|onetrust|popup|modal|overlay|dialog|toast|alert",
    "offer": r"newsletter|subscri\w*|signup|login|signin|register|cta|promo\w*|ads?|advert\w*"
    r"|banner|sponsor\w*",
    "search": "search|filters?|facets?|sort|toolbar|actions?|controls?|buttons?|btn|dropdown",
    "meta": r"meta|byline|author|date|time|tags?|category|categories|avatar|signature|user\w*"
    "|profile",
    "content": "content|article|main|body|text|copy|prose|markdown|story|description|desc|details?"
    "|summary|excerpt",
    "post": "posts?|entry|message|thread|topic|question|answer",
    "item": "items?|cards?|products?|results?|tile|listing|grid|list|collection|teaser|row",
    "title": "title|headline|heading|name|price",
    "hidden": r"hidden|sr|offscreen|invisible|collapse[dr]?|screen|assistive|visually\w*",
}

#: Every mark, in the order of their bits.
MARKS = (*TAGS, *HINTS, "undisplayed", "heading", "title_heading")

#: Class names looked at of an element, in code points.
MAX_CLASS = 300

_BITS = {mark: 1 << at for at, mark in enumerate(MARKS)}
_TAG_BITS = {tag: 1 << at for at, tag in enumerate(TAGS)} | {
    f"h{level}": _BITS["heading"] | (_BITS["title_heading"] if level == 1 else 0)
    for level in range(1, 7)
}
_UNDISPLAYED = _BITS["undisplayed"]
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_NOT_DISPLAYED = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_HINTS = [
    (_BITS[name], re.compile(rf"(?:{words})\Z", re.IGNORECASE)) for name, words in HINTS.items()
]


class Element(Protocol):
    """What is asked of an element."""

    def get(self, key: str) -> str | None:
        """The attribute, or None."""


def marks_of(tag: str, element: Element) -> int:
    """The marks of one element, as bits; see ``MARKS``."""
    bits = _TAG_BITS.get(tag, 0)
    for key in ("class", "id", "role"):
        value = element.get(key)
        if value:
            bits |= _hinted(value[:MAX_CLASS])
    style = element.get("style")
    if (
        element.get("hidden") is not None
        or element.get("aria-hidden") == "true"
        or (style and _NOT_DISPLAYED.search(style))
    ):
        bits |= _UNDISPLAYED
    return bits


@lru_cache(maxsize=4096)
def _hinted(value: str) -> int:
    bits = 0
    for word in _WORDS.findall(value):
        bits |= _hint(word)
    return bits


@lru_cache(maxsize=4096)
def _hint(word: str) -> int:
    return sum(bit for bit, pattern in _HINTS if pattern.match(word))
