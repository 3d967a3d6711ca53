"""What one worker does: a batch of sources in, a part among the unfinished files out.

The same function serves every engine. What goes to a worker and what comes back
can be pickled; of a part that was staged only its path, digests and counts come
back, so that the text of a corpus crosses between processes once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from archiver.archive.log.entry import Part
from archiver.archive.log.widths import least_version
from archiver.archive.write.stage import stage_part
from archiver.batch import clean_batch, source_of
from archiver.digest import canonical_json, sha256
from archiver.document import Finding, Reject
from archiver.findings import finding
from archiver.rules.rule import Ruleset
from archiver.settings import Profile

#: Seconds that a source may take, and a batch of them, where that is held; see ``engines.pool``.
SECONDS = 300.0

#: A new revision is made where one of these differs.
RESULT = ("text_sha256", "edits", "dropped", "facts", "ruleset", "profile")


@dataclass(frozen=True, slots=True)
class Recipe:
    """What is the same for all batches of a run. ``keep`` is False in a dry run.

    ``signed``: near-duplicates are to be marked. That takes all that came before, so that
    records come back signed and none is staged. ``seconds``: how long a source may take,
    which is for the engine to hold: nothing here looks at a clock.
    """

    ruleset: Ruleset
    profile: Profile
    tool_version: str
    keep: bool = True
    signed: bool = False
    seconds: float = SECONDS


@dataclass(frozen=True, slots=True)
class Task:
    """A batch to clean (columns: ``batch.SOURCES``).

    ``known``: id -> ``result_digest`` of what is archived; a record that comes out
    the same is not archived again.
    """

    sources: pa.RecordBatch
    known: Mapping[str, str] = field(default_factory=dict)

    def cut(self, start: int, rows: int) -> Task:
        """Some of the sources, as a task of their own."""
        return Task(self.sources.slice(start, rows), self.known)

    def __reduce__(self) -> tuple[Any, ...]:
        """Packed as an Arrow stream: pickle alone would take the whole buffers of a cut along."""
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, self.sources.schema) as stream:
            stream.write_batch(self.sources)
        return _unpacked, (sink.getvalue().to_pybytes(), dict(self.known))


def _unpacked(data: bytes, known: dict[str, str]) -> Task:
    with pa.ipc.open_stream(data) as stream:
        return Task(stream.read_next_batch(), known)


@dataclass(frozen=True, slots=True)
class StagedPart:
    """A part that no version names yet. ``needs`` is the oldest schema version that holds it."""

    path: Path
    part: Part
    needs: int


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a batch: its records, staged or at hand, what was kept out, and counts.

    ``ids`` are those of the records. ``records`` are set where nothing was staged.
    """

    ids: tuple[str, ...] = ()
    staged: tuple[StagedPart, ...] = ()
    records: pa.RecordBatch | None = None
    rejects: tuple[Reject, ...] = ()
    notes: tuple[Finding, ...] = ()
    dropped: Mapping[str, int] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)


def work(recipe: Recipe, task: Task, staging: Path | None) -> Done:
    """Clean a batch, and stage its records as a part.

    staging: the run's folder for unfinished files; None where the records are to
    be given back.
    Returns: the same whichever process runs it. Memory: a small multiple of the batch.
    Raises: InputError for a record too large to keep; StorageError.
    """
    result = clean_batch(
        task.sources,
        recipe.ruleset,
        profile=recipe.profile,
        tool_version=recipe.tool_version,
        signed=recipe.signed and recipe.keep,
    )
    records = _news(result.records, task.known) if task.known else result.records
    revisions = records.column("revision").to_pylist()
    parts: tuple[StagedPart, ...] = ()
    if recipe.signed:
        staging = None
    if recipe.keep and staging is not None and records.num_rows:
        path, part = stage_part(records, staging=staging, durable=False)
        parts = (StagedPart(path, part, least_version("documents", records)),)
    return Done(
        ids=tuple(map(str, records.column("id").to_pylist())),
        staged=parts,
        records=records if recipe.keep and staging is None and records.num_rows else None,
        rejects=result.rejects,
        notes=result.notes,
        dropped=_dropped(records),
        counts={
            "documents": task.sources.num_rows,
            "bytes": _bytes(task.sources.column("raw")),
            "added": revisions.count(1),
            "revised": len(revisions) - revisions.count(1),
            "unchanged": result.records.num_rows - records.num_rows,
            "facts": _pairs(records.column("facts")),
            "bytes_text": _bytes(records.column("text")),
            "unplaced": result.unplaced,
        },
    )


def lost(task: Task, reason: str, code: str = "E220") -> Done:
    """What becomes of a source that ended the process that worked on it: bytes kept.

    task: that one source. reason: how the process ended. code: E221 where it took too long.
    """
    (row,) = task.sources.to_pylist()
    source = source_of(row)
    found = finding(code, f"{source.file_path}: {reason}", where=source.file_path)
    reject = Reject(found, source.id, source.file_path, source.provenance, source.data)
    return Done(rejects=(reject,), counts={"documents": 1, "bytes": len(source.data)})


def joined(done: Iterable[Done]) -> Done:
    """The pieces of a batch as one, in their order."""
    pieces = list(done)
    records = [piece.records for piece in pieces if piece.records is not None]
    counts: Counter[str] = Counter()
    dropped: Counter[str] = Counter()
    for piece in pieces:
        counts.update(piece.counts)
        dropped.update(piece.dropped)
    return Done(
        ids=tuple(id_ for piece in pieces for id_ in piece.ids),
        staged=tuple(part for piece in pieces for part in piece.staged),
        records=_concatenated(records) if records else None,
        rejects=tuple(reject for piece in pieces for reject in piece.rejects),
        notes=tuple(note for piece in pieces for note in piece.notes),
        dropped=dropped,
        counts=counts,
    )


def _concatenated(batches: list[pa.RecordBatch]) -> pa.RecordBatch:
    whole: pa.RecordBatch = pa.concat_batches(batches)  # type: ignore[attr-defined] # not in the stubs
    return whole


def result_digest(row: Mapping[str, Any]) -> str:
    """The digest of what cleaning made of a document. row: has the columns ``RESULT``."""
    return sha256(canonical_json({name: row[name] for name in RESULT}))


def _news(records: pa.RecordBatch, known: Mapping[str, str]) -> pa.RecordBatch:
    """The records that differ from what is archived."""
    rows = records.select(["id", *RESULT]).to_pylist()
    return records.filter(pa.array([known.get(row["id"]) != result_digest(row) for row in rows]))


def _dropped(records: pa.RecordBatch) -> dict[str, int]:
    """Edits by rule family."""
    dropped: Counter[str] = Counter()
    for row in records.select(["dropped"]).to_pylist():
        for item in row["dropped"]:
            dropped[item["rule"].partition(".")[0]] += item["count"]
    return dict(dropped)


def _pairs(maps: Any) -> int:  # noqa: ANN401 -- the stubs know no arrays of maps
    """How many pairs the maps of a column have in all; none of them is null."""
    offsets = maps.offsets
    return int(offsets[-1].as_py() - offsets[0].as_py())


def _bytes(values: Any) -> int:  # noqa: ANN401 -- as above, of strings and bytes at once
    return int(pc.sum(pc.binary_length(values)).as_py() or 0)
