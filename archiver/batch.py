"""Many sources at once: a RecordBatch of sources in, a RecordBatch of records out.

The unit that every engine maps. It gives what ``archiver.clean`` gives on each
document (a test holds the two equal), but asks the rules only once about a line
that stands in many documents: half of the lines of a scraped corpus do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

import pyarrow as pa

from archiver.archive.rows.columns import DOCUMENTS
from archiver.archive.rows.records import NEWLINES, records_from_rows
from archiver.clean import clean_with, host_for, matcher_for, open_source
from archiver.digest import sha256_text
from archiver.document import Cleaning, Document, Finding, Provenance, Reject, Source
from archiver.findings import finding
from archiver.rules.match import Matcher, Verdict
from archiver.rules.rule import Ruleset
from archiver.settings import Profile
from archiver.text.detect import doubt
from archiver.text.extract import merge_extracted

#: Columns of a batch of sources: the received bytes and their provenance, the
#: revision they will be and the moment they come in.
SOURCES: pa.Schema = pa.schema(
    [
        DOCUMENTS.field(name)
        for name in ("id", "revision", "file_path", "media_type", "raw", "url", "title", "source")
    ]
    + [
        DOCUMENTS.field(name)
        for name in ("license", "language", "encoding", "date", "fetched_at", "metadata")
    ]
    + [DOCUMENTS.field("ingested_at")]
)

#: A verdict on a longer line is not kept: such lines hardly ever stand twice.
MAX_KEPT_LINE = 200

_NEWLINE_NAMES = {mark: name for name, mark in NEWLINES.items()}


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


@dataclass(slots=True)
class _Memory:
    """The verdicts of one batch: per matcher, per line. Gone with the batch."""

    ruleset: Ruleset
    profile: Profile
    judges: dict[tuple[str, str], tuple[Matcher, Callable[[str], Verdict]]] = field(
        default_factory=dict
    )

    def clean(self, text: str, language: str | None, host: str | None = None) -> Cleaning:
        """As ``clean.clean_text``."""
        found = matcher_for(self.ruleset, self.profile, language, host)
        # Documents of hosts that no rule names share their verdicts.
        key = (language or "").partition("-")[0].lower(), found.site
        matcher, judge = self.judges.setdefault(key, (found, _remembering(found)))
        return clean_with(text, matcher, self.profile, judge)


def _remembering(matcher: Matcher) -> Callable[[str], Verdict]:
    known: dict[str, Verdict] = {}

    def judge(line: str) -> Verdict:
        verdict = known.get(line)
        if verdict is None:
            verdict = matcher.verdict(line)
            if len(line) <= MAX_KEPT_LINE:
                known[line] = verdict
        return verdict

    return judge


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
                **_provenance_columns(source.provenance),
                "encoding": source.provenance.encoding,
            }
            for source, revision in rows
        ],
        schema=SOURCES,
    )


def clean_batch(
    sources: pa.RecordBatch, ruleset: Ruleset, *, profile: Profile, tool_version: str
) -> BatchResult:
    """Clean a batch of sources (columns: ``SOURCES``) into records (``archive.DOCUMENTS``).

    A source that cannot be worked on becomes a Reject with its bytes; the
    others go on. The result depends on nothing but the arguments, and each
    record on nothing but its own source, so batches may be cut anywhere.
    Memory: a small multiple of the batch.
    """
    memory = _Memory(ruleset, profile)
    rows: list[dict[str, Any]] = []
    rejects: list[Reject] = []
    notes: list[Finding] = []
    unplaced = 0
    for row in sources.to_pylist():
        source = _source(row)
        outcome = _guarded(source, memory)
        if isinstance(outcome, Finding):
            rejects.append(
                Reject(outcome, source.id, source.file_path, source.provenance, source.data)
            )
            continue
        document, _ = outcome
        unplaced += not host_for(source, document)
        if (doubtful := doubt(document, source.file_path)) is not None:
            notes.append(replace(doubtful, documents=(source.id,)))
        rows.append(
            _record(source, *outcome)
            | {
                "revision": row["revision"],
                "ingested_at": row["ingested_at"],
                "ruleset": ruleset.digest,
                "profile": profile,
                "tool_version": tool_version,
            }
        )
    return BatchResult(records_from_rows(rows), tuple(rejects), tuple(notes), unplaced)


def clean_texts(
    texts: Iterable[str], ruleset: Ruleset, *, profile: Profile, language: str | None = None
) -> list[Cleaning]:
    """Clean many texts, remembering what the rules said about lines they share."""
    memory = _Memory(ruleset, profile)
    return [memory.clean(text, language) for text in texts]


def _guarded(source: Source, memory: _Memory) -> tuple[Document, Cleaning] | Finding:
    """Clean one source; a defect of ours on one document must not stop the others."""
    try:
        document = open_source(source, memory.profile)
        if isinstance(document, Finding):
            return replace(document, where=document.where or source.file_path)
        language = source.provenance.language or document.extracted.language
        return document, memory.clean(document.text, language, host_for(source, document))
    except Exception as problem:  # noqa: BLE001 -- becomes a finding, with the bytes kept
        return finding("E211", f"{type(problem).__name__}: {problem}", where=source.file_path)


def _record(source: Source, document: Document, cleaning: Cleaning) -> dict[str, Any]:
    known = merge_extracted(source.provenance, document.extracted)
    return {
        "id": source.id,
        "text": cleaning.text,
        "edits": [asdict(edit) for edit in cleaning.edits],
        "dropped": [{"rule": rule, "count": count} for rule, count in cleaning.dropped().items()],
        "facts": cleaning.facts_by_key(),
        "raw": None if _rebuilds(source, document, cleaning) else source.data,
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
        **_provenance_columns(known),
    }


def _rebuilds(source: Source, document: Document, cleaning: Cleaning) -> bool:
    """Do text, edits, encoding and line ends give the received bytes? Tried, not hoped for."""
    if document.extractor is not None:
        return False
    try:
        return document.encode(cleaning.raw()) == source.data
    except UnicodeEncodeError:
        return False


def _provenance_columns(known: Provenance) -> dict[str, Any]:
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


def _source(row: Mapping[str, Any]) -> Source:
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
    )
