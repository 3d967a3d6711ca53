"""The layer ``delta``: do other Delta readers see what our log says?"""

from __future__ import annotations

from pathlib import Path

from archiver.archive.checks.check import MAX_UNPROMISED_BYTES, Check
from archiver.archive.files.disk import regular_size
from archiver.archive.log.chain import LOG_FOLDER, MAX_ENTRY_BYTES, live_parts
from archiver.archive.log.delta import LAST_CHECKPOINT, ViewError, visible_parts
from archiver.archive.log.plain_place import NoPlaceError
from archiver.archive.rows.columns import TABLES

#: ``_last_checkpoint`` is one line of JSON.
_MAX_POINTER_BYTES = 1 << 20


def check_delta(check: Check) -> None:
    """E116: delta-rs, checkpoint included, must show the parts of the replayed log.

    W113 where that cannot be looked at here.
    """
    for table, folder in TABLES.items():
        log = f"{folder}/{LOG_FOLDER}"
        if any(
            path.startswith(log) and path.endswith((LOG_FOLDER, ".json")) for path in check.reported
        ) or not check.entries.get(table):
            continue  # the log itself is damaged, which is reported
        entries = check.entries[table]
        odd_file = _unfit_for_delta(check.root / log)
        if odd_file is not None:
            words = "it is no plain file of a size that Delta writes; the table was not opened"
            check.add("E116", "delta", f"{log}/{odd_file}", words)
            continue
        try:
            version, shown = visible_parts(check.root / folder)
        except NoPlaceError as problem:
            words = f"delta-rs cannot open a table whose path has such characters; {problem}"
            check.add("W113", "delta", log, words)
            continue
        except ViewError as problem:
            check.add("E116", "delta", log, f"Delta readers cannot open the table: {problem}")
            continue
        wanted = live_parts(entries)
        if version != entries[-1].version:
            words = f"Delta readers see version {version}, the log ends at {entries[-1].version}"
            check.add("E116", "delta", log, words)
        elif shown != wanted.keys():
            odd = sorted(shown ^ wanted.keys())
            rows = sum(wanted[path][1].rows for path in odd if path in wanted)
            words = f"{len(odd)} parts differ, {rows} rows of the log among them: {odd[0][:200]}"
            check.add("E116", "delta", log, words)


def _unfit_for_delta(log: Path) -> str | None:
    """A file of a log that delta-rs must not meet: it reads all it finds, whatever the size."""
    for name in sorted(item.name for item in log.iterdir()):
        limit = _MAX_POINTER_BYTES if name == LAST_CHECKPOINT else MAX_UNPROMISED_BYTES
        if name.endswith(".json"):
            limit = MAX_ENTRY_BYTES
        try:
            if not (log / name).is_dir() and regular_size(log / name) > limit:
                return name
        except OSError:
            return name
    return None
