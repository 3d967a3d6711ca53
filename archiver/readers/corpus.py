"""Files that hold many documents, as the sources, rejects and findings that they give.

One file is open at a time, one record or member of it in memory. What is wrong
with a record costs that record; what is wrong with the file, the rest of it: what
was read before stands.
"""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, cast

from archiver.digest import sha256
from archiver.document import Finding, Provenance, Reject, Source
from archiver.errors import InputError
from archiver.findings import finding
from archiver.readers.claims import Place
from archiver.readers.formats import PACKED, TEXTS, Wanted, format_of, is_doubtful
from archiver.readers.index_sheet import Row
from archiver.readers.names import storable
from archiver.readers.opened import Counted, unpacked
from archiver.readers.record import Record
from archiver.readers.roots import html_begins
from archiver.readers.slurp import ReadProblem, open_regular

PAGE_SUFFIXES = (".html", ".htm", ".xhtml")

#: A file whose records need no names: a stream that has none itself.
NAMELESS = ""

Item = Source | Reject | Finding


@dataclass(frozen=True, slots=True)
class Corpus:
    """A file of many documents. ``address`` names it, ``name`` begins its records' ids.

    ``kind`` is one of ``settings.FORMATS``. ``row`` is the index's about the file;
    ``row_of`` finds one about a member, by the member's address.
    """

    address: str
    name: str
    kind: str
    max_bytes: int
    wanted: Wanted
    doubtful: bool = False
    row: Row | None = None
    row_of: Callable[[str], Row | None] = lambda _address: None

    @property
    def known(self) -> Provenance:
        """What the index knows of the file."""
        return self.row.provenance if self.row else Provenance()


def corpus_items(
    corpus: Corpus, path: Path, size: int, tell: Callable[[int], None]
) -> Iterator[tuple[Item, Place]]:
    """What a file gives, each with a place that no other record has.

    tell: is given the bytes of the file read so far.
    """
    address = corpus.address
    try:
        with open_regular(path) as stream:
            before = os.fstat(stream.fileno())
            yield from stream_items(corpus, Counted(stream, tell), size)
            after = os.fstat(stream.fileno())
        if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
            raise ReadProblem("E205", "was changed while it was read; run the same command again")
    except ReadProblem as problem:
        if problem.code == "E238" and corpus.doubtful and corpus.row is None:
            yield _skipped(corpus, problem), Place(address)
            return
        kept = path if size <= corpus.max_bytes else None
        yield _whole(corpus, problem, path=kept), Place(address)
    except OSError as error:
        unread = ReadProblem("E205", f"cannot be read: {error.strerror or error}")
        yield _whole(corpus, unread), Place(address)


def stdin_items(corpus: Corpus, stream: IO[bytes]) -> Iterator[tuple[Item, Place]]:
    """What standard input gives; what needs a file to look around in gets a temporary one."""
    try:
        if corpus.kind not in {"parquet", "zip"}:
            yield from stream_items(corpus, Counted(stream), 0)
            return
        with tempfile.TemporaryFile() as file:
            size = 0
            while block := stream.read(1 << 20):
                size += file.write(block)
            file.seek(0)
            yield from stream_items(corpus, Counted(cast("IO[bytes]", file)), size)
    except ReadProblem as problem:
        yield _whole(corpus, problem), Place(corpus.address)


def stream_items(corpus: Corpus, raw: Counted, size: int) -> Iterator[tuple[Item, Place]]:
    """What a stream gives. Raises: ReadProblem for what ends it."""
    if corpus.kind in PACKED:
        yield from _member_items(corpus, raw, size)
        return
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
    known = filled(corpus.known, record.provenance)
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
    media_type = record.media_type or ("text/html" if html_begins(data) else "text/plain")
    return Source(name, corpus.address, data, media_type, known)


def _where(corpus: Corpus, record: Record) -> str:
    if record.line is not None:
        return f"{corpus.address}:{record.line}"
    return f"{corpus.address}, record {record.number:,}"


def filled(index: Provenance, own: Provenance) -> Provenance:
    """What the index says, with what a record itself knows where the index is silent."""
    names = ("url", "title", "source", "license", "language", "encoding", "date", "fetched_at")
    mine = {name: getattr(index, name) for name in names}
    from_record = {name: getattr(own, name) for name in names if mine[name] is None}
    metadata = dict(own.metadata)
    for name in ("date", "fetched_at"):
        if mine[name] is not None:
            metadata.pop(f"{name}_as_written", None)
    metadata = dict(sorted({**metadata, **index.metadata}.items()))
    return replace(index, **from_record, metadata=metadata)


def _member_items(corpus: Corpus, raw: Counted, size: int) -> Iterator[tuple[Item, Place]]:
    from archiver.readers.packed import tar_members, zip_members

    is_zip = corpus.kind == "zip"
    stream = cast("IO[bytes]", raw)
    members = zip_members(stream, size) if is_zip else tar_members(unpacked(raw))
    for order, member in enumerate(members):
        address = f"{corpus.address}/{member.path}"
        place = Place(f"{address}#{order}")
        row = corpus.row_of(address)
        inner = replace(
            corpus,
            address=address,
            name=(row.id if row else None) or address,
            kind=format_of(member.path) or "",
            row=row or corpus.row,
            doubtful=is_doubtful(member.path),
        )
        if member.stream is None:
            refused = ReadProblem(str(member.code), member.problem)
            yield _whole(inner, refused), place
        elif inner.kind in PACKED:
            message = f"{address} is an archive in an archive: unpack it first"
            yield finding("W208", message, where=address), place
        elif not inner.kind:
            yield finding("W208", f"{address} is of no kind that is read", where=address), place
        else:
            for item, within in _one_member(inner, member.stream):
                yield item, Place(f"{place.path}/{within.path}", within.numbered)


def _one_member(inner: Corpus, stream: IO[bytes]) -> Iterator[tuple[Item, Place]]:
    """A member's documents: the member itself, or its records."""
    try:
        if inner.kind not in {"text", "parquet"}:
            yield from stream_items(inner, Counted(stream), 0)
            return
        data = stream.read(inner.max_bytes + 1)
        if len(data) > inner.max_bytes:
            raise ReadProblem("E204", f"has more than {inner.max_bytes:,} bytes")
        if inner.kind == "parquet":
            yield from stream_items(inner, Counted(io.BytesIO(data)), len(data))
            return
        yield _member_source(inner, data), Place(inner.address)
    except ReadProblem as problem:
        from archiver.readers.packed import ArchiveProblem

        if isinstance(problem, ArchiveProblem):
            raise
        if problem.code == "E238" and inner.doubtful:
            yield _skipped(inner, problem), Place(inner.address)
            return
        yield _whole(inner, problem), Place(inner.address)


def _member_source(inner: Corpus, data: bytes) -> Item:
    row = inner.row
    if row is not None and row.sha256 is not None and storable(row.file).endswith(TEXTS):
        digest = sha256(data)
        if digest != row.sha256:
            message = f"{inner.address} has sha256 {digest}, the index says {row.sha256}"
            found = finding("E303", message, where=inner.address)
            return Reject(found, inner.name, inner.address, inner.known, data)
    name = inner.address.lower()
    is_page = name.endswith(PAGE_SUFFIXES) or (not name.endswith(".txt") and html_begins(data))
    kind = "text/html" if is_page else "text/plain"
    return Source(inner.name, inner.address, data, kind, inner.known)


def _skipped(corpus: Corpus, problem: ReadProblem) -> Finding:
    """A file that only seemed to hold records."""
    return finding("W208", f"{corpus.address} {problem.problem}", where=corpus.address)


def _whole(corpus: Corpus, problem: ReadProblem, *, path: Path | None = None) -> Reject:
    """A file or member that cannot be read, or not to its end."""
    message = f"{corpus.address} {problem.problem}"
    found = finding(problem.code, message, where=corpus.address)
    name = corpus.name or corpus.address
    return Reject(found, name, corpus.address, corpus.known, path=path)
