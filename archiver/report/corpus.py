"""What a report is about: the documents of an archive, or files cleaned for it alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from archiver.archive.archive import Archive
from archiver.archive.files.rulesets import read_ruleset
from archiver.document import Edit
from archiver.errors import ArchiverError
from archiver.model import RULE, WHY
from archiver.replay import ruleset_from_json
from archiver.rules.rule import Ruleset
from archiver.text.repair import REASONS

#: A row of documents, as the archive has it; of files, what is known of them.
Row = Mapping[str, Any]

#: What is read of each document for the list, and for its own pane.
LISTED = ("id", "text", "edits", "url", "title", "source", "language", "file_path", "ruleset")
SHOWN = (
    *("id", "revision", "text", "edits", "facts", "metadata", "url", "title", "source"),
    *("license", "language", "language_score", "media_type", "encoding", "encoding_evidence"),
    *("extractor", "file_path", "ruleset", "profile", "tool_version", "date", "fetched_at"),
    *("ingested_at", "raw_sha256", "text_sha256", "source_sha256", "record_sha256"),
)


#: Rows made Python's at once: as such they take several times the memory.
_AT_ONCE = 128


@dataclass(frozen=True, slots=True)
class Step:
    """A version of the archive: how many edits each rule made in what it added."""

    version: int
    dropped: Mapping[str, int]


class Corpus(Protocol):
    """Documents that can be gone through twice, in the same order."""

    name: str
    is_archive: bool

    def rows(self, columns: Sequence[str]) -> Iterator[Row]:
        """The newest revision of each document. Raises: DamageError."""

    def row(self, id_: str) -> Row | None:
        """All that is known of one document, or None. Raises: DamageError."""

    def about(self) -> dict[str, str]:
        """What names the state of it: a head, a profile."""

    def steps(self) -> list[Step]:
        """Its versions, oldest first; of files, nothing."""

    def reasons(self, rules: Mapping[str, set[str]]) -> dict[str, str]:
        """Why each rule does what it does. rules: digest of a ruleset -> ids it has."""


class Archived:
    """The documents of an archive, at the version that it had when this was made."""

    is_archive = True

    def __init__(self, archive: Archive, known: Ruleset) -> None:
        """known: the rules to ask where the archive does not keep those of a record."""
        self.name = str(archive.path)
        self._archive, self._known = archive, known
        self._head = archive.head()

    def rows(self, columns: Sequence[str]) -> Iterator[Row]:
        """The newest revision of each document, in the order they came. Memory: a part."""
        for table in self._archive.newest(columns, version=self._head.version):
            for batch in table.to_batches(max_chunksize=_AT_ONCE):
                yield from batch.to_pylist()

    def row(self, id_: str) -> Row | None:
        """The record, its digest held."""
        return self._archive.record(id_, version=self._head.version)

    def about(self) -> dict[str, str]:
        """The head; how many sources are in quarantine."""
        kept_out = self._archive.quarantine(["id"]).num_rows
        return {"head": str(self._head), "quarantined": f"{kept_out:,}"}

    def steps(self) -> list[Step]:
        """What each version removed, by rule. Cost: reads one column of all parts."""
        snapshot = self._archive.snapshot("documents", self._head.version)
        found: dict[int, dict[str, int]] = {}
        for came, part in snapshot.parts:
            table = snapshot.read(part, ["dropped"])
            rules = found.setdefault(came, {})
            for row in [] if table is None else table.to_pylist():
                for item in row["dropped"]:
                    rules[item["rule"]] = rules.get(item["rule"], 0) + item["count"]
        return [Step(version, found[version]) for version in sorted(found)]

    def reasons(self, rules: Mapping[str, set[str]]) -> dict[str, str]:
        """By the rulesets that the archive keeps; else by those known here."""
        found: dict[str, str] = {}
        for digest in sorted(rules):
            try:
                kept = ruleset_from_json(read_ruleset(self._archive.path, digest))
            except ArchiverError:  # a report of what there is; `validate` tells the damage
                kept = self._known
            found |= reasons_of(kept, rules[digest])
        return found


class Cleaned:
    """Files that were cleaned for this report; nothing is archived."""

    is_archive = False

    def __init__(self, name: str, rows: Sequence[Row], ruleset: Ruleset, profile: str) -> None:
        """rows: as ``archiver.record.record_row`` makes them."""
        self.name = name
        self._rows, self._ruleset, self._profile = rows, ruleset, profile

    def rows(self, columns: Sequence[str]) -> Iterator[Row]:
        """The documents in their order, with None for what only an archive knows."""
        for row in self._rows:
            yield {name: row.get(name) for name in columns}

    def row(self, id_: str) -> Row | None:
        """The document of that name."""
        return next((row for row in self._rows if row["id"] == id_), None)

    def about(self) -> dict[str, str]:
        """The profile."""
        return {"profile": self._profile}

    def steps(self) -> list[Step]:
        """No versions."""
        return []

    def reasons(self, rules: Mapping[str, set[str]]) -> dict[str, str]:
        """By the rules that cleaned them."""
        return reasons_of(self._ruleset, {rule for found in rules.values() for rule in found})


def reasons_of(ruleset: Ruleset, rules: set[str]) -> dict[str, str]:
    """Why each rule does what it does, as it says itself; empty where it is not known."""
    found = {RULE: WHY, **REASONS}
    for rule in rules & ruleset.by_id.keys():
        found[rule] = ruleset.by_id[rule].why
    return {rule: found.get(rule, "") for rule in sorted(rules)}


def edits_of(row: Row) -> tuple[Edit, ...]:
    """The edits of a row."""
    return tuple(Edit(**item) for item in row["edits"])
