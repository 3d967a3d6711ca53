"""Validation: is the archive what was written? Reads only; reports all, not the first.

Layers, in order: ``structure`` (the files every archive has), ``chain`` (the
log), ``files`` (digests of parts and rulesets), ``pages`` (Parquet checksums),
``records`` (digests of rows and texts), ``raw`` (the received bytes, rebuilt),
``delta`` (what other readers see), ``bag`` (the manifests), ``fixity`` (the
log of such validations).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from archiver.archive.bag.tags import DECLARATION, MANIFEST
from archiver.archive.checks.bag import check_bag
from archiver.archive.checks.check import Check, Counts, Progress
from archiver.archive.checks.coverage import Coverage, Holdings, holdings
from archiver.archive.checks.delta import check_delta
from archiver.archive.checks.fixity import EVENTS, FixityLog, Level, read_log
from archiver.archive.checks.log import check_chain, check_structure
from archiver.archive.checks.parts import check_rulesets
from archiver.archive.checks.plan import Clock, Scope
from archiver.archive.checks.replay import Replay
from archiver.archive.checks.run import LOCK_SECONDS, Run
from archiver.archive.checks.strangers import check_strangers
from archiver.archive.checks.takedown import check_takedowns
from archiver.archive.checks.whole import check_whole, state_of
from archiver.archive.log.entry import Head
from archiver.document import Finding
from archiver.errors import NoArchiveError

__all__ = ["Clock", "Counts", "Coverage", "Holdings", "Report", "Scope", "validate"]


@dataclass(frozen=True, slots=True)
class Report:
    """What validation found. ``head`` is None where no entry could be read.

    ``event`` is the id of the fixity event that was written, if one was;
    ``events`` counts those that the log held before. ``tally`` is the number of
    findings of each code, those too that were too many to list.
    """

    findings: tuple[Finding, ...]
    checked: Counts
    head: Head | None
    level: Level
    coverage: Coverage
    holdings: Holdings
    events: int
    event: str | None
    tally: Mapping[str, int]

    @property
    def is_sound(self) -> bool:
        """Whether nothing is damaged; warnings are not damage."""
        return not any(item.is_error for item in self.findings)


def validate(
    archive_path: Path,
    *,
    quick: bool = False,
    replay: Replay | None = None,
    expect_head: Head | str | None = None,
    expect_head_or_newer: Head | str | None = None,
    progress: Progress | None = None,
    scope: Scope | None = None,
    clock: Clock | None = None,
    tool: str | None = None,
    threads: int = 1,
) -> Report:
    """Check an archive against its own log and manifests.

    quick: log, file digests and manifests only; rows are not read.
    replay: also clean what was received again, with the recorded rules;
    ``archiver.replay.replay_with`` makes it.
    expect_head: the head noted elsewhere: a ``Head``, ``version:sha256`` or the
    digest alone. Only with it is a removed newest version sure to be found.
    expect_head_or_newer: as well, but versions may have come since; one of those
    that is gone again is not missed.
    progress: told (bytes checked, bytes in all) after each part.
    scope: which parts, how old their last check may be, for how long to go on;
    of parts left out only the size is looked at. clock: needed for ages and
    durations. tool: name and version; where given, with a clock, an event is
    added to ``fixity/events.jsonl``. Nothing else is ever written. threads: how many
    parts are read at a time, where rows are not cleaned again.
    Raises: NoArchiveError where there is none; NewerArchiveError; ValueError
    for options that do not go together. Damage is never raised. Other processes may
    commit meanwhile: what is checked is the version that was newest at the start. Memory: one row
    group a thread. Cost: each byte is read twice, once for the file's digest and once
    for its rows.
    """
    scope = Scope() if scope is None else scope
    if quick and replay:
        raise ValueError("a quick check reads no rows, and cannot clean them again")
    if clock is None and (scope.is_ordered or tool is not None):
        raise ValueError("ages, durations and events need a clock")
    _hold_archive(archive_path)
    level: Level = "quick" if quick else "replay" if replay else "full"
    check = Check(archive_path, replay=replay)
    before = state_of(archive_path)
    check_structure(check)
    head = check_chain(check, expect_head, expect_head_or_newer)
    check.note_rulesets()
    log = _read_log(check)
    run = Run(check, head, level, scope, clock, tool, 1 if replay else threads)
    run.plan(log)
    run.check_parts(progress)
    run.check = check = check_whole(check, before, partial(_check_whole, quick=quick))
    event = run.note(LOCK_SECONDS)
    return Report(
        check.close(),
        check.counts,
        head,
        level,
        run.coverage(),
        holdings(run.parts, check.entries),
        len(log.events),
        event,
        check.tally(),
    )


def _hold_archive(path: Path) -> None:
    """Whatever is left of an archive is one, and is checked. Raises: NoArchiveError."""
    known = (path / DECLARATION, path / MANIFEST, path / "data")
    if not path.is_dir() or not any(item.exists() for item in known):
        raise NoArchiveError(f"{path}: there is no archive here")


def _check_whole(check: Check, *, quick: bool) -> None:
    """What all files together must be; all of one version."""
    check_takedowns(check)
    check_rulesets(check)
    files = check_strangers(check)
    if not quick:
        check_delta(check)
    documents = check.entries["documents"]
    check_bag(check, files, documents[-1].head if documents else None)


def _read_log(check: Check) -> FixityLog:
    """E118, W105: the log of fixity checks."""
    log = read_log(check.root)
    if log.torn:  # or seen while another process wrote it
        log = read_log(check.root)
    for problem in log.problems:
        check.add("E118", "fixity", EVENTS, problem)
    if log.torn:
        words = f"its last line is torn: {log.torn} bytes; the next event takes their place"
        check.add("W105", "fixity", EVENTS, words)
    return log
