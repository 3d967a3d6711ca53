"""The parts of one validation: which are due, how far it came, and the note of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from archiver.archive.checks.check import Check, Progress
from archiver.archive.checks.coverage import Coverage, event_body, measure
from archiver.archive.checks.fixity import EVENTS, LEVELS, FixityLog, Level, append_event
from archiver.archive.checks.parts import check_parts, glance, is_there
from archiver.archive.checks.plan import (
    Clock,
    History,
    Scope,
    Unit,
    all_parts,
    choose,
    interval_before,
    remember,
)
from archiver.archive.log.entry import Head, Part
from archiver.errors import ArchiverError

#: Seconds to wait for a commit to end before an event is given up.
LOCK_SECONDS = 30.0

#: Seconds after which a long run notes how far it came: one that is killed goes on from there.
NOTE_SECONDS = 600.0


@dataclass(slots=True)
class Run:
    """One validation under way; made once the logs of the archive are read."""

    check: Check
    head: Head | None
    level: Level
    scope: Scope
    clock: Clock | None
    tool: str | None
    threads: int = 1
    parts: Sequence[tuple[str, int, Part]] = ()
    units: Sequence[Unit] = ()
    history: History = field(default_factory=lambda: History({}))
    done: int = 0
    _noted: float = 0.0

    def plan(self, log: FixityLog) -> None:
        """Choose the parts by the scope, and by what the log says of them."""
        self.parts = all_parts(self.check.entries)
        if self.clock is None:
            self.units = choose(self.parts, self.history, self.scope)
            return
        now = self.clock.started_at
        rank = LEVELS.index(self.level)
        self.history = remember(self.parts, self.check.entries, log, level=rank, now=now)
        if self.scope.is_ordered:  # what a look at its size shows to be damaged is due as well
            off = (p.sha256 for table, _, p in self.parts if not is_there(self.check, table, p))
            self.history.damaged.update(off)
        interval = interval_before(log, now)
        self.units = choose(self.parts, self.history, self.scope, now=now, interval=interval)

    def check_parts(self, progress: Progress | None) -> None:
        """Check the units; what is not reached is looked at only, and told (W104)."""
        try:
            quick = self.level == "quick"
            check_parts(
                self.check,
                self.units,
                quick=quick,
                progress=progress,
                go_on=self._goes_on,
                threads=self.threads,
            )
        except KeyboardInterrupt:
            if self.done:
                self.note(LOCK_SECONDS / 10, tell=False)
            raise
        digests = self.digests()
        rest = [(table, part) for table, _, part in self.parts if part.sha256 not in digests]
        glance(self.check, rest)
        left = self.due() - len(digests)
        if left:
            words = f"{left} of the {self.due()} parts due were not checked"
            self.check.add("W104", "files", "", words)

    def _goes_on(self, done: int) -> bool:
        self.done = done
        if self.clock is None:
            return True
        elapsed, limit = self.clock.elapsed(), self.scope.max_duration
        if limit is not None and timedelta(seconds=elapsed) >= limit:
            return False
        if elapsed - self._noted >= NOTE_SECONDS:
            self._noted = elapsed
            self.note(0, tell=False)
        return True

    def digests(self) -> set[str]:
        """The parts checked."""
        return {part.sha256 for unit in self.units[: self.done] for _, part in unit}

    def due(self) -> int:
        """How many parts were to be checked."""
        return sum(map(len, self.units))

    def coverage(self) -> Coverage:
        """How much was reached."""
        return measure(
            self.check,
            self.parts,
            self.history,
            due=self.due(),
            checked=self.digests(),
            clock=self.clock,
        )

    def note(self, lock_timeout: float, *, tell: bool = True) -> str | None:
        """Add the event to the log. W105, if that is to be told, where it cannot be."""
        if self.tool is None or self.clock is None:
            return None
        body = event_body(
            self.check,
            self.parts,
            checked=self.digests(),
            due=self.due(),
            level=self.level,
            scope=self.scope,
            clock=self.clock,
            tool=self.tool,
            head=self.head,
        )
        try:
            return append_event(self.check.root, body, lock_timeout=lock_timeout)
        except ArchiverError as problem:
            if tell:
                words = f"no event was written: {problem.message}"
                self.check.add("W105", "fixity", EVENTS, words)
            return None
