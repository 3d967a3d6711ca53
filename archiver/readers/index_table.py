r"""GFM table rows: cells with their escapes, read strictly and written reversibly.

Markdown parsers drop surplus cells and pad missing ones without a word, so the
cells of the raw line are counted here, by GFM's rule: every ``|`` divides but
``\|``, also inside a code span. One pass, no tree: an index of a hundred
thousand rows costs no more than its text.
"""

from __future__ import annotations

import html.entities
import re
from collections.abc import Iterator
from dataclasses import dataclass

_LINE_END = re.compile(r"\r\n|\n|\r")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_DELIMITER = re.compile(r"\s*:?-+:?\s*")
#: What ends a table besides a blank line: another block begins.
_BLOCK = re.compile(r" {0,3}(?:#{1,6}(?:\s|$)|>|`{3,}|~{3,}|[-+*]\s|1[.)]\s|(?:[-_*]\s*){3,}$)")
_ESCAPE = re.compile(
    r"\\([!-/:-@\[-`{-~])|&(?:#([0-9]{1,7})|#[xX]([0-9a-fA-F]{1,6})|([A-Za-z][A-Za-z0-9]{1,31}));"
)
_ENTITY_START = re.compile(r"&(?=#[0-9]+;|#[xX][0-9a-fA-F]+;|[A-Za-z][A-Za-z0-9]*;)")
_NEEDS_ENTITY = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]|^[ \t]|[ \t]$")


@dataclass(frozen=True, slots=True)
class RawRow:
    """A line of the table: its number (from 1) and its cells, escapes still in."""

    line: int
    cells: tuple[str, ...]


def lines_of(text: str) -> list[str]:
    """Lines as Markdown counts them; not as ``str.splitlines`` does."""
    return _LINE_END.split(text)


def cells_of(line: str) -> tuple[str, ...]:
    r"""The cells of a row; ``\|`` is a pipe, all other escapes stay for ``unescape``."""
    cells: list[str] = []
    cell: list[str] = []
    pieces = line.strip(" \t").split("|")
    for at, piece in enumerate(pieces):
        if piece.endswith("\\") and at + 1 < len(pieces):
            cell.append(piece[:-1] + "|")
            continue
        cell.append(piece)
        cells.append("".join(cell))
        cell = []
    if cells and cells[0] == "":
        cells.pop(0)
    if cells and cells[-1] == "":
        cells.pop()
    return tuple(cell.strip(" \t") for cell in cells)


def find_tables(lines: list[str], start: int) -> Iterator[list[RawRow]]:
    """Every table from line ``start`` (from 0) on: the header row, then its rows.

    Tables in code fences are examples and are passed over.
    """
    at, fence = start, ""
    while at < len(lines):
        line = lines[at]
        opened = _FENCE.match(line)
        if opened and (not fence or opened[1].startswith(fence)):
            fence = "" if fence else opened[1]
        elif not fence and _starts_table(lines, at):
            rows = [RawRow(at + 1, cells_of(line))]
            at += 2
            while at < len(lines) and not _ends_table(lines[at]):
                rows.append(RawRow(at + 1, cells_of(lines[at])))
                at += 1
            yield rows
            continue
        at += 1


def stray_rows(lines: list[str], start: int, tables: list[list[RawRow]]) -> list[int]:
    """Numbers of lines that begin like a row but stand in no table: nobody reads them."""
    taken = {line for rows in tables for line in range(rows[0].line, rows[-1].line + 1)}
    taken |= {rows[0].line + 1 for rows in tables}
    stray: list[int] = []
    fence = ""
    for at in range(start, len(lines)):
        opened = _FENCE.match(lines[at])
        if opened and (not fence or opened[1].startswith(fence)):
            fence = "" if fence else opened[1]
        elif not fence and lines[at].lstrip(" \t").startswith("|") and at + 1 not in taken:
            stray.append(at + 1)
    return stray


def unescape(cell: str) -> str:
    r"""The words of a cell: ``\*`` is ``*``, ``&amp;`` is ``&``, a whole code span its inside.

    Other Markdown stays as it is written: nothing of a value is lost.
    """
    ticks = len(cell) - len(cell.lstrip("`"))
    inside = cell[ticks : len(cell) - ticks]
    if 0 < ticks < len(cell) / 2 and cell.endswith("`" * ticks) and "`" * ticks not in inside:
        return inside.strip(" ") or inside
    if re.fullmatch(r"<[A-Za-z][A-Za-z0-9+.-]*:[^<>\s]*>", cell):
        return cell[1:-1]
    return _ESCAPE.sub(_plain, cell)


def escape(text: str) -> str:
    """A cell that ``unescape`` reads back as this text, whatever the text holds."""
    cell = re.sub(r"([\\`*<\[])", r"\\\1", text)
    cell = _ENTITY_START.sub("&amp;", cell)
    cell = _NEEDS_ENTITY.sub(lambda match: f"&#{ord(match[0])};", cell)
    return cell.replace("|", r"\|")


def format_row(cells: list[str]) -> str:
    """A line of a table; the cells are texts, escaped here."""
    return "| " + " | ".join(escape(cell) for cell in cells) + " |"


def _starts_table(lines: list[str], at: int) -> bool:
    """A header is a line with a delimiter row of as many cells below it."""
    line = lines[at]
    if at + 1 >= len(lines) or "|" not in line or line.startswith(("    ", "\t")):
        return False
    under = lines[at + 1]
    if "-" not in under or under.startswith(("    ", "\t")):
        return False
    cells = cells_of(under)
    return len(cells) == len(cells_of(line)) and all(map(_DELIMITER.fullmatch, cells))


def _ends_table(line: str) -> bool:
    return not line.strip(" \t") or line.startswith(("    ", "\t")) or bool(_BLOCK.match(line))


def _plain(match: re.Match[str]) -> str:
    mark, decimal, hexadecimal, name = match.groups()
    if mark:
        return str(mark)
    if name:
        return html.entities.html5.get(f"{name};", match[0])
    code = int(decimal) if decimal else int(hexadecimal, 16)
    is_character = code < 0x110000 and not 0xD800 <= code < 0xE000
    return chr(code) if is_character else match[0]
