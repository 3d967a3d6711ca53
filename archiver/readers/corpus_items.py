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
from dataclasses import replace
from pathlib import Path
from typing import IO, cast

from archiver.digest import sha256
from archiver.document import Reject, Source
from archiver.findings import finding
from archiver.readers.claims import Place
from archiver.readers.corpus import Corpus, Item, rejected, skipped
from archiver.readers.corpus_records import record_items
from archiver.readers.formats import PACKED, TEXTS, format_of, is_doubtful
from archiver.readers.names import storable
from archiver.readers.opened import Counted, unpacked
from archiver.readers.pages import media_type_of
from archiver.readers.slurp import ReadProblem, open_regular


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
            yield skipped(corpus, problem), Place(address)
            return
        kept = path if size <= corpus.max_bytes else None
        yield rejected(corpus, problem, path=kept), Place(address)
    except OSError as error:
        unread = ReadProblem("E205", f"cannot be read: {error.strerror or error}")
        yield rejected(corpus, unread), Place(address)


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
        yield rejected(corpus, problem), Place(corpus.address)


def stream_items(corpus: Corpus, raw: Counted, size: int) -> Iterator[tuple[Item, Place]]:
    """What a stream gives. Raises: ReadProblem for what ends it."""
    if corpus.kind in PACKED:
        yield from _member_items(corpus, raw, size)
        return
    yield from record_items(corpus, raw)


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
            yield rejected(inner, refused), place
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
            yield skipped(inner, problem), Place(inner.address)
            return
        yield rejected(inner, problem), Place(inner.address)


def _member_source(inner: Corpus, data: bytes) -> Item:
    row = inner.row
    if row is not None and row.sha256 is not None and storable(row.file).endswith(TEXTS):
        other = row.disagrees(inner.address, sha256(data), inner.address)
        if other is not None:
            return Reject(other, inner.name, inner.address, inner.known, data)
    kind = media_type_of(inner.address, data)
    return Source(inner.name, inner.address, data, kind, inner.known)
