"""What a corpus is like: lengths, blank lines, lines that repeat; beside its pages."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from pages import Pages

#: Digests of lines are kept for so many documents: a corpus of 10 GB has 200 million lines.
WATCHED = 20_000
#: The parts of a whole at which lengths are told.
PARTS = (0.1, 0.5, 0.9)


class Tally:
    """Figures of documents, as they come. Lines are counted in the first ``WATCHED`` documents."""

    def __init__(self) -> None:
        self.bytes = 0
        self._sizes: list[int] = []
        self._lengths: list[int] = []
        self._lines = 0
        self._blank = 0
        self._seen: dict[bytes, int] = {}

    def add(self, text: str, size: int) -> None:
        """One document: the text it is read as (empty: not looked at), and its file's bytes."""
        self.bytes += size
        if text:
            self._sizes.append(size)
        if not text or len(self._sizes) > WATCHED:
            return
        for line in text.split("\n"):
            self._lines += 1
            bare = line.strip()
            if not bare:
                self._blank += 1
                continue
            self._lengths.append(len(bare))
            digest = hashlib.blake2b(bare.encode(), digest_size=8).digest()
            self._seen[digest] = self._seen.get(digest, 0) + 1

    def figures(self) -> dict[str, float]:
        """Name -> figure; the same names as ``of_pages``. Zeros where there is no text."""
        repeated = sum(times for times in self._seen.values() if times > 1)
        lengths = [(length, 1.0) for length in self._lengths]
        sizes = [(size, 1.0) for size in self._sizes]
        return _figures(sizes, lengths, self._lines, self._blank, repeated)


def of_pages(pages: Pages, english: float) -> dict[str, float]:
    """The same figures of the pages, English ones weighing ``english`` of the whole."""
    lines = blank = repeated = 0.0
    sizes: list[tuple[int, float]] = []
    lengths: list[tuple[int, float]] = []
    for group, share in ((pages.english, english), (pages.others, 1 - english)):
        whole = share if pages.english and pages.others else 1.0
        for page in group:
            weight = whole / len(group)
            sizes.append((page.bytes, weight))
            for line, fixed in zip(page.lines, page.fixed, strict=True):
                bare = len(line.strip())
                lines += weight
                if bare:
                    lengths.append((bare, weight))
                    repeated += weight * fixed
                else:
                    blank += weight
    return _figures(sizes, lengths, lines, blank, repeated)


def _figures(
    sizes: Sequence[tuple[int, float]],
    lengths: Sequence[tuple[int, float]],
    lines: float,
    blank: float,
    repeated: float,
) -> dict[str, float]:
    told = {"bytes a document, mean": _mean(sizes)}
    told |= {f"bytes a document, {part:.0%}": _part(sizes, part) for part in PARTS}
    told["blank lines, % of all"] = 100 * blank / (lines or 1)
    told["lines that repeat, % of the others"] = 100 * repeated / ((lines - blank) or 1)
    told["characters a line, mean"] = _mean(lengths)
    told |= {f"characters a line, {part:.0%}": _part(lengths, part) for part in PARTS}
    return told


def _mean(values: Sequence[tuple[int, float]]) -> float:
    weight = sum(weight for _, weight in values)
    return sum(value * weight for value, weight in values) / (weight or 1)


def _part(values: Sequence[tuple[int, float]], part: float) -> float:
    """The value below which so much of the weight lies."""
    whole, below = sum(weight for _, weight in values) * part, 0.0
    for value, weight in sorted(values):
        below += weight
        if below >= whole:
            return value
    return 0.0
