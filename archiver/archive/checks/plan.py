"""What a validation checks, and in which order, by what the log of fixity checks says."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import chain, groupby, zip_longest

from archiver.archive.checks.fixity import Event, FixityLog, Ranges
from archiver.archive.log.chain import files_came, live_parts
from archiver.archive.log.entry import Entry, Head, Part
from archiver.archive.rows.columns import TABLES

#: The next run may come later than the last did: timers are spread, machines are
#: off. A part is due where it would be too old after this many intervals more.
_MARGIN = 1.25

#: Parts checked together: (table, part).
Unit = tuple[tuple[str, Part], ...]


@dataclass(frozen=True, slots=True)
class Scope:
    """What of an archive is checked. The default is everything.

    ``subset`` (k, n) is the k-th of n shares of the parts, by digest: runs with k
    from 1 to n cover all. ``max_age``: parts not checked for so long, or so long
    before the next run. ``max_duration``: no part is begun after it.
    """

    subset: tuple[int, int] | None = None
    max_age: timedelta | None = None
    max_duration: timedelta | None = None

    @property
    def is_ordered(self) -> bool:
        """Whether the parts longest unchecked come first, so that a stopped run goes on."""
        return self.max_age is not None or self.max_duration is not None


@dataclass(frozen=True, slots=True)
class Clock:
    """When a run began, and a function that gives the seconds since then."""

    started_at: datetime
    elapsed: Callable[[], float]

    def now(self) -> datetime:
        """The moment it is."""
        return self.started_at + timedelta(seconds=self.elapsed())


@dataclass(slots=True)
class History:
    """What is known of the parts of an archive: digest -> (table, version it came in).

    ``checked`` is when each was last checked well enough; ``damaged`` those that
    no check since has found sound.
    """

    came: dict[str, tuple[str, int]]
    checked: dict[str, datetime] = field(default_factory=dict)
    damaged: set[str] = field(default_factory=set)


def all_parts(entries: Mapping[str, Sequence[Entry]]) -> list[tuple[str, int, Part]]:
    """(table, version it came in, part) of the newest version, in the order of the log."""
    return [
        (table, version, part)
        for table in TABLES
        for version, part in live_parts(entries.get(table, ())).values()
    ]


def remember(
    parts: Sequence[tuple[str, int, Part]],
    entries: Mapping[str, Sequence[Entry]],
    log: FixityLog,
    *,
    level: int,
    now: datetime,
) -> History:
    """What the events say of the parts.

    level: a check of a lower one does not count. An event counts where its head
    is in this archive's chain, and for parts that had come by then; times to
    come are not believed. Cost: O(events + parts), and a look at each event.
    """
    filed = {table: files_came(entries.get(table, ())) for table in TABLES}
    history = History({part.sha256: (table, filed[table][part.path]) for table, _, part in parts})
    versions = _versions(entries)
    trusted = log.events[len(log.events) - log.trusted :] if log.trusted else ()
    open_ = sorted(history.came)
    for event in reversed(trusted):
        if not event.is_check or event.level < level or event.started_at > now:
            continue
        if hits := list(_covered(event, open_, history.came, versions)):
            history.checked.update(dict.fromkeys(hits, event.started_at))
            open_ = [digest for digest in open_ if digest not in history.checked]
        if not open_:
            break
    history.damaged = set(_damaged(log, history.came, versions))
    return history


def _versions(entries: Mapping[str, Sequence[Entry]]) -> dict[Head, dict[str, int]]:
    """What each head stands for: table -> newest version."""
    return {
        entry.head: {
            "documents": entry.version,
            "quarantine": -1 if entry.bound is None else entry.bound.version,
        }
        for entry in entries.get("documents", ())
    }


def _within(ranges: Ranges | None, digests: Sequence[str]) -> Iterator[str]:
    """The digests in the ranges. digests: sorted."""
    if ranges is None:
        yield from digests
        return
    for first, last in ranges:
        yield from digests[bisect_left(digests, first) : bisect_right(digests, last)]


def _covered(
    event: Event,
    digests: Sequence[str],
    came: Mapping[str, tuple[str, int]],
    versions: Mapping[Head, Mapping[str, int]],
) -> Iterator[str]:
    """Those of the digests (sorted) that the event checked."""
    upto = versions.get(event.head) if event.head else None
    if upto is not None:
        for digest in _within(event.checked, digests):
            table, version = came[digest]
            if version <= upto[table]:
                yield digest


def _damaged(
    log: FixityLog,
    came: Mapping[str, tuple[str, int]],
    versions: Mapping[Head, Mapping[str, int]],
) -> dict[str, int]:
    """Digest -> the level that found it damaged; a check of that level clears it."""
    hurt: dict[str, int] = {}
    known = sorted(came)
    for index, event in enumerate(log.events):
        if not event.is_check:
            continue
        if hurt and index >= len(log.events) - log.trusted:
            for digest in list(_covered(event, sorted(hurt), came, versions)):
                if event.level >= hurt[digest]:
                    del hurt[digest]
        upto = versions.get(event.head) if event.head else None
        for digest in _within(event.damaged, known):
            table, version = came[digest]
            if upto is not None and version > upto[table]:
                continue  # it came later, and lies between two that were damaged
            hurt[digest] = max(event.level, hurt.get(digest, 0))
    return hurt


def choose(
    parts: Sequence[tuple[str, int, Part]],
    history: History,
    scope: Scope,
    *,
    now: datetime | None = None,
    interval: timedelta = timedelta(),
) -> list[Unit]:
    """The parts to check, in their order, as units that are not to be torn apart.

    now: needed for an order by age. interval: time between this run and the one
    before. Damaged parts and those longest unchecked take turns, so that neither
    keeps the other waiting.
    """
    units = [unit for unit in _units(parts) if _in_share(unit, scope.subset)]
    if not scope.is_ordered or now is None:
        return units
    never = datetime.min.replace(tzinfo=UTC)
    keyed = [
        (
            any(part.sha256 in history.damaged for _, part in unit),
            min(history.checked.get(part.sha256, never) for _, part in unit),
            unit[0][1].sha256,
            unit,
        )
        for unit in units
    ]
    if scope.max_age is not None:
        limit = scope.max_age - min(interval * _MARGIN, scope.max_age / 2)
        keyed = [item for item in keyed if item[0] or now - item[1] >= limit]
    keyed.sort(key=lambda item: item[1:3])
    hurt = (unit for is_hurt, _, _, unit in keyed if is_hurt)
    rest = (unit for is_hurt, _, _, unit in keyed if not is_hurt)
    turns = chain.from_iterable(zip_longest(hurt, rest))
    return [unit for unit in turns if unit is not None]


def interval_before(log: FixityLog, now: datetime) -> timedelta:
    """The time since the last run with a greatest age; none where there was no such run."""
    for event in reversed(log.events):
        if event.is_check and event.has_age and event.started_at <= now:
            return now - event.started_at
    return timedelta()


def _units(parts: Sequence[tuple[str, int, Part]]) -> list[Unit]:
    """Each part alone; of the quarantine those of one version, as large sources span parts."""
    keyed = groupby(
        enumerate(parts),
        key=lambda item: item[1][:2] if item[1][0] == "quarantine" else item[0],
    )
    return [tuple((table, part) for _, (table, _, part) in group) for _, group in keyed]


def _in_share(unit: Unit, subset: tuple[int, int] | None) -> bool:
    """Whether a unit is in the k-th of n equal stretches of all digests."""
    if subset is None:
        return True
    number, shares = subset
    return int(unit[0][1].sha256[:16], 16) * shares >> 64 == number - 1
