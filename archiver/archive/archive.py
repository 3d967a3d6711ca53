"""Open an archive and read it, at its newest version or any before."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from archiver.archive.columns import DOCUMENTS, QUARANTINE, TABLES
from archiver.archive.create import is_unborn, lay_out
from archiver.archive.entry import BadEntryError, Entry, Head, Part, entry_name
from archiver.archive.log import LOG_FOLDER, list_versions, live_parts, read_entry, replay
from archiver.archive.parts import read_part
from archiver.archive.records import record_sha256, restore_bytes
from archiver.archive.select import gather, newest_rows, versions_table
from archiver.errors import DamageError, InputError, NoArchiveError

__all__ = ["Archive", "Head", "State", "create_archive", "open_archive", "restore_bytes"]


#: What tells a piece of quarantined bytes from all others.
_PIECE = ("id", "code", "raw_sha256", "chunk", "chunks")


@dataclass(frozen=True, slots=True)
class State:
    """What the archive knows of a document's newest revision; tells whether it is unchanged."""

    revision: int
    source_sha256: str
    ruleset: str
    profile: str


class Archive:
    """An archive on disk. Every read sees its newest version, and never writes.

    Reads go by the log, hold the checksums of all pages, and raise DamageError
    for what they meet: older content is never shown in place of damaged newer.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._known: dict[str, tuple[Entry, ...]] = {"documents": (), "quarantine": ()}

    def entries(self, table: str = "documents") -> tuple[Entry, ...]:
        """The log of a table, its chain checked. Cost: reads only entries new since last time."""
        found = replay(self.path / TABLES[table], self._known[table])
        self._known[table] = found
        return found

    def head(self) -> Head:
        """The newest version and its digest: what ``validate --expect-head`` compares."""
        return self.entries()[-1].head

    def parts(self, table: str = "documents", version: int | None = None) -> list[tuple[int, Part]]:
        """(version it came in, part) of a table. Raises: InputError for a version not there."""
        entries = self.entries(table)
        if version is not None:
            if not 0 <= version < len(entries):
                raise InputError(
                    f"{self.path}: no version {version}; the newest is {len(entries) - 1}",
                    hint="Run `archiver log` to see the versions.",
                )
            entries = entries[: version + 1]
        return list(live_parts(entries).values())

    def versions(self) -> pa.Table:
        """One row a version, with the columns of ``select.VERSIONS``.

        ``rows``, ``parts`` and ``bytes`` count what the version added to documents.
        """
        return versions_table(self.entries())

    def scan(
        self, columns: Sequence[str] | None = None, *, version: int | None = None
    ) -> Iterator[pa.Table]:
        """All revisions, part by part: what memory holds is bounded by a part."""
        for _, part in self.parts("documents", version):
            yield read_part(self._folder("documents"), part, columns or DOCUMENTS.names)

    def latest(self, columns: Sequence[str] | None = None) -> pa.Table:
        """One row a document, its highest revision, sorted by id."""
        return self.at(None, columns)

    def at(self, version: int | None, columns: Sequence[str] | None = None) -> pa.Table:
        """One row a document, its highest revision up to a version, sorted by id.

        Memory: the columns asked for, twice. Raises: DamageError; InputError
        for a version or a column that does not exist.
        """
        names = _known_columns(columns)
        parts = [part for _, part in self.parts("documents", version)]
        keys = [read_part(self._folder("documents"), part, ["id", "revision"]) for part in parts]
        chosen = newest_rows(keys)
        wanted = sorted({at for at, _ in chosen})
        tables = {at: read_part(self._folder("documents"), parts[at], names) for at in wanted}
        return gather(tables, chosen, names)

    def history(self, id: str) -> pa.Table:  # noqa: A002 - the column's name
        """All revisions of a document, oldest first; the column ``version`` leads."""
        rows: list[tuple[int, pa.Table]] = []
        for version, part in self._parts_with(id, None):
            table = read_part(self._folder("documents"), part, DOCUMENTS.names)
            found = table.filter(pa.array([value == id for value in table["id"].to_pylist()]))
            rows.append((version, found))
        schema = pa.schema([pa.field("version", pa.int64()), *DOCUMENTS])
        tables = [
            found.add_column(0, "version", pa.array([version] * found.num_rows, pa.int64()))
            for version, found in rows
        ]
        joined = pa.concat_tables([schema.empty_table(), *tables])
        return joined.sort_by([("revision", "ascending")])

    def record(
        self,
        id: str,  # noqa: A002 - the column's name
        version: int | None = None,
        revision: int | None = None,
    ) -> dict[str, Any] | None:
        """One record, or None: the newest revision up to a version, or the revision named.

        Its digest is held: what is returned is what was ingested.
        """
        best: dict[str, Any] | None = None
        for _, part in self._parts_with(id, version):
            keys = read_part(self._folder("documents"), part, ["id", "revision"])
            for at, row in enumerate(keys.to_pylist()):
                fits = revision is None or row["revision"] == revision
                if row["id"] != id or not fits or (best and best["revision"] >= row["revision"]):
                    continue
                table = read_part(self._folder("documents"), part, DOCUMENTS.names)
                best = table.slice(at, 1).to_pylist()[0]
                if record_sha256(best) != best["record_sha256"]:
                    raise DamageError(f"document {id!r} in {part.path}: not what was ingested")
        return best

    def states(self) -> dict[str, State]:
        """The newest revision of every document, in short. Reads these columns only."""
        names = ["id", "revision", "source_sha256", "ruleset", "profile"]
        states: dict[str, State] = {}
        for table in self.scan(names):
            for row in table.to_pylist():
                known = states.get(row["id"])
                if known is None or known.revision < row["revision"]:
                    key = row.pop("id")
                    states[key] = State(**row)
        return states

    def ids(self) -> list[str]:
        """The ids of all documents, sorted."""
        return sorted({str(id_) for table in self.scan(["id"]) for id_ in table["id"].to_pylist()})

    def quarantine(self, columns: Sequence[str] | None = None) -> pa.Table:
        """All quarantine rows, in the order they came."""
        names = _known_columns(columns, QUARANTINE)
        schema = pa.schema([QUARANTINE.field(name) for name in names])
        tables = [
            read_part(self._folder("quarantine"), part, names)
            for _, part in self.parts("quarantine")
        ]
        return pa.concat_tables([schema.empty_table(), *tables])

    def quarantined_keys(self) -> set[tuple[str, str, str | None]]:
        """(id, code, raw_sha256) of all quarantine rows: what need not be put aside again."""
        table = self.quarantine(["id", "code", "raw_sha256"])
        columns = (table[name].to_pylist() for name in table.column_names)
        return set(zip(*columns, strict=True))

    def quarantined_bytes(self, key: tuple[str, str, str]) -> Iterator[bytes]:
        """The received bytes of a quarantined source, in pieces.

        key: id, code and raw_sha256, as in ``quarantined_keys``. Memory: a part.
        Raises: InputError where they are not there; DamageError where the
        pieces do not give the digest.
        """
        whole, wanted = hashlib.sha256(), 0
        for _, part in self.parts("quarantine"):
            pieces = read_part(self._folder("quarantine"), part, _PIECE).to_pylist()
            for at, row in enumerate(pieces):
                if (row["id"], row["code"], row["raw_sha256"], row["chunk"]) != (*key, wanted):
                    continue
                piece = read_part(self._folder("quarantine"), part, ["raw"])["raw"][at].as_py()
                whole.update(piece)
                yield piece
                wanted += 1
                if wanted == row["chunks"]:
                    if whole.hexdigest() != row["raw_sha256"]:
                        raise DamageError(f"quarantined {key[0]!r}: not the bytes received")
                    return
        raise InputError(f"quarantined {key[0]!r}: its bytes are not here")

    def unfinished(self) -> bool:
        """Whether a run stopped after its quarantine was committed and before its documents.

        The rows are safe; the next ``Writer.commit`` binds them, an empty one too.
        """
        return self.entries("quarantine")[-1].head != self.entries()[-1].bound

    def _folder(self, table: str) -> Path:
        return self.path / TABLES[table]

    def _parts_with(self, id_: str, version: int | None) -> list[tuple[int, Part]]:
        """The parts that may hold a document, by the log's min and max."""
        return [
            (came, part)
            for came, part in self.parts("documents", version)
            if (part.first_id or "") <= id_ and (part.last_id is None or id_ <= part.last_id)
        ]


def _known_columns(columns: Sequence[str] | None, schema: pa.Schema = DOCUMENTS) -> list[str]:
    names = list(schema.names if columns is None else columns)
    unknown = sorted(set(names) - set(schema.names))
    if unknown:
        raise InputError(f"no such column: {', '.join(unknown)}", hint="See `archiver schema`.")
    return names


def open_archive(path: Path) -> Archive:
    """Open an archive for reading. Cost: two log entries a table, whatever its size.

    Raises: NoArchiveError; NewerArchiveError; DamageError where the newest
    entry of a log is missing, empty or torn.
    """
    if not (path / TABLES["documents"] / LOG_FOLDER).is_dir() or is_unborn(path):
        raise NoArchiveError(f"{path}: there is no archive here")
    for name in TABLES:
        _check_newest(path / TABLES[name])
    return Archive(path)


def _check_newest(table: Path) -> None:
    """Hold that a log's first and newest entries are whole. Raises: DamageError."""
    version = 0
    try:
        versions = list_versions(table)
        if not versions:
            raise DamageError(f"{table}: the log has no entries")
        for version in sorted({versions[0], versions[-1]}):
            read_entry(table, version)
    except BadEntryError as problem:
        where = table / LOG_FOLDER / entry_name(version)
        raise DamageError(f"log entry {where}: {problem}") from problem
    except OSError as problem:
        raise DamageError(f"{table}: the log cannot be read: {problem}") from problem


def create_archive(path: Path, created_at: datetime, *, tool: str = "archiver") -> Archive:
    """Make an empty archive, sealed, at a path that is free or an empty folder.

    A run that was killed in here left no archive, and the next one completes it.
    Raises: InputError where something else is there; StorageError.
    """
    lay_out(path, created_at, tool)
    return open_archive(path)
