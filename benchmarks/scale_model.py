"""A very large run, multiplied out of costs that were measured on small archives. Pure.

Every cost is a line: a constant, so much a part, so much a document. Work that is done
again at each version over all that is there (manifest, checkpoint, summary) is summed
over the versions, so it grows with the square of an archive.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from archiver.archive.log.delta import CHECKPOINT_INTERVAL
from archiver.archive.write.join import PART_BYTES, PART_UNPACKED
from archiver.ingest.job import COMMIT_BYTES, COMMIT_DOCUMENTS

#: Names that one answer to a listing holds.
LISTED = 1000


@dataclass(frozen=True, slots=True)
class Assumed:
    """What nobody measured here. Prices in dollars, of object storage as large clouds list it.

    put, get: a thousand requests. storage: a GB and month. core: a core and hour.
    upload: bytes of one piece of a larger upload, as ``remote.store`` cuts them. cores: at
    work at once. ram: bytes of memory that a run may take in one process.
    """

    bytes: float = 100e12
    put: float = 0.005
    get: float = 0.0004
    storage: float = 0.023
    core: float = 0.04
    upload: float = 8 << 20
    cores: float = 1000
    ram: float = 16e9


@dataclass(frozen=True, slots=True)
class Line:
    """A cost by the size of an archive."""

    constant: float
    part: float
    document: float

    def at(self, parts: float, documents: float) -> float:
        """The cost of an archive of so many parts and documents."""
        return self.constant + self.part * parts + self.document * documents

    def summed(self, versions: float, parts: float, documents: float) -> float:
        """The cost at each of so many versions on the way to that size, summed."""
        return versions * self.at(parts / 2, documents / 2)


@dataclass(frozen=True, slots=True)
class Costs:
    """What was measured. received, stored, unpacked: bytes a document; speed: bytes a CPU second.

    requests: what an object store is asked, see ``scale_store``. driven: bytes a second of CPU
    of the process that reads and commits, by engine.
    """

    received: float
    stored: float
    speed: float
    lines: Mapping[str, Line]
    seen: Sequence[Mapping[str, float]]
    unpacked: float
    requests: Mapping[str, float]
    driven: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Plan:
    """How a corpus is cut: into archives, versions, parts.

    Bytes of versions are of sources, bytes of parts as they are stored, or in memory.
    """

    name: str
    archives: int
    part_bytes: float
    part_unpacked: float
    version_documents: float
    version_bytes: float


#: The sizes of a part and of a version that ``archiver ingest`` has.
_PART = (PART_BYTES, PART_UNPACKED)
_VERSION = (COMMIT_DOCUMENTS, COMMIT_BYTES)
_ANY = float("inf")
PLANS = (
    Plan("one archive, as shipped", 1, *_PART, *_VERSION),
    Plan("one archive, versions of 100 GB", 1, *_PART, _ANY, 1e11),
    Plan("100 archives, as shipped", 100, *_PART, *_VERSION),
    Plan("1,000 archives, as shipped", 1000, *_PART, *_VERSION),
    Plan("1,000 archives, a version each", 1000, *_PART, _ANY, _ANY),
    Plan("100 archives, parts of 512 MB, versions of 100 GB", 100, 512e6, _ANY, _ANY, 1e11),
)


def plans(costs: Costs, assumed: Assumed) -> list[dict[str, float | str]]:
    """Each plan's figures. Sums are over all archives, sizes and memory of one archive."""
    return [{"plan": plan.name, **project(plan, costs, assumed)} for plan in PLANS]


def project(plan: Plan, costs: Costs, assumed: Assumed) -> dict[str, float]:
    """One plan multiplied out."""
    size = assumed.bytes / plan.archives
    documents = size / costs.received
    versions = documents / min(plan.version_documents, plan.version_bytes / costs.received)
    versions = max(1.0, versions)
    parts = documents / min(
        plan.part_bytes / costs.stored,
        plan.part_unpacked / costs.unpacked,
        documents / versions,  # a version ends its last part, however small
    )
    line, asked = costs.lines, costs.requests

    def once(name: str) -> float:
        return line[name].at(parts, documents)

    def every(name: str, interval: int) -> float:
        return line[name].summed(versions / interval, parts, documents)

    # A version's own entry holds its own parts alone.
    log = versions * line["entry bytes"].at(parts / versions, documents / versions)
    commits = every("commit CPU", 1)
    checkpoints = every("checkpoint CPU", CHECKPOINT_INTERVAL)
    rewritten = (
        every("manifest bytes", 1)
        + every("checkpoint bytes", CHECKPOINT_INTERVAL)
        + every("summary bytes", CHECKPOINT_INTERVAL)
    )
    stored = documents * costs.stored
    pieces = max(1.0, stored / parts / assumed.upload)
    # A larger upload has a beginning and an end.
    uploads = parts * (asked["writes a part"] if pieces <= 1 else pieces + 2)
    # Both tables' logs are listed at each version, half of the entries on average.
    listings = asked["listings a version"] + 2 * (versions / 2) / LISTED
    puts = uploads + versions * (asked["writes a version"] + listings)
    puts += rewritten / assumed.upload
    puts += versions / CHECKPOINT_INTERVAL * asked["writes a checkpoint"]
    gets = parts * asked["reads to validate, a part"]
    gets += versions * asked["reads to validate, a version"] + asked["reads to open"]
    archives = plan.archives
    clean = assumed.bytes / costs.speed
    memory = once("ingest memory")
    return {
        "documents, of all": documents * archives,
        "parts, of all": parts * archives,
        "a part, MB": stored / parts / 1e6,
        "versions of an archive": versions,
        "log of an archive, MB": log / 1e6,
        "newest checkpoint, MB": once("checkpoint bytes") / 1e6,
        "manifest, MB": once("manifest bytes") / 1e6,
        "written again over all versions, TB, of all": rewritten * archives / 1e12,
        "CPU of the last commit, s": once("commit CPU"),
        "CPU of the last checkpoint, s": once("checkpoint CPU"),
        "CPU to open, s": once("open CPU"),
        "memory to open, MB": once("open memory") / 1e6,
        "memory of a later run, which knows what is there, MB": memory / 1e6,
        "such runs that fit into the memory assumed": assumed.ram / memory,
        "versions, of all": versions * archives,
        "core hours of cleaning, of all": clean / 3600,
        "core hours of commits, of all": (commits + checkpoints) * archives / 3600,
        "days of cleaning with these cores": clean / assumed.cores / 86_400,
        "days of commits, archives side by side": (commits + checkpoints) / 86_400,
        "cores that one run keeps busy, at most": max(costs.driven.values()) / costs.speed,
        "days of cleaning with these cores, such runs side by side at most": clean
        / min(assumed.cores, archives * max(costs.driven.values()) / costs.speed)
        / 86_400,
        "writing requests, millions, of all": puts * archives / 1e6,
        "reading requests of one validation, millions, of all": gets * archives / 1e6,
        "dollars: cores": (clean + (commits + checkpoints) * archives) / 3600 * assumed.core,
        "dollars: writing requests": puts * archives / 1000 * assumed.put,
        "dollars: requests of one validation": gets * archives / 1000 * assumed.get,
        "dollars a month: storage": stored * archives / 1e9 * assumed.storage,
    }


def report(costs: Costs, assumed: Assumed, made: Sequence[Mapping[str, float | str]]) -> str:
    """Measured lines, assumptions and plans, as Markdown."""
    document = (
        f"A document: {costs.received:,.0f} bytes received, {costs.stored:,.0f} in its part; "
        f"{costs.unpacked:,.0f} in memory; cleaned at {costs.speed / 1e6:.3g} MB a second of CPU."
    )
    parts = [
        document,
        _table(
            ("measured", "constant", "a part", "a document"),
            [
                (name, *(f"{value:,.3g}" for value in asdict(line).values()))
                for name, line in costs.lines.items()
            ],
        ),
        _table(
            tuple(costs.seen[0]),
            [tuple(f"{value:,.4g}" for value in one.values()) for one in costs.seen],
        ),
        _table(("requests", ""), [(key, f"{value:,.3g}") for key, value in costs.requests.items()]),
        _table(
            ("a run's own process", "MB a second of its CPU"),
            [(key, f"{value / 1e6:,.3g}") for key, value in costs.driven.items()],
        ),
        _table(("assumed", ""), [(key, f"{value:,.6g}") for key, value in asdict(assumed).items()]),
    ]
    names = [name for name in made[0] if name != "plan"]
    rows = [(name, *(_figure(one[name]) for one in made)) for name in names]
    parts.append(_table(("", *(str(one["plan"]) for one in made)), rows))
    return "\n\n".join(parts)


def _figure(value: float | str) -> str:
    if isinstance(value, str):
        return value
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" if not at else "---:" for at in range(len(head))), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
