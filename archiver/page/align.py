"""Which lines of a page an extractor has kept, told by their words alone.

Extractors change white space, marks and the ends of lines, so that lines are not
found again as they stand.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

#: Scripts written without blanks count by character.
_UNSPACED = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\u0e00-\u0e7f\u1000-\u109f"
_WORD = re.compile(rf"[{_UNSPACED}]|[^\W{_UNSPACED}]+")

Words = tuple[str, ...]


def words(text: str) -> Words:
    """The words of a text, written small."""
    return tuple(_WORD.findall(text.lower()))


def covered(lines: Sequence[Words], text: str) -> NDArray[np.float64]:
    """How much of each line a text holds: 1.0 as a line of its own, else in threes.

    Three words in a row are sought anywhere in a line of the text; lines of fewer
    words only as a line. Cost: linear.
    """
    whole = {words(line) for line in text.split("\n")}
    threes = {three for line in whole for three in _threes(line)}
    return np.array([_share(line, whole, threes) for line in lines], np.float64)


def _share(line: Words, whole: set[Words], threes: set[Words]) -> float:
    if not line:
        return 0.0
    if line in whole:
        return 1.0
    own = _threes(line)
    return sum(three in threes for three in own) / len(own) if own else 0.0


def _threes(line: Words) -> list[Words]:
    return list(zip(line, line[1:], line[2:], strict=False))
