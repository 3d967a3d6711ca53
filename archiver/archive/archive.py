"""Open an archive and read it, at its newest version or any before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from archiver.archive.bag.tags import MANIFEST
from archiver.archive.create import is_unborn, lay_out
from archiver.archive.log.chain import LOG_FOLDER, check_ends, follow, has_version
from archiver.archive.log.entry import Entry, Head, Part
from archiver.archive.log.summary import read_log
from archiver.archive.log.taken import Taken, taken_down
from archiver.archive.log.widths import schema_in_force
from archiver.archive.read.find import file_paths, find_history, find_record
from archiver.archive.read.kept import kept_bytes
from archiver.archive.read.select import versions_table
from archiver.archive.read.snapshot import Came, Snapshot
from archiver.archive.rows.columns import DOCUMENTS, QUARANTINE, TABLES
from archiver.archive.rows.records import restore_bytes
from archiver.errors import DamageError, InputError, NoArchiveError

__all__ = ["Archive", "Head", "create_archive", "open_archive", "restore_bytes"]


class Archive:
    """An archive on disk. Every read sees its newest version, and never writes.

    Reads go by the log, hold the checksums of all pages, and raise DamageError
    for what they meet: older content is never shown in place of damaged newer.
    """

    def __init__(self, path: Path, listed: Mapping[str, Sequence[int]] | None = None) -> None:
        """listed: table -> versions there are, where the caller has just looked."""
        self.path = path
        self._listed = dict(listed or {})
        self._known: dict[str, Sequence[Entry]] = {"documents": (), "quarantine": ()}

    def entries(self, table: str = "documents") -> Sequence[Entry]:
        """The log of a table, its chain checked. Cost: reads only entries new since last time.

        The first time, those since the newest summary; see ``summary``.
        """
        known, folder = self._known[table], self.path / TABLES[table]
        if known and has_version(folder, known[-1].version):
            found = follow(folder, known)
            if found is known:
                return known
        else:
            found = read_log(self.path, table, known, self._listed.pop(table, ()))
            found = follow(folder, found)  # what came since the list was made
        schema_in_force(found)
        self._known[table] = found
        return found

    def head(self) -> Head:
        """The newest version and its digest: what ``validate --expect-head`` compares."""
        return self.entries()[-1].head

    def parts(self, table: str = "documents", version: int | None = None) -> list[tuple[int, Part]]:
        """(version it came in, part) of a table. Raises: InputError for a version not there."""
        return self.snapshot(table, version).parts

    def versions(self, newest: int | None = None) -> pa.Table:
        """One row a version, with the columns of ``select.VERSIONS``.

        newest: only so many of them, the newest; their entries alone are read.
        ``rows``, ``parts`` and ``bytes`` count what the version added to documents.
        """
        entries = self.entries()
        return versions_table(entries if newest is None else entries[-newest:])

    def snapshot(self, table: str = "documents", version: int | None = None) -> Snapshot:
        """A table up to a version, for a reader of its own. Raises: as ``parts``."""
        if version is not None and not 0 <= version < len(self.entries(table)):
            raise InputError(
                f"{self.path}: no version {version}; the newest is {len(self.entries(table)) - 1}",
                hint="Run `archiver log` to see the versions.",
            )
        return Snapshot(self.path / TABLES[table], partial(self.entries, table), version)

    def scan(
        self, columns: Sequence[str] | None = None, *, version: int | None = None
    ) -> Iterator[pa.Table]:
        """All revisions, part by part: what memory holds is bounded by a part."""
        yield from self.snapshot("documents", version).scan(columns or DOCUMENTS.names)

    def latest(self, columns: Sequence[str] | None = None) -> pa.Table:
        """One row a document, its highest revision, sorted by id."""
        return self.at(None, columns)

    def at(self, version: int | None, columns: Sequence[str] | None = None) -> pa.Table:
        """One row a document, its highest revision up to a version, sorted by id.

        Memory: the columns asked for, twice. Raises: DamageError; InputError
        for a version or a column that does not exist.
        """
        names = _known_columns(columns)
        return self.snapshot("documents", version).latest(names)

    def newest(
        self, columns: Sequence[str] | None = None, *, version: int | None = None
    ) -> Iterator[pa.Table]:
        """As ``at``, part by part, in the order in which the documents came.

        Memory: a part, and the ids of all documents. Raises: as ``at``.
        """
        names = _known_columns(columns)
        yield from self.snapshot("documents", version).newest(names)

    def history(self, id: str) -> pa.Table:  # noqa: A002 - the column's name
        """All revisions of a document, oldest first; the column ``version`` leads."""
        documents = self.snapshot()
        return documents.whole(
            lambda parts: find_history(documents.folder, _that_may_hold(id, parts), id)
        )

    def record(
        self,
        id: str,  # noqa: A002 - the column's name
        version: int | None = None,
        revision: int | None = None,
    ) -> dict[str, Any] | None:
        """One record, or None: the newest revision up to a version, or the revision named.

        Its digest is held: what is returned is what was ingested. Damage elsewhere
        does not matter. Raises: DamageError where it is damaged, or where a
        damaged part may hold it.
        """
        documents = self.snapshot("documents", version)
        return documents.whole(
            lambda parts: find_record(documents.folder, _that_may_hold(id, parts), id, revision)
        )

    def paths(self) -> dict[str, str]:
        """Id -> file_path of every document, its newest revision, as far as they can be read."""
        return file_paths(self.snapshot())[0]

    def damaged_parts(self) -> list[Path]:
        """The parts of documents whose ids cannot be read."""
        return file_paths(self.snapshot())[1]

    def ids(self) -> list[str]:
        """The ids of all documents, sorted."""
        return sorted({str(id_) for table in self.scan(["id"]) for id_ in table["id"].to_pylist()})

    def quarantine(self, columns: Sequence[str] | None = None) -> pa.Table:
        """All quarantine rows, in the order they came."""
        names = _known_columns(columns, QUARANTINE)
        schema = pa.schema([QUARANTINE.field(name) for name in names])
        tables = self.snapshot("quarantine").scan(names)
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
        yield from kept_bytes(self.snapshot("quarantine"), key)

    def taken_down(self) -> Taken:
        """What was lawfully removed, known by digests; see ``archiver takedown``."""
        return taken_down(self.entries())

    def unfinished(self) -> bool:
        """Whether a run stopped after its quarantine was committed and before its documents.

        The rows are safe; the next ``Writer.commit`` binds them, an empty one too.
        """
        return self.entries("quarantine")[-1].head != self.entries()[-1].bound


def _that_may_hold(id_: str, parts: Sequence[Came]) -> list[Came]:
    """The parts that may hold a document, by the marks in the log."""
    return [(came, part) for came, part in parts if part.may_hold(id_)]


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
        if (path / MANIFEST).exists() and (path / "data").is_dir():
            raise DamageError(f"{path / TABLES['documents'] / LOG_FOLDER}: the log is missing")
        raise NoArchiveError(f"{path}: there is no archive here")
    return Archive(path, {name: check_ends(path / TABLES[name]) for name in TABLES})


def create_archive(
    path: Path, created_at: datetime, *, tool: str = "archiver", exist_ok: bool = False
) -> Archive:
    """Make an empty archive, sealed, at a path that is free or an empty folder.

    A run that was killed in here left no archive, and the next one completes it.
    exist_ok: take the archive that another process made meanwhile.
    Raises: InputError where something else is there; LockedError; StorageError.
    """
    lay_out(path, created_at, tool, exist_ok=exist_ok)
    return open_archive(path)
