"""Pages to make a corpus from: what repeats is kept, what is unique is reworded.

A page is a rendering of one page of the labelled sets, or a seed. A line that occurs
more than once in them is what repeats between pages: menus, share bars, notices. It
stays as it is. Any other line is reworded for each document: every second of its words
gives way to one of the same language, length and capitals, drawn as
often as the pages have it, so lengths, letters and frequencies of words stay true, no document
is like another, and a corpus a hundred times as large as the pages repeats no more than
they do.
"""

from __future__ import annotations

import hashlib
import random
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

SEEDS = Path(__file__).parents[1] / "seeds"
#: One page in two as an imperfect extractor leaves it, the others whole.
RENDERINGS = ("text_residue", "text_inscriptis", "text_residue", "text_resiliparse")
#: The sets of renderings, and that of HTML.
SETS = ("wcxb_dev", "multi_dev")
HTML_SET = "wcxb_dev_html"
#: So many languages, those with the most pages.
LANGUAGES = 22
ENGLISH = "en"
#: Changing these would make of an address something else.
_KEPT = frozenset({"http", "https", "www", "com", "org", "html", "htm"})
#: Words of letters; figures. Scripts without spaces are cut by two or three characters.
_WORDS = r"([^\W\d_]{2,}|[0-9]+)"
_PIECES = r"([^\W\d_]{2,3}|[0-9]+)"
_UNSPACED = frozenset({"zh", "ja", "th"})
#: Markup and what is not text in a page, kept as it is; the groups between are text.
_MARKUP = re.compile(
    r"(<(script|style|noscript|svg)\b.*?</\2\s*>|<!--.*?-->|<[^>]*>)", re.IGNORECASE | re.DOTALL
)

#: A line in pieces, and for the place of each word in it the words it may give way to.
Cut = tuple[list[str], list[tuple[int, Sequence[str]]]]


@dataclass(frozen=True)
class Page:
    """A page as lines. ``fixed`` says of each whether it repeats in the pages."""

    name: str
    language: str
    lines: tuple[str, ...]
    fixed: tuple[bool, ...]

    @cached_property
    def bytes(self) -> int:
        """Its length in UTF-8, in bytes."""
        return len("\n".join(self.lines).encode())


@dataclass(frozen=True)
class Wording:
    """The words of one language that may stand for each other."""

    pattern: re.Pattern[str]
    pool: Mapping[str, Sequence[str]]

    def cut(self, line: str) -> Cut:
        """The line as pieces, ready to be reworded many times."""
        pieces = [sys.intern(piece) for piece in self.pattern.split(line)]
        words = [(at, self._others(pieces[at])) for at in range(1, len(pieces), 2)]
        return pieces, [(at, others) for at, others in words if len(others) > 1]

    def _others(self, word: str) -> Sequence[str]:
        if word in _KEPT:
            return ()
        return self.pool.get(_key(word), ())


@dataclass(frozen=True)
class Pages:
    """Everything that documents are made from.

    html: (language, page) for pages as fetched; none where only seeds are there.
    """

    english: tuple[Page, ...]
    others: tuple[Page, ...]
    wordings: Mapping[str, Wording]
    html: tuple[tuple[str, str], ...]
    _cuts: dict[str, list[str | Cut]] = field(default_factory=dict)

    @property
    def all(self) -> tuple[Page, ...]:
        """Both groups."""
        return self.english + self.others

    def text(self, page: Page, chance: random.Random) -> str:
        """The page with other words, but for what repeats. Cost: ~0.2 microseconds a byte."""
        if page.name not in self._cuts:
            wording = self.wordings[page.language]
            self._cuts[page.name] = [
                line if fixed else wording.cut(line)
                for line, fixed in zip(page.lines, page.fixed, strict=True)
            ]
        return "\n".join(
            line if isinstance(line, str) else _reworded(line, chance.random)
            for line in self._cuts[page.name]
        )

    def html_text(self, language: str, page: str, chance: random.Random) -> str:
        """A page as fetched with other words between its tags."""
        wording = self.wordings[language]
        done, at = [], 0
        for markup in _MARKUP.finditer(page):
            between = page[at : markup.start()]
            done += [_reworded(wording.cut(between), chance.random), markup.group()]
            at = markup.end()
        return "".join([*done, page[at:]])


def _reworded(cut: Cut, draw: Callable[[], float]) -> str:
    """Every other word changed. ``draw`` is the one source that no version of Python changes."""
    pieces, words = cut
    if not words:
        return "".join(pieces)
    fresh = pieces.copy()
    for at, others in words[int(draw() * min(2, len(words))) :: 2]:
        fresh[at] = others[int(draw() * len(others))]
    return "".join(fresh)


def load(data: Path | None) -> Pages:
    """Pages of the labelled sets in a folder, or the seeds where there is none.

    Raises: FileNotFoundError for a set that is not there. Cost: seconds, ~200 MB.
    """
    texts = list(_from_sets(data) if data else _from_seeds())
    counted = Counter(item[1] for item in texts if item[1])
    common = {language for language, _ in counted.most_common(LANGUAGES)}
    texts = [item for item in texts if item[1] in common and item[2].strip()]
    times = Counter(line.strip() for _, _, text in texts for line in text.split("\n"))
    pages = []
    for name, language, text in texts:
        lines = tuple(text.split("\n"))
        pages.append(Page(name, language, lines, tuple(times[line.strip()] > 1 for line in lines)))
    html = tuple(_html(data, common)) if data else ()
    return Pages(
        tuple(page for page in pages if page.language == ENGLISH),
        tuple(page for page in pages if page.language != ENGLISH),
        _wordings(pages),
        html,
    )


def _from_sets(data: Path) -> Iterator[tuple[str, str, str]]:
    """Name, language and text of each page, in one rendering, by name."""
    import pyarrow.parquet as pq

    for name in SETS:
        columns = ["file_id", "language", *sorted(set(RENDERINGS))]
        rows = pq.read_table(data / f"{name}.parquet", columns=columns).to_pylist()
        for row in sorted(rows, key=lambda row: str(row["file_id"])):
            # Which rendering is a matter of the name, so that it is the same each time.
            turn = hashlib.sha256(str(row["file_id"]).encode()).digest()[0] % len(RENDERINGS)
            text = (row[RENDERINGS[turn]] or "").replace("\r", "")
            yield f"{name}/{row['file_id']}", str(row["language"]), text


def _from_seeds() -> Iterator[tuple[str, str, str]]:
    for path in sorted(SEEDS.glob("*.txt")):
        yield path.name, ENGLISH, path.read_text(encoding="utf-8")


def _html(data: Path, languages: set[str]) -> Iterator[tuple[str, str]]:
    import pyarrow.parquet as pq

    columns = ["file_id", "language", "html"]
    rows = pq.read_table(data / f"{HTML_SET}.parquet", columns=columns).to_pylist()
    for row in sorted(rows, key=lambda row: str(row["file_id"])):
        page = row["html"]
        text = page.decode("utf-8", "replace") if isinstance(page, bytes) else str(page)
        if row["language"] in languages:
            yield str(row["language"]), text


def _wordings(pages: Sequence[Page]) -> dict[str, Wording]:
    found: dict[str, Wording] = {}
    pools: dict[str, dict[str, list[str]]] = {}
    for page in pages:
        pattern = re.compile(_PIECES if page.language in _UNSPACED else _WORDS)
        pool = pools.setdefault(page.language, {})
        found.setdefault(page.language, Wording(pattern, pool))
        for line, fixed in zip(page.lines, page.fixed, strict=True):
            for word in () if fixed else pattern.findall(line):
                if word not in _KEPT:
                    pool.setdefault(_key(word), []).append(sys.intern(word))
    return found


def _key(word: str) -> str:
    """Words of one key may stand for each other: length and capitals are the same."""
    if word[0].isdecimal():
        return f"{len(word)} figures"
    if word.isupper():
        return f"{len(word)} large"
    return f"{len(word)} {'first large' if word[0].isupper() else 'small'}"
