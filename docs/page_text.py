"""Markdown as the generated pages write it: tables, code, whole pages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

NOTE = "<!-- Written by docs/generate.py from the code; do not edit. -->"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table, a row a line."""
    lines = []
    for row in (head, ["---"] * len(head), *rows):
        cells = " | ".join(cell.replace("|", "\\|") for cell in row)
        lines.append(f"| {cells} |".replace("|  |", "| |"))
    return "\n".join(lines)


def page(parts: Iterable[str]) -> str:
    """A page of its parts, a blank line between them."""
    return "\n\n".join(part.strip("\n") for part in parts if part) + "\n"


def code(text: str) -> str:
    """A span of code, whatever it holds; the line ends of the text are shown as ⏎."""
    shown = text.rstrip("\n").replace("\n", " ⏎ ")
    runs = re.findall(r"`+", shown)
    marks = "`" * (max(map(len, runs)) + 1 if runs else 1)
    gap = " " if not shown or shown[0] in " `" or shown[-1] in " `" else ""
    return f"{marks}{gap}{shown}{gap}{marks}"


def block(language: str, text: str) -> str:
    """A fenced block, whatever it holds."""
    runs = re.findall(r"^`{3,}", text, re.MULTILINE)
    fence = "`" * (max(map(len, runs)) + 1 if runs else 3)
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"


def listed(words: Sequence[str], last: str = "or") -> str:
    """``a, b or c``."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"
