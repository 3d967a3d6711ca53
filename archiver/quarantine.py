"""Rejected sources as rows of the quarantine: nothing that was received is lost."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import IO, TYPE_CHECKING, Any

from archiver.archive.files.mounts import need
from archiver.archive.rows.records import quarantine_from_rows
from archiver.digest import sha256_stream
from archiver.document import Reject
from archiver.errors import InputError

if TYPE_CHECKING:
    import pyarrow as pa

#: Received bytes are kept in pieces of this size, a row each, so that a source
#: of any size passes through in bounded memory.
CHUNK = 16 << 20

#: What makes two rejects the same: id, finding code, digest of the bytes.
QuarantineKey = tuple[str, str, str | None]


def reject_digest(reject: Reject) -> tuple[str | None, int | None]:
    """Digest and size of a reject's bytes; (None, None) where there are none to be had."""
    with _opened(reject) as stream:
        return sha256_stream(stream) if stream is not None else (None, None)


def quarantine_batches(
    reject: Reject, digest: str | None, size: int | None, *, now: datetime, tool_version: str
) -> Iterator[pa.RecordBatch]:
    """A reject as batches of one row each, its bytes in pieces of ``CHUNK``.

    ``digest`` and ``size`` are those of ``reject_digest``. Memory: one piece.
    Raises: InputError where a file changed since: its record would be untrue.
    """
    whole = hashlib.sha256()
    chunks = max(1, -(-(size or 0) // CHUNK))
    row = _row(reject) | {
        "raw_sha256": digest,
        "size": size,
        "chunks": chunks,
        "tool_version": tool_version,
        "quarantined_at": now,
    }
    with _opened(reject) as stream:
        for chunk in range(chunks):
            piece = None if stream is None or digest is None else stream.read(CHUNK)
            whole.update(piece or b"")
            if digest is not None and chunk == chunks - 1 and whole.hexdigest() != digest:
                raise InputError(
                    f"{reject.file_path}: changed while it was read",
                    hint="Nothing was archived; run the same command again.",
                )
            yield quarantine_from_rows([row | {"raw": piece, "chunk": chunk}])


@contextmanager
def _opened(reject: Reject) -> Iterator[IO[bytes] | None]:
    if reject.data is not None:
        yield io.BytesIO(reject.data)
    elif reject.path is not None:
        try:
            need(reject.path)
            stream = reject.path.open("rb")
        except OSError:
            yield None  # the finding says that the file is there; its bytes are not to be had
            return
        with stream:
            yield stream
    else:
        yield None


def _row(reject: Reject) -> dict[str, Any]:
    found, known = reject.finding, reject.provenance
    return {
        "id": reject.id,
        "file_path": reject.file_path,
        "code": found.code,
        "message": found.message,
        "where": found.where,
        "line": found.line,
        "url": known.url,
        "title": known.title,
        "source": known.source,
        "license": known.license,
        "language": known.language,
        "encoding": known.encoding,
        "date": known.date,
        "fetched_at": known.fetched_at,
        "metadata": dict(known.metadata),
    }
