"""Near-duplicates of a run: each record is marked with the nearest document before it.

Marks tell, and take nothing away. The document is named by the sha256 of its id, as the
log names documents: so a take-down of it need not touch the rows of others, whose
digests people have noted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import pyarrow as pa

from archiver.archive.archive import Archive
from archiver.archive.log.marks import id_digest
from archiver.archive.log.widths import schema_in_force
from archiver.archive.rows.records import OUTSIDE, sha256_of
from archiver.dedup.index import Index, Near
from archiver.dedup.signature import Signature, decode, signatures
from archiver.errors import DamageError, UsageError

#: The first schema version with columns for the marks.
SCHEMA = 2

#: Rows whose texts become Python strings at a time.
_ROWS = 256

_KEYS = ("id", "revision", "minhash")
_MARKED = ("near_duplicate_of", "near_duplicate_similarity", "record_sha256")


class Duplicates:
    """What came before, by signature; asked batch by batch, in the order of ingestion.

    Memory: 1.1 kB a revision archived, of the run too.
    """

    def __init__(self, archive: Archive | None) -> None:
        """Read the signatures that an archive holds, and compute those it lacks.

        Raises: UsageError where the archive has no columns for marks; DamageError.
        Cost: three columns of all parts; of parts that were archived without marks,
        the texts too.
        """
        self._index = Index()
        #: Records marked with a near-duplicate so far.
        self.found = 0
        if archive is None:
            return
        held = schema_in_force(archive.entries())
        if held < SCHEMA:
            raise UsageError(
                f"{archive.path}: the archive has columns of schema version {held}; "
                f"marks of near-duplicates need version {SCHEMA}",
                hint="Run `archiver upgrade` first; nothing was changed.",
            )
        snapshot = archive.snapshot("documents", None)
        for _, part in snapshot.parts:
            keys = snapshot.read(part, _KEYS)
            if keys is None:  # taken down meanwhile
                continue
            lacks = keys["minhash"].null_count
            texts = snapshot.read(part, ("text",)) if lacks else None
            columns: list[list[Any]] = [keys[name].to_pylist() for name in _KEYS]
            ids, revisions, stored = columns
            try:
                signed = _stored(stored, texts)
            except ValueError as problem:
                raise DamageError(f"{archive.path}: {part.path}: {problem}") from problem
            self._index.add(*_with_words(ids, revisions, signed)[1])

    def mark(self, records: pa.RecordBatch) -> pa.RecordBatch:
        """The records with their nearest documents before them, in the batch too.

        records: rows of documents, with their signatures. Cost: some 100 µs a record.
        """
        columns: list[list[Any]] = [records.column(name).to_pylist() for name in _KEYS]
        ids, revisions, stored = columns
        signed = [decode(text) for text in stored]
        places, asked = _with_words(ids, revisions, signed)
        nearest = self._index.nearest(*asked)
        found = {place: near for place, near in zip(places, nearest, strict=True) if near}
        self.found += len(found)
        return _marked(records, found) if found else records


def _stored(signed: Sequence[str | None], texts: pa.Table | None) -> list[Signature | None]:
    """The signatures of a part; those that are null are made of the texts."""
    found: list[Signature | None] = [None if text is None else decode(text) for text in signed]
    lacking = [at for at, text in enumerate(signed) if text is None]
    for first in range(0, len(lacking) if texts is not None else 0, _ROWS):
        rows = lacking[first : first + _ROWS]
        chosen = cast("pa.Table", texts).take(pa.array(rows))
        made = signatures(map(str, chosen["text"].to_pylist()))
        for at, signature in zip(rows, made, strict=True):
            found[at] = signature
    return found


def _with_words(
    ids: Sequence[str], revisions: Sequence[int], signed: Sequence[Signature | None]
) -> tuple[list[int], tuple[list[Signature], list[bytes], list[bool]]]:
    """Of the rows whose text has words: their places, and what the index is given."""
    rows = [(at, signature) for at, signature in enumerate(signed) if signature is not None]
    documents = [bytes.fromhex(id_digest(ids[at])) for at, _ in rows]
    again = [revisions[at] > 1 for at, _ in rows]
    return [at for at, _ in rows], ([signature for _, signature in rows], documents, again)


def _marked(records: pa.RecordBatch, found: Mapping[int, Near]) -> pa.RecordBatch:
    """The records with the marks of some of them, and their digests anew."""
    columns = {name: records.column(name).to_pylist() for name in _MARKED}
    names = [name for name in records.schema.names if name not in OUTSIDE]
    rows = records.select(names).take(pa.array(sorted(found))).to_pylist()
    for at, row in zip(sorted(found), rows, strict=True):
        mark = dict(zip(_MARKED, (found[at].document.hex(), found[at].similarity), strict=False))
        raw_kept = records.column("raw")[at].is_valid
        mark["record_sha256"] = sha256_of(row | mark, raw_kept=raw_kept)
        for name, value in mark.items():
            columns[name][at] = value
    for name, values in columns.items():
        place = records.schema.get_field_index(name)
        field = records.schema.field(name)
        records = records.set_column(place, field, pa.array(values, field.type))
    return records
