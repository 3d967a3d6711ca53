"""The two tables' schemas in the forms others read: JSON Schema and Arrow as JSON.

The repository's ``schemas/`` holds what ``write_schemas`` writes.
"""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa

from archiver.archive.rows.columns import (
    DOCUMENTS,
    MEANINGS,
    QUARANTINE,
    REQUIRED,
    SCHEMA_VERSION,
    TABLES,
    table_schema,
)
from archiver.archive.rows.records import quarantine_from_rows, record_sha256, records_from_rows
from archiver.digest import Json

__all__ = [
    "DOCUMENTS",
    "QUARANTINE",
    "SCHEMA_VERSION",
    "arrow_schema_json",
    "json_schema",
    "quarantine_from_rows",
    "record_sha256",
    "records_from_rows",
    "write_schemas",
]

_DIGESTS = frozenset({"raw_sha256", "text_sha256", "source_sha256", "record_sha256", "ruleset"})
_PLAIN_TYPES: dict[pa.DataType, dict[str, Json]] = {
    pa.string(): {"type": "string"},
    pa.int32(): {"type": "integer"},
    pa.int64(): {"type": "integer"},
    pa.float64(): {"type": "number"},
    pa.binary(): {"type": "string", "contentEncoding": "base64"},
    pa.timestamp("us", "UTC"): {"type": "string", "format": "date-time"},
}
_VALUES = {
    "newline": ["lf", "crlf", "cr"],
    "profile": ["safe", "standard", "strict"],
}


def json_schema(table: str = "documents") -> dict[str, Json]:
    """The JSON Schema (2020-12) of a row written as JSON.

    Moments are RFC 3339 text, bytes are Base64, maps are objects.
    Raises: KeyError for a table that does not exist.
    """
    schema = table_schema(table)
    properties: dict[str, Json] = {}
    for field in schema:
        kind = _json_type(field.type)
        if field.name in _DIGESTS:
            kind["pattern"] = "^[0-9a-f]{64}$"
        if field.name in _VALUES:
            kind["enum"] = list[Json](_VALUES[field.name])
        if field.name not in REQUIRED[table]:
            kind["type"] = [kind["type"], "null"]
        properties[field.name] = {"description": MEANINGS[field.name], **kind}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"archiver {table}, version {SCHEMA_VERSION}",
        "type": "object",
        "properties": properties,
        "required": list[Json](schema.names),
        "additionalProperties": False,
    }


def _json_type(kind: pa.DataType) -> dict[str, Json]:
    """An Arrow type as JSON Schema has it. Raises: KeyError for one our tables do not use."""
    if isinstance(kind, pa.MapType):
        return {"type": "object", "additionalProperties": _json_type(kind.item_type)}
    if isinstance(kind, pa.ListType):
        return {"type": "array", "items": _json_type(kind.value_type)}
    if isinstance(kind, pa.StructType):
        return _json_struct(kind)
    return dict(_PLAIN_TYPES[kind])


def _json_struct(kind: pa.StructType) -> dict[str, Json]:
    properties: dict[str, Json] = {}
    for field in kind.fields:
        found = _json_type(field.type)
        if field.name == "score":  # null where no classifier decided
            found["type"] = [found["type"], "null"]
        properties[field.name] = found
    return {
        "type": "object",
        "properties": properties,
        "required": list[Json](properties),
        "additionalProperties": False,
    }


def arrow_schema_json(table: str = "documents") -> dict[str, Json]:
    """The Arrow schema: each column's name, type, meaning, and whether it may be null."""
    columns: list[Json] = [
        {
            "name": field.name,
            "type": str(field.type),
            "nullable": field.name not in REQUIRED[table],
            "description": MEANINGS[field.name],
        }
        for field in table_schema(table)
    ]
    return {"table": table, "version": SCHEMA_VERSION, "columns": columns}


def write_schemas(folder: Path) -> list[Path]:
    """Write both forms of both tables into a folder. Returns: the files. Raises: OSError."""
    written = []
    for table in TABLES:
        forms = {"schema": json_schema(table), "arrow": arrow_schema_json(table)}
        for form, value in sorted(forms.items()):
            path = folder / f"{table}-{SCHEMA_VERSION}.{form}.json"
            text = json.dumps(value, indent=2, ensure_ascii=False) + "\n"
            path.write_bytes(text.encode("utf-8"))
            written.append(path)
    return written
