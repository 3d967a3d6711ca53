"""Schema versions: which columns a part, an archive and this program have.

A newer schema version adds columns at the end, and each may be null. A part has
the columns of the oldest version that holds all its values, so an archive keeps
its columns until ``upgrade`` gives it more.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any

import pyarrow as pa

from archiver.archive.log.entry import Entry
from archiver.archive.log.history import latest_with
from archiver.archive.rows.columns import SCHEMA_VERSION, TABLES, WIDTHS, table_schema
from archiver.errors import NewerArchiveError


def schema_at(table: str, version: int) -> pa.Schema:
    """A table's schema in a version of the schema. Raises: KeyError for one that is not known."""
    return pa.schema(list(islice(table_schema(table), WIDTHS[version][table])))


def versions_with(table: str, names: Sequence[str]) -> list[int]:
    """The schema versions in which a table has just these columns, in this order."""
    return [version for version in sorted(WIDTHS) if schema_at(table, version).names == list(names)]


def is_known(table: str, found: pa.Schema) -> bool:
    """Whether a file's columns are those of the table, in this schema version or an older one."""
    return any(
        schema_at(table, version).types == found.types
        for version in versions_with(table, found.names)
    )


def fill(found: pa.Table, columns: Sequence[str], had: Sequence[str]) -> pa.Table:
    """A part's columns, with null for those that came after it was written.

    columns: the columns asked for. had: all that the part has.
    Where the part is of no known schema version it is given back as it is.
    """
    missing = [name for name in columns if name not in had]
    if not missing:
        return found
    tables = [table for table in TABLES if versions_with(table, had)]
    schemas = [table_schema(table) for table in tables]
    fits = [schema for schema in schemas if set(missing) <= set(schema.names)]
    if not fits:
        return found
    for name in missing:
        field = fits[0].field(name)
        found = found.append_column(field, pa.nulls(found.num_rows, field.type))
    return found.select(list(columns))


def narrow(table: str, batch: pa.RecordBatch) -> pa.RecordBatch:
    """A batch without the newer columns that hold nothing: as the oldest version has it."""
    return batch.select(schema_at(table, least_version(table, batch)).names)


def least_version(table: str, batch: pa.RecordBatch) -> int:
    """The oldest schema version that holds all values of a batch."""
    for version in sorted(WIDTHS):
        rest = batch.schema.names[WIDTHS[version][table] :]
        if all(batch.column(name).null_count == batch.num_rows for name in rest):
            return version
    return SCHEMA_VERSION


def schema_in_force(entries: Sequence[Entry]) -> int:
    """The schema version of a table after these entries: creation or the last upgrade says so.

    Raises: NewerArchiveError where this program does not know it.
    """
    named = (entry.info.get("schema") for entry in latest_with(entries, "schema"))
    found: Any = next((version for version in named if version is not None), 1)
    version = int(found)
    if version > SCHEMA_VERSION:
        raise NewerArchiveError(
            f"the archive has columns of schema version {version}; "
            f"this program knows {SCHEMA_VERSION}"
        )
    return version
