"""What a very large archive would need: measured small on this machine, then multiplied out.

    python benchmarks/scale.py [--parts 400 1600] [--bytes 100e12] [--put 0.005] ...

Archives of many tiny parts are made by the writer itself. Measured: bytes of a log entry
and of the summary, by parts and documents; CPU and bytes of Delta's checkpoint; CPU of a
commit and of opening, by the parts that are there; memory of a process that opens, and of
one that is about to ingest, by parts and documents; what a document takes as part of a
part, and cleaning's speed; requests to an object store, and what the process costs that
reads and commits (``scale_store``). ``scale_model`` multiplies. Prices and sizes that nobody
measured are options, and are printed with the result. Linux or macOS (memory is told by
the kernel). ``--json`` for programs.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import get_args

import corpus
import numpy as np
from pages import load
from scale_model import Assumed, Costs, Line, plans, report
from scale_store import driven, store_requests
from versions import MOMENT, RULESET, row

from archiver.archive.archive import Archive, create_archive, open_archive
from archiver.archive.log.delta import CHECKPOINT_INTERVAL
from archiver.archive.rows.columns import TABLES
from archiver.archive.rows.records import records_from_rows
from archiver.archive.write.join import unpacked_size
from archiver.archive.write.writer import Writer
from archiver.batch import clean_batch, source_batch
from archiver.digest import sha256
from archiver.document import Source
from archiver.rules.load import builtin
from archiver.settings import Profile

#: Documents a part in the two kinds of archive: the difference is what a document costs.
FEW, MANY = 1, 20
#: Commits whose cost is measured; two of them write a checkpoint.
COMMITS = 2 * CHECKPOINT_INTERVAL
PROBES = ("import", "open", "known")
#: Documents that are cleaned, to learn what they take and cost.
SAMPLE = 200
#: Processes that clean them, where it is measured what the one costs that they work for.
WORKERS = 2


def build(folder: Path, parts: int, documents: int) -> Archive:
    """An archive whose version 1 has so many parts of so many documents."""
    archive = create_archive(folder, MOMENT, tool="benchmark")
    with Writer(
        archive, batch_id="b1", ingested_at=MOMENT, tool="benchmark", part_bytes=0
    ) as writer:
        for part in range(parts):
            numbers = range(part * documents, (part + 1) * documents)
            writer.stage_documents(records_from_rows([row(number) for number in numbers]))
        _commit(writer)
    return archive


def _commit(writer: Writer) -> None:
    done = writer.commit(
        ruleset_digest=sha256(RULESET),
        ruleset_json=RULESET,
        profile="standard",
        index_sha256=None,
        counts={},
    )
    if not done.sealed:
        raise SystemExit("the bag was not sealed: the disk refused")


def commits(archive: Archive, first: int) -> tuple[float, float]:
    """Seconds of CPU of a plain commit of one document, and of one that writes a checkpoint."""
    spent: dict[bool, list[float]] = {True: [], False: []}
    for number in range(2, COMMITS + 2):
        moment = MOMENT + timedelta(minutes=number)
        with Writer(
            archive, batch_id=f"b{number}", ingested_at=moment, tool="benchmark", part_bytes=0
        ) as writer:
            writer.stage_documents(records_from_rows([row(first + number)]))
            begun = time.process_time()
            _commit(writer)
            spent[number % CHECKPOINT_INTERVAL == 0].append(time.process_time() - begun)
    plain, heavy = (float(np.mean(spent[kind])) for kind in (False, True))
    return plain, heavy


def probe(kind: str, folder: Path) -> dict[str, float]:
    """CPU and memory of this process after it opened an archive (``known``: for a run)."""
    from archiver.ingest.known import Known

    begun = time.process_time()
    if kind != "import":
        archive = open_archive(folder)
        archive.head()
        kept = Known(archive) if kind == "known" else archive.entries()
        if len(kept) == 0:
            raise SystemExit("an empty archive cannot be measured")
    return {"cpu": time.process_time() - begun, "memory": highest_memory()}


def highest_memory() -> float:
    """The most that this process ever held, in bytes."""
    try:
        # Not ru_maxrss, which on Linux begins with what the parent held.
        told = Path("/proc/self/status").read_text(encoding="ascii")
        return float(told.split("VmHWM:")[1].split()[0]) * 1024
    except FileNotFoundError:
        import resource

        return float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def probed(kind: str, folder: Path) -> dict[str, float]:
    """As ``probe``, in a new process; the median of three."""
    words = [sys.executable, __file__, "--probe", kind, str(folder)]
    found = [
        json.loads(subprocess.run(words, check=True, capture_output=True).stdout) for _ in "abc"
    ]
    return {name: float(np.median([one[name] for one in found])) for name in found[0]}


def weighed(folder: Path, parts: int, documents: int) -> dict[str, float]:
    """Everything about one archive that a model can be fitted to."""
    archive = build(folder, parts, documents)
    plain, heavy = commits(archive, parts * documents)
    log = folder / TABLES["documents"] / "_delta_log"
    checkpoint = max(log.glob("*.checkpoint.parquet"))
    summary = max(folder.glob(".cache/documents-*.json"), key=lambda path: path.stat().st_size)
    opened, known, bare = (probed(kind, folder) for kind in ("open", "known", "import"))
    return {
        "parts": parts,
        "documents": parts * documents,
        "entry bytes": (log / f"{1:020d}.json").stat().st_size,
        "summary bytes": summary.stat().st_size,
        "checkpoint bytes": checkpoint.stat().st_size,
        "checkpoint CPU": heavy - plain,
        "commit CPU": plain,
        "manifest bytes": (folder / "manifest-sha256.txt").stat().st_size,
        "open CPU": opened["cpu"],
        "open memory": opened["memory"] - bare["memory"],
        "ingest memory": known["memory"] - bare["memory"],
    }


def fit(found: Sequence[dict[str, float]], name: str) -> Line:
    """A constant, so much a part and a document, through the archives that were measured."""
    base = [[1.0, one["parts"], one["documents"]] for one in found]
    solved = np.linalg.lstsq(np.array(base), np.array([one[name] for one in found]), rcond=None)[0]
    return Line(*(max(0.0, float(value)) for value in solved))


def sampled(data: Path | None) -> list[Source]:
    """Documents of the benchmarks' corpus."""
    pages = load(data)
    made = [corpus.document(pages, n, 0, corpus.Shares()) for n in range(SAMPLE)]
    return [Source(one.name, one.name, one.data) for one in made]


def cleaned(folder: Path, made: list[Source], profile: Profile) -> dict[str, float]:
    """Bytes of a document as received, in a part and in memory; bytes cleaned a second of CPU."""
    batch = source_batch([(one, 1) for one in made], MOMENT)
    clean_batch(batch.slice(0, 20), builtin(), profile=profile, tool_version="benchmark")
    begun = time.process_time()
    records = clean_batch(batch, builtin(), profile=profile, tool_version="benchmark").records
    spent = time.process_time() - begun
    received = sum(len(one.data) for one in made)
    archive = create_archive(folder, MOMENT, tool="benchmark")
    with Writer(
        archive, batch_id="b1", ingested_at=MOMENT, tool="benchmark", part_bytes=0
    ) as writer:
        writer.stage_documents(records)
        _commit(writer)
    parts = archive.entries()[-1].added
    table = folder / TABLES["documents"]
    return {
        "received": received / SAMPLE,
        "stored": sum(part.bytes for part in parts) / SAMPLE,
        "unpacked": sum(unpacked_size(table / part.path) for part in parts) / SAMPLE,
        "speed": received / spent,
    }


def measured(sizes: Sequence[int], data: Path | None, profile: Profile) -> Costs:
    """Build, weigh, fit."""
    small, large = sizes
    shapes = [(small, FEW), (large, FEW), (small, MANY), (large, MANY)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found = []
        for number, (parts, documents) in enumerate(shapes):
            print(f"{parts} parts of {documents}", file=sys.stderr)
            found.append(weighed(folder / str(number), parts, documents))
        made = sampled(data)
        document = cleaned(folder / "cleaned", made, profile)
        asked = store_requests(folder / "store")
        own = driven(folder / "driven", made, WORKERS)
    names = [key for key in found[0] if key not in ("parts", "documents")]
    return Costs(
        **document,
        lines={key: fit(found, key) for key in names},
        seen=tuple(found),
        requests=asked,
        driven=own,
    )


def main() -> None:
    """Measure, multiply, print."""
    if sys.argv[1:2] == ["--probe"]:
        print(json.dumps(probe(sys.argv[2], Path(sys.argv[3]))))
        return
    ask = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    ask.add_argument("--parts", type=int, nargs=2, default=(400, 1600))
    ask.add_argument("--data", type=Path, help="folder of the labelled sets; without: the seeds")
    ask.add_argument("--profile", choices=get_args(Profile), default="standard")
    ask.add_argument("--json", action="store_true")
    for name, value in asdict(Assumed()).items():
        ask.add_argument(f"--{name.replace('_', '-')}", type=float, default=value)
    given = vars(ask.parse_args())
    assumed = Assumed(**{name: given[name] for name in asdict(Assumed())})
    costs = measured(given["parts"], given["data"], given["profile"])
    made = plans(costs, assumed)
    if given["json"]:
        print(json.dumps({"costs": asdict(costs), "assumed": asdict(assumed), "plans": made}))
    else:
        print(report(costs, assumed, made))


if __name__ == "__main__":
    main()
