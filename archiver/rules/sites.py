"""What the pages of one site have in common: the lines of its template.

A line is taken for chrome when it stands on many pages of one site *and* in the
same place on them: inside a run of such lines (a menu, a foot), or as a sentence
with the same neighbour. Content repeats too (``Ingredients``, a byline, a brand
in a table of data), but alone, between lines that change from page to page; so a
short line is never learned by its words alone.

Pure: the same pages give the same template, in whatever order they come.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal
from unicodedata import category

from archiver.rules.label import bare
from archiver.rules.twins import without_twins
from archiver.text.lines import BULLETS, fold, is_blank

Place = Literal["menu", "sentence"]

#: So many repeated lines in a row are a menu. Of the repeated lines of the
#: dev sets that stand in a row of 5 or more, 0.7 % are content; alone, 13 %.
MIN_RUN = 5

#: From so many words on a line is a sentence, which says the same wherever it
#: stands (alone, 1 % of those that repeat are content); in Chinese and Japanese
#: from so many wide characters on.
SENTENCE_WORDS = 6
SENTENCE_CHARACTERS = 20

#: A longer line is an article's paragraph, and no literal of a rule.
MAX_CHARACTERS = 600

#: On so large a part of the pages where it stands a line must have its place.
REGULAR = 0.75

#: Pages named with a line, for a person to look at.
NAMED = 3

_FENCE = ""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """How often a line must stand: on so many pages, and on such a share of the site's."""

    min_pages: int = 3
    min_share: float = 0.5

    def needed(self, pages: int) -> int:
        """The pages on which a line must stand, of so many."""
        return max(self.min_pages, -int(-pages * self.min_share // 1))


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a site: its name, and its text after repair."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Repeated:
    """A line of the template: as it is written, on how many pages, some of them, and how."""

    text: str
    pages: int
    examples: tuple[str, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Template:
    """What the pages of one site have in common.

    ``host`` is the site's name: its host, or that of a folder. ``hosts`` are those
    to which its lines are bound; none where no address is known.
    ``pages`` counts those that differ; ``twins`` are the further ones that say
    what another page says, and count for nothing.
    """

    host: str
    pages: int
    twins: int
    lines: tuple[Repeated, ...]
    hosts: tuple[str, ...] = ()

    def at(self, place: Place) -> tuple[Repeated, ...]:
        """The lines of one kind of place, the most frequent first."""
        return tuple(line for line in self.lines if line.place == place)


def mine(
    site: str,
    pages: Iterable[Page],
    thresholds: Thresholds = Thresholds(),
    *,
    hosts: tuple[str, ...] = (),
) -> Template:
    """The template of one site, and of its hosts if they are known.

    Cost: linear in the lines of all pages, which are held in memory.
    """
    given = sorted(pages, key=lambda page: (page.id, page.text))
    known = [(page.id, tuple(_lines(page.text))) for page in given]
    folded = [[fold(line) for line in lines] for _, lines in known]
    kept = without_twins(folded, [[*filter(_is_sentence, lines)] for lines in folded])
    sheets = [_Sheet(known[number]) for number in kept]
    needed = thresholds.needed(len(sheets))
    counts = Counter(line for sheet in sheets for line in sheet.places)
    repeated = {line for line, pages in counts.items() if pages >= needed and _may_be_learned(line)}
    places = _places(sheets, repeated, needed)
    lines = [
        _shown(line, place, [sheet for sheet in sheets if line in sheet.places])
        for line, place in places.items()
    ]
    lines.sort(key=lambda line: (-line.pages, line.text))
    return Template(site, len(sheets), len(given) - len(sheets), tuple(lines), hosts)


class _Sheet:
    """The lines of one page that say something, and where each of them stands."""

    def __init__(self, page: tuple[str, Sequence[str]]) -> None:
        self.id, self.lines = page
        self.folded = [_FENCE, *map(fold, self.lines), _FENCE]
        self.places: dict[str, list[int]] = {}
        for at, line in enumerate(self.folded[1:-1], 1):
            self.places.setdefault(line, []).append(at)

    def runs(self, repeated: set[str]) -> Iterator[range]:
        """Unbroken stretches of repeated lines."""
        numbered = enumerate(self.folded)
        for is_repeated, group in groupby(numbered, key=lambda item: item[1] in repeated):
            if is_repeated:
                places = [at for at, _ in group]
                yield range(places[0], places[-1] + 1)


def _lines(text: str) -> Iterator[str]:
    return (line.strip() for line in text.split("\n") if not is_blank(line))


def _may_be_learned(line: str) -> bool:
    """Has the line a word, and is it fit to be a literal of a rule?"""
    return (
        len(line) <= MAX_CHARACTERS
        and sum(map(str.isalpha, bare(line))) > 1
        and fold(_plain(line)) == line
        and not any(category(character) in {"Cc", "Cs"} for character in line)
    )


def _plain(line: str) -> str:
    """The line without bullets and runs of blanks: as a person would write it."""
    plain = " ".join(line.split())
    while len(plain) > 1 and plain[0] in BULLETS and plain[1] == " ":
        plain = plain[2:]
    return plain


def _is_sentence(line: str) -> bool:
    words = line.count(" ") + 1
    return words >= SENTENCE_WORDS or sum(map(_is_wide, line)) >= SENTENCE_CHARACTERS


def _is_wide(character: str) -> bool:
    return "\u2e80" <= character <= "\u9fff"


def _places(sheets: Sequence[_Sheet], repeated: set[str], needed: int) -> dict[str, Place]:
    """The repeated lines that have their place on the pages, and which."""
    in_run: Counter[str] = Counter()
    for sheet in sheets:
        met: set[str] = set()
        for run in sheet.runs(repeated):
            if len(run) >= MIN_RUN:
                met.update(sheet.folded[at] for at in run)
        in_run.update(met)
    regular = _regular(sheets, repeated)
    counts = Counter(line for sheet in sheets for line in sheet.places if line in repeated)
    found: dict[str, Place] = {}
    for line in sorted(repeated):
        if _is_sentence(line):
            if regular[line] >= REGULAR * counts[line]:
                found[line] = "sentence"
        elif in_run[line] >= needed and in_run[line] * 2 >= counts[line]:
            found[line] = "menu"
    return found


def _regular(sheets: Sequence[_Sheet], repeated: set[str]) -> Counter[str]:
    """Per line, the pages on which it has the neighbour that it has most often."""
    above: defaultdict[str, Counter[str]] = defaultdict(Counter)
    below: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for sheet in sheets:
        for line in sheet.places.keys() & repeated:
            above[line].update({sheet.folded[at - 1] for at in sheet.places[line]})
            below[line].update({sheet.folded[at + 1] for at in sheet.places[line]})
    return Counter(
        {line: max(*above[line].values(), *below[line].values()) for line in sorted(above)}
    )


def _shown(line: str, place: Place, sheets: Sequence[_Sheet]) -> Repeated:
    written = Counter(_plain(sheet.lines[at - 1]) for sheet in sheets for at in sheet.places[line])
    sound = [text for text in written if fold(text) == line] or [line]
    text = min(sound, key=lambda text: (-written[text], text))
    return Repeated(text, len(sheets), tuple(sheet.id for sheet in sheets[:NAMED]), place)
