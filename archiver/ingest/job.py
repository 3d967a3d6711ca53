"""What a run is given, and what it tells: its job, the events on the way, the summary."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from archiver.document import Finding
from archiver.rules.rule import Ruleset
from archiver.settings import Profile

#: A batch is closed at so many documents or bytes, whichever comes first: large
#: enough that shared lines pay, small enough that memory stays in the tens of MB.
BATCH_DOCUMENTS = 500
BATCH_BYTES = 16 << 20


@dataclass(frozen=True, slots=True)
class Job:
    """What one run works with; nothing in it changes while it runs.

    ``now`` and ``batch_id`` are passed in: a run started again with both the
    same commits exactly once. ``allow_taken_down`` archives again what a take-down
    removed, and says so in the log. ``about`` is what the archive says of itself.
    """

    archive: Path
    ruleset: Ruleset
    profile: Profile
    now: datetime
    batch_id: str
    tool_version: str
    index_sha256: str | None = None
    dry_run: bool = False
    allow_taken_down: bool = False
    about: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Read:
    """A source was read; ``bytes`` of it."""

    file_path: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Noted:
    """A finding that concerns no document of its own, or only warns."""

    finding: Finding


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A source was kept out; ``known`` where an earlier run kept it out already."""

    finding: Finding
    file_path: str
    known: bool


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run did. ``version`` and ``head`` are the archive's after it, if it has any.

    ``dropped`` counts edits by rule family (``repair`` among them); ``bytes_in``
    counts received bytes of all sources, ``bytes_text`` the clean text's. ``sealed``
    is False where the version is safe but the bag's manifests could not be written.
    ``refused`` counts sources that were taken down: nothing of them is kept.
    """

    version: int | None = None
    head: str | None = None
    committed: bool = False
    added: int = 0
    revised: int = 0
    unchanged: int = 0
    quarantined: int = 0
    quarantined_before: int = 0
    refused: int = 0
    findings: int = 0
    dropped: dict[str, int] = field(default_factory=dict)
    facts: int = 0
    bytes_in: int = 0
    bytes_text: int = 0
    bytes_written: int = 0
    sealed: bool = True
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Finished:
    """The run is over, and this is what it did."""

    summary: Summary


Event = Read | Noted | Quarantined | Finished
