"""Which lines of a page are its text: as many as make the expected word F1 highest."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from archiver.page.align import covered
from archiver.page.figures import Bags, Floats
from archiver.page.render import Line

#: How much better than the extractor's choice another must promise to be.
MARGIN = 0.02


def chosen(bags: Bags, log_odds: Floats, extracted: str) -> NDArray[np.bool_] | None:
    """The lines that are the text, or None where the extractor's text is as good.

    bags: the words of each line; log_odds: of each line being content. Raises:
    nothing. Cost: a sort of the lines.
    """
    size = np.array([len(bag) for bag in bags], np.float64)
    likely = 1 / (1 + np.exp(-np.clip(log_odds, -30, 30)))
    content = float(likely @ size)
    if content == 0:
        return None
    order = np.argsort(-likely, kind="stable")
    promise = 2 * np.cumsum((likely * size)[order]) / (np.cumsum(size[order]) + content)
    best = int(np.argmax(promise))
    kept = covered(bags, extracted) * size
    if float(promise[best]) < 2 * float(likely @ kept) / (kept.sum() + content) + MARGIN:
        return None
    lines = np.zeros(len(bags), bool)
    lines[order[: best + 1]] = True
    return lines


def joined(lines: Sequence[Line], chosen: NDArray[np.bool_]) -> str:
    """The text of the chosen lines."""
    return "\n".join(line.text for line, is_in in zip(lines, chosen, strict=True) if is_in)
