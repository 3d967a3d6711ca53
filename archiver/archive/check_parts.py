"""The layers ``files``, ``pages``, ``records`` and ``raw``: every part, down to each row.

One part is read once for all layers. What is damaged in one does not hide the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.parquet as pq

from archiver.archive.check import Check, Progress
from archiver.archive.check_rows import RowCheck, check_documents, check_quarantine
from archiver.archive.columns import REQUIRED, RULESETS, TABLES, table_schema
from archiver.archive.disk import regular_size
from archiver.archive.entry import Part
from archiver.archive.log import live_parts
from archiver.archive.parts import PARQUET_ERRORS, check_group, open_part

#: A part of another size than committed is still searched for rows, up to twice
#: its size and this; what is larger is some other file.
_SLACK = 1 << 20


@dataclass(slots=True)
class _Harm:
    """What the layers found in one part: (code, layer) -> (words, ids)."""

    found: dict[tuple[str, str], tuple[str, list[str]]] = field(default_factory=dict)

    def add(self, code: str, layer: str, words: str, ids: Sequence[str] = ()) -> None:
        _, known = self.found.setdefault((code, layer), (words, []))
        known.extend(ids)

    def documents(self) -> list[str]:
        """Every id hit, each once."""
        return list(dict.fromkeys(id_ for _, ids in self.found.values() for id_ in ids))


def check_parts(check: Check, *, quick: bool, progress: Progress | None) -> None:
    """E106 to E113: each part that the log names."""
    parts = [
        (table, part)
        for table in TABLES
        for _, part in live_parts(check.entries.get(table, [])).values()
    ]
    total, done = sum(part.bytes for _, part in parts), 0
    rows = RowCheck()
    for table, part in parts:
        _check_part(check, table, part, rows, quick=quick)
        done += part.bytes
        if progress is not None:
            progress(done, total)
    for digest in sorted(rows.rulesets):
        check.rulesets.setdefault(digest, rows.rulesets[digest])


def check_rulesets(check: Check) -> None:
    """E117: each ruleset that a version or a record names, and each one kept."""
    folder = check.root / RULESETS
    kept = sorted(item.name for item in folder.iterdir()) if folder.is_dir() else []
    for name in kept:
        path = f"{RULESETS}/{name}"
        try:
            digest = check.digest(path)
        except (OSError, ValueError) as problem:
            check.add("E117", "files", path, f"cannot be read: {problem}")
            continue
        if f"{digest}.json" != name:
            check.add("E117", "files", path, "its bytes are not those of its name")
    for digest, user in sorted(check.rulesets.items()):
        if f"{digest}.json" not in kept:
            words = f"the ruleset is missing; {user} names it"
            check.add("E117", "files", f"{RULESETS}/{digest}.json", words)


def _check_part(check: Check, table: str, part: Part, rows: RowCheck, *, quick: bool) -> None:
    where = f"{TABLES[table]}/{part.path}"
    harm = _Harm()
    try:
        size = regular_size(check.root / where)
    except OSError as problem:
        words = f"cannot be read: {problem.strerror}; {_promised(part)}"
        check.add("E106", "files", where, words)
        return
    check.counts.parts += 1
    check.counts.files += 1
    if size == part.bytes:  # else it is another file: a huge one must not be read to learn that
        _check_digest(check, where, part, harm)
        check.counts.bytes += size
    else:
        harm.add("E107", "files", f"{size} bytes instead of {part.bytes}")
    unread = quick or size > 2 * part.bytes + _SLACK
    if not unread:
        _check_content(check, table, part, rows, harm)
    _report(check, where, part, harm, unread=unread)


def _check_digest(check: Check, where: str, part: Part, harm: _Harm) -> None:
    try:
        if check.digest(where, part.bytes) != part.sha256:
            harm.add("E107", "files", "its digest is not the one committed")
    except (OSError, ValueError) as problem:
        harm.add("E107", "files", f"cannot be read to its end: {problem}")


def _report(check: Check, where: str, part: Part, harm: _Harm, *, unread: bool) -> None:
    hit = harm.documents()
    for (code, layer), (words, ids) in harm.found.items():
        named = list(dict.fromkeys(ids))
        if code == "E107":
            named = hit
            if not hit:
                lost = unread or ("E108", "pages") in harm.found
                rest = _promised(part) if lost else "every row reads as committed"
                check.add(code, layer, where, f"{words}; {rest}")
                continue
        check.add(code, layer, where, words, named)


def _promised(part: Part) -> str:
    """What the log says of a part whose rows cannot be named one by one."""
    return f"the log promised {part.rows} rows, ids {part.first_id!r} to {part.last_id!r}"


def _check_content(check: Check, table: str, part: Part, rows: RowCheck, harm: _Harm) -> None:
    """Layers pages, records and raw of one part."""
    path = check.root / TABLES[table] / part.path
    try:
        with open_part(path, part.footer) as file:
            counted = file.metadata.num_rows
            if counted != part.rows:
                words = f"{counted} rows instead of the {part.rows} in the log"
                harm.add("E113", "pages", words)
            if not _schema_fits(file, table, harm):
                return
            for index in range(file.num_row_groups):
                batches = _read_row_group(file, index, harm)
                for batch in batches:
                    _check_batch(check, table, part, rows, harm, batch)
    except PARQUET_ERRORS as problem:
        harm.add("E108", "pages", _short(problem))


def _schema_fits(file: pq.ParquetFile, table: str, harm: _Harm) -> bool:
    found, wanted = file.schema_arrow, table_schema(table)
    if found.names == wanted.names and found.types == wanted.types:
        return True
    odd = sorted(
        name
        for name in {*found.names, *wanted.names}
        if name not in found.names
        or name not in wanted.names
        or found.field(name).type != wanted.field(name).type
    )
    harm.add("E112", "pages", f"columns that differ: {', '.join(odd)[:300] or 'their order'}")
    return False


def _read_row_group(file: pq.ParquetFile, index: int, harm: _Harm) -> list[pa.RecordBatch]:
    """A row group, or nothing and a finding: those after it are still read."""
    try:
        check_group(file, index)
        return file.read_row_group(index, use_threads=False).combine_chunks().to_batches()
    except PARQUET_ERRORS as problem:
        number = file.metadata.row_group(index).num_rows
        words = f"row group {index}: its {number} rows cannot be read: {_short(problem)}"
        harm.add("E108", "pages", words, _ids(file, index))
        return []


def _check_batch(  # noqa: PLR0917 - one call, and a class for it would say no more
    check: Check, table: str, part: Part, rows: RowCheck, harm: _Harm, batch: pa.RecordBatch
) -> None:
    _check_nulls(batch, table, harm)
    if table == "documents":
        check.counts.documents += batch.num_rows
        check_documents(batch, rows, harm.add, f"{TABLES[table]}/{part.path}")
    else:
        check.counts.quarantined += batch.num_rows
        check_quarantine(batch, rows, harm.add)


def _check_nulls(batch: pa.RecordBatch, table: str, harm: _Harm) -> None:
    for name in sorted(REQUIRED[table]):
        if batch.column(name).null_count:
            words = f"column {name} holds nulls"
            harm.add("E112", "pages", words)


def _ids(file: pq.ParquetFile, index: int) -> list[str]:
    """The ids of a row group whose other columns may be lost."""
    try:
        column = file.read_row_group(index, columns=["id"], use_threads=False).column("id")
        return [str(id_) for id_ in column.to_pylist()]
    except PARQUET_ERRORS:
        return []


def _short(problem: BaseException) -> str:
    return (str(problem).splitlines() or [type(problem).__name__])[0][:300]
