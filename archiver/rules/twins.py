"""Pages of a site that say the same: of each such pair only the first counts. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import combinations

#: Two pages that have so large a part of their lines in common, and of their
#: sentences (of which there must be so many characters), are one page.
TWINS = 0.8
TWIN_CHARACTERS = 200

#: A line on more pages than this is no sign that two of them are the same.
MAX_TWIN_PAGES = 20


def without_twins(pages: Sequence[Sequence[str]], sentences: Sequence[Sequence[str]]) -> list[int]:
    """The pages by number, without those that say what one before them says.

    pages: the lines of each, folded. sentences: those of them that are sentences.
    Cost: linear in the lines, but for those on a few pages, which are compared in pairs.
    """
    similar = _similar(pages) & _similar(sentences)
    twins: set[int] = set()
    for first, second in sorted(similar):
        if first not in twins:
            twins.add(second)
    first_of: dict[tuple[str, ...], int] = {}
    return [
        number
        for number, page in enumerate(pages)
        if first_of.setdefault(tuple(page), number) == number and number not in twins
    ]


def _similar(pages: Sequence[Sequence[str]]) -> set[tuple[int, int]]:
    """Pairs of pages that share most of their lines, by characters."""
    on: defaultdict[str, list[int]] = defaultdict(list)
    for number, page in enumerate(pages):
        for line in sorted(set(page)):
            on[line].append(number)
    shared: Counter[tuple[int, int]] = Counter()
    size: Counter[int] = Counter()
    for line, numbers in on.items():
        if len(numbers) <= MAX_TWIN_PAGES:
            size.update(dict.fromkeys(numbers, len(line)))
            shared.update(dict.fromkeys(combinations(numbers, 2), len(line)))
    return {
        (first, second)
        for (first, second), common in shared.items()
        if common >= max(TWIN_CHARACTERS, TWINS * size[first], TWINS * size[second])
    }
