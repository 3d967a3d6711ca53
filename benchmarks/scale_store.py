"""What an archive in an object store asks of it, counted; and what a run's own process costs.

Requests are counted where they are made, against a store in memory that keeps conditions
as S3 does: their number does not depend on the service, their time would.
"""

from __future__ import annotations

import os
import resource
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from versions import MOMENT, RULESET, row

from archiver.archive.archive import create_archive
from archiver.archive.checks.validate import validate
from archiver.archive.files.mounts import mounted
from archiver.archive.log.delta import CHECKPOINT_INTERVAL
from archiver.archive.rows.records import records_from_rows
from archiver.archive.write.writer import Writer
from archiver.digest import sha256
from archiver.document import Source
from archiver.ingest import Finished, Job, ingest
from archiver.ingest.engine import Engine
from archiver.remote import Store, WorkingCopy, parse_location
from archiver.rules.load import builtin

#: Versions that are made, two checkpoints among them; the first ones prove the service.
VERSIONS = 2 * CHECKPOINT_INTERVAL
SETTLED = 2


def store_requests(folder: Path) -> dict[str, float]:
    """Requests of a version, a checkpoint, a part; of opening and validating an archive.

    A listing is billed as a write; a deletion is free.
    """
    short = _versions(folder / "short", VERSIONS // 2, 1)
    few, many = _versions(folder / "few", VERSIONS, 1), _versions(folder / "many", VERSIONS, 6)
    plain, heavy = _mean(few["plain"]), _mean(few["heavy"])
    opened, checked = few["opened"][0]["get"], few["checked"][0]["get"]
    more_versions, more_parts = VERSIONS - VERSIONS // 2, 5 * VERSIONS
    part = (_mean(many["plain"])["put"] - plain["put"]) / 5
    check = (many["checked"][0]["get"] - checked) / more_parts
    return {
        "writes a version": plain["put"] - part,
        "listings a version": plain["list"],
        "writes a checkpoint": heavy["put"] + heavy["list"] - plain["put"] - plain["list"],
        "writes a part": part,
        "reads a version": plain["get"] + plain["head"],
        "reads to open": float(opened),
        "reads to open, a version": (opened - short["opened"][0]["get"]) / more_versions,
        "reads to open, a part": (many["opened"][0]["get"] - opened) / more_parts,
        "reads to validate, a version": (checked - short["checked"][0]["get"]) / more_versions
        - check,
        "reads to validate, a part": check,
    }


def _versions(folder: Path, versions: int, parts: int) -> dict[str, list[Counter[str]]]:
    import obstore

    inner: Any = obstore.store.MemoryStore()
    store = Store(parse_location("s3://benchmark/x"), inner)
    root = folder / "w" / "copy"
    root.mkdir(parents=True)
    copy = WorkingCopy(root, store)
    copy.refresh()
    found: dict[str, list[Counter[str]]] = {name: [] for name in ("plain", "heavy")}
    with mounted(root, copy):
        archive = create_archive(root, MOMENT, tool="benchmark")
        for version in range(1, versions + 1):
            before = store.requests.copy()
            moment = MOMENT + timedelta(minutes=version)
            name = f"b{version}"
            with Writer(
                archive, batch_id=name, ingested_at=moment, tool="benchmark", part_bytes=0
            ) as writer:
                for part in range(parts):
                    writer.stage_documents(records_from_rows([row(version * 1000 + part)]))
                writer.commit(
                    ruleset_digest=sha256(RULESET),
                    ruleset_json=RULESET,
                    profile="standard",
                    index_sha256=None,
                    counts={},
                )
            if version > SETTLED:
                kind = "heavy" if version % CHECKPOINT_INTERVAL == 0 else "plain"
                found[kind].append(store.requests - before)
    found["opened"] = [_read(folder / "o", inner, check=False)]
    found["checked"] = [_read(folder / "c", inner, check=True)]
    return found


def _read(folder: Path, inner: Any, *, check: bool) -> Counter[str]:  # noqa: ANN401 -- obstore's
    """Requests of a process that has nothing yet, and opens an archive, or validates it."""
    from archiver.archive.archive import open_archive

    root = folder / "copy"
    root.mkdir(parents=True)
    store = Store(parse_location("s3://benchmark/x"), inner)
    copy = WorkingCopy(root, store)
    copy.refresh()
    with mounted(root, copy):
        if check:
            if validate(root).findings:
                raise SystemExit("the archive in the store is not sound")
        else:
            open_archive(root).head()
    return store.requests


def _mean(counts: Sequence[Counter[str]]) -> dict[str, float]:
    names = ("put", "get", "head", "list", "delete")
    return {name: sum(one[name] for one in counts) / len(counts) for name in names}


def driven(folder: Path, sources: Sequence[Source], workers: int) -> dict[str, float]:
    """Bytes a second of CPU that the process takes which reads and commits; workers clean.

    For the pool of this machine, and for Dask with its scheduler in the same process.
    """
    engines: dict[str, Engine] = {}
    from archiver.engines.pool import Pool

    engines["pool"] = partial(Pool, workers=workers, environ=dict(os.environ), always=True)
    try:
        from archiver.engines.dask_crew import DaskCrew
        from archiver.engines.dask_link import require_dask

        require_dask()
        engines["dask"] = partial(DaskCrew, scheduler=None, workers=workers)
    except Exception as problem:  # noqa: BLE001 -- the extra is not installed, or not as it should be
        print(f"no figure for Dask: {problem}", file=sys.stderr)
    size = sum(len(source.data) for source in sources)
    told = {}
    for name, engine in engines.items():
        job = Job(folder / name, builtin(), "standard", MOMENT, "b1", "benchmark", engine=engine)
        events = ingest(_fresh(sources), job)
        next(events)  # the crew is there, and the rules are read
        begun = _own_cpu()
        *_, last = events
        if not isinstance(last, Finished):
            raise SystemExit("the run did not end")
        told[name] = size / (_own_cpu() - begun)
    return told


def _fresh(sources: Sequence[Source]) -> Iterator[Source]:
    """As a reader gives them: their digests are computed in the run."""
    for source in sources:
        yield Source(source.id, source.file_path, source.data, source.media_type, source.provenance)


def _own_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
