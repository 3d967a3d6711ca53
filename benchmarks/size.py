"""How many bytes an archive takes, as a ratio to its sources compressed alone.

    python benchmarks/size.py [--profile safe] FOLDER [FOLDER ...]
    python benchmarks/size.py --pages DATA [--bytes 100000000] [--profile safe]

Each FOLDER is ingested into a new archive. Its bytes, all files counted, are
compared with the sources under zstd 6 in two ways: each file for itself and
summed, and, stricter, all files in one stream in the order of their names.
``--pages`` makes two corpora, of text and of HTML, from the labelled sets in DATA
(``*_dev.parquet``): the same files every time, text renderings one after the
other, so that near duplicates lie too far apart for one stream to see. Without
arguments the seeds are measured. Exit status 1 where a corpus of 10 MB or more
takes over ``CEILING`` times its files compressed alone; a smaller one is mostly
rules and footers, whose size does not grow.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

#: What a text archive may take, in its sources compressed one by one.
CEILING = 1.35
#: From here on the ceiling holds: the rules alone take 0.22 MB.
LARGE = 10_000_000
LEVEL = 6
SEEDS = Path(__file__).parents[1] / "seeds"
RENDERINGS = ("text_inscriptis", "text_resiliparse", "text_residue")
#: What a copy of an archive does not need.
OUTSIDE = (".lock", ".staging", ".cache")


def text_pages(data: Path) -> Iterator[tuple[str, bytes]]:
    """Rendered pages, one rendering after the other."""
    for column in RENDERINGS:
        for name in ("wcxb_dev", "multi_dev"):
            texts = pq.read_table(data / f"{name}.parquet", columns=[column])[column]
            for number, text in enumerate(texts):
                yield f"{column}-{name}-{number:05}.txt", (text.as_py() or "").encode()


def html_pages(data: Path) -> Iterator[tuple[str, bytes]]:
    """Whole pages as fetched."""
    pages = pq.read_table(data / "wcxb_dev_html.parquet", columns=["html"])["html"]
    for number, page in enumerate(pages):
        html = page.as_py()
        yield f"{number:05}.html", html if isinstance(html, bytes) else html.encode()


def write_corpus(folder: Path, pages: Iterator[tuple[str, bytes]], limit: int) -> Path:
    """The first pages that together have at most so many bytes, one file each."""
    folder.mkdir()
    size = 0
    for name, data in pages:
        size += len(data)
        if size > limit:
            break
        if data:
            (folder / name).write_bytes(data)
    return folder


def sources(folder: Path) -> list[bytes]:
    """The files of a folder, by name, without its INDEX.md."""
    paths = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return [path.read_bytes() for path in paths if path.name != "INDEX.md"]


def compressed(data: bytes) -> int:
    """Bytes of a zstd stream."""
    return int(pa.Codec("zstd", compression_level=LEVEL).compress(data).size)


def archive_sizes(archive: Path) -> Counter[str]:
    """Kind of file -> bytes."""
    sizes: Counter[str] = Counter()
    for path in archive.rglob("*"):
        inside = path.relative_to(archive).parts
        if path.is_file() and inside[0] not in OUTSIDE:
            kind = next((name for name in ("parts", "rulesets") if name in inside), "log and bag")
            sizes[kind] += path.stat().st_size
    return sizes


def column_sizes(archive: Path) -> Counter[str]:
    """Column of the documents -> bytes, and what the Parquet files hold besides."""
    sizes: Counter[str] = Counter()
    for path in archive.glob("data/documents/parts/*/*.parquet"):
        sizes["(footers)"] += path.stat().st_size
        found = pq.read_metadata(path)
        for group in map(found.row_group, range(found.num_row_groups)):
            for column in map(group.column, range(group.num_columns)):
                sizes[column.path_in_schema] += column.total_compressed_size
                sizes["(footers)"] -= column.total_compressed_size
    return sizes


def measure(folder: Path, archive: Path, profile: str) -> bool:
    """Ingest, print, and say whether the ceiling holds."""
    command = [sys.executable, "-m", "archiver", "ingest", str(folder.resolve()), "--quiet"]
    command += ["--archive", str(archive), "--profile", profile]
    done = subprocess.run(command, check=False)
    if done.returncode not in {0, 3}:
        raise SystemExit(f"{folder}: ingest ended with {done.returncode}")
    return report(folder, archive, profile)


def report(folder: Path, archive: Path, profile: str) -> bool:
    """Print what an archive of a folder takes, and say whether the ceiling holds."""
    found = sources(folder)
    size, alone = sum(map(len, found)), sum(map(compressed, found))
    stream = compressed(b"".join(found))
    kinds = archive_sizes(archive)
    total = kinds.total()
    print(f"{folder.name}, profile {profile}: {len(found):,} sources, {size:,} bytes")
    print(f"  zstd {LEVEL}: each alone {alone:,}, one stream {stream:,}")
    parts = ", ".join(f"{kind} {number:,}" for kind, number in kinds.most_common())
    print(f"  archive {total:,}: {parts}")
    print(
        f"  ratio {total / alone:.3f} to each alone, {total / stream:.3f} to one stream "
        f"(parts only: {kinds['parts'] / alone:.3f}, {kinds['parts'] / stream:.3f})"
    )
    columns = column_sizes(archive)
    shares = columns.most_common(8)
    print("  " + ", ".join(f"{name} {part / columns.total():.1%}" for name, part in shares))
    return size < LARGE or total <= CEILING * alone


def main() -> int:
    """Measure, print, hold the ceiling."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER")
    parser.add_argument("--pages", type=Path, metavar="DATA", help="make the corpora from these")
    parser.add_argument("--bytes", type=int, default=100_000_000, help="of each corpus made")
    parser.add_argument("--profile", default="standard", choices=["safe", "standard", "strict"])
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folders = list(chosen.folders)
        if chosen.pages:
            made = {"text": text_pages(chosen.pages), "html": html_pages(chosen.pages)}
            folders += [
                write_corpus(Path(scratch) / name, pages, chosen.bytes)
                for name, pages in made.items()
            ]
        held = [
            measure(folder, Path(scratch) / f"archive-{number}", chosen.profile)
            for number, folder in enumerate(folders or [SEEDS])
        ]
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
