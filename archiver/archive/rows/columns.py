"""The columns of the archive's two tables, and the folders they lie in."""

from __future__ import annotations

import pyarrow as pa

#: Version of the columns below; rises when a column is added.
SCHEMA_VERSION = 2

#: Schema version -> how many of a table's columns it has. New ones come last, and may be null.
WIDTHS: dict[int, dict[str, int]] = {
    1: {"documents": 30, "quarantine": 23},
    2: {"documents": 33, "quarantine": 23},  # near-duplicates
}

#: Version of the layout: folders, log entries, digests. Newer ones are refused.
FORMAT_VERSION = 1

#: Table name -> its folder in the archive.
TABLES = {"documents": "data/documents", "quarantine": "data/quarantine"}

#: Folder of the rulesets, one file a digest.
RULESETS = "data/rulesets"

_MOMENT: pa.DataType = pa.timestamp("us", "UTC")
_MAP: pa.DataType = pa.map_(pa.string(), pa.string())

_EDIT = pa.struct(
    [
        ("start", pa.int32()),
        ("end", pa.int32()),
        ("before", pa.string()),
        ("after", pa.string()),
        ("rule", pa.string()),
        ("score", pa.float64()),
    ]
)
_DROPPED = pa.struct([("rule", pa.string()), ("count", pa.int32())])

_DOCUMENTS: list[tuple[str, pa.DataType]] = [
    ("id", pa.string()),
    ("revision", pa.int32()),
    ("text", pa.string()),
    ("edits", pa.list_(_EDIT)),
    ("dropped", pa.list_(_DROPPED)),
    ("facts", _MAP),
    ("metadata", _MAP),
    ("raw", pa.binary()),
    ("raw_sha256", pa.string()),
    ("text_sha256", pa.string()),
    ("source_sha256", pa.string()),
    ("record_sha256", pa.string()),
    ("url", pa.string()),
    ("title", pa.string()),
    ("source", pa.string()),
    ("license", pa.string()),
    ("language", pa.string()),
    ("language_score", pa.float64()),
    ("media_type", pa.string()),
    ("encoding", pa.string()),
    ("newline", pa.string()),
    ("encoding_evidence", pa.string()),
    ("extractor", pa.string()),
    ("file_path", pa.string()),
    ("ruleset", pa.string()),
    ("profile", pa.string()),
    ("tool_version", pa.string()),
    ("date", _MOMENT),
    ("fetched_at", _MOMENT),
    ("ingested_at", _MOMENT),
    ("minhash", pa.string()),
    ("near_duplicate_of", pa.string()),
    ("near_duplicate_similarity", pa.float64()),
]
DOCUMENTS: pa.Schema = pa.schema(_DOCUMENTS)

_QUARANTINE: list[tuple[str, pa.DataType]] = [
    ("id", pa.string()),
    ("file_path", pa.string()),
    ("code", pa.string()),
    ("message", pa.string()),
    ("where", pa.string()),
    ("line", pa.int32()),
    ("raw", pa.binary()),
    ("chunk", pa.int32()),
    ("chunks", pa.int32()),
    ("raw_sha256", pa.string()),
    ("size", pa.int64()),
    ("url", pa.string()),
    ("title", pa.string()),
    ("source", pa.string()),
    ("license", pa.string()),
    ("language", pa.string()),
    ("encoding", pa.string()),
    ("date", _MOMENT),
    ("fetched_at", _MOMENT),
    ("metadata", _MAP),
    ("tool_version", pa.string()),
    ("quarantined_at", _MOMENT),
    ("record_sha256", pa.string()),
]
QUARANTINE: pa.Schema = pa.schema(_QUARANTINE)

#: Columns that no row may leave null. Arrow and Delta call every column
#: nullable, so that a later version may add columns; writer and ``validate``
#: hold these instead.
REQUIRED: dict[str, frozenset[str]] = {
    "documents": frozenset(DOCUMENTS.names)
    - {"raw", "url", "title", "source", "license", "language", "language_score", "extractor"}
    - {"date", "fetched_at"}
    - {"minhash", "near_duplicate_of", "near_duplicate_similarity"},
    "quarantine": frozenset(
        {"id", "file_path", "code", "message", "chunk", "chunks", "metadata"}
        | {"tool_version", "quarantined_at", "record_sha256"}
    ),
}

#: What each column holds, for people and for the JSON Schema.
MEANINGS: dict[str, str] = {
    "id": "Names the document in every version of the archive.",
    "revision": "1 for the first, one more for each later state of the same document.",
    "text": "The clean text.",
    "edits": "What cleaning changed, in code points of the raw text, half open, sorted by start.",
    "dropped": "How many edits each rule made.",
    "facts": "Key/value pairs saved from infoboxes; a key met twice holds one value a line.",
    "metadata": "Every further column of the index, and metadata found inside the page.",
    "raw": "The bytes as received; null in documents where the other columns rebuild them.",
    "raw_sha256": "The digest of the bytes as received.",
    "text_sha256": "The digest of the clean text's UTF-8 bytes.",
    "source_sha256": "The digest of received bytes and provenance together.",
    "record_sha256": "The digest of all other columns as canonical JSON.",
    "url": "Where the source was fetched from.",
    "title": "The title.",
    "source": "Who published it.",
    "license": "Under what licence it may be used.",
    "language": "The language of the text, as a BCP 47 tag.",
    "language_score": "How sure the detection of the language is, from 0 to 1; null if stated.",
    "media_type": "text/plain or text/html.",
    "encoding": "The codec the received bytes are in.",
    "newline": "The line end the received text had: lf, crlf or cr.",
    "encoding_evidence": "Why this encoding was taken.",
    "extractor": "Program and version that took the text out of a page.",
    "file_path": "Where the bytes came from, with forward slashes.",
    "ruleset": "The digest of the rules that cleaned it; see data/rulesets.",
    "profile": "How much was cleaned: safe, standard or strict.",
    "tool_version": "Version of the program that wrote the row.",
    "date": "When it was published.",
    "fetched_at": "When it was fetched.",
    "ingested_at": "When it came into the archive.",
    "minhash": "The MinHash signature of the text; empty without words, null if not asked for.",
    "near_duplicate_of": "The sha256 of the id of the nearest earlier document; empty: none near.",
    "near_duplicate_similarity": "How much the two have in common, from 0.8 to 1; 0: none is near.",
    "code": "The finding's code, of the catalogue of findings.",
    "message": "What was found.",
    "where": "The file the finding is about.",
    "line": "The line of that file, where one is known.",
    "chunk": "Which piece of the bytes this row holds, from 0.",
    "chunks": "How many pieces the bytes are kept in.",
    "size": "How many bytes were received, over all pieces.",
    "quarantined_at": "When it was put aside.",
}


def table_schema(table: str) -> pa.Schema:
    """The schema of ``documents`` or ``quarantine``. Raises: KeyError for other names."""
    return {"documents": DOCUMENTS, "quarantine": QUARANTINE}[table]
