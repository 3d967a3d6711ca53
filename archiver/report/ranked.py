"""The documents of a report in order of doubt: what the list shows, and the overview counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from archiver.report.corpus import LISTED, Corpus, Row
from archiver.report.doubt import Doubt, doubt_of
from archiver.report.family import family_of
from archiver.rules.hosts import host_of

#: Longer titles, ids and addresses are cut in the list; the pane has them whole.
MAX_CELL = 300


@dataclass(frozen=True, slots=True)
class Listed:
    """One document of the list: what names it, and what was removed from it."""

    id: str
    title: str
    url: str
    source: str
    language: str
    path: str
    doubt: Doubt

    @property
    def size(self) -> int:
        """Characters that its pane needs: the raw text, and what came in its place."""
        return self.doubt.chars


@dataclass(slots=True)
class Tally:
    """What was counted over all documents."""

    chars: int = 0
    gone: int = 0
    edits: int = 0
    rules: Counter[str] = field(default_factory=Counter)
    documents: Counter[str] = field(default_factory=Counter)
    characters: Counter[str] = field(default_factory=Counter)
    sources: Counter[str] = field(default_factory=Counter)
    languages: Counter[str] = field(default_factory=Counter)
    shares: list[int] = field(default_factory=lambda: [0] * 10)
    rulesets: dict[str, set[str]] = field(default_factory=dict)


def ranked(corpus: Corpus) -> tuple[list[Listed], Tally]:
    """The documents, those with most doubt first, and what was counted over them.

    Memory: some 2 kB a document. Raises: DamageError.
    """
    tally = Tally()
    listed = [_listed(row, tally) for row in corpus.rows(LISTED)]
    listed.sort(key=lambda item: (-item.doubt.words, -item.doubt.share, item.id))
    return listed, tally


def chosen(listed: Sequence[Listed], room: int, most: int) -> Iterator[Listed]:
    """Those whose text a page holds: the most doubtful first, as long as there is room.

    room: characters in all. most: characters of one; longer ones are left out.
    """
    for item in listed:
        if item.size <= most and item.size <= room:
            room -= item.size
            yield item


def source_of(row: Row) -> str:
    """Who published it, as far as it is known: the source, else the host."""
    return str(row["source"] or host_of(row["url"]) or "")


def _listed(row: Row, tally: Tally) -> Listed:
    found = doubt_of(row["text"], row["edits"])
    source, language = source_of(row), str(row["language"] or "")
    _count(row, found, tally, source, language)
    return Listed(
        id=row["id"],
        title=str(row["title"] or "")[:MAX_CELL],
        url=str(row["url"] or "")[:MAX_CELL],
        source=source[:MAX_CELL],
        language=language[:MAX_CELL],
        path=row["file_path"][:MAX_CELL],
        doubt=found,
    )


def _count(row: Row, found: Doubt, tally: Tally, source: str, language: str) -> None:
    tally.chars += found.chars
    tally.gone += found.gone
    tally.edits += found.edits
    tally.sources[source] += 1
    tally.languages[language] += 1
    tally.shares[min(9, int(found.share * 10))] += 1
    known = tally.rulesets.setdefault(str(row["ruleset"]), set())
    here: set[str] = set()
    for edit in row["edits"]:
        rule = edit["rule"]
        here.add(rule)
        tally.rules[rule] += 1
        tally.characters[family_of(rule)] += max(0, len(edit["before"]) - len(edit["after"]))
    known |= here
    tally.documents.update(here)
