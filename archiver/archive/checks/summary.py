"""The summary of the log, against the log itself."""

from __future__ import annotations

from collections.abc import Sequence

from archiver.archive.checks.check import Check
from archiver.archive.log.entry import Entry
from archiver.archive.log.history import LINE_ERRORS, History
from archiver.archive.log.summary import encode, read_line, read_summary, summary_path


def check_summaries(check: Check) -> None:
    """E123 where a summary tells another story than the log, W111 where it is unusable.

    One that is not there is no finding: readers go by the log then. Of a damaged
    log nothing more is said here.
    """
    for table, entries in check.entries.items():
        if entries and [entry.version for entry in entries] == list(range(len(entries))):
            _check(check, table, entries)


def _check(check: Check, table: str, entries: Sequence[Entry]) -> None:
    named = entries[-1].info.get("summary")
    if named is None:
        return
    where = summary_path(table, named["sha256"])
    try:
        found = read_summary(check.root, table, entries[-1])
        lines = found.old.text().split(b"\n")[:-1] if isinstance(found, History) else ()
        for version, line in enumerate(lines):
            read_line(version, line)
    except FileNotFoundError:
        return
    except (*LINE_ERRORS, OSError) as problem:
        check.add("W111", "chain", where, str(problem)[:300])
        return
    if encode(found) != encode(entries[: len(found)]):
        check.add("E123", "chain", where, "it is not what the log's entries say")
