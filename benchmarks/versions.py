"""What one more version costs, by how many there are: open, commit and log should stay flat.

    python benchmarks/versions.py [ROUNDS]

A version of one document is committed again and again. At version 10, 100 and
1,000 the work of a new process is measured: opening the archive and learning
its head, a commit of one document with all that belongs to it (log, checkpoint,
bag), the list of the newest versions and of all. Medians of CPU and wall time over ROUNDS
(default 21), in which the three archives take turns; every tenth commit also writes
Delta's checkpoint, so the mean of the rounds stands beside. Exit status 1 where a
commit at version 1,000 costs more than ``FLOOR`` times what it does at version 10.
"""

from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from archiver.archive.archive import Archive, create_archive, open_archive
from archiver.archive.rows.records import records_from_rows
from archiver.archive.write.writer import Writer
from archiver.digest import sha256, sha256_text

MILESTONES = (10, 100, 1_000)
#: What a commit at the last milestone may cost, in commits at the first.
FLOOR = 1.5
MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
RULESET = b'{"rules":[]}'


@dataclass(frozen=True, slots=True)
class Cost:
    """Milliseconds: medians, and the mean of the CPU time."""

    cpu: float
    wall: float
    mean: float


def row(number: int) -> dict[str, object]:
    """A document that differs from all others."""
    text = f"This is the text of document {number}.\n"
    moment = MOMENT + timedelta(minutes=number)
    return {
        "id": f"d{number:06}",
        "revision": 1,
        "text": text,
        "edits": [],
        "dropped": [],
        "facts": {},
        "metadata": {},
        "raw": None,
        "raw_sha256": sha256_text(text),
        "text_sha256": sha256_text(text),
        "source_sha256": sha256_text(text),
        "url": None,
        "title": None,
        "source": None,
        "license": None,
        "language": "en",
        "language_score": None,
        "media_type": "text/plain",
        "encoding": "utf-8",
        "newline": "lf",
        "encoding_evidence": "",
        "extractor": None,
        "file_path": f"d{number:06}.txt",
        "ruleset": sha256(RULESET),
        "profile": "standard",
        "tool_version": "benchmark",
        "date": None,
        "fetched_at": None,
        "ingested_at": moment,
    }


def commit(archive: Archive, number: int) -> None:
    """One version of one document."""
    moment = MOMENT + timedelta(minutes=number)
    with Writer(archive, batch_id=f"b{number}", ingested_at=moment, tool="benchmark") as writer:
        writer.stage_documents(records_from_rows([row(number)]))
        done = writer.commit(
            ruleset_digest=sha256(RULESET),
            ruleset_json=RULESET,
            profile="standard",
            index_sha256=None,
            counts={},
            expected_head=archive.head(),
        )
    if done.head.version != number or not done.sealed:
        raise SystemExit(f"commit {number} made version {done.head.version}")


def grow(folder: Path) -> dict[int, Path]:
    """An archive with so many versions, for each milestone."""
    growing = create_archive(folder / "growing", MOMENT, tool="benchmark")
    places, at = {}, 0
    for milestone in MILESTONES:
        for number in range(at + 1, milestone + 1):
            commit(growing, number)
        at = milestone
        places[milestone] = folder / f"{milestone}"
        shutil.copytree(growing.path, places[milestone])
    return places


def run(rounds: int, folder: Path) -> dict[str, dict[int, Cost]]:
    """Job -> milestone -> cost. The archives take turns, so that all meet the same machine."""
    places = grow(folder)
    jobs: dict[str, Callable[[Path, int], object]] = {
        "open": lambda place, _: open_archive(place).head(),
        "commit": lambda place, number: commit(open_archive(place), number),
        "log -n 10": lambda place, _: open_archive(place).versions(10),
        "log": lambda place, _: open_archive(place).versions(),
    }
    spent: dict[tuple[str, int], list[tuple[float, float]]] = {}
    for turn in range(1, rounds + 1):
        for name, job in jobs.items():
            for milestone, place in places.items():
                begun, begun_cpu = time.perf_counter(), time.process_time()
                job(place, milestone + turn)
                cpu = (time.process_time() - begun_cpu) * 1000
                wall = (time.perf_counter() - begun) * 1000
                spent.setdefault((name, milestone), []).append((cpu, wall))
    found: dict[str, dict[int, Cost]] = {name: {} for name in jobs}
    for (name, milestone), times in spent.items():
        cpus, walls = zip(*times, strict=True)
        medians = statistics.median(cpus), statistics.median(walls)
        found[name][milestone] = Cost(*medians, statistics.mean(cpus))
    return found


def main() -> None:
    """Print the table, and hold the floor."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 21
    with tempfile.TemporaryDirectory() as folder:
        found = run(rounds, Path(folder))
    print(f"{'':10}{'version':>9}{'CPU ms':>9}{'mean':>9}{'wall ms':>9}{'CPU':>8}{'wall':>8}")
    for job, costs in found.items():
        first = costs[MILESTONES[0]]
        for milestone, cost in costs.items():
            ratios = f"{cost.cpu / first.cpu:7.2f}x{cost.wall / first.wall:7.2f}x"
            times = f"{cost.cpu:9.1f}{cost.mean:9.1f}{cost.wall:9.1f}"
            print(f"{job:10}{milestone:9,}{times}{ratios}")
    costs = found["commit"]
    ratio = costs[MILESTONES[-1]].cpu / costs[MILESTONES[0]].cpu
    if ratio > FLOOR:
        raise SystemExit(
            f"\na commit at version {MILESTONES[-1]:,} costs {ratio:.2f}x, not {FLOOR}x"
        )


if __name__ == "__main__":
    main()
