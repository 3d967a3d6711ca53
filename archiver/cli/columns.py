"""Rows and columns laid out for a window: side by side where they fit, else wrapped or stacked."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

from archiver.cli.visible import cells, pad, wrap

#: Blanks between two columns.
_GAP = 2

#: A column of words is made no narrower: below that words are cut to pieces.
_LEAST = 12


def lay_out(
    head: Sequence[str], rows: Sequence[Sequence[str]], numbers: set[int], room: int | None
) -> list[str]:
    """Aligned lines, the head's first, of at most ``room`` columns; None: as wide as they are.

    numbers: the columns that hold numbers, which stand at their right end and are never
    broken. Where the window is too narrow, the widest columns of words are wrapped; where
    that is not enough, each row becomes a block with a line a cell, and the head is none.
    """
    columns = [*zip(head, *rows, strict=True)]
    widths = [max(map(cells, column)) for column in columns]
    if room is not None and not _fit(widths, numbers, room):
        return _stacked(head, rows, room)
    lines: list[str] = []
    for row in (head, *rows):
        lines += _lines(row, widths, numbers)
    return lines


def _fit(widths: list[int], numbers: set[int], room: int) -> bool:
    """Make the widest columns of words narrower until all fit; whether they do."""
    words = [place for place in range(len(widths)) if place not in numbers]
    while sum(widths) + _GAP * (len(widths) - 1) > room:
        widest = max(words, key=lambda place: widths[place], default=None)
        if widest is None or widths[widest] <= _LEAST:
            return False
        widths[widest] -= 1
    return True


def _lines(row: Sequence[str], widths: Sequence[int], numbers: set[int]) -> list[str]:
    wrapped = [
        [cell] if cells(cell) <= width else wrap(cell, width)
        for cell, width in zip(row, widths, strict=True)
    ]
    lines = []
    for pieces in zip_longest(*wrapped, fillvalue=""):
        parts = [
            " " * (width - cells(piece)) + piece if place in numbers else pad(piece, width)
            for place, (piece, width) in enumerate(zip(pieces, widths, strict=True))
        ]
        lines.append((" " * _GAP).join(parts).rstrip())
    return lines or [""]


def _stacked(head: Sequence[str], rows: Sequence[Sequence[str]], room: int) -> list[str]:
    """A block a row, a line a cell that is not empty."""
    width = max(map(cells, head))
    lines = [""]  # in the place of the head
    for place, row in enumerate(rows):
        lines += [""] if place else []
        for name, cell in zip(head, row, strict=True):
            if cell:
                pieces = wrap(cell, max(_LEAST, room - width - _GAP)) or [""]
                lines.append(f"{pad(name, width)}{' ' * _GAP}{pieces[0]}")
                lines += [" " * (width + _GAP) + piece for piece in pieces[1:]]
    return lines
