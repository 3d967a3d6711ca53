"""Prometheus reads the alert rules, and they fire when they should and only then."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RULES = ROOT / "docs/ops/archiver-alerts.yml"

needs_promtool = pytest.mark.skipif(
    shutil.which("promtool") is None, reason="no promtool on this system"
)


def promtool(*words: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["promtool", *words], cwd=cwd, capture_output=True, text=True, check=False
    )


@needs_promtool
def test_rules_are_valid():
    done = promtool("check", "rules", str(RULES))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "7 rules found" in done.stdout


@needs_promtool
def test_rules_fire_when_they_should(tmp_path):
    shutil.copy(RULES, tmp_path)
    shutil.copy(Path(__file__).with_name("alerts.yml"), tmp_path)
    done = promtool("test", "rules", "alerts.yml", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    # And the test can fail: a rule that fires later is told.
    rules = tmp_path / RULES.name
    rules.write_text(rules.read_text().replace("2 * 86400", "3 * 86400"))
    done = promtool("test", "rules", "alerts.yml", cwd=tmp_path)
    assert done.returncode == 1
    assert "ArchiveCheckOverdue" in done.stdout + done.stderr


def test_rules_use_figures_that_there_are():
    known = (ROOT / "docs/reference/metrics.md").read_text(encoding="utf-8")
    used = set(re.findall(r"archiver_\w+", RULES.read_text(encoding="utf-8")))
    assert len(used) == 10
    assert all(f"| `{name}` |" in known for name in used)
