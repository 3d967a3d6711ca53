"""Edits laid over the lines of a text: what a diff shows, before it is drawn. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Literal

from archiver.document import Edit


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a line: it stays, goes, or comes in its place."""

    kind: Literal["same", "gone", "new"]
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the raw text, and what happens to it.

    ``mark`` is `` `` for a line that stays, ``-`` for one that goes whole, ``~``
    for one that is changed within. ``number`` counts from 1.
    """

    number: int
    mark: Literal[" ", "-", "~"]
    spans: tuple[Span, ...]
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Gap:
    """So many lines that stay, left out of the diff."""

    lines: int


@dataclass(frozen=True, slots=True)
class _Piece:
    """The part of an edit that falls on one line."""

    start: int
    end: int
    after: str
    rule: str


def lines(text: str, edits: Sequence[Edit]) -> Iterator[Line]:
    """The raw text line by line, with its edits in place. Cost: linear in both.

    An edit over several lines is cut at their ends; what it puts in stands on
    the first of them.
    """
    pending: list[_Piece] = []
    turn = 0
    at = 0
    for number, content in enumerate(_cut(text), 1):
        end = at + len(content)
        pieces = [_Piece(at, min(p.end, end), "", p.rule) for p in pending]
        rest = [p for p in pending if p.end > end]
        while turn < len(edits) and (edits[turn].start < end or end == len(text)):
            edit = edits[turn]
            pieces.append(_Piece(edit.start, min(edit.end, end), edit.after, edit.rule))
            if edit.end > end:
                rest.append(_Piece(end, edit.end, "", edit.rule))
            turn += 1
        yield _line(number, content, at, pieces)
        pending, at = rest, end


def hunks(found: Sequence[Line], context: int) -> Iterator[Line | Gap]:
    """The lines that change, with so many lines around them; gaps for the rest."""
    near: set[int] = set()
    for place, line in enumerate(found):
        if line.mark != " ":
            near.update(range(max(0, place - context), min(len(found), place + context + 1)))
    skipped = 0
    for place, line in enumerate(found):
        if place not in near:
            skipped += 1
            continue
        if skipped:
            yield Gap(skipped)
            skipped = 0
        yield line
    if skipped:
        yield Gap(skipped)


def positions(text: str, points: Sequence[int]) -> list[tuple[int, int]]:
    """Line and column of each code point, both from 1. Cost: one pass, and a search each."""
    starts = [0, *accumulate(map(len, _cut(text)))]
    found = []
    for point in points:
        line = bisect_right(starts, point)
        found.append((line, point - starts[line - 1] + 1))
    return found


def _cut(text: str) -> Iterator[str]:
    """The text cut after every ``\\n``, and nowhere else."""
    at = 0
    while at < len(text):
        end = text.find("\n", at) + 1 or len(text)
        yield text[at:end]
        at = end


def _line(number: int, content: str, at: int, pieces: Sequence[_Piece]) -> Line:
    if not pieces:
        return Line(number, " ", (Span("same", content.removesuffix("\n")),))
    spans: list[Span] = []
    cursor = at
    for piece in pieces:
        spans += (
            Span("same", content[cursor - at : piece.start - at]),
            Span("gone", content[piece.start - at : piece.end - at]),
            Span("new", piece.after),
        )
        cursor = piece.end
    spans.append(Span("same", content[cursor - at :]))
    kept = "".join(span.text for span in spans if span.kind != "gone")
    whole = kept in {"", "\n"} and not any(span.text for span in spans if span.kind == "new")
    rules = tuple(dict.fromkeys(piece.rule for piece in pieces))
    if whole:
        return Line(number, "-", (Span("gone", content.removesuffix("\n")),), rules)
    if spans[-1].text.endswith("\n"):
        spans[-1] = Span("same", spans[-1].text.removesuffix("\n"))
    return Line(number, "~", tuple(span for span in spans if span.text), rules)
