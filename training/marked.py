"""What the markup of a page says is its headline, a caption, a byline or a date."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import lxml.etree
import lxml.html
import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

#: Lines above the body in which the headline and the byline stand; and for captions.
_ABOVE, _CAPTION_ABOVE = 12, 6

#: The longest byline or date, and the shortest headline, in words.
_BYLINE_WORDS, _HEADLINE_WORDS = 12, 3

_TITLES = (
    '//meta[@property="og:title" or @name="twitter:title"]/@content',
    "//h1",
    "//title",
)
_CAPTIONS = "//figcaption"
_BYLINES = (
    '//*[@rel="author" or @itemprop="author" or @itemprop="datePublished" or self::time'
    ' or contains(@class, "byline") or contains(@class, "author-name")'
    ' or (@itemprop="name" and ancestor::*[@itemprop="author"])]'
)
_SITE = (" | ", " - ", " – ", " — ")

_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Marked:
    """Headlines, captions and bylines of a page, as words between single blanks."""

    headlines: frozenset[str]
    captions: frozenset[str]
    bylines: frozenset[str]

    def find(
        self, lines: Sequence[str], kept: NDArray[np.bool_], first: int, last: int
    ) -> list[int]:
        """The numbers of lines that say so, once each. The body stands from ``first`` to ``last``."""
        found: list[int] = []
        seen: set[str] = set()
        for number, line in enumerate(lines):
            said = _words(line)
            if said and said not in seen and (kept[number] or self._has(said, number, first, last)):
                seen.add(said)
                if not kept[number]:
                    found.append(number)
        return found

    def _has(self, said: str, number: int, first: int, last: int) -> bool:
        near = first - _ABOVE <= number <= last
        headline = said in self.headlines and said.count(" ") + 1 >= _HEADLINE_WORDS
        caption = said in self.captions and first - _CAPTION_ABOVE <= number <= last + 2
        return caption or (near and (headline or said in self.bylines))


NO_MARKS = Marked(frozenset(), frozenset(), frozenset())


def read_marked(path: Path) -> dict[str, Marked]:
    """What the pages of a set say, by ``file_id``; pages that cannot be parsed say nothing."""
    columns = pq.read_table(path, columns=["file_id", "html"]).to_pylist()
    return {row["file_id"]: _marked(row["html"]) for row in columns}


def _marked(page: bytes) -> Marked:
    try:
        tree = lxml.html.fromstring(page)
    except (lxml.etree.LxmlError, ValueError):
        return NO_MARKS
    titles = [_text(found) for path in _TITLES for found in tree.xpath(path)]
    titles += [title.split(mark)[0] for title in titles for mark in _SITE if mark in title]
    figures = tree.xpath(_CAPTIONS)
    captions = [_text(figure) for figure in figures]
    captions += [text for figure in figures for text in figure.itertext()]
    bylines = [_words(_text(found)) for found in tree.xpath(_BYLINES)]
    return Marked(
        frozenset(map(_words, titles)) - {""},
        frozenset(map(_words, captions)) - {""},
        frozenset(line for line in bylines if line.count(" ") < _BYLINE_WORDS) - {""},
    )


def _text(found: str | lxml.html.HtmlElement) -> str:
    return found if isinstance(found, str) else "".join(found.itertext())


def _words(text: str) -> str:
    return " ".join(_WORD.findall(text.lower()))
