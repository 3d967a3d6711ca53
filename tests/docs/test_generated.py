"""The pages that follow from the code are those that the code would write now."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

GENERATE = Path(__file__).parents[2] / "docs" / "generate.py"


def generate(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(GENERATE), *words],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


def test_nothing_is_out_of_date() -> None:
    done = generate("--check")
    assert done.returncode == 0, done.stdout + done.stderr


def test_other_words_are_refused() -> None:
    assert generate("--chekc").returncode == 2
