"""Parts whose log entry is lost: named by their digest, they still prove themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from archiver.archive.bag.tags import payload_lines
from archiver.archive.checks.check import Check
from archiver.archive.files.disk import regular_size
from archiver.archive.files.mounts import need
from archiver.archive.log.chain import LOG_FOLDER
from archiver.archive.log.entry import Part, entry_name, part_path
from archiver.archive.log.marks import id_marks
from archiver.archive.read.parts import PARQUET_ERRORS, check_group, footer_sha256, open_part
from archiver.archive.rows.columns import TABLES

#: What says that an entry is lost.
_HOLES = frozenset({"E101", "E102", "E103", "E104"})

_ENTRY = re.compile(r".*/[0-9]{20}\.json")
_PART_NAME = re.compile(r"([0-9a-f]{64})\.parquet")


def log_has_holes(check: Check, table: str) -> bool:
    """Whether entries of a table are missing, unreadable or doubtful; after the check of the chain.

    The newest entries have no later one that could miss them: the manifest does.
    """
    log = f"{TABLES[table]}/{LOG_FOLDER}"
    if any(item.code in _HOLES and item.where.startswith(log) for item in check.findings):
        return True
    entries = check.entries[table]
    newest = entry_name(entries[-1].version if entries else 0)
    listed = (path for path in payload_lines(check.root) if path.startswith(f"{log}/"))
    return any(_ENTRY.fullmatch(path) and path.rpartition("/")[2] > newest for path in listed)


def orphan_parts(check: Check, table: str) -> Iterator[tuple[Part, list[str]]]:
    """Parts of a table that only a lost entry can have named, and the ids in each.

    Yields nothing where the log is whole: there a part that no entry names is
    an interrupted run's. One whose bytes do not give its name is left out.
    """
    if not log_has_holes(check, table):
        return
    folder = check.root / TABLES[table]
    named = {part.path for entry in check.entries[table] for part in entry.added}
    named.update(path for entry in check.entries[table] for path in entry.removed)
    for path in sorted(folder.glob("parts/*/*.parquet")):
        match = _PART_NAME.fullmatch(path.name)
        if match is None or path.is_symlink() or part_path(match[1]) in named:
            continue
        found = _read(check, f"{TABLES[table]}/{part_path(match[1])}", path, match[1])
        if found is not None:
            yield found


def _read(check: Check, where: str, path: Path, digest: str) -> tuple[Part, list[str]] | None:
    try:
        if check.digest(where) != digest:
            return None
        size = regular_size(path)
        need(path)
        with path.open("rb") as stream:
            footer = footer_sha256(stream, size)
        ids: list[str] = []
        with open_part(path, footer) as file:
            for index in range(file.num_row_groups):
                check_group(file, index, ["id"])
                group = file.read_row_group(index, columns=["id"], use_threads=False)
                ids += (str(id_) for id_ in group.column("id").to_pylist())
            rows = file.metadata.num_rows
    except PARQUET_ERRORS:
        return None
    return Part(part_path(digest), digest, footer, size, rows, marks=id_marks(ids)), ids
