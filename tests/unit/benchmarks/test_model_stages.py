"""The line model's stages are timed on any folder of texts, and say what was asked."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_every_stage_is_met(tmp_path):
    for path in sorted(ROOT.glob("seeds/*.txt")):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    command = [sys.executable, str(ROOT / "benchmarks" / "model_stages.py"), str(tmp_path)]
    command += ["--rounds", "1", "--profile", "strict"]
    told = subprocess.run(command, check=True, capture_output=True, text=True, encoding="utf-8")
    head, _, *rows = told.stdout.splitlines()
    assert head.startswith("4 documents, 0.0 MB, strict")
    seconds = {row.split(" | ")[0].strip("| "): float(row.split(" | ")[1]) for row in rows[2:]}
    assert {"all", "network", "asked again in the plain way"} < set(seconds)
    assert len(seconds) == 12
    assert all(one >= 0 for one in seconds.values())
