"""Stretches that rules cut out of a line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

#: Start and end in the line, half open, and the number of the rule.
Cut = tuple[int, int, int]


def without(line: str, cuts: Sequence[Cut]) -> str:
    """The line without what is cut; the cuts are sorted and do not overlap."""
    for start, end, _ in reversed(cuts):
        line = line[:start] + line[end:]
    return line


def apart(spans: Sequence[Cut]) -> Iterator[Cut]:
    """Spans that are not empty and overlap none before them."""
    free = 0
    for span in spans:
        if span[0] >= free and span[1] > span[0]:
            yield span
            free = span[1]
