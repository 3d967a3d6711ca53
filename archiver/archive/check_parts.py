"""The layers ``files``, ``pages``, ``records`` and ``raw``: every part, down to each row.

One part is read once for all layers. What is damaged in one does not hide the next.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import Executor, Future
from contextlib import closing
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.parquet as pq

from archiver.archive.check import Check, Progress
from archiver.archive.check_replay import check_replay
from archiver.archive.check_rows import RowCheck, check_documents, check_quarantine
from archiver.archive.columns import REQUIRED, RULESETS, TABLES, table_schema
from archiver.archive.disk import regular_size
from archiver.archive.entry import Part
from archiver.archive.parts import PARQUET_ERRORS, check_group, open_part
from archiver.archive.plan import Unit
from archiver.archive.rulesets import named_ruleset, ruleset_path, unpacked
from archiver.archive.widths import is_known
from archiver.digest import sha256

#: A part of another size than committed is still searched for rows, up to twice
#: its size and this; what is larger is some other file.
_SLACK = 1 << 20

#: Findings that concern every row where none can be told from the others.
_WHOLE = frozenset({"E107", "E108", "E112"})


@dataclass(slots=True)
class _Harm:
    """What the layers found in one part: (code, layer) -> (words, ids).

    ``blind``: rows are lost whose ids cannot be read either.
    """

    found: dict[tuple[str, str], tuple[str, list[str]]] = field(default_factory=dict)
    blind: bool = False

    def add(self, code: str, layer: str, words: str, ids: Sequence[str] = ()) -> None:
        _, known = self.found.setdefault((code, layer), (words, []))
        known.extend(ids)

    def documents(self) -> list[str]:
        """Every id hit, each once."""
        hit = (ids for (code, _), (_, ids) in self.found.items() if code.startswith("E"))
        return list(dict.fromkeys(id_ for ids in hit for id_ in ids))


def check_parts(
    check: Check,
    units: Sequence[Unit],
    *,
    quick: bool,
    progress: Progress | None,
    go_on: Callable[[int], bool],
) -> None:
    """E106 to E113: the parts given, unit by unit.

    go_on: asked after each unit with the number of those done; False ends it.
    """
    total, done = sum(part.bytes for unit in units for _, part in unit), 0
    rows = RowCheck()
    for number, unit in enumerate(units, start=1):
        for table, part in unit:
            _check_part(check, table, part, rows, quick=quick)
            done += part.bytes
            if progress is not None:
                progress(done, total)
        if not go_on(number):
            break
    for digest in sorted(rows.rulesets):
        check.rulesets.setdefault(digest, rows.rulesets[digest])


def glance(check: Check, parts: Iterable[tuple[str, Part]]) -> None:
    """E106 and E107 for parts that are not read: is a file of the right size there?

    The digest of those that are is taken from the log, for the layers that follow.
    """
    for table, part in parts:
        if is_there(check, table, part):
            check.digests.setdefault(f"{TABLES[table]}/{part.path}", part.sha256)
        else:
            _check_part(check, table, part, RowCheck(), quick=True)


def is_there(check: Check, table: str, part: Part) -> bool:
    """Whether a part's file has the size that was committed."""
    try:
        return regular_size(check.root / TABLES[table] / part.path) == part.bytes
    except OSError:
        return False


def check_rulesets(check: Check) -> None:
    """E117: each ruleset that a version or a record names, and each one kept."""
    folder = check.root / RULESETS
    kept = sorted(item.name for item in folder.iterdir()) if folder.is_dir() else []
    for name in kept:
        path = f"{RULESETS}/{name}"
        try:
            digest = sha256(unpacked(check.root / path))
        except (OSError, ValueError) as problem:
            check.add("E117", "files", path, f"cannot be read: {problem}")
            continue
        if digest != named_ruleset(name):
            check.add("E117", "files", path, "its rules are not those of its name")
    known = set(map(named_ruleset, kept))
    for digest, user in sorted(check.rulesets.items()):
        if digest not in known:
            words = f"the ruleset is missing; {user} names it"
            check.add("E117", "files", ruleset_path(digest), words)


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
    digested: Future[str | None] | None = None
    if size == part.bytes:  # else it is another file: a huge one must not be read to learn that
        digested = rows.pool.submit(_digest_problem, check, where, part)
        check.counts.bytes += size
    else:
        harm.add("E107", "files", f"{size} bytes instead of {part.bytes}")
    unread = quick or size > 2 * part.bytes + _SLACK
    if not unread:
        _check_content(check, table, part, rows, harm)
    if digested is not None and (wrong := digested.result()) is not None:
        harm.found = {("E107", "files"): (wrong, []), **harm.found}
    _report(check, where, part, harm, unread=unread)


def _digest_problem(check: Check, where: str, part: Part) -> str | None:
    """What is wrong with the bytes of a part; while they are digested, its rows are read."""
    try:
        if check.digest(where, part.bytes) != part.sha256:
            return "its digest is not the one committed"
    except (OSError, ValueError) as problem:
        return f"cannot be read to its end: {problem}"
    return None


def _report(check: Check, where: str, part: Part, harm: _Harm, *, unread: bool) -> None:
    hit = harm.documents()
    harm.blind = harm.blind or unread
    for (code, layer), (found, ids) in harm.found.items():
        words, named = found, list(dict.fromkeys(ids))
        if harm.blind and code in _WHOLE:
            words = f"{found}; {_promised(part)}"
        if code == "E107":
            named = hit
            if not hit and not harm.blind:
                words = f"{found}; every row reads as committed"
        check.add(code, layer, where, words, named)


def _promised(part: Part) -> str:
    """What the log says of a part whose rows cannot be named one by one."""
    return f"the log promised {part.promise()}"


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
            with closing(_batches(file, rows.pool, harm)) as batches:
                for batch in batches:
                    _check_batch(check, table, part, rows, harm, batch)
    except PARQUET_ERRORS as problem:
        harm.blind = True
        harm.add("E108", "pages", _short(problem))


def _schema_fits(file: pq.ParquetFile, table: str, harm: _Harm) -> bool:
    found, wanted = file.schema_arrow, table_schema(table)
    if is_known(table, found):
        return True
    odd = sorted(
        name
        for name in {*found.names, *wanted.names}
        if name not in found.names
        or name not in wanted.names
        or found.field(name).type != wanted.field(name).type
    )
    harm.blind = True
    harm.add("E112", "pages", f"columns that differ: {', '.join(odd)[:300] or 'their order'}")
    return False


def _batches(
    file: pq.ParquetFile, pool: Executor, harm: _Harm
) -> Generator[pa.RecordBatch, None, None]:
    """Row group by row group; where one cannot be read, a finding, and the next.

    While one is checked, the next is read: memory holds two.
    """
    count = file.num_row_groups
    ahead: Future[_Group] | None = None
    try:
        for index in range(count):
            group = _read_row_group(file, index) if ahead is None else ahead.result()
            ahead = None
            if isinstance(group, str):
                number = file.metadata.row_group(index).num_rows
                words = f"row group {index}: its {number} rows cannot be read: {group}"
                ids = _ids(file, index)
                harm.blind = harm.blind or len(ids) < number
                harm.add("E108", "pages", words, ids)
                continue
            if index + 1 < count:
                ahead = pool.submit(_read_row_group, file, index + 1)
            yield from group
            del group
    finally:
        if ahead is not None:
            ahead.exception()  # the file may be closed only after it


#: A row group as batches, or why it cannot be read.
_Group = list[pa.RecordBatch] | str


def _read_row_group(file: pq.ParquetFile, index: int) -> _Group:
    try:
        check_group(file, index)
        return file.read_row_group(index, use_threads=False).combine_chunks().to_batches()
    except PARQUET_ERRORS as problem:
        return _short(problem)


def _check_batch(  # noqa: PLR0917 - one call, and a class for it would say no more
    check: Check, table: str, part: Part, rows: RowCheck, harm: _Harm, batch: pa.RecordBatch
) -> None:
    _check_nulls(batch, table, harm)
    if table == "documents":
        check.counts.documents += batch.num_rows
        check_documents(batch, rows, harm.add, f"{TABLES[table]}/{part.path}")
        if check.replay is not None:
            check_replay(batch, check.root, check.replay, harm.add)
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
