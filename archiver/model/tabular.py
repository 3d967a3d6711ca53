"""Facts and rows of tables, by their form: a model of prose takes them for menus."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

#: ``Key: | value |``, as tables come out of converters, and ``| key = value`` of wiki text.
_FACT = re.compile(r"\s*(?:\w[^:|=]{0,60}:\s*\|[\s|]*\{*\w|\|\s*\w[^|={}]{0,60}=\s*[\[{]*\w)")


#: The cells of a table row, and a figure in one: ``1,493,269``, ``3.5 %``, ``$12``, ``2:1``.
_CELLS = re.compile(r"\t+|\|")
_FIGURE = re.compile(r"[^\w\s]{0,2}\d[\d.,:/-]* ?[^\w\s]{0,2}\w{0,3}")

#: A row of figures has so many of them, each in a cell of its own.
LEAST_FIGURES = 2

#: So many rows below each other, with the same number of at least so many bars, are a
#: table: a menu has its bars on one line.
LEAST_ROWS, LEAST_BARS = 5, 2


def tabular(lines: Sequence[str]) -> list[bool]:
    """Which lines are facts or rows of a table.

    lines: those of a document that are not blank, in order. Cost: a pass over them.
    """
    return [
        in_table or is_fact(line) for line, in_table in zip(lines, _in_tables(lines), strict=True)
    ]


def _in_tables(lines: Sequence[str]) -> Iterator[bool]:
    for bars, run in groupby(line.count("|") for line in lines):
        rows = len(list(run))
        yield from [bars >= LEAST_BARS and rows >= LEAST_ROWS] * rows


def is_fact(line: str) -> bool:
    """Whether a line is a key with a value, or a row of figures. Cost: the line's start."""
    start = line[:400]
    if "|" not in start and "\t" not in start:
        return False
    figures = [cell for cell in _CELLS.split(start) if _FIGURE.fullmatch(cell.strip())]
    return len(figures) >= LEAST_FIGURES or _FACT.match(start) is not None
