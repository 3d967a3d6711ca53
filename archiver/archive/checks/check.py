"""What the checks of ``validate`` share: the findings so far, the counts, the files seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from archiver.archive.checks.replay import Replay
from archiver.archive.files.disk import regular_size
from archiver.archive.files.mounts import whole
from archiver.archive.log.chain import LOG_FOLDER
from archiver.archive.log.entry import Entry, entry_name
from archiver.archive.rows.columns import TABLES
from archiver.digest import sha256_stream
from archiver.document import Finding
from archiver.findings import finding

#: Findings of one code listed one by one; the rest are counted. A hostile
#: manifest of a million lines thus cannot fill the memory.
MAX_FINDINGS = 1_000

#: Files whose size no log entry promises (checkpoints, tag files, strangers)
#: are read up to here; a sparse file can claim to be any size.
MAX_UNPROMISED_BYTES = 1 << 30

#: Told (bytes checked, bytes in all) after each part.
Progress = Callable[[int, int], None]


@dataclass(slots=True)
class Counts:
    """How much was checked: a check that looked at nothing has found nothing."""

    versions: int = 0
    parts: int = 0
    bytes: int = 0
    documents: int = 0
    quarantined: int = 0
    files: int = 0


@dataclass(slots=True)
class Check:
    """One validation under way."""

    root: Path
    counts: Counts = field(default_factory=Counts)
    findings: list[Finding] = field(default_factory=list)
    #: Table -> its readable entries, in order; filled by the check of the chain.
    entries: dict[str, list[Entry]] = field(default_factory=dict)
    #: Payload path -> the digest its bytes really have.
    digests: dict[str, str] = field(default_factory=dict)
    #: Paths with a finding: later layers need not repeat it.
    reported: set[str] = field(default_factory=set)
    #: Rulesets that entries and records name, and one place that names each.
    rulesets: dict[str, str] = field(default_factory=dict)
    #: Cleans what was received again with the recorded rules, where that is wanted.
    replay: Replay | None = None
    #: Paths with an error, those of findings no longer listed too.
    harmed: set[str] = field(default_factory=set)
    _listed: Counter[str] = field(default_factory=Counter)

    def add(
        self, code: str, layer: str, where: str, message: str, documents: Sequence[str] = ()
    ) -> None:
        """Note a finding; ``where`` is a path from the archive's folder."""
        self._put(finding(code, message, where=where, layer=layer, documents=documents))

    def _put(self, item: Finding) -> None:
        self.reported.add(item.where)
        if item.is_error:
            self.harmed.add(item.where)
        self._listed[item.code] += 1
        if self._listed[item.code] <= MAX_FINDINGS:
            self.findings.append(item)

    def take(self, other: Check) -> None:
        """Add what was found apart."""
        for item in other.findings:
            self._put(item)
        self._listed += other._listed - Counter(item.code for item in other.findings)
        self.reported |= other.reported
        self.harmed |= other.harmed
        for name in Counts.__dataclass_fields__:
            setattr(self.counts, name, getattr(self.counts, name) + getattr(other.counts, name))
        self.digests.update(other.digests)
        for digest, where in other.rulesets.items():
            self.rulesets.setdefault(digest, where)

    def drop(self, is_void: Callable[[Finding], bool]) -> None:
        """Take findings back that were none: another process changed the archive meanwhile."""
        void = [item for item in self.findings if is_void(item)]
        self.findings = [item for item in self.findings if not is_void(item)]
        self._listed.subtract(item.code for item in void)
        self._listed = +self._listed
        left = {item.where for item in self.findings}
        self.harmed -= {item.where for item in void} - left
        self.reported -= {item.where for item in void} - left

    def note_rulesets(self) -> None:
        """The rulesets that entries name must be there, whether or not a record names them."""
        folder = f"{TABLES['documents']}/{LOG_FOLDER}"
        for entry in self.entries["documents"]:
            if entry.info.get("ruleset"):
                where = f"{folder}/{entry_name(entry.version)}"
                self.rulesets.setdefault(entry.info["ruleset"], where)

    def copy(self) -> Check:
        """The same so far, to go on with apart."""
        return Check(
            self.root,
            replace(self.counts),
            list(self.findings),
            dict(self.entries),
            dict(self.digests),
            set(self.reported),
            dict(self.rulesets),
            self.replay,
            set(self.harmed),
            Counter(self._listed),
        )

    def tally(self) -> dict[str, int]:
        """Code -> number of findings so far, those no longer listed too."""
        return dict(sorted(self._listed.items()))

    def close(self) -> tuple[Finding, ...]:
        """All findings, with one more for each code that was cut short."""
        rest = [
            finding(code, f"{number - MAX_FINDINGS} more of the same code are not listed")
            for code, number in sorted(self._listed.items())
            if number > MAX_FINDINGS
        ]
        return (*self.findings, *rest)

    def digest(self, path: str, limit: int = MAX_UNPROMISED_BYTES) -> str:
        """The digest of a file's bytes, read once for all layers.

        Raises: OSError; ValueError where the file is larger than the limit.
        """
        known = self.digests.get(path)
        if known is None:
            size = regular_size(self.root / path)
            if size > limit:
                raise ValueError(f"its {size} bytes are more than were to be expected")
            with whole(self.root / path), (self.root / path).open("rb") as stream:
                known, _ = sha256_stream(stream)
            self.digests[path] = known
        return known
