"""How much of an archive a validation covered, and the event that tells it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from archiver.archive.checks.check import Check
from archiver.archive.checks.fixity import CHECK, Level
from archiver.archive.checks.plan import Clock, History, Scope
from archiver.archive.log.entry import Entry, Head, Part
from archiver.archive.rows.columns import TABLES
from archiver.digest import sha256_text, timestamp

#: Stretches of parts that an event names. What is checked beyond them counts as
#: unchecked; of damaged ones the last stretch is widened.
MAX_CHECKED_RANGES = 3_000
MAX_DAMAGED_RANGES = 1_000

#: Documents hit that an event names; the number of all stands beside them.
MAX_DOCUMENTS = 1_000


@dataclass(frozen=True, slots=True)
class Coverage:
    """Parts of the newest version: all, those due in this run, those checked in it.

    ``damaged`` counts those known to be so, from this run or before.
    ``oldest_seconds`` is the age of the check that is longest ago, counted from
    the commit where a part was never checked; None where no clock was given.
    """

    parts: int = 0
    due: int = 0
    checked: int = 0
    damaged: int = 0
    oldest_seconds: float | None = None

    @property
    def is_complete(self) -> bool:
        """Whether all that was due was checked."""
        return self.checked >= self.due

    @property
    def is_everything(self) -> bool:
        """Whether every part was checked."""
        return self.checked >= self.parts


@dataclass(frozen=True, slots=True)
class Holdings:
    """What the log says the newest version holds."""

    version: int | None = None
    parts: int = 0
    bytes: int = 0
    documents: int = 0
    revisions: int = 0
    quarantined: int = 0


def holdings(
    parts: Sequence[tuple[str, int, Part]], entries: Mapping[str, Sequence[Entry]]
) -> Holdings:
    """Sums over the log; no part is read."""
    log = entries.get("documents", ())
    counts = [entry.info.get("counts", {}) for entry in log]
    rows = {name: sum(part.rows for table, _, part in parts if table == name) for name in TABLES}
    return Holdings(
        version=log[-1].version if log else None,
        parts=len(parts),
        bytes=sum(part.bytes for _, _, part in parts),
        documents=sum(item.get("added", 0) - item.get("taken_down", 0) for item in counts),
        revisions=rows["documents"],
        quarantined=rows["quarantine"],
    )


def measure(
    check: Check,
    parts: Sequence[tuple[str, int, Part]],
    history: History,
    *,
    due: int,
    checked: Collection[str],
    clock: Clock | None,
) -> Coverage:
    """What was reached. checked: digests of the parts that were."""
    hurt = harmed_parts(check, parts) | (history.damaged - set(checked))
    oldest = None
    if clock is not None:
        committed = {
            (table, entry.version): _moment(entry)
            for table, log in check.entries.items()
            for entry in log
        }
        times = [
            clock.started_at
            if part.sha256 in checked
            else history.checked.get(part.sha256) or committed.get((table, version))
            for table, version, part in parts
        ]
        known = [time for time in times if time is not None]
        ages = [(clock.now() - time).total_seconds() for time in known]
        oldest = max(0.0, *ages) if ages else 0.0
    return Coverage(len(parts), due, len(checked), len(hurt), oldest)


def _moment(entry: Entry) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(entry.info.get("committed_at")))
    except ValueError:
        return None
    return found if found.tzinfo is not None else None


def harmed_parts(check: Check, parts: Sequence[tuple[str, int, Part]]) -> set[str]:
    """Digests of the parts that have an error."""
    return {
        part.sha256 for table, _, part in parts if f"{TABLES[table]}/{part.path}" in check.harmed
    }


def event_body(
    check: Check,
    parts: Sequence[tuple[str, int, Part]],
    *,
    checked: Collection[str],
    due: int,
    level: Level,
    scope: Scope,
    clock: Clock,
    tool: str,
    head: Head | None,
) -> dict[str, Any]:
    """What a fixity event tells, but for its place in the chain.

    Where the chain of the archive is broken, no part counts as checked: which
    parts there are is not sure. Documents are named by the digest of their id.
    """
    tally = check.tally()
    universe = sorted(part.sha256 for _, _, part in parts)
    hurt = harmed_parts(check, parts)
    hit = sorted({name for found in check.findings if found.is_error for name in found.documents})
    failed = any(code.startswith("E") for code in tally)
    is_whole = len(checked) >= due
    return {
        "type": CHECK,
        "outcome": "fail" if failed else "pass" if is_whole else "partial",
        "started_at": timestamp(clock.started_at),
        "ended_at": timestamp(clock.now()),
        "tool": tool,
        "scope": {
            "level": level,
            "subset": None if scope.subset is None else "{}/{}".format(*scope.subset),
            "max_age_seconds": _seconds(scope.max_age),
            "max_duration_seconds": _seconds(scope.max_duration),
        },
        "head": None if head is None else str(head),
        "parts": _checked_ranges(check, set(checked), universe),
        "counts": {
            "parts": len(parts),
            "parts_due": due,
            "parts_checked": len(checked),
            "bytes_checked": check.counts.bytes,
            "documents_checked": check.counts.documents,
        },
        "findings": tally,
        "damaged": {
            "parts": _damaged_ranges(hurt, universe),
            "documents": len(hit),
            "document_sha256": [_name(id_) for id_ in hit[:MAX_DOCUMENTS]],
        },
    }


def _checked_ranges(check: Check, checked: set[str], universe: list[str]) -> str | list[list[str]]:
    log_errors = {"E101", "E102", "E103", "E104"} & check.tally().keys()
    if log_errors or not universe:
        return []
    if len(checked) >= len(universe):
        return "all"
    return [list(pair) for pair in islice(joined(checked, universe), MAX_CHECKED_RANGES)]


def _damaged_ranges(hurt: set[str], universe: list[str]) -> list[list[str]]:
    found = [list(pair) for pair in joined(hurt, universe)]
    if len(found) > MAX_DAMAGED_RANGES:
        found[MAX_DAMAGED_RANGES - 1 :] = [[found[MAX_DAMAGED_RANGES - 1][0], found[-1][1]]]
    return found


def joined(wanted: set[str], known: list[str]) -> Iterator[tuple[str, str]]:
    """The ranges that hold the digests wanted and no other that is known. known: sorted."""
    first = last = ""
    for digest in known:
        if digest in wanted:
            first, last = first or digest, digest
        elif first:
            yield first, last
            first = ""
    if first:
        yield first, last


def _name(id_: str) -> str:
    """The digest of an id; what a hostile record calls one may not be UTF-8."""
    return sha256_text(id_.encode("utf-8", "backslashreplace").decode("utf-8"))


def _seconds(span: timedelta | None) -> float | None:
    return None if span is None else span.total_seconds()
