"""The layers ``pages``, ``records`` and ``raw``: what one part holds, down to each row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.parquet as pq

from archiver.archive.checks.check import Check
from archiver.archive.checks.replay import check_replay
from archiver.archive.checks.rows import RowCheck, check_documents, check_quarantine
from archiver.archive.log.entry import Part
from archiver.archive.log.widths import is_known
from archiver.archive.read.parts import PARQUET_ERRORS, check_group, group_ids, open_part
from archiver.archive.rows.columns import REQUIRED, TABLES, table_schema


@dataclass(slots=True)
class Harm:
    """What the layers found in one part: (code, layer) -> (words, ids).

    ``blind``: rows are lost whose ids cannot be read either.
    """

    found: dict[tuple[str, str], tuple[str, list[str]]] = field(default_factory=dict)
    blind: bool = False

    def add(self, code: str, layer: str, words: str, ids: Sequence[str] = ()) -> None:
        """Note what a layer found, and the ids hit."""
        _, known = self.found.setdefault((code, layer), (words, []))
        known.extend(ids)

    def documents(self) -> list[str]:
        """Every id hit, each once."""
        hit = (ids for (code, _), (_, ids) in self.found.items() if code.startswith("E"))
        return list(dict.fromkeys(id_ for ids in hit for id_ in ids))


def check_content(check: Check, table: str, part: Part, rows: RowCheck, harm: Harm) -> None:
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
            for batch in _batches(file, harm):
                _check_batch(check, table, part, rows, harm, batch)
    except PARQUET_ERRORS as problem:
        harm.blind = True
        harm.add("E108", "pages", _short(problem))


def _schema_fits(file: pq.ParquetFile, table: str, harm: Harm) -> bool:
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


def _batches(file: pq.ParquetFile, harm: Harm) -> Iterator[pa.RecordBatch]:
    """Row group by row group; where one cannot be read, a finding, and the next."""
    for index in range(file.num_row_groups):
        try:
            check_group(file, index)
            group = file.read_row_group(index, use_threads=False).combine_chunks()
        except PARQUET_ERRORS as problem:
            number = file.metadata.row_group(index).num_rows
            words = f"row group {index}: its {number} rows cannot be read: {_short(problem)}"
            ids = group_ids(file, index)
            harm.blind = harm.blind or len(ids) < number
            harm.add("E108", "pages", words, ids)
            continue
        yield from group.to_batches()
        del group


def _check_batch(  # noqa: PLR0917 - one call, and a class for it would say no more
    check: Check, table: str, part: Part, rows: RowCheck, harm: Harm, batch: pa.RecordBatch
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


def _check_nulls(batch: pa.RecordBatch, table: str, harm: Harm) -> None:
    for name in sorted(REQUIRED[table]):
        if batch.column(name).null_count:
            words = f"column {name} holds nulls"
            harm.add("E112", "pages", words)


def _short(problem: BaseException) -> str:
    return (str(problem).splitlines() or [type(problem).__name__])[0][:300]
