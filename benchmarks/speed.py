"""How much cleaning costs, as a ratio to copying the same documents into Parquet.

    python benchmarks/speed.py [DOCUMENTS] [ROUNDS]

The corpus is made from the seeds: each document is one of them with the words
of every long line shuffled, so that prose is unique while junk repeats, as it
does on the web. *Copy* reads every document, digests it and writes Parquet (zstd 3);
*safe* and *standard* are the batch that ``archiver ingest`` runs, by rules alone and
with the line model; *model* is one look of the model at every document, *plain* the
same one document at a time; *ingest* and *validate* are the whole commands on a new
archive. The jobs take turns; the medians of their CPU times are compared, which other
work on the machine moves little. One thread for the matrix products, as in a worker of
``ingest``.
"""

from __future__ import annotations

import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy is loaded

from copying import copy

from archiver.batch import clean_batch, source_batch
from archiver.document import Source
from archiver.model.many import Decider
from archiver.model.score import decide
from archiver.rules.load import builtin
from archiver.settings import Profile

SEEDS = Path(__file__).parents[1] / "seeds"
#: Lines of at least so many words are prose; the seeds' junk has fewer.
PROSE_WORDS = 12
MOMENT = datetime(2026, 1, 1, tzinfo=UTC)


def corpus(documents: int) -> list[Source]:
    """Documents like the seeds, each with prose of its own; the same ones every time."""
    chance = random.Random(0)
    seeds = [path.read_text(encoding="utf-8") for path in sorted(SEEDS.glob("*.txt"))]
    made = []
    for number in range(documents):
        lines = []
        for line in seeds[number % len(seeds)].split("\n"):
            words = line.split(" ")
            if len(words) >= PROSE_WORDS:
                chance.shuffle(words)
            lines.append(" ".join(words))
        name = f"{number:06}.txt"
        made.append(Source(name, name, "\n".join(lines).encode()))
    return made


def clean(sources: list[Source], profile: Profile = "standard") -> None:
    """Decode, repair, apply rules and model, make records with their digests."""
    for start in range(0, len(sources), 500):
        items = [(source, 1) for source in sources[start : start + 500]]
        clean_batch(
            source_batch(items, MOMENT), builtin(), profile=profile, tool_version="benchmark"
        )


def model(sources: list[Source]) -> None:
    """One look of the line model at every document, many at once."""
    for start in range(0, len(sources), 500):
        Decider("standard").decide(lines_of(sources[start : start + 500]))


def plain(sources: list[Source]) -> None:
    """The same, one document at a time."""
    for lines in lines_of(sources):
        decide(lines, "standard")


def lines_of(sources: list[Source]) -> list[list[str]]:
    """The lines of each document."""
    return [source.data.decode().split("\n") for source in sources]


def command(folder: Path, *words: str) -> None:
    """A whole command, in a process of its own."""
    subprocess.run([sys.executable, "-m", "archiver", *words, "--quiet"], cwd=folder, check=True)


def cpu(job: Callable[[], None]) -> float:
    """Seconds of CPU time that a job takes, its child processes included."""
    before = time.process_time() + _children()
    job()
    return time.process_time() + _children() - before


def _children() -> float:
    import resource

    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main(documents: int = 2000, rounds: int = 5) -> None:
    """Print a table of medians."""
    sources = corpus(documents)
    size = sum(len(source.data) for source in sources)
    times: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "pages").mkdir()
        for source in sources:
            (folder / "pages" / source.id).write_bytes(source.data)
        clean(sources[:10])  # load what is loaded once
        for turn in range(rounds):
            archive = f"archive-{turn}"
            jobs: dict[str, Callable[[], None]] = {
                "copy": lambda: copy(folder / "pages", folder / "copy.parquet"),
                "safe": lambda: clean(sources, "safe"),
                "standard": lambda: clean(sources),
                "model": lambda: model(sources),
                "plain": lambda: plain(sources),
                "ingest": lambda: command(folder, "ingest", "pages", "--archive", archive),  # noqa: B023 -- runs in this turn
                "validate": lambda: command(folder, "validate", archive),  # noqa: B023
            }
            for job, run in jobs.items():
                times.setdefault(job, []).append(cpu(run))
    print(f"{documents:,} documents, {size / 1e6:.1f} MB, {rounds} rounds, medians of CPU time")
    base = statistics.median(times["copy"])
    for job, seconds in times.items():
        median = statistics.median(seconds)
        print(
            f"{job:9} {median:7.2f} s  {size / 1e6 / median:6.1f} MB/s  {median / base:5.1f} x copy"
        )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
