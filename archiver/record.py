"""One cleaned document as a row of the archive: its columns, before a batch is made of them."""

from __future__ import annotations

from typing import Any

from archiver.archive.rows.records import NEWLINES
from archiver.digest import sha256_text
from archiver.document import Cleaning, Document, Edit, Provenance, Source
from archiver.text.extract import merge_extracted

_NEWLINE_NAMES = {mark: name for name, mark in NEWLINES.items()}


def record_row(source: Source, document: Document, cleaning: Cleaning) -> dict[str, Any]:
    """The columns of a record that follow from its source alone.

    Whoever makes a batch adds what the run knows: revision, moment, ruleset, profile,
    version. Cost: the text is encoded once, to see whether it gives the bytes back.
    """
    known = merge_extracted(source.provenance, document.extracted)
    return {
        "id": source.id,
        "text": cleaning.text,
        "edits": [_edit_row(edit) for edit in cleaning.edits],
        "dropped": [{"rule": rule, "count": count} for rule, count in cleaning.dropped().items()],
        "facts": cleaning.facts_by_key(),
        "raw": None if rebuilds(source, document, cleaning) else source.data,
        "raw_sha256": source.raw_sha256,
        "text_sha256": sha256_text(cleaning.text),
        "source_sha256": source.source_sha256,
        "language_score": None,
        "media_type": source.media_type,
        "encoding": document.encoding,
        "newline": _NEWLINE_NAMES[document.newline],
        "encoding_evidence": document.evidence,
        "extractor": document.extractor,
        "file_path": source.file_path,
        **provenance_columns(known),
    }


def rebuilds(source: Source, document: Document, cleaning: Cleaning) -> bool:
    """Do text, edits, encoding and line ends give the received bytes? Tried, not hoped for."""
    if document.extractor is not None:
        return False
    try:
        return document.encode(cleaning.raw()) == source.data
    except UnicodeEncodeError:
        return False


def provenance_columns(known: Provenance) -> dict[str, Any]:
    """A provenance as a source's and a record's columns have it; the encoding apart."""
    return {
        "url": known.url,
        "title": known.title,
        "source": known.source,
        "license": known.license,
        "language": known.language,
        "date": known.date,
        "fetched_at": known.fetched_at,
        "metadata": sorted(known.metadata.items()),
    }


def _edit_row(edit: Edit) -> dict[str, Any]:
    """As ``dataclasses.asdict``, which copies deeply, at a tenth of its cost."""
    return {
        "start": edit.start,
        "end": edit.end,
        "before": edit.before,
        "after": edit.after,
        "rule": edit.rule,
        "score": edit.score,
    }
