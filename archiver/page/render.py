"""A page as lines of text, each with what its place in the markup says of it.

Block elements, list items and table rows become lines, in the order of the page.
Nothing is judged here, and nothing left out but what no reader is meant to see:
programs, styles, drawings, the choices of a form.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from lxml import etree
from lxml.html import HTMLParser, document_fromstring

from archiver.page.marks import BLOCKS, CELLS, UNSEEN, Element, marks_of

_BLANKS = re.compile(r"[\s\u200b\ufeff]+")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the page, never blank.

    ``marks`` add up what the elements around it say, ``near`` the three innermost.
    ``linked`` is the share of its characters inside links, ``depth`` the number of
    elements around it. ``place`` is a number that lines share whose elements have
    the same names and classes, up to the root: the items of a list do.
    """

    text: str
    marks: int
    near: int
    linked: float
    depth: int
    place: int


@dataclass(frozen=True, slots=True)
class Rendering:
    """The lines of a page, and its title as the browser shows it."""

    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class _Frame:
    """An open element: its own marks, and what holds for the text directly in it."""

    own: int = 0
    marks: int = 0
    near: int = 0
    depth: int = 0
    place: int = 0
    links: int = 0
    verbatim: bool = False


@dataclass(slots=True)
class _Writer:
    """Gathers text into lines."""

    lines: list[Line] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)
    linked: int = 0
    frame: _Frame = field(default_factory=_Frame)
    link_end: int = 0  # how many parts there were when the last link ended

    def put(self, text: str, frame: _Frame) -> None:
        """Text of the page, as it comes; where it stands verbatim, its lines are lines."""
        if frame.verbatim:
            first, *others = text.split("\n")
            self._add(first, frame)
            for line in others:
                self.end()
                self._add(line, frame)
        else:
            self._add(_BLANKS.sub(" ", text), frame)

    def _add(self, text: str, frame: _Frame) -> None:
        if not self.parts:
            if not text.strip():
                return
            self.linked = 0
            self.frame = frame
        self.parts.append(text)
        if frame.links:
            self.linked += len(text.strip())

    def join(self, between: str) -> None:
        if self.parts:
            self.parts.append(between)

    def end(self) -> None:
        """The line is whole: keep it, unless it is blank."""
        frame, text = self.frame, "".join(self.parts).rstrip(" |")
        self.parts.clear()
        if not frame.verbatim:
            text = _BLANKS.sub(" ", text).strip(" |")
        if text.strip():
            linked = min(self.linked / len(text), 1.0)
            self.lines.append(Line(text, frame.marks, frame.near, linked, frame.depth, frame.place))


def render(page: str) -> Rendering:
    """The page as lines; none where it cannot be parsed.

    page: as ``archiver.text.markup.harmless`` leaves it. What is nested deeper than
    libxml2 follows (256 levels) is not seen. Raises: nothing. Cost: some 10
    microseconds an element, no recursion.
    """
    tree = _parse(page)
    if tree is None:
        return Rendering("", ())
    title = _BLANKS.sub(" ", tree.findtext(".//title") or "").strip()
    return Rendering(title, tuple(_lines(tree)))


def _parse(page: str) -> Any:  # noqa: ANN401
    parser = HTMLParser(
        collect_ids=False,
        default_doctype=False,
        encoding="utf-8",
        remove_comments=True,
        remove_pis=True,
    )
    try:
        return document_fromstring(page.encode("utf-8", "ignore"), parser=parser)
    except (etree.LxmlError, ValueError):
        return None


def _lines(tree: Any) -> list[Line]:  # noqa: ANN401
    out = _Writer()
    stack = [_Frame()]
    places: dict[tuple[int, str, str], int] = {}
    unseen = 0
    for event, element in etree.iterwalk(tree, events=("start", "end")):
        tag = element.tag
        if event == "start":
            if unseen or tag in UNSEEN:
                unseen += 1
                continue
            _open(out, tag)
            stack.append(_inside(stack, tag, element, places))
            text = element.text
        else:
            if unseen:
                unseen -= 1
            else:
                stack.pop()
                _close(out, tag)
            text = element.tail
        if text and not unseen:
            out.put(text, stack[-1])
    out.end()
    return out.lines


def _open(out: _Writer, tag: str) -> None:
    if tag in BLOCKS:
        out.end()
    elif tag in CELLS:
        out.join(" | ")
    elif tag == "a" and out.link_end == len(out.parts):
        out.join(" ")  # styles set links apart, markup often does not


def _close(out: _Writer, tag: str) -> None:
    if tag in BLOCKS:
        out.end()
    elif tag == "a":
        out.link_end = len(out.parts)


def _inside(
    stack: list[_Frame], tag: str, element: Element, places: dict[tuple[int, str, str], int]
) -> _Frame:
    outer = stack[-1]
    own = marks_of(tag, element)
    kind = (outer.place, tag, element.get("class") or "")
    return _Frame(
        own,
        outer.marks | own,
        own | outer.own | stack[max(len(stack) - 2, 0)].own,
        outer.depth + 1,
        places.setdefault(kind, len(places) + 1),
        outer.links + (tag == "a"),
        outer.verbatim or tag == "pre",
    )
