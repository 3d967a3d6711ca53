"""What differs between two revisions of a document, and why. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Literal

Reason = Literal["bytes", "provenance", "reading", "ruleset", "profile", "tool"]

#: Why a document can have a new revision, in the order in which they are told:
#: what was received, what is known of it, how its text was read, how it was cleaned.
REASONS: tuple[Reason, ...] = ("bytes", "provenance", "reading", "ruleset", "profile", "tool")

#: Columns whose change is a change of provenance.
_PROVENANCE = ("file_path", "media_type", "url", "title", "source", "license", "language")
_MORE_PROVENANCE = ("date", "fetched_at", "metadata")
_FIELDS = (*_PROVENANCE, *_MORE_PROVENANCE)
#: Columns that tell how bytes became text.
_READING = ("encoding", "newline", "extractor")

#: The columns of a row that `compare` looks at.
COLUMNS = (
    *("id", "revision", "text", "edits", "dropped", "raw_sha256", "source_sha256"),
    *("ruleset", "profile", "tool_version", "language_score", *_READING, *_FIELDS),
)

#: Texts with more differing lines are compared as sets of lines: the time that
#: difflib takes grows with the square.
MAX_LINES = 20_000


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field of the provenance that has another value now."""

    name: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class LineChange:
    """A line that the clean text has no more (``-``) or has now (``+``).

    ``rule`` is the one that takes the line now, or took it before; None where
    the received text itself changed.
    """

    mark: Literal["-", "+"]
    text: str
    rule: str | None


@dataclass(frozen=True, slots=True)
class Change:
    """A document that is new, or has a newer revision than before.

    ``rules`` has, for each rule that acts otherwise, how many edits it made
    before and makes now. ``before`` is None for a document that is new.
    """

    id: str
    before: int | None
    revision: int
    reasons: tuple[Reason, ...] = ()
    fields: tuple[FieldChange, ...] = ()
    rules: Mapping[str, tuple[int, int]] | None = None
    lines: tuple[LineChange, ...] = ()

    @property
    def is_new(self) -> bool:
        """Whether the older version does not have the document."""
        return self.before is None


def compare(old: Mapping[str, Any], new: Mapping[str, Any]) -> Change:
    """What differs between two revisions of a document, and why. Pure.

    old, new: rows with at least the columns that are compared.
    """
    fields = tuple(
        FieldChange(name, _plain(before), _plain(after))
        for name in _FIELDS
        if (before := _given(old, name)) != (after := _given(new, name))
    )
    same_bytes = old["raw_sha256"] == new["raw_sha256"]
    differs: dict[Reason, bool] = {
        "bytes": not same_bytes,
        # The source's digest also covers the encoding that an index declares.
        "provenance": bool(fields) or (same_bytes and old["source_sha256"] != new["source_sha256"]),
        "reading": any(old[name] != new[name] for name in _READING),
        "ruleset": old["ruleset"] != new["ruleset"],
        "profile": old["profile"] != new["profile"],
        "tool": old["tool_version"] != new["tool_version"],
    }
    return Change(
        new["id"],
        old["revision"],
        new["revision"],
        tuple(reason for reason in REASONS if differs[reason]),
        fields,
        _rules(old, new),
        tuple(_lines(old, new, explained=same_bytes)),
    )


def _given(row: Mapping[str, Any], name: str) -> Any:  # noqa: ANN401 - any column's value
    """A field of the provenance; a language that was detected in the text is none."""
    return None if name == "language" and row["language_score"] is not None else row[name]


def _plain(value: Any) -> Any:  # noqa: ANN401 - any column's value
    return dict(value) if isinstance(value, list) else value


def _rules(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, tuple[int, int]]:
    counts = [{item["rule"]: item["count"] for item in row["dropped"]} for row in (old, new)]
    names = sorted(counts[0].keys() | counts[1].keys())
    pairs = {name: (counts[0].get(name, 0), counts[1].get(name, 0)) for name in names}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def _lines(
    old: Mapping[str, Any], new: Mapping[str, Any], *, explained: bool
) -> Iterator[LineChange]:
    """The lines of the clean text that differ; with the rule, where the bytes are the same."""
    if old["text"] == new["text"]:
        return
    takes = _takers(new) if explained else {}
    took = _takers(old) if explained else {}
    for mark, line in _differing(old["text"].split("\n"), new["text"].split("\n")):
        rules = takes if mark == "-" else took
        yield LineChange(mark, line, rules.get(line.strip()))


def _takers(row: Mapping[str, Any]) -> dict[str, str]:
    """Line, stripped -> the rule of the edit that it stands in."""
    found: dict[str, str] = {}
    for edit in row["edits"]:
        for line in edit["before"].split("\n"):
            found.setdefault(line.strip(), edit["rule"])
    return found


def _differing(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[Literal["-", "+"], str]]:
    """Lines gone and lines come, in the order of the text."""
    start, end = 0, 0
    least = min(len(old), len(new))
    while start < least and old[start] == new[start]:
        start += 1
    while end < least - start and old[-1 - end] == new[-1 - end]:
        end += 1
    gone, come = old[start : len(old) - end], new[start : len(new) - end]
    if len(gone) + len(come) > MAX_LINES:
        yield from (("-", line) for line in (Counter(gone) - Counter(come)).elements())
        yield from (("+", line) for line in (Counter(come) - Counter(gone)).elements())
        return
    for kind, first, last, other_first, other_last in SequenceMatcher(
        None, gone, come
    ).get_opcodes():
        if kind != "equal":
            yield from (("-", line) for line in gone[first:last])
            yield from (("+", line) for line in come[other_first:other_last])
