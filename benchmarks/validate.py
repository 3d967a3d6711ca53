"""How long a full validation takes, against the least that it could take, and against peers.

    python benchmarks/validate.py [--data SETS] [--size 30MB] [--rounds 7]

Two archives: *pages*, cleaned in ``safe``, of web pages as ``corpus.py`` makes them, and
*edits*, cleaned in ``standard``, of short texts that are half debris: each of its documents
has a dozen edits. *pages read* reads every page of the Parquet files once with its
checksum and digests every file once; *limit* adds one digest of every text, every
received document and every record: no check of all digests can do less. Jobs take
turns; medians of their CPU times are compared, which other work on the machine moves
little, and of wall times. On one core: ``taskset -c 0``.
Peers check the same files: ``bagit.py --validate``, ``sha256sum -c`` and ``restic
check --read-data`` of a backup of them, each where it is installed.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage

import pyarrow.parquet as pq
from corpus import Shares, documents, size_of
from pages import load
from speed import MOMENT
from speed import corpus as seeds

from archiver.archive.archive import create_archive, open_archive
from archiver.archive.checks.validate import validate
from archiver.archive.rows.columns import TABLES
from archiver.archive.rows.records import restore_bytes
from archiver.archive.write.writer import Writer
from archiver.batch import clean_batch, source_batch
from archiver.digest import canonical_json, sha256
from archiver.document import Source
from archiver.engines.cores import cores
from archiver.rules.load import builtin
from archiver.settings import Profile

#: Sources cleaned at a time, as a run does.
BATCH = 500
SEED = 0
#: Documents of the archive with many edits.
EDITED = 2000


def build(folder: Path, sources: Iterable[Source], profile: Profile) -> Path:
    """An archive of the sources, as ``archiver ingest`` would make it."""
    rules = builtin()
    archive = create_archive(folder, MOMENT)
    with Writer(archive, batch_id="benchmark", ingested_at=MOMENT, tool="benchmark") as writer:
        for items in batched(sources, BATCH):
            batch = source_batch([(source, 1) for source in items], MOMENT)
            made = clean_batch(batch, rules, profile=profile, tool_version="benchmark")
            writer.stage_documents(made.records)
        writer.commit(
            ruleset_digest=rules.digest,
            ruleset_json=rules.to_json(),
            profile=profile,
            index_sha256=None,
            counts={},
        )
    return folder


def batched(sources: Iterable[Source], number: int) -> Iterator[list[Source]]:
    """So many at a time."""
    left = iter(sources)
    while some := list(islice(left, number)):
        yield some


def web(data: Path | None, size: int) -> Iterator[Source]:
    """Pages as ``corpus.py`` makes them."""
    for made in documents(load(data), size, SEED, Shares()):
        yield Source(made.name, made.name, made.data)


def read_pages(paths: Sequence[Path]) -> None:
    """One digest of every file, one pass over every page with its checksum."""
    for path in paths:
        sha256(path.read_bytes())
        with pq.ParquetFile(path, page_checksum_verification=True, pre_buffer=False) as file:
            for index in range(file.num_row_groups):
                file.read_row_group(index, use_threads=False)


def contents(archive: Path) -> list[bytes]:
    """What the digests of documents are made of: texts, received bytes, records."""
    found: list[bytes] = []
    for table in open_archive(archive).scan():
        for row in table.to_pylist():
            plain = row["text"].encode()
            raw = restore_bytes(row)
            found += [plain] if raw == plain else [plain, raw]
            moments = ("date", "fetched_at", "ingested_at")
            rest = {
                key: value for key, value in row.items() if key not in ("text", "raw", *moments)
            }
            found.append(canonical_json(rest))
    return found


def commands(archive: Path, folder: Path) -> dict[str, Callable[[], None]]:
    """The peers that are installed, ready to run."""
    found: dict[str, Callable[[], None]] = {}

    def add(name: str, words: list[str], environment: dict[str, str] | None = None) -> None:
        program = shutil.which(words[0])
        if program is None:
            print(f"{name}: {words[0]} is not installed, left out")
            return
        found[name] = lambda: _run([program, *words[1:]], archive, environment)

    add("bagit.py --validate", ["bagit.py", "--validate", "--quiet", "."])
    add("sha256sum -c", ["sha256sum", "-c", "--quiet", "manifest-sha256.txt"])
    restic = shutil.which("restic")
    vault = folder / f"vault-{archive.name}"
    known = {"RESTIC_REPOSITORY": str(vault), "RESTIC_PASSWORD": "benchmark"}
    if restic is not None:
        _run([restic, "init", "--quiet"], archive, known)
        _run([restic, "backup", "--quiet", "."], archive, known)
    add("restic check --read-data", ["restic", "check", "--read-data", "--no-cache"], known)
    return found


def _run(words: list[str], folder: Path, environment: dict[str, str] | None) -> None:
    subprocess.run(
        words,
        cwd=folder,
        check=True,
        env={**os.environ, **(environment or {})},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def measure(archive: Path, folder: Path, rounds: int) -> None:
    """Print the table of one archive."""
    paths = sorted((archive / TABLES["documents"]).glob("parts/*/*.parquet"))
    data = contents(archive)

    def limit() -> None:
        read_pages(paths)
        for item in data:
            sha256(item)

    jobs: dict[str, Callable[[], None]] = {
        "limit": limit,
        "pages read": lambda: read_pages(paths),
        "validate": lambda: _sound(archive),
        "validate --quick": lambda: _sound(archive, quick=True),
        **commands(archive, folder),
    }
    spent: dict[str, list[tuple[float, float]]] = {name: [] for name in jobs}
    for _ in range(rounds + 1):  # the first round warms up
        for name, job in jobs.items():
            before = _cpu(), time.perf_counter()
            job()
            spent[name].append((_cpu() - before[0], time.perf_counter() - before[1]))
    size = sum(path.stat().st_size for path in paths)
    print(
        f"\n{archive.name}: {size / 1e6:.1f} MB in parts, "
        f"{sum(map(len, data)) / 1e6:.1f} MB in texts, documents and records"
    )
    print(f"{'job':26} {'CPU s':>8} {'wall s':>8} {'of limit, CPU':>14} {'wall':>6}")
    medians = {
        name: tuple(statistics.median(column) for column in zip(*times[1:], strict=True))
        for name, times in spent.items()
    }
    base = medians["limit"]
    for name, (cpu, wall) in medians.items():
        print(f"{name:26} {cpu:8.3f} {wall:8.3f} {base[0] / cpu:14.2f} {base[1] / wall:6.2f}")


def _sound(archive: Path, *, quick: bool = False) -> None:
    report = validate(archive, quick=quick, threads=cores())
    if not report.is_sound:
        raise SystemExit(f"{archive} is not sound: {report.findings[0].message}")


def _cpu() -> float:
    own, children = map(getrusage, (RUSAGE_SELF, RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def main() -> None:
    """Build, measure, print."""
    parser = argparse.ArgumentParser(description="Validation, against its limit and peers.")
    parser.add_argument("--data", type=Path, help="folder of the labelled sets; none: the seeds")
    parser.add_argument("--size", default="30MB", help="of the pages")
    parser.add_argument("--rounds", type=int, default=7)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print(f"{given.size}, {given.rounds} rounds, medians")
        pages = web(given.data, size_of(given.size))
        measure(build(folder / "pages", pages, "safe"), folder, given.rounds)
        measure(build(folder / "edits", seeds(EDITED), "standard"), folder, given.rounds)


if __name__ == "__main__":
    main()
