"""The files of a take-down: those that stand in for removed parts, and those to be deleted."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from archiver.archive.archive import Archive
from archiver.archive.bag import bag
from archiver.archive.files.aside import ASIDE, DAMAGED
from archiver.archive.files.disk import STAGING, Checkpoint, read_small, regular_size, sync_folder
from archiver.archive.files.mounts import gone, need, whole
from archiver.archive.files.staging import Workspace, noted_by_the_living
from archiver.archive.log.chain import LOG_FOLDER, MAX_ENTRY_BYTES, live_parts, removed_parts
from archiver.archive.log.entry import Part, entry_name
from archiver.archive.log.marks import id_digest
from archiver.archive.read.parts import (
    PARQUET_ERRORS,
    check_group,
    footer_sha256,
    open_part,
    read_part,
)
from archiver.archive.rows.columns import TABLES, table_schema
from archiver.archive.takedown.survey import Hit
from archiver.archive.write.finish import ever_named, left_by_the_dead, sweep
from archiver.archive.write.noted import noted_digests
from archiver.archive.write.stage import place_part, stage_part
from archiver.digest import sha256_stream
from archiver.errors import DamageError, InputError


def newest_metadata(table: Path, version: int, *, append_only: bool) -> dict[str, Any]:
    """Delta's metadata action as a version has it, with append-only mode on or off.

    Raises: OSError, ValueError where the log cannot be read; DamageError where it has none.
    """
    for number in range(version, -1, -1):
        data = read_small(table / LOG_FOLDER / entry_name(number), MAX_ENTRY_BYTES)
        for line in data.decode("utf-8").split("\n"):
            body = json.loads(line).get("metaData") if '"metaData"' in line else None
            if body is not None:
                mode = {"delta.appendOnly": str(append_only).lower()}
                return {"metaData": body | {"configuration": body["configuration"] | mode}}
    raise DamageError(f"{table}: no log entry holds the table's metadata")


def write_stand_ins(
    archive: Archive,
    table: str,
    hits: Sequence[Hit],
    *,
    work: Workspace,
    checkpoint: Checkpoint,
) -> list[Part | None]:
    """What is left of each part without its rows, durably; None where nothing is.

    Raises: DamageError where a part is not the one committed: its rows would be
    vouched for anew. StorageError, OSError.
    """
    folder = archive.path / TABLES[table]
    staged = [_stage(folder, table, hit, work.folder) for hit in hits]
    made = [item for item in staged if item is not None]
    work.note_parts(f"{TABLES[table]}/{part.path}" for _, part in made)
    checkpoint("stand-ins-noted")
    for path, part in made:
        place_part(folder, path, part)
    for parent in sorted({(folder / part.path).parent for _, part in made}):
        sync_folder(parent)
    checkpoint("stand-ins-durable")
    return [None if item is None else item[1] for item in staged]


def _stage(folder: Path, table: str, hit: Hit, staging: Path) -> tuple[Path, Part] | None:
    path = folder / hit.part.path
    try:
        with whole(path), path.open("rb") as stream:
            digest, _ = sha256_stream(stream)
    except OSError as problem:
        raise DamageError(f"{path}: {problem.strerror}") from problem
    if digest != hit.part.sha256:
        raise DamageError(
            f"{path}: not the bytes committed",
            hint="Mend it first: `archiver repair --from COPY`.",
        )
    rows = read_part(folder, hit.part, table_schema(table).names)
    gone = set(hit.rows)
    left = rows.filter(pa.array([at not in gone for at in range(rows.num_rows)]))
    if not left.num_rows:
        return None
    (batch,) = left.combine_chunks().to_batches()
    return stage_part(batch, staging=staging, name=table)


def wipe(
    archive: Archive,
    ids: Collection[str],
    raw: Collection[str],
    *,
    work: Workspace,
    sweep_dead: bool,
) -> None:
    """Delete the removed parts, and whatever no version names that holds the documents.

    ids, raw: digests. sweep_dead: whether the lock is held, so that dead runs can
    be told from living ones. A living run keeps its unfinished files until it
    ends, and cannot commit them. Raises: OSError, DamageError, StorageError.
    """
    dead = left_by_the_dead(archive) if sweep_dead else []
    removed, strange = _doomed(archive, ids, raw)
    strange |= {path for leftover in dead for path in leftover.parts}
    if strange & noted_digests(archive.path).keys():
        # First: whatever ends this early, the bag names nothing that is gone and was no part.
        noted = noted_by_the_living(archive.path)
        bag.seal(
            archive.path,
            entries={table: archive.entries(table) for table in TABLES},
            staging=work.folder,
            leaving=removed | strange | (noted - ever_named(archive, noted)),
        )
    sweep(archive, dead)
    for path in sorted(archive.path / name for name in removed | strange):
        path.unlink(missing_ok=True)
        gone(path)
        sync_folder(path.parent)
    for path in _put_aside(archive.path):
        if _holds(path, ids, raw):
            path.unlink()
            gone(path)
            sync_folder(path.parent)
    staging = archive.path / STAGING
    for path in sorted(staging.iterdir()) if staging.is_dir() else ():
        if path.is_file() or path.is_symlink():
            path.unlink(missing_ok=True)  # whoever works without a folder holds the lock
    if staging.is_dir():
        sync_folder(staging)  # what dead runs left does not come back with a power cut


def _doomed(
    archive: Archive, ids: Collection[str], raw: Collection[str]
) -> tuple[set[str], set[str]]:
    """Files of the tables: parts that a take-down removed, and others that hold the documents."""
    removed, strange = set(), set()
    for table, folder in TABLES.items():
        gone = removed_parts(archive.entries(table))
        live = live_parts(archive.entries(table))
        for path in sorted((archive.path / folder / "parts").glob("*/*")):
            name = path.relative_to(archive.path / folder).as_posix()
            if name in gone:
                removed.add(f"{folder}/{name}")
            elif name not in live and _holds(path, ids, raw):
                strange.add(f"{folder}/{name}")
    return removed, strange


def check_aside(root: Path) -> None:
    """Refuse where damaged parts are kept that may hold any document: a take-down cannot look.

    Raises: InputError.
    """
    unsure = [path for path in _put_aside(root) if _holds(path, (), ()) is None]
    if unsure:
        first = unsure[0].relative_to(root).as_posix()
        more = f", and {len(unsure) - 1:,} more" if len(unsure) > 1 else ""
        raise InputError(
            f"{first}{more}: put aside damaged, and may hold what is to be taken down",
            hint=f"Once the archive is sound, delete {DAMAGED}/ and {ASIDE}/ in its folder.",
        )


def _put_aside(root: Path) -> list[Path]:
    """The parts that `repair` and `recover` put aside; checkpoints name parts, and no ids."""
    found = (path for name in (ASIDE, DAMAGED) for path in (root / name).rglob("*.parquet"))
    return sorted(path for path in found if not path.name.endswith(".checkpoint.parquet"))


def _holds(path: Path, ids: Collection[str], raw: Collection[str]) -> bool | None:
    """Whether a file that no version names holds one of the documents; None if unreadable."""
    try:
        need(path)
        with path.open("rb") as stream:
            footer = footer_sha256(stream, regular_size(path))
        with open_part(path, footer) as file:
            for index in range(file.num_row_groups):
                check_group(file, index)
                rows = file.read_row_group(index, columns=["id", "raw_sha256"]).to_pylist()
                if any(
                    id_digest(str(row["id"])) in ids or row["raw_sha256"] in raw for row in rows
                ):
                    return True
    except PARQUET_ERRORS:
        return None
    return False
