"""What a run is given, and what it tells: its job, the events on the way, the summary."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from archiver.document import Finding
from archiver.ingest.engine import Engine, InProcess
from archiver.ingest.work import SECONDS
from archiver.rules.rule import Ruleset
from archiver.settings import Profile

#: A batch is closed at so many documents or bytes, whichever comes first: large
#: enough that shared lines pay, small enough that memory stays in the tens of MB.
BATCH_DOCUMENTS = 500
BATCH_BYTES = 16 << 20

#: A version is committed at so many documents or received bytes, whichever comes first: what a
#: run that is killed has to do again, against a commit's cost of a tenth of a second and more.
COMMIT_DOCUMENTS = 100_000
COMMIT_BYTES = 1 << 30


@dataclass(frozen=True, slots=True)
class Every:
    """When a run commits a version and goes on; None: no such limit. Both: at its end only."""

    documents: int | None = COMMIT_DOCUMENTS
    bytes: int | None = COMMIT_BYTES

    def is_due(self, documents: int, size: int) -> bool:
        """Whether what waits to be committed is enough for a version."""
        return (self.documents is not None and documents >= self.documents) or (
            self.bytes is not None and size >= self.bytes
        )


#: One version a run, however large.
ATOMIC = Every(None, None)


@dataclass(frozen=True, slots=True)
class Job:
    """What one run works with; nothing in it changes while it runs.

    ``now`` and ``batch_id`` are passed in: a run started again with both the
    same commits exactly once. ``allow_taken_down`` archives again what a take-down
    removed, and says so in the log. ``near_duplicates`` marks documents that are like one
    before. ``about`` is what the archive says of itself.
    ``engine`` does the work, ``commit_every`` says when a version is made.
    ``document_seconds``: how long a document may take, where worker processes clean.
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
    near_duplicates: bool = False
    about: Mapping[str, str] = field(default_factory=dict)
    engine: Engine = InProcess
    commit_every: Every = Every()
    document_seconds: float = SECONDS


@dataclass(frozen=True, slots=True)
class Planned:
    """How much there is to read, where that is known before. Comes first, if at all."""

    documents: int
    bytes: int | None = None


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
    id: str = ""


@dataclass(frozen=True, slots=True)
class Committed:
    """A version is on the disk: a run that ends here need not do it again."""

    version: int
    head: str


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run did. ``version`` and ``head`` are the archive's after it, if it has any.

    ``versions`` counts those that it made.

    ``dropped`` counts edits by rule family (``repair`` among them); ``bytes_in``
    counts received bytes of all sources, ``bytes_text`` the clean text's. ``sealed``
    is False where the version is safe but the bag's manifests could not be written.
    ``refused`` counts sources that were taken down: nothing of them is kept.
    ``near_duplicates`` counts documents marked as such.
    """

    version: int | None = None
    head: str | None = None
    committed: bool = False
    versions: int = 0
    added: int = 0
    revised: int = 0
    unchanged: int = 0
    quarantined: int = 0
    quarantined_before: int = 0
    refused: int = 0
    findings: int = 0
    dropped: dict[str, int] = field(default_factory=dict)
    facts: int = 0
    near_duplicates: int = 0
    bytes_in: int = 0
    bytes_text: int = 0
    bytes_written: int = 0
    sealed: bool = True
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Finished:
    """The run is over, and this is what it did."""

    summary: Summary


Event = Planned | Read | Noted | Quarantined | Committed | Finished
