"""The records of a stream as documents: each a source, or a reject with what is kept of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, cast

from archiver.digest import sha256
from archiver.document import Reject, Source
from archiver.errors import InputError
from archiver.findings import finding
from archiver.readers.claims import Place
from archiver.readers.corpus import NAMELESS, Corpus, Item
from archiver.readers.opened import Counted, unpacked
from archiver.readers.pages import media_type_by_bytes
from archiver.readers.record import Record
from archiver.readers.slurp import ReadProblem


def record_items(corpus: Corpus, raw: Counted) -> Iterator[tuple[Item, Place]]:
    """The documents that the records of a stream are, each with a place of its own.

    Raises: ReadProblem for what ends the stream. Memory: one record.
    """
    for record in _records(corpus, raw):
        numbered = corpus.name if record.id is None else ""
        place = Place(f"{corpus.address}#{record.number}", numbered)
        if record.is_note:
            message = f"{corpus.address} {record.problem}"
            yield finding(str(record.code), message, where=corpus.address), place
            continue
        item = _item(corpus, record)
        yield item, place
        if record.warning:
            message = f"{_where(corpus, record)}: {record.warning}"
            documents = [item.id] if isinstance(item, Source) else []
            warned = finding("W231", message, where=corpus.address, documents=documents)
            yield warned, place


def _records(corpus: Corpus, raw: Counted) -> Iterator[Record]:
    """The records of a stream, by the reader of its kind."""
    kind, wanted, limit = corpus.kind, corpus.wanted, corpus.max_bytes
    if kind == "parquet":
        from archiver.readers.parquet import read_parquet

        return read_parquet(cast("IO[bytes]", raw), wanted, limit)
    if kind == "warc":
        from archiver.readers.warc import read_warc, require_fastwarc

        try:
            require_fastwarc()
        except InputError as error:
            raise ReadProblem("E240", f"cannot be read: {error.message}") from error
        return read_warc(cast("IO[bytes]", raw), limit)
    if kind == "jsonl":
        from archiver.readers.jsonl import read_jsonl

        return read_jsonl(unpacked(raw), wanted, limit, doubtful=corpus.doubtful)
    from archiver.readers.table import read_table

    delimiter = "\t" if kind == "tsv" else ","
    return read_table(unpacked(raw), wanted, limit, delimiter=delimiter)


def _item(corpus: Corpus, record: Record) -> Source | Reject:
    """A record as a source, or as what is kept of it."""
    known = corpus.known.filled(record.provenance)  # the index wins
    if record.id is not None:
        name = record.id
    elif corpus.name == NAMELESS:
        name = f"stdin-{sha256(record.data or b'')[:16]}"
    else:
        name = f"{corpus.name}#{record.number}"
    code, problem, data = record.code, record.problem, record.data
    if code is None and data is not None:
        if len(data) > corpus.max_bytes:
            code, problem = "E204", f"has {len(data):,} bytes, more than {corpus.max_bytes:,}"
            data = None
        elif not data.strip():
            code, problem = "E201", "holds only white space" if data else "holds an empty text"
    if code is not None or data is None:
        words = f"{_where(corpus, record)} {problem}"
        found = finding(str(code), words, where=corpus.address, line=record.line)
        return Reject(found, name, corpus.address, known, data)
    media_type = record.media_type or media_type_by_bytes(data)
    return Source(name, corpus.address, data, media_type, known)


def _where(corpus: Corpus, record: Record) -> str:
    if record.line is not None:
        return f"{corpus.address}:{record.line}"
    return f"{corpus.address}, record {record.number:,}"
