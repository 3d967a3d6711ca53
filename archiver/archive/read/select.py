"""Choosing rows: the newest revision of each document, and the table of versions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from archiver.archive.log.entry import Entry, Part
from archiver.archive.read.parts import read_part
from archiver.archive.rows.columns import DOCUMENTS

#: Above this, rows are picked as slices: joining them into one column of
#: 32-bit offsets would overflow at 2 GiB.
_TAKE_BYTES = 1 << 30

_VERSIONS: list[tuple[str, pa.DataType]] = [
    ("version", pa.int64()),
    ("committed_at", pa.timestamp("us", "UTC")),
    ("sha256", pa.string()),
    ("documents_added", pa.int64()),
    ("documents_revised", pa.int64()),
    ("quarantined", pa.int64()),
    ("taken_down", pa.int64()),
    ("rows", pa.int64()),
    ("parts", pa.int64()),
    ("bytes", pa.int64()),
    ("tool", pa.string()),
    ("ruleset", pa.string()),
    ("profile", pa.string()),
    ("takedown", pa.string()),
    ("reason", pa.string()),
]
VERSIONS: pa.Schema = pa.schema(_VERSIONS)


def newest_rows(keys: Sequence[pa.Table]) -> list[tuple[int, int]]:
    """(table, row) of each id's highest revision, sorted by id.

    keys: tables with the columns id and revision.
    """
    best: dict[str, tuple[int, int, int]] = {}
    for at, table in enumerate(keys):
        for row, key in enumerate(table.to_pylist()):
            id_, revision = str(key["id"]), int(key["revision"])
            if id_ not in best or best[id_][0] < revision:
                best[id_] = (revision, at, row)
    return [best[id_][1:] for id_ in sorted(best)]


def newest_by_part(folder: Path, parts: Sequence[Part | None]) -> dict[int, pa.Array[Any]]:
    """Part -> rows of it that are their ids' highest revisions, both in their order.

    parts: None where nothing is left of one. Memory: the ids. Raises: DamageError.
    """
    best: dict[str, tuple[int, int, int]] = {}
    for at, part in enumerate(parts):
        keys = [] if part is None else read_part(folder, part, ["id", "revision"]).to_pylist()
        for row, key in enumerate(keys):
            if key["id"] not in best or best[key["id"]][0] < key["revision"]:
                best[key["id"]] = (key["revision"], at, row)
    chosen: dict[int, list[int]] = {}
    for _, at, row in best.values():
        chosen.setdefault(at, []).append(row)
    return {at: pa.array(sorted(chosen[at]), pa.int64()) for at in sorted(chosen)}


def gather(
    tables: Mapping[int, pa.Table], chosen: Sequence[tuple[int, int]], names: Sequence[str]
) -> pa.Table:
    """The chosen (table, row) pairs as one table, in their order."""
    schema = pa.schema([DOCUMENTS.field(name) for name in names])
    if not chosen:
        return schema.empty_table()
    if sum(table.nbytes for table in tables.values()) > _TAKE_BYTES:
        return pa.concat_tables([tables[at].slice(row, 1) for at, row in chosen])
    starts, total = {}, 0
    for at, table in tables.items():
        starts[at] = total
        total += table.num_rows
    joined = pa.concat_tables(tables.values())
    return joined.take(pa.array([starts[at] + row for at, row in chosen], pa.int64()))


def versions_table(entries: Sequence[Entry]) -> pa.Table:
    """The log as a table: one row a version. Raises: ValueError for a moment that is none."""
    rows = []
    for entry in entries:
        info, counts = entry.info, entry.info.get("counts", {})
        told = info.get("takedown")
        added = entry.added if told is None else ()  # what is left of a part is not new
        rows.append(
            {
                "version": entry.version,
                "committed_at": datetime.fromisoformat(info["committed_at"]),
                "sha256": entry.sha256,
                "documents_added": counts.get("added", 0),
                "documents_revised": counts.get("revised", 0),
                "quarantined": counts.get("quarantined", 0),
                "taken_down": counts.get("taken_down", 0),
                "rows": sum(part.rows for part in added),
                "parts": len(added),
                "bytes": sum(part.bytes for part in added),
                "tool": info.get("tool"),
                "ruleset": info.get("ruleset"),
                "profile": info.get("profile"),
                "takedown": None if told is None else told["step"],
                "reason": None if told is None else told["reason"],
            }
        )
    return pa.Table.from_pylist(rows, schema=VERSIONS)
