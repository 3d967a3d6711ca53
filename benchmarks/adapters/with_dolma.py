"""dolma: the C4 tagger's spans, then the mixer that cuts them out, into gzipped JSONL.

    PYTHON benchmarks/adapters/with_dolma.py DECODED.jsonl FOLDER WORKERS

Run by the Python of an environment that holds ``dolma``. ``--about`` tells what is run.
"""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
import sys
from pathlib import Path

WORK = (
    "C4 tagger, then the mixer, into gzipped JSONL: text already decoded, no repair of "
    "encodings, no record of what goes, no digests"
)
TAGGER = "c4_v2"


def main(source: Path, folder: Path, workers: int) -> None:
    """Tag, then mix."""
    documents = folder / "set" / "documents"
    documents.mkdir(parents=True)
    for path in sorted(source.parent.glob(f"{source.stem}*.jsonl")):
        with path.open("rb") as plain, gzip.open(documents / f"{path.name}.gz", "wb", 1) as packed:
            shutil.copyfileobj(plain, packed)
    dolma = str(Path(sys.executable).with_name("dolma"))
    words = [dolma, "tag", "--documents", f"{documents}/*", "--taggers", TAGGER]
    run([*words, "--processes", str(workers), "--experiment", "c4"])
    line = f"$.attributes.c4__{TAGGER}__lines_with_no_ending_punctuation"
    mixed = {
        "streams": [
            {
                "name": "kept",
                "documents": [f"{documents}/*"],
                "attributes": ["c4"],
                "output": {"path": str(folder / "kept"), "max_size_in_bytes": 10**9},
                "span_replacement": [{"span": line, "min_score": 0.5, "replacement": ""}],
            }
        ],
        "processes": workers,
    }
    settings = folder / "mix.json"
    settings.write_text(json.dumps(mixed), encoding="utf-8")
    run([dolma, "-c", str(settings), "mix"])


def run(words: list[str]) -> None:
    """A command of dolma's."""
    subprocess.run(words, check=True)


if __name__ == "__main__":
    if sys.argv[1:] == ["--about"]:
        from importlib.metadata import version

        print(f"dolma {version('dolma')}: {WORK}")
    else:
        main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
