"""Sources out of an archive's own rows: the bytes and the provenance they came with."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping
from typing import Any

from archiver.archive.archive import Archive
from archiver.archive.rows.records import restore_bytes
from archiver.document import Provenance, Source
from archiver.readers.files import MAX_SOURCE_BYTES
from archiver.readers.pages import media_type_of
from archiver.readers.warc import PAGES

#: Findings that a newer reader, decoder or rule may overcome. The others (too
#: large, not listed, another digest, an id taken) are not about reading.
RETRIED = frozenset({"E202", "E203", "E208", "E209", "E211", "E220", "E221"})

#: How the evidence tells that the index declared the encoding.
_DECLARED = re.compile(r"declared by the index(?: as (\S+))?")

#: Provenance that a page may fill where the index does not; see ``text.extract``.
_FILLABLE = ("url", "title", "source", "license", "language", "date")
_FILLED = "extracted"
_WRITTEN = "date_as_written"


def stored_source(row: Mapping[str, Any]) -> Source:
    """The source that a record was made of, as it was given.

    What was extracted from the page is left out again, so that a newer
    extractor is asked anew. An encoding that was declared but played no part is
    not kept by a record, so ``source_sha256`` can differ from the record's.
    Raises: DamageError where the bytes cannot be rebuilt.
    """
    metadata = dict(row["metadata"])
    filled = {name for name in metadata.pop(_FILLED, "").split(",") if name}
    if "date" in filled:
        filled.add(_WRITTEN)
    known = {name: None if name in filled else row[name] for name in _FILLABLE}
    if row["language_score"] is not None:  # detected, not given
        known["language"] = None
    declared = _DECLARED.search(row["encoding_evidence"])
    return Source(
        id=row["id"],
        file_path=row["file_path"],
        data=restore_bytes(row),
        media_type=row["media_type"],
        provenance=Provenance(
            **known,
            encoding=(declared[1] or row["encoding"]) if declared else None,
            fetched_at=row["fetched_at"],
            metadata={name: value for name, value in metadata.items() if name not in filled},
        ),
    )


def quarantined_sources(archive: Archive, known: Container[str]) -> Iterator[Source]:
    """Sources kept out by what may since have been mended, whose bytes are kept.

    known: ids that are documents by now; they are left out, and of one id the
    newest bytes are taken. Memory: the keys of the quarantine, and one source.
    Raises: DamageError.
    """
    newest: dict[str, dict[str, Any]] = {}
    names = ["id", "code", "raw_sha256", "chunk", "size", "file_path"]
    names += [*_FILLABLE, "encoding", "fetched_at", "metadata"]
    for row in archive.quarantine(names).to_pylist():
        if row["chunk"] == 0:
            newest[row["id"]] = row
    for id_, row in sorted(newest.items()):
        kept = row["raw_sha256"] is not None and row["size"] <= MAX_SOURCE_BYTES
        if id_ in known or row["code"] not in RETRIED or not kept:
            continue
        data = b"".join(archive.quarantined_bytes((id_, row["code"], row["raw_sha256"])))
        yield Source(
            id=id_,
            file_path=row["file_path"],
            data=data,
            media_type=_media_type(row["file_path"], data, dict(row["metadata"])),
            provenance=Provenance(
                **{name: row[name] for name in _FILLABLE},
                encoding=row["encoding"],
                fetched_at=row["fetched_at"],
                metadata=dict(row["metadata"]),
            ),
        )


def _media_type(path: str, data: bytes, metadata: Mapping[str, str]) -> str:
    if metadata.get("content_type") in PAGES:  # of a WARC record
        return "text/html"
    return media_type_of(path, data)
