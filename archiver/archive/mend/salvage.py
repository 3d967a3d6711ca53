"""Reading what is left of a damaged archive: every sound row, and what is lost by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from archiver.archive.archive import Archive
from archiver.archive.checks.check import Check
from archiver.archive.checks.log import check_chain
from archiver.archive.checks.orphans import orphan_parts
from archiver.archive.checks.rows import RowCheck, check_documents
from archiver.archive.log.chain import live_parts
from archiver.archive.log.entry import Part
from archiver.archive.log.widths import fill, is_known
from archiver.archive.read.parts import PARQUET_ERRORS, check_group, group_ids, open_part
from archiver.archive.read.snapshot import Snapshot
from archiver.archive.rows.columns import DOCUMENTS, TABLES
from archiver.document import Finding
from archiver.errors import DamageError, InputError
from archiver.findings import finding

#: Told each finding as it is met.
Tell = Callable[[Finding], None]


def salvage(archive: Archive, version: int | None, report: Tell) -> Iterator[pa.Table]:
    """All sound rows of documents, every revision, one row group at a time.

    A row is sound where its page checksums and its digests hold; the bytes of
    the whole file need not. What is left out is told to ``report``: the file,
    and in ``documents`` the ids hit, where they can still be read; else the
    message gives the range of ids that the log promised.
    version: rows up to this version; None for all. Where log entries are lost,
    the parts that only they can have named are read too, and told as E125.
    An older revision of a document is given also where its newer one is lost,
    so whoever wants newest revisions leaves out the ids in ``documents``.

    archive: also one that ``open_archive`` refuses; make it with ``Archive(path)``.
    Raises: InputError for a version not there; NewerArchiveError. Never for
    damage. Memory: one row group. Cost: as reading every part once.
    """
    table = TABLES["documents"]
    for part in _parts(archive, version, report):
        where = f"{table}/{part.path}"
        for group in _groups(archive.path / where, where, part, report):
            yield from _sound_rows(group, where, report)


def _parts(archive: Archive, version: int | None, report: Tell) -> Iterator[Part]:
    """The parts that the log names, as far as it can be read."""
    check = Check(archive.path)
    check_chain(check, None)
    documents = None
    try:
        documents = archive.snapshot("documents", version)
    except DamageError:  # the log is damaged: what is left of it is read below
        for item in check.findings:
            report(item)
    # Before the first row is given: what comes into the log later is no lost entry's.
    orphans = list(orphan_parts(check, "documents"))
    for part, ids in orphans:
        where = f"{TABLES['documents']}/{part.path}"
        words = "read though the log entry that named it is lost"
        report(finding("E125", words, where=where, layer="chain", documents=ids))
    if documents is None:
        yield from _left(check, version)
    else:
        for _, part in documents.parts:
            yield from _still_there(documents, part)
    yield from (part for part, _ in orphans)


def _still_there(documents: Snapshot, part: Part) -> Iterator[Part]:
    """A part, or what a take-down that came meanwhile left of it."""
    left: Part | None = part
    if not (documents.folder / part.path).exists():
        with suppress(DamageError):
            (left,) = documents.left([part])
    if left is not None:
        yield left


def _left(check: Check, version: int | None) -> list[Part]:
    entries = check.entries["documents"]
    newest = entries[-1].version if entries else -1
    if version is not None and version > newest:
        raise InputError(
            f"{check.root}: no version {version} can be read; the newest is {newest}",
            hint="Run `archiver log` to see the versions.",
        )
    return [part for _, part in live_parts(entries, version).values()]


def _groups(path: Path, where: str, part: Part, report: Tell) -> Iterator[pa.Table]:
    """The readable row groups of a part."""
    try:
        with open_part(path, part.footer) as file:
            if not is_known("documents", file.schema_arrow):
                raise ValueError("its columns are not those of the schema")
            for index in range(file.num_row_groups):
                group = _group(file, index, where, report)
                if group is not None:
                    yield group
    except PARQUET_ERRORS as problem:
        words = f"its rows are left out: {_short(problem)}; the log promised {part.promise()}"
        code = "E106" if isinstance(problem, FileNotFoundError) else "E108"
        report(finding(code, words, where=where, layer="pages"))


def _group(file: pq.ParquetFile, index: int, where: str, report: Tell) -> pa.Table | None:
    try:
        check_group(file, index)
        had = file.schema_arrow.names
        return fill(file.read_row_group(index, use_threads=False), DOCUMENTS.names, had)
    except PARQUET_ERRORS as problem:
        number = file.metadata.row_group(index).num_rows
        words = f"row group {index}: its {number} rows are left out: {_short(problem)}"
        ids = group_ids(file, index)
        report(finding("E108", words, where=where, layer="pages", documents=ids))
        return None


def _sound_rows(group: pa.Table, where: str, report: Tell) -> Iterator[pa.Table]:
    """The rows of a group whose digests hold, in their order."""
    for batch in group.combine_chunks().to_batches():
        if not _harm(batch, where):
            yield pa.Table.from_batches([batch])
            continue
        sound: list[pa.RecordBatch] = []
        for at in range(batch.num_rows):
            row = batch.slice(at, 1)
            harm = _harm(row, where)
            for code, layer, words, ids in harm:
                told = f"a row is left out: {words}"
                report(finding(code, told, where=where, layer=layer, documents=ids))
            if not harm:
                sound.append(row)
        if sound:
            yield pa.Table.from_batches(sound)


def _harm(batch: pa.RecordBatch, where: str) -> list[tuple[str, str, str, Sequence[str]]]:
    found: list[tuple[str, str, str, Sequence[str]]] = []

    def note(code: str, layer: str, words: str, ids: Sequence[str]) -> None:
        found.append((code, layer, words, ids))

    check_documents(batch, RowCheck(), note, where)
    return found


def _short(problem: BaseException) -> str:
    return (str(problem).splitlines() or [type(problem).__name__])[0][:300]
