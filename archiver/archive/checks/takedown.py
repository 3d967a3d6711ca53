"""Take-downs in the layers ``chain`` and ``files``: ended, and nothing else removed by them."""

from __future__ import annotations

import os

from archiver.archive.checks.check import Check
from archiver.archive.log.chain import LOG_FOLDER, removed_parts
from archiver.archive.log.entry import Entry, Part, entry_name
from archiver.archive.log.marks import MARK, each_mark
from archiver.archive.log.taken import unfinished
from archiver.archive.rows.columns import TABLES


def check_takedowns(check: Check) -> None:
    """W110: begun and not ended, or its files are there. E104: it removes other documents."""
    for table, folder in TABLES.items():
        entries = check.entries.get(table, [])
        told = unfinished(entries)
        if told is not None:
            where = f"{folder}/{LOG_FOLDER}/{entry_name(entries[-1].version)}"
            check.add("W110", "chain", where, f"a take-down is not finished: {told['reason']}")
        for path in sorted(removed_parts(entries)):
            if os.path.lexists(check.root / folder / path):
                words = "a take-down removed this part, and it is there"
                check.add("W110", "files", f"{folder}/{path}", words)
    _check_removed(check)


def _check_removed(check: Check) -> None:
    """What is left of a part must be all of it but the documents named."""
    folder = f"{TABLES['documents']}/{LOG_FOLDER}"
    parts: dict[str, Part] = {}
    for entry in check.entries.get("documents", []):
        parts |= {part.path: part for part in entry.added}
        for removed, stand_in in sorted(entry.replaced.items()):
            old, new = parts.get(removed), parts.get(stand_in or "")
            if old is not None and old.marks is not None and not _is_fair(entry, old, new):
                words = f"entry {entry.version} removes other documents than its take-down names"
                check.add("E104", "chain", f"{folder}/{entry_name(entry.version)}", words)


def _is_fair(entry: Entry, old: Part, new: Part | None) -> bool:
    named = {digest[:MARK] for digest in entry.info["takedown"]["ids"]}
    before = each_mark(old.marks or "")
    after = each_mark((new.marks if new is not None else "") or "")
    return before - after <= named and after <= before
