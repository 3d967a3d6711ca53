"""One entry of a table's log: a Delta commit that names the digest of the one before."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from archiver.archive.log.marks import check_marks, check_takedown, has_mark, id_digest
from archiver.archive.rows.columns import FORMAT_VERSION
from archiver.digest import sha256
from archiver.errors import NewerArchiveError

#: Delta protocol versions written: no deletion vectors, no column mapping.
READER_VERSION, WRITER_VERSION = 1, 2

_SHA256 = re.compile(r"[0-9a-f]{64}")


class BadEntryError(ValueError):
    """The bytes of a log entry are not what a commit writes; its words say why."""


@dataclass(frozen=True, slots=True)
class Head:
    """The newest version and the digest of its log entry: it stands for every byte before."""

    version: int
    sha256: str

    def __str__(self) -> str:
        return f"{self.version}:{self.sha256}"


@dataclass(frozen=True, slots=True)
class Part:
    """A Parquet file of a table: ``path`` counts from the table's folder.

    ``footer`` is the digest of the file's footer: page checksums do not cover
    it, and a flipped one can show other columns, or end the process.
    ``marks`` tell which ids it may hold; see ``marks.id_marks``. Entries of 0.1.0 have
    ``first_id`` and ``last_id`` in their place.
    """

    path: str
    sha256: str
    footer: str
    bytes: int
    rows: int
    first_id: str | None = None
    last_id: str | None = None
    marks: str | None = None

    def promise(self) -> str:
        """What the log says of its rows, in words; ids only in entries of 0.1.0."""
        ids = "" if self.first_id is None else f", ids {self.first_id!r} to {self.last_id!r}"
        return f"{self.rows} rows{ids}"

    def may_hold(self, id_: str) -> bool:
        """Whether a document may be in this part: False is sure, True nearly so."""
        if self.marks is not None:
            return has_mark(self.marks, id_digest(id_))
        return (self.first_id or "") <= id_ and (self.last_id is None or id_ <= self.last_id)


@dataclass(frozen=True, slots=True)
class Entry:
    """One commit. ``info`` is what the archiver keeps in it beyond Delta's own actions."""

    version: int
    sha256: str
    info: Mapping[str, Any]
    added: tuple[Part, ...]
    removed: tuple[str, ...]
    transactions: tuple[str, ...]

    @property
    def head(self) -> Head:
        """Version and digest."""
        return Head(self.version, self.sha256)

    @property
    def bound(self) -> Head | None:
        """The head of the quarantine that a documents entry binds."""
        found = self.info.get("quarantine")
        return None if found is None else Head(found["version"], found["sha256"])

    @property
    def replaced(self) -> Mapping[str, str | None]:
        """Parts that a take-down removed, and the part that holds what is left of each."""
        replaced: Mapping[str, str | None] = self.info.get("takedown", {}).get("replaced", {})
        return replaced


def entry_name(version: int) -> str:
    """The file name of an entry, as Delta wants it."""
    return f"{version:020d}.json"


def part_path(digest: str) -> str:
    """Where a part lies, from its table's folder."""
    return f"parts/{digest[:2]}/{digest}.parquet"


def parse_entry(version: int, data: bytes) -> Entry:
    """Read an entry's bytes.

    Raises: BadEntryError where a commit of ours does not look so;
    NewerArchiveError where a newer program wrote it. Hostile bytes included.
    """
    try:
        text = data.decode("utf-8")
        if not text.endswith("\n"):
            raise BadEntryError("it does not end with a line end" if text else "it is empty")
        # Not splitlines(): that also splits at U+2028 and the like, inside strings.
        actions = [json.loads(line) for line in text[:-1].split("\n")]
        return _entry(version, sha256(data), actions)
    except BadEntryError:
        raise
    except RecursionError as problem:
        raise BadEntryError("it is nested too deeply") from problem
    except (ValueError, TypeError, KeyError, AttributeError) as problem:
        raise BadEntryError(f"it cannot be read: {problem!r}"[:300]) from problem


def _entry(version: int, digest: str, actions: list[Any]) -> Entry:
    by_kind: dict[str, list[Any]] = {}
    for action in actions:
        for kind, body in action.items():
            by_kind.setdefault(kind, []).append(body)
    for protocol in by_kind.get("protocol", []):
        if protocol["minReaderVersion"] > READER_VERSION or (
            protocol["minWriterVersion"] > WRITER_VERSION
        ):
            raise NewerArchiveError(f"version {version} uses a newer Delta protocol than ours")
    infos = by_kind.get("commitInfo", [])
    if len(infos) != 1 or not isinstance(infos[0].get("archiver"), dict):
        raise BadEntryError("it has not exactly one commit info of this program")
    info = infos[0]["archiver"]
    if info["format"] > FORMAT_VERSION:
        raise NewerArchiveError(
            f"the archive has format {info['format']}; this program knows {FORMAT_VERSION}"
        )
    check_info(info)
    removed = tuple(str(body["path"]) for body in by_kind.get("remove", []))
    added = tuple(_part(body, info["files"]) for body in by_kind.get("add", []))
    check_takedown(info, removed, {part.path for part in added})
    return Entry(
        version,
        digest,
        info,
        added,
        removed,
        tuple(str(body["appId"]) for body in by_kind.get("txn", [])),
    )


def check_info(info: Mapping[str, Any]) -> None:
    """Hold what other modules rely on. Raises: BadEntryError, KeyError, TypeError."""
    digests = [info["prev"], info.get("ruleset"), info.get("index_sha256")]
    summary = info.get("summary")
    if summary is not None:
        digests.append(summary["sha256"])
        if not is_count(summary["version"]):
            raise BadEntryError("the summary's version is not a number")
    if not is_count(info.get("schema", 1)):
        raise BadEntryError("the version of its columns is not a number")
    bound = info.get("quarantine")
    if bound is not None:
        digests.append(bound["sha256"])
        if not is_count(bound["version"]):
            raise BadEntryError("the quarantine's version is not a number")
    if any(item is not None and not _SHA256.fullmatch(item) for item in digests):
        raise BadEntryError("a digest in it is none")
    if not all(is_count(number) for number in info.get("counts", {}).values()):
        raise BadEntryError("a count in it is none")
    for name in ("batch", "tool", "profile", "committed_at"):
        _check_text(info.get(name))


def _check_text(value: object) -> None:
    """Hold that a value is text that can be written, or null. Raises: BadEntryError."""
    if value is not None and not isinstance(value, str):
        raise BadEntryError("what should be text in it is none")
    (value or "").encode("utf-8")  # refuses lone surrogates


def is_sha256(value: object) -> bool:
    """Whether a value is a digest as we write it."""
    return isinstance(value, str) and _SHA256.fullmatch(value) is not None


def is_count(value: object) -> bool:
    """Whether a value is a whole number that fits a column."""
    return type(value) is int and 0 <= value < 1 << 63


def _part(add: Mapping[str, Any], files: Mapping[str, Any]) -> Part:
    path = add["path"]
    known = files[path]
    if not is_count(known["bytes"]) or not is_count(known["rows"]):
        raise BadEntryError("a part's size is none")
    if not _SHA256.fullmatch(known["footer"]):
        raise BadEntryError("the digest of a part's footer is none")
    if not _SHA256.fullmatch(known["sha256"]) or path != part_path(known["sha256"]):
        raise BadEntryError(f"it adds a file that is not named by its digest: {path[:200]!r}")
    stats = json.loads(add["stats"])
    if add["size"] != known["bytes"] or stats["numRecords"] != known["rows"]:
        raise BadEntryError(f"its two counts for {path} differ")
    first, last = (stats.get(name, {}).get("id") for name in ("minValues", "maxValues"))
    _check_text(first)
    _check_text(last)
    check_marks(known.get("marks"))
    digests = known["sha256"], known["footer"]
    return Part(path, *digests, known["bytes"], known["rows"], first, last, known.get("marks"))
