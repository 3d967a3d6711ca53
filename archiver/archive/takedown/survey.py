"""What an archive holds of some documents: the rows that a take-down removes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from archiver.archive.archive import Archive
from archiver.archive.log.entry import Part
from archiver.archive.log.marks import has_mark, id_digest
from archiver.archive.log.taken import own_bytes
from archiver.archive.read.parts import read_part
from archiver.archive.rows.columns import TABLES
from archiver.errors import DamageError


@dataclass(frozen=True, slots=True)
class Hit:
    """A part that holds rows to be removed: their places, and the version they came in."""

    part: Part
    came: int
    rows: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Survey:
    """What was found, by table.

    ``ids`` are digests of the ids that have rows; ``taken`` the ids of documents
    among them; ``sharing`` the ids of other documents with the same bytes, which
    stay; ``raw`` the digests of bytes that no document has any more; ``kept_out``
    counts sources in quarantine.
    """

    documents: tuple[Hit, ...]
    quarantine: tuple[Hit, ...]
    ids: frozenset[str]
    taken: tuple[str, ...]
    raw: frozenset[str]
    sharing: tuple[str, ...]
    kept_out: int

    @property
    def versions(self) -> list[int]:
        """The versions in which the documents' revisions came."""
        return sorted({hit.came for hit in self.documents})

    @property
    def revisions(self) -> int:
        """Rows of documents to be removed."""
        return sum(len(hit.rows) for hit in self.documents)


#: (version, part, ids, digests of the bytes, pieces) of a part.
_Keys = tuple[int, Part, list[str], list[str | None], list[int]]


def survey(archive: Archive, digests: Collection[str], raw: Collection[str] = ()) -> Survey:
    """Find the rows of documents by the digests of their ids, in every version.

    raw: digests of bytes that go with them, beside those found. Rows of quarantine
    are hit by their id or by such bytes, documents by their id alone.
    Raises: DamageError where a part that may hold one of them cannot be read.
    """
    kept = [_keys(archive, "quarantine", came, part) for came, part in archive.parts("quarantine")]
    hits, rest, found, taken = [], [], set[str](), set[str]()
    bytes_ = set(raw)
    for came, part in archive.parts():
        keys = _documents(archive, came, part, digests)
        if keys is None:
            continue
        _, _, ids, raws, _ = keys
        rows = tuple(at for at, id_ in enumerate(ids) if id_digest(id_) in digests)
        bytes_ |= own_bytes([raws[at] for at in rows])
        taken |= {ids[at] for at in rows}
        rest.append(keys)
        if rows:
            hits.append(Hit(part, came, rows))
    for _, _, ids, raws, _ in kept:
        mine = [at for at, id_ in enumerate(ids) if id_digest(id_) in digests]
        bytes_ |= own_bytes([raws[at] for at in mine])
        found |= {id_digest(ids[at]) for at in mine}
    quarantine, sources = [], 0
    for came, part, ids, raws, chunks in kept:
        rows = tuple(
            at for at, id_ in enumerate(ids) if id_digest(id_) in digests or raws[at] in bytes_
        )
        sources += sum(chunks[at] == 0 for at in rows)
        if rows:
            quarantine.append(Hit(part, came, rows))
    sharing = {
        (id_, digest)
        for _, _, ids, raws, _ in rest
        for id_, digest in zip(ids, raws, strict=True)
        if digest in bytes_ and id_ not in taken
    }
    return Survey(
        documents=tuple(hits),
        quarantine=tuple(quarantine),
        ids=frozenset(found | {id_digest(id_) for id_ in taken}),
        taken=tuple(sorted(taken)),
        raw=frozenset(bytes_ - {digest for _, digest in sharing}),
        sharing=tuple(sorted({id_ for id_, _ in sharing})),
        kept_out=sources,
    )


def _documents(archive: Archive, came: int, part: Part, digests: Collection[str]) -> _Keys | None:
    """The keys of a part of documents; None where it is damaged and cannot hold any of them."""
    try:
        return _keys(archive, "documents", came, part)
    except DamageError:
        if part.marks is None or any(has_mark(part.marks, digest) for digest in digests):
            raise
        return None


def _keys(archive: Archive, table: str, came: int, part: Part) -> _Keys:
    names = ["id", "raw_sha256"] + (["chunk"] if table == "quarantine" else [])
    rows = read_part(archive.path / TABLES[table], part, names)
    ids = [str(id_) for id_ in rows["id"].to_pylist()]
    pieces = [number or 0 for number in rows["chunk"].to_pylist()] if "chunk" in names else []
    return came, part, ids, rows["raw_sha256"].to_pylist(), pieces
