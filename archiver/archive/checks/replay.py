"""The layer ``replay``: does the clean text still follow from what was received?

What was received is cleaned again with the ruleset that the record names, which the
archive keeps. Cleaning stands on a higher floor, so that the way to do it is passed in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow as pa

from archiver.archive.checks.rows import ROW_ERRORS, Report
from archiver.archive.files.rulesets import read_ruleset
from archiver.errors import DamageError

#: Rows made into Python objects at a time.
_ROWS = 64

#: Rulesets held at once; parts of a run share one.
_RULESETS = 4


@dataclass(frozen=True, slots=True)
class Replayed:
    """Whether a record came out again, and what is not here as it was then.

    ``reasons`` say in words what differs from the program that made the record
    (a version of ftfy, the line model); where there are none, it must come out.
    """

    same: bool
    reasons: tuple[str, ...] = ()


#: Takes the ruleset's JSON and a record; see ``archiver.replay``.
Replay = Callable[[bytes, Mapping[str, Any]], Replayed]

_OTHER = "the recorded rules give another text"
_INEXACT = "replay is not exact here"


def check_replay(batch: pa.RecordBatch, root: Path, replay: Replay, report: Report) -> None:
    """E119 and W103 for each row of a batch of documents.

    Rows that other layers find damaged, and rulesets that are missing, are theirs to
    tell. Cost: that of ingesting the documents again.
    """
    reasons: dict[str, None] = {}
    unsure: list[str] = []
    for start in range(0, batch.num_rows, _ROWS):
        for row in _readable(batch.slice(start, _ROWS)):
            try:
                rules = _rules(root, row["ruleset"])
                found = replay(rules, row)
            except (*ROW_ERRORS, OSError):
                continue
            if found.same:
                continue
            if found.reasons:
                reasons.update(dict.fromkeys(found.reasons))
                unsure.append(row["id"])
            else:
                report("E119", "replay", _OTHER, [row["id"]])
    if unsure:
        report("W103", "replay", f"{_INEXACT}: {'; '.join(sorted(reasons))}"[:1000], unsure)


def _readable(batch: pa.RecordBatch) -> Sequence[dict[str, Any]]:
    try:
        return batch.to_pylist()
    except ROW_ERRORS:
        rows: list[dict[str, Any]] = []
        for at in range(batch.num_rows):
            try:
                rows += batch.slice(at, 1).to_pylist()
            except ROW_ERRORS:  # told as E109
                continue
        return rows


@lru_cache(maxsize=_RULESETS)
def _rules(root: Path, digest: object) -> bytes:
    if not isinstance(digest, str):
        raise DamageError("no ruleset is named")
    return read_ruleset(root, digest)
