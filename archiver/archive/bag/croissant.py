"""``croissant.json``: the archive described for machine learning (Croissant 1.0, schema.org).

Made anew at each seal from the schema, the log and the parts, so that the same
archive always gives the same bytes. Paths in it count from the archive's folder.
Spec: https://docs.mlcommons.org/croissant/docs/croissant-spec.html
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa

from archiver.archive.bag.about import DESCRIPTION, IDENTIFIER, ORGANIZATION, about
from archiver.archive.log.entry import Entry
from archiver.archive.log.history import total_counts
from archiver.archive.log.widths import schema_at
from archiver.archive.rows.columns import MEANINGS, TABLES

NAME = "croissant.json"

#: The schema version whose columns are described: parts lack later ones that hold nothing.
_IN_EVERY_PART = 1

_CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    **{
        name: f"cr:{name}"
        for name in (
            *("citeAs", "column", "equivalentProperty", "extract", "field", "fileObject"),
            *("fileProperty", "fileSet", "format", "includes", "isLiveDataset", "jsonPath"),
            *("key", "md5", "parentField", "path", "recordSet", "references", "regex"),
            *("repeated", "replace", "samplingRate", "separator", "source", "subField"),
            "transform",
        )
    },
}

_TYPES: dict[pa.DataType, str] = {
    pa.string(): "sc:Text",
    pa.int32(): "sc:Integer",
    pa.int64(): "sc:Integer",
    pa.float64(): "sc:Float",
    pa.binary(): "sc:Text",
    pa.timestamp("us", "UTC"): "sc:DateTime",
}

_PARTS = "documents-parts"


def croissant(
    logs: Mapping[str, Sequence[Entry]],
    found: Mapping[str, Sequence[str]],
    manifest_sha256: str,
) -> bytes:
    """The file's bytes.

    logs: table -> its entries. found: ``license``, ``source`` and ``language``
    -> the values that documents have. manifest_sha256: of the bag's manifest,
    whose lines stand for every file.
    """
    entries = logs["documents"]
    own = about(entries)
    whole: dict[str, Any] = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": "text-archive",
        "description": own.get(DESCRIPTION) or _description(entries, found),
        "version": f"{entries[-1].version}.0.0",
        "dateCreated": _day(entries[0]),
        "dateModified": _day(entries[-1]),
        "datePublished": _day(entries[-1]),
        "distribution": _distribution(manifest_sha256),
        "recordSet": [
            {
                "@type": "cr:RecordSet",
                "@id": "documents",
                "name": "documents",
                "description": "One row a revision of a document: the highest is its newest state.",
                "field": [_field(field) for field in schema_at("documents", _IN_EVERY_PART)],
            }
        ],
        **_known(own, found),
    }
    text = json.dumps(whole, ensure_ascii=False, separators=(",", ":"))
    return f"{text}\n".encode()


def _distribution(manifest_sha256: str) -> list[dict[str, Any]]:
    return [
        {
            "@type": "cr:FileObject",
            "@id": "manifest",
            "name": "manifest",
            "description": "The SHA-256 of every file: sha256sum -c manifest-sha256.txt",
            "contentUrl": "manifest-sha256.txt",
            "encodingFormat": "text/plain",
            "sha256": manifest_sha256,
        },
        {
            "@type": "cr:FileSet",
            "@id": _PARTS,
            "name": _PARTS,
            "description": "The Parquet files of the documents.",
            "encodingFormat": "application/x-parquet",
            "includes": f"{TABLES['documents']}/parts/*/*.parquet",
        },
    ]


def _known(own: Mapping[str, str], found: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """What only some archives know of themselves: from their documents, and from their owner."""
    known: dict[str, Any] = {}
    if found["license"]:
        known["license"] = list(found["license"])
    if found["language"]:
        known["inLanguage"] = list(found["language"])
    if found["source"]:
        known["rai:dataCollection"] = f"Sources: {'; '.join(found['source'])}"
    if own.get(ORGANIZATION):
        known["creator"] = {"@type": "Organization", "name": own[ORGANIZATION]}
    if urlsplit(own.get(IDENTIFIER, "")).scheme in {"http", "https"}:
        known["url"] = own[IDENTIFIER]
    return known


def _description(entries: Sequence[Entry], found: Mapping[str, Sequence[str]]) -> str:
    counts = Counter(total_counts(entries))
    documents = counts["added"] - counts["taken_down"]
    revisions = counts["added"] + counts["revised"] - counts["revisions_removed"]
    licenses = ", ".join(found["license"]) or "none stated"
    return (
        f"Cleaned texts with the edits that lead back to what was received: {documents} "
        f"documents in {revisions} revisions. Licences: {licenses}."
    )


def _day(entry: Entry) -> str:
    return str(entry.info.get("committed_at"))[:10]


def _field(field: pa.Field[Any]) -> dict[str, Any]:
    name = f"documents/{field.name}"
    made: dict[str, Any] = {
        "@type": "cr:Field",
        "@id": name,
        "name": name,
        "description": MEANINGS[field.name],
    }
    inner = _inner(field.type)
    if inner is None:
        return {**made, "dataType": _TYPES[field.type], "source": _source(field.name)}
    made["repeated"] = True
    made["subField"] = [
        {
            "@type": "cr:Field",
            "@id": f"{name}/{key}",
            "name": f"{name}/{key}",
            "dataType": _TYPES[kind],
            "source": {**_source(field.name), "transform": {"jsonPath": path}},
        }
        for key, kind, path in inner
    ]
    return made


def _source(column: str) -> dict[str, Any]:
    return {"fileSet": {"@id": _PARTS}, "extract": {"column": column}}


def _inner(kind: pa.DataType) -> list[tuple[str, pa.DataType, str]] | None:
    """Name, type and path of what a list of structs or a map holds; None for plain columns."""
    if isinstance(kind, pa.MapType):
        return [("key", kind.key_type, "[0]"), ("value", kind.item_type, "[1]")]
    if isinstance(kind, pa.ListType):
        return [(item.name, item.type, item.name) for item in kind.value_type.fields]
    return None
