"""The actions that a commit writes into the log, and their bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from archiver.archive.log.entry import Part
from archiver.archive.rows.columns import FORMAT_VERSION
from archiver.digest import timestamp


def add_action(part: Part, moment_ms: int) -> dict[str, Any]:
    """The Delta action that makes a part visible.

    Without min and max of the id, which a take-down could not remove; other
    readers find those in the part's footer. Empty ones will not do: delta-rs takes
    them for nulls, and finds no row by its id.
    """
    stats: dict[str, Any] = {"numRecords": part.rows}
    return {
        "add": {
            "path": part.path,
            "partitionValues": {},
            "size": part.bytes,
            "modificationTime": moment_ms,
            "dataChange": True,
            "stats": json.dumps(stats, ensure_ascii=False, separators=(",", ":")),
        }
    }


def encode_entry(actions: Sequence[Mapping[str, Any]]) -> bytes:
    """The bytes of an entry: one action a line."""
    lines = (json.dumps(item, ensure_ascii=False, separators=(",", ":")) for item in actions)
    return "".join(f"{line}\n" for line in lines).encode("utf-8")


def file_facts(parts: Sequence[Part]) -> dict[str, dict[str, str | int | None]]:
    """What the archiver's own info keeps of each part, by path."""
    return {
        part.path: {
            "sha256": part.sha256,
            "footer": part.footer,
            "bytes": part.bytes,
            "rows": part.rows,
            "marks": part.marks,
        }
        for part in parts
    }


def commit_info(
    operation: str, moment: datetime, tool: str, known: Mapping[str, Any]
) -> dict[str, Any]:
    """Who committed when, and ``known``: what the chain and ``versions`` need."""
    return {
        "commitInfo": {
            "timestamp": milliseconds(moment),
            "operation": operation,
            "operationParameters": {"mode": "Append"} if operation == "WRITE" else {},
            "engineInfo": tool,
            "archiver": {
                "format": FORMAT_VERSION,
                "committed_at": timestamp(moment),
                "tool": tool,
                **known,
            },
        }
    }


def milliseconds(moment: datetime) -> int:
    """A moment as Delta writes it."""
    return int(moment.astimezone(UTC).timestamp() * 1000)
