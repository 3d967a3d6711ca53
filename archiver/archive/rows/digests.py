"""Which rows of a batch are proven sound, all at once.

``check_rows`` holds the same digests row by row, and says what is wrong; it is asked
about every row that is not proven here. So a row that this way cannot follow costs
time, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import compress
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from archiver.archive.rows.canonical import Column, OddError, rows_json
from archiver.archive.rows.columns import DOCUMENTS
from archiver.archive.rows.received import raw_pieces
from archiver.archive.rows.records import LATER, NEWLINES, OUTSIDE
from archiver.digest import sha256, sha256_pieces

Flags = NDArray[np.bool_]

#: Below so many rows and edits the plain way is as fast.
FEW = 64

#: What odd rows raise here; they go the plain way.
_ODD = (OddError, pa.ArrowException, ValueError, TypeError, LookupError, OverflowError, MemoryError)

_COLUMNS = tuple(name for name in DOCUMENTS.names if name not in OUTSIDE)


def sound_rows(batch: pa.RecordBatch) -> Flags:
    """Whether record, text and received bytes of each row have the digests it names.

    batch: the columns of documents.
    Returns: False also for rows that can only be told one by one. Raises: nothing.
    Cost: sha256 over record, text and received bytes. Memory: some four times the batch.
    """
    try:
        lists: Column = batch.column("edits")
        edits = len(lists.flatten())
        if batch.num_rows + edits < FEW:
            return np.zeros(batch.num_rows, bool)
        batch.validate(full=True)  # UTF-8, above all
    except _ODD:
        return np.zeros(batch.num_rows, bool)
    return _guarded(_records, batch) & _guarded(_contents, batch)


def _guarded(prove: Callable[[pa.RecordBatch], Flags], batch: pa.RecordBatch) -> Flags:
    try:
        return prove(batch)
    except _ODD:
        return np.zeros(batch.num_rows, bool)


def _records(batch: pa.RecordBatch) -> Flags:
    kept = pc.if_else(batch.column("raw").is_valid(), "true", "false")
    # A later column counts where it holds something.
    lacking = [
        name
        for name in LATER
        if name not in batch.schema.names or batch.column(name).null_count == batch.num_rows
    ]
    names = [name for name in _COLUMNS if name not in lacking]
    if any(batch.column(name).null_count for name in LATER.intersection(names)):
        raise OddError("rows of more than one shape")
    written = rows_json(batch, names, {"raw_kept": kept})
    return _fit(views(written), batch.column("record_sha256"))


def _contents(batch: pa.RecordBatch) -> Flags:
    """Texts and received bytes."""
    column: dict[str, Column] = {name: batch.column(name) for name in batch.schema.names}
    sound = _fit(views(column["text"]), column["text_sha256"])
    kept = np.asarray(column["raw"].is_valid())
    if kept.any():
        wanted = column["raw_sha256"].filter(pa.array(kept))
        sound[kept] &= _fit(compress(views(column["raw"]), kept), wanted)
    # Where the text is the bytes, its digest was just held.
    bare: Column = pc.equal(column["text_sha256"], column["raw_sha256"])
    for name, value in (("newline", "lf"), ("encoding", "utf-8")):
        bare = pc.and_(bare, pc.equal(column[name], pa.scalar(value)))
    edited = pc.list_value_length(column["edits"])
    bare = pc.and_(bare, pc.equal(edited, pa.scalar(0, pa.int32())))
    rest = ~kept & ~np.asarray(pc.fill_null(bare, False))
    if rest.any():
        sound[rest] &= _rebuilt(batch, rest)
    return sound


def _rebuilt(batch: pa.RecordBatch, rows: Flags) -> Flags:
    """Of the rows asked for; the text of the others is not copied, only passed over."""
    texts, fits = raw_pieces(batch.column("text"), batch.column("edits"))
    columns: list[list[Any]] = [
        batch.column(name).filter(pa.array(rows)).to_pylist()
        for name in ("newline", "encoding", "raw_sha256")
    ]
    told = zip(compress(texts, rows), *columns, strict=True)
    found = (_digest(pieces, newline, codec) == want for pieces, newline, codec, want in told)
    sound: Flags = fits[rows] & np.fromiter(found, bool, np.count_nonzero(rows))
    return sound


def _digest(pieces: Iterable[memoryview], newline: str, codec: str) -> str | None:
    """The digest of a text as ``Document.encode`` writes it; None where that fails."""
    if newline == "lf" and codec == "utf-8":
        return sha256_pieces(pieces)
    try:
        return sha256(str(b"".join(pieces), "utf-8").replace("\n", NEWLINES[newline]).encode(codec))
    except (LookupError, ValueError, TypeError):
        return None


def _fit(data: Iterator[memoryview | None], digests: Column) -> Flags:
    wanted: Sequence[str | None] = digests.to_pylist()
    found = (
        item is not None and sha256(item) == want for item, want in zip(data, wanted, strict=True)
    )
    return np.fromiter(found, bool, len(wanted))


def views(array: Column) -> Iterator[memoryview | None]:
    """The bytes of each value of a string or binary array, without a copy; None for null."""
    valid = array.is_valid().to_pylist()
    _, offsets_buffer, data_buffer = array.buffers()
    if offsets_buffer is None:
        yield from (None for _ in valid)
        return
    offsets = memoryview(offsets_buffer).cast("i")[array.offset :].tolist()
    data = memoryview(data_buffer) if data_buffer is not None else memoryview(b"")
    for at, is_valid in enumerate(valid):
        yield data[offsets[at] : offsets[at + 1]] if is_valid else None
