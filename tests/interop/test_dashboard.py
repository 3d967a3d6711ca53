"""Dashboard and alerts speak of figures that the program writes, and Prometheus reads them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from archiver.cli.main import archiver

ROOT = Path(__file__).parents[2]
DASHBOARD = json.loads((ROOT / "docs/ops/archiver-dashboard.json").read_text(encoding="utf-8"))
ALERTS = yaml.safe_load((ROOT / "docs/ops/archiver-alerts.yml").read_text(encoding="utf-8"))
PAGE = (ROOT / "docs/reference/metrics.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> dict[str, str]:
    """The files of two ingests (one fails), and of a sound and a damaged validation."""
    with pytest.MonkeyPatch.context() as patch:
        home = tmp_path_factory.mktemp("metrics")
        patch.chdir(home)
        (home / "seeds").mkdir()
        (home / "seeds/a.txt").write_text("The harbour is frozen.\n[ad_1]\n", encoding="utf-8")
        (home / "seeds/bad.txt").write_bytes(b"\0\1\2")
        found = {}

        def run(name: str, status: int, *words: str) -> None:
            done = CliRunner().invoke(archiver, [*words, "--metrics", f"{name}.prom"])
            assert done.exit_code == status, done.output
            found[name] = (home / f"{name}.prom").read_text(encoding="utf-8")

        run("ingest", 3, "ingest", "--archive", 'odd "name" ü')
        run("failed", 6, "ingest", "nowhere", "--archive", 'odd "name" ü')
        run("sound", 0, "validate", 'odd "name" ü')
        (part,) = (home / 'odd "name" ü/data/documents/parts').rglob("*.parquet")
        part.write_bytes(part.read_bytes()[:-1])
        run("damaged", 4, "validate", 'odd "name" ü')
        run("none", 10, "validate", "nowhere")
        return found


def names(text: str) -> set[str]:
    return set(re.findall(r"\barchiver_\w+", text))


def expressions() -> list[str]:
    """Every expression of the dashboard, its variables among them, and of the alerts."""
    found = [target["expr"] for panel in DASHBOARD["panels"] for target in panel.get("targets", [])]
    found += [
        item["query"]["query"]
        for item in DASHBOARD["templating"]["list"]
        if isinstance(item["query"], dict)
    ]
    return found + [rule["expr"] for group in ALERTS["groups"] for rule in group["rules"]]


def test_names_in_expressions_are_those_that_are_written(written):
    used = set().union(*map(names, expressions()))
    really = set().union(*(names(text) for text in written.values()))
    assert used <= really
    # And the other way round: what is written is shown, and documented, name for name.
    assert really - used == set()
    listed = set(re.findall(r"^\| `(archiver_\w+)` \|", PAGE, re.MULTILINE))
    assert listed == really


def test_labels_in_expressions_are_those_that_are_written(written):
    really = set(re.findall(r"(\w+)=\"", " ".join(written.values())))
    used = set(re.findall(r"by \(([^)]*)\)", " ".join(expressions())))
    used = {label.strip() for group in used for label in group.split(",")}
    legends = " ".join(
        target["legendFormat"]
        for panel in DASHBOARD["panels"]
        for target in panel.get("targets", [])
    )
    assert used | set(re.findall(r"\{\{(\w+)\}\}", legends)) <= really
    assert really == {"archive", "code", "severity", "family"}


def test_a_run_that_fails_leaves_its_status_alone(written):
    assert 'archiver_ingest_exit_status{archive="odd \\"name\\" ü"} 6' in written["failed"]
    assert "archiver_ingest_documents_added" not in written["failed"]
    assert "archiver_ingest_edits" in written["ingest"]
    assert 'code="E202",severity="error"} 1' in written["ingest"]
    assert not names(written["ingest"]) & names(written["sound"])


def test_a_dry_run_has_no_figures(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(archiver, ["ingest", "--dry-run", "--metrics", "x.prom"])
    assert done.exit_code == 2
    assert not Path("x.prom").exists()


def test_panels_lie_side_by_side_and_speak_of_one_data_source():
    places = set()
    for panel in DASHBOARD["panels"]:
        spot = panel["gridPos"]
        assert spot["x"] + spot["w"] <= 24
        cells = {
            (x, y)
            for x in range(spot["x"], spot["x"] + spot["w"])
            for y in range(spot["y"], spot["y"] + spot["h"])
        }
        assert not cells & places, panel["title"]
        places |= cells
        if panel["type"] != "row":
            assert panel["datasource"]["uid"] == "${datasource}"
            assert panel["description"]
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(ids)) == len(ids)


@pytest.mark.skipif(shutil.which("promtool") is None, reason="no promtool on this system")
def test_prometheus_reads_every_file(written, tmp_path):
    for name, text in written.items():
        done = subprocess.run(
            ["promtool", "check", "metrics"],
            input=text,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, (name, done.stdout, done.stderr)
    both = written["ingest"] + written["sound"]
    done = subprocess.run(
        ["promtool", "check", "metrics"], input=both, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    wrong = both.replace("archiver_ingest_exit_status", "archiver ingest", 1)
    done = subprocess.run(["promtool", "check", "metrics"], input=wrong, text=True, check=False)
    assert done.returncode != 0


@pytest.mark.skipif(shutil.which("promtool") is None, reason="no promtool on this system")
def test_prometheus_reads_every_expression(tmp_path):
    rules = [
        {"record": f"r{number}", "expr": text.replace("$archive", ".*")}
        for number, text in enumerate(expressions())
        if not text.startswith("label_values")
    ]
    path = tmp_path / "rules.yml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "g", "rules": rules}]}), encoding="utf-8")
    done = subprocess.run(
        ["promtool", "check", "rules", str(path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(rules)} rules found" in done.stdout
