"""Stretches of pages whose every line was labelled by reading it: what an archive keeps.

``windows.jsonl`` holds where each stretch lies and a letter for each of its lines (keep,
drop, unsure; ``-`` is blank); the text stays in the set it is from, and is checked
against its digest.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from labels import BOILERPLATE, CONTENT, UNKNOWN
from numpy.typing import NDArray

WINDOWS = Path(__file__).with_name("windows.jsonl")

_LETTERS = {"k": CONTENT, "d": BOILERPLATE, "u": UNKNOWN, "-": UNKNOWN}

#: The windows of a page, by its set and name.
Windows = dict[tuple[str, str], tuple["Window", ...]]


@dataclass(frozen=True, slots=True)
class Window:
    """Lines ``start`` to ``end`` of one rendering, and their labels."""

    rendering: str
    start: int
    end: int
    sha256: str
    labels: NDArray[np.int8]

    def lines(self, page: Sequence[str]) -> Sequence[str]:
        """The window's lines. Raises: ValueError where they are not those that were read."""
        found = page[self.start : self.end]
        digest = hashlib.sha256("\n".join(found).encode()).hexdigest()
        if digest != self.sha256:
            message = f"lines {self.start} to {self.end} are not those that were labelled"
            raise ValueError(message)
        return found

    def over(self, labels: NDArray[np.int8], index: NDArray[np.int64]) -> NDArray[np.int8]:
        """Labels of a page's lines (those not blank, by number) with these in their place."""
        found = labels.copy()
        here = (index >= self.start) & (index < self.end)
        found[here] = self.labels[index[here] - self.start]
        return found


def read_windows(path: Path = WINDOWS) -> Windows:
    """All windows, by page."""
    found: dict[tuple[str, str], list[Window]] = defaultdict(list)
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        labels = np.array([_LETTERS[letter] for letter in row["labels"]], np.int8)
        found[row["set"], row["page"]].append(
            Window(row["rendering"], row["start"], row["end"], row["sha256"], labels)
        )
    return {key: tuple(windows) for key, windows in found.items()}
