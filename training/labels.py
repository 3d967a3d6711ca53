"""Which lines of a page are content: found by laying the gold text beside the page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from archiver.page import align

#: Words that make a place in the gold text recognisable.
_GRAM = 4

#: How far back in the gold text the order of the page may jump, in words.
_BACK = 2000

#: How far a short line may stand from its neighbours in the gold text, in words.
_NEAR, _AHEAD = 400, 60

CONTENT, BOILERPLATE, UNKNOWN = 1, 0, -1


def words(text: str) -> list[str]:
    """The words that labels and scores are made of."""
    return list(align.words(text))


def label_lines(lines: Sequence[Sequence[str]], gold: Sequence[str]) -> list[int]:
    """A label for each line, given as words; lines without words are unknown.

    First the lines of four words or more find their places in the gold text, each
    of which is taken once; then short lines are sought between their neighbours.
    """
    page = _Alignment(lines, gold)
    page.place_long_lines()
    page.place_short_lines()
    return page.labels


class _Alignment:
    def __init__(self, lines: Sequence[Sequence[str]], gold: Sequence[str]) -> None:
        self.lines = lines
        self.gold = list(gold)
        self.used = bytearray(len(gold))
        self.labels = [UNKNOWN] * len(lines)
        self.places: list[tuple[int, int] | None] = [None] * len(lines)
        self.grams: dict[tuple[str, ...], list[int]] = defaultdict(list)
        for at in range(len(gold) - _GRAM + 1):
            self.grams[tuple(gold[at : at + _GRAM])].append(at)

    def place_long_lines(self) -> None:
        cursor = 0
        for number, line in enumerate(self.lines):
            if len(line) < _GRAM:
                continue
            fresh = sorted(at for at in self._covered(line, cursor) if not self.used[at])
            if 2 * len(fresh) < len(line):
                self.labels[number] = BOILERPLATE
                continue
            self.labels[number] = CONTENT
            for at in fresh:
                self.used[at] = 1
            cursor = fresh[-1]
            self.places[number] = fresh[0], cursor + 1

    def _covered(self, line: Sequence[str], cursor: int) -> set[int]:
        covered: set[int] = set()
        last = None
        for start in range(len(line) - _GRAM + 1):
            last = self._place(tuple(line[start : start + _GRAM]), last, cursor)
            if last is not None:
                covered.update(range(last, last + _GRAM))
        return covered

    def _place(self, gram: tuple[str, ...], last: int | None, cursor: int) -> int | None:
        places = self.grams.get(gram, ())
        if last is not None and last + 1 in places:
            return last + 1
        free = [at for at in places if not self.used[at]]
        return next((at for at in free if at >= cursor - _BACK), free[0] if free else None)

    def place_short_lines(self) -> None:
        following = [len(self.gold)] * len(self.lines)
        start = len(self.gold)
        for number in range(len(self.lines) - 1, -1, -1):
            following[number] = start
            place = self.places[number]
            if place:
                start = place[0]
        end = 0
        for number, line in enumerate(self.lines):
            place = self.places[number]
            if place:
                end = place[1]
            elif line and self.labels[number] == UNKNOWN:
                found = self._seek(list(line), end, following[number])
                self.labels[number] = BOILERPLATE if found is None else CONTENT
                end = end if found is None else found

    def _seek(self, line: list[str], end: int, following: int) -> int | None:
        low = max(end - 2, 0)
        high = min(following + 2 if following >= end else end + _AHEAD, len(self.gold))
        size = len(line)
        for at in range(low, min(high, low + _NEAR) - size + 1):
            if self.gold[at : at + size] == line and not any(self.used[at : at + size]):
                self.used[at : at + size] = b"\1" * size
                return at + size
        return None
