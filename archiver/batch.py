"""Many sources at once: a RecordBatch of sources in, a RecordBatch of records out.

The unit that every engine maps. It gives what ``archiver.clean`` gives on each
document (a test holds the two equal), but asks the rules only once about a line
that stands in many documents: half of the lines of a scraped corpus do.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import accumulate
from typing import Any, cast

import pyarrow as pa
import pyarrow.compute as pc

from archiver.archive.rows.columns import DOCUMENTS
from archiver.archive.rows.records import records_from_rows
from archiver.clean import host_for, open_source
from archiver.dedup.signature import encode, signatures
from archiver.document import Cleaning, Document, Finding, Provenance, Reject, Source
from archiver.findings import finding
from archiver.record import provenance_columns, record_row
from archiver.rules.rule import Ruleset
from archiver.settings import Profile
from archiver.text.detect import doubt
from archiver.text.language import detect_all
from archiver.together import Text, Together

#: Columns of a batch of sources: the received bytes and their provenance, the
#: revision they will be and the moment they come in; and digests, where whoever
#: read the source had to compute them already, so that nobody does it twice.
SOURCES: pa.Schema = pa.schema(
    [
        DOCUMENTS.field(name)
        for name in ("id", "revision", "file_path", "media_type", "raw", "url", "title", "source")
    ]
    + [
        DOCUMENTS.field(name)
        for name in ("license", "language", "encoding", "date", "fetched_at", "metadata")
    ]
    + [DOCUMENTS.field(name) for name in ("ingested_at", "raw_sha256", "source_sha256")]
)

#: Sources of so many bytes are cleaned together; then what is remembered of their lines is let
#: go. Whole batches would spare one line in twenty (of web pages) a look, for 75 MB more.
SHARE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class BatchResult:
    """Records in the order of their sources, and what could not become one.

    ``notes`` are warnings about documents that became records; ``unplaced`` is the
    number of those whose host no address tells.
    """

    records: pa.RecordBatch
    rejects: tuple[Reject, ...]
    notes: tuple[Finding, ...] = ()
    unplaced: int = 0


def source_batch(rows: Iterable[tuple[Source, int]], ingested_at: datetime) -> pa.RecordBatch:
    """Sources and the revisions they will be, as a batch to clean."""
    return pa.RecordBatch.from_pylist(
        [
            {
                "id": source.id,
                "revision": revision,
                "file_path": source.file_path,
                "media_type": source.media_type,
                "raw": source.data,
                "ingested_at": ingested_at,
                **provenance_columns(source.provenance),
                "encoding": source.provenance.encoding,
                **source.digests(),
            }
            for source, revision in rows
        ],
        schema=SOURCES,
    )


def clean_batch(
    sources: pa.RecordBatch,
    ruleset: Ruleset,
    *,
    profile: Profile,
    tool_version: str,
    signed: bool = False,
) -> BatchResult:
    """Clean a batch of sources (columns: ``SOURCES``) into records (``archive.DOCUMENTS``).

    A source that cannot be worked on becomes a Reject with its bytes; the
    others go on. The result depends on nothing but the arguments, and each
    record on nothing but its own source, so batches may be cut anywhere.
    ``signed``: each record has the signature by which near-duplicates are found.
    Memory: the batch, its records, and a small multiple of ``SHARE_BYTES``.
    """
    made = [
        _records(share, Together(ruleset, profile), tool_version=tool_version, signed=signed)
        for share in _shares(sources)
    ]
    return BatchResult(
        pa.concat_batches([one.records for one in made]),  # type: ignore[attr-defined]  # in no stub
        tuple(reject for one in made for reject in one.rejects),
        tuple(note for one in made for note in one.notes),
        sum(one.unplaced for one in made),
    )


def _shares(sources: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """The batch in pieces of about ``SHARE_BYTES``; an empty one as it is."""
    sizes = pc.binary_length(cast("pa.BinaryArray", sources.column("raw"))).to_pylist()
    ends = [end // SHARE_BYTES for end in accumulate(size or 0 for size in sizes)]
    starts = [at for at in range(len(ends)) if at == 0 or ends[at] > ends[at - 1]] or [0]
    for start, end in zip(starts, [*starts[1:], len(ends)], strict=True):
        yield sources.slice(start, end - start)


def _records(
    sources: pa.RecordBatch, together: Together, *, tool_version: str, signed: bool
) -> BatchResult:
    rows: list[dict[str, Any]] = []
    rejects: list[Reject] = []
    notes: list[Finding] = []
    unplaced, received = 0, sources.to_pylist()
    every = [source_of(row) for row in received]
    outcomes = _cleaned(every, together)
    for row, source, outcome in zip(received, every, outcomes, strict=True):
        if isinstance(outcome, Finding):
            rejects.append(
                Reject(outcome, source.id, source.file_path, source.provenance, source.data)
            )
            continue
        unplaced += not host_for(source, outcome[0])
        if (doubtful := doubt(outcome[0], source.file_path)) is not None:
            notes.append(replace(doubtful, documents=(source.id,)))
        rows.append(
            record_row(source, *outcome)
            | {
                "revision": row["revision"],
                "ingested_at": row["ingested_at"],
                "ruleset": together.ruleset.digest,
                "profile": together.profile,
                "tool_version": tool_version,
            }
        )
    _tell_languages(rows)
    if signed:
        _sign(rows)
    return BatchResult(records_from_rows(rows), tuple(rejects), tuple(notes), unplaced)


def clean_texts(
    texts: Iterable[str], ruleset: Ruleset, *, profile: Profile, language: str | None = None
) -> list[Cleaning]:
    """Clean many texts, remembering what is known about lines they share.

    Raises: what ``clean.clean_text`` raises on the first text that it fails on.
    """
    cleanings = Together(ruleset, profile).clean(Text(text, language) for text in texts)
    for cleaning in cleanings:
        if isinstance(cleaning, Exception):
            raise cleaning
    return [cleaning for cleaning in cleanings if isinstance(cleaning, Cleaning)]


def _cleaned(
    sources: Sequence[Source], together: Together
) -> list[tuple[Document, Cleaning] | Finding]:
    """Open and clean sources; a defect of ours on one document must not stop the others."""
    opened = [_opened(source, together.profile) for source in sources]
    texts = [
        Text(
            document.text,
            source.provenance.language or document.extracted.language,
            host_for(source, document),
        )
        for source, document in zip(sources, opened, strict=True)
        if isinstance(document, Document)
    ]
    cleanings = iter(together.clean(texts))
    outcomes: list[tuple[Document, Cleaning] | Finding] = []
    for source, document in zip(sources, opened, strict=True):
        if isinstance(document, Finding):
            outcomes.append(document)
            continue
        cleaning = next(cleanings)
        outcomes.append(
            _defect(source, cleaning) if isinstance(cleaning, Exception) else (document, cleaning)
        )
    return outcomes


def _opened(source: Source, profile: Profile) -> Document | Finding:
    try:
        document = open_source(source, profile)
    except Exception as problem:  # noqa: BLE001 -- becomes a finding, with the bytes kept
        return _defect(source, problem)
    if isinstance(document, Finding):
        return replace(document, where=document.where or source.file_path)
    return document


def _defect(source: Source, problem: Exception) -> Finding:
    return finding("E211", f"{type(problem).__name__}: {problem}", where=source.file_path)


def _tell_languages(rows: list[dict[str, Any]]) -> None:
    """Fill in the languages that neither the index nor the page states, where they are plain.

    Told of the clean text, and after the rules have acted: a guess takes no line.
    """
    unstated = [row for row in rows if row["language"] is None]
    for row, found in zip(unstated, detect_all(row["text"] for row in unstated), strict=True):
        if found is not None:
            row["language"], row["language_score"] = found


def _sign(rows: list[dict[str, Any]]) -> None:
    """What tells near-duplicates; no document is marked as one so far."""
    for row, signature in zip(rows, signatures(row["text"] for row in rows), strict=True):
        row["minhash"] = encode(signature)
        row["near_duplicate_of"], row["near_duplicate_similarity"] = "", 0.0


def source_of(row: Mapping[str, Any]) -> Source:
    """One row of a batch of sources as the noun that it is."""
    return Source(
        id=row["id"],
        file_path=row["file_path"],
        data=row["raw"],
        media_type=row["media_type"],
        provenance=Provenance(
            url=row["url"],
            title=row["title"],
            source=row["source"],
            license=row["license"],
            language=row["language"],
            encoding=row["encoding"],
            date=row["date"],
            fetched_at=row["fetched_at"],
            metadata=dict(row["metadata"] or ()),
        ),
    ).with_digests(row["raw_sha256"], row["source_sha256"])
