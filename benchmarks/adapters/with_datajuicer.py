"""Data-Juicer: its Unicode mapper (ftfy) and white space mapper, into JSONL.

    PYTHON benchmarks/adapters/with_datajuicer.py DECODED.jsonl FOLDER WORKERS

Run by the Python of an environment that holds ``py-data-juicer``, aiohttp and ftfy.
``--about`` tells what is run.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

WORK = (
    "Unicode and white space mappers, a length filter, into JSONL: text already decoded, no "
    "lines removed, no record of what changes, no digests"
)


def main(source: Path, folder: Path, workers: int) -> None:
    """Write the recipe, run it."""
    recipe = {
        "project_name": "benchmark",
        "dataset_path": str(source),
        "export_path": str(folder / "kept.jsonl"),
        "np": workers,
        "open_tracer": False,
        "process": [
            {"fix_unicode_mapper": None},
            {"whitespace_normalization_mapper": None},
            {"text_length_filter": {"min_len": 1}},
        ],
    }
    settings = folder / "recipe.yaml"  # JSON is YAML
    settings.write_text(json.dumps(recipe), encoding="utf-8")
    program = Path(sys.executable).with_name("dj-process")
    subprocess.run([str(program), "--config", str(settings)], check=True)


if __name__ == "__main__":
    if sys.argv[1:] == ["--about"]:
        from importlib.metadata import version

        print(f"Data-Juicer {version('py-data-juicer')}: {WORK}")
    else:
        main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
