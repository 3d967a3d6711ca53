"""``benchmarks/run.py`` on a corpus of a few documents: every job runs, and the table tells all."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"
JOBS = {"copy", "ingest, safe", "validate"}


def run(script, *words):
    command = [sys.executable, str(BENCHMARKS / script), *map(str, words)]
    return subprocess.run(command, check=False, capture_output=True, text=True, encoding="utf-8")


@pytest.fixture
def needs_psutil():
    pytest.importorskip("psutil")


@pytest.mark.usefixtures("needs_psutil")
def test_all_jobs_run_on_a_few_documents():
    done = run(
        *("run.py", "--size", "200kB", "--rounds", "1", "--profiles", "safe", "--workers", "1"),
        "--json",
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    rows = {row["name"]: row for row in told["rows"]}
    assert rows.keys() == JOBS
    for row in rows.values():
        assert row["start"] > 0
        assert row["cpu"] > 0.05, "a Python that loads pyarrow takes longer than that"
        assert row["wall"] > 0.05
        assert row["memory"] > 20, "in megabytes"
    assert told["bytes"] >= 200_000


@pytest.mark.usefixtures("needs_psutil")
@pytest.mark.skipif(sys.platform == "win32", reason="its peer is a script for sh")
def test_a_peer_that_fails_ends_the_run_with_its_words(tmp_path):
    fake = tmp_path / "python"
    fake.write_text(
        '#!/bin/sh\n[ "$2" = --about ] && echo "datatrove 0" && exit 0\necho broken >&2\nexit 7\n',
        encoding="utf-8",
    )
    fake.chmod(0o755)
    done = run(
        *("run.py", "--size", "200kB", "--rounds", "1", "--profiles", "safe", "--workers", "1"),
        *("--peer", f"datatrove={fake}"),
    )
    assert done.returncode == 1
    assert "status 7" in done.stderr
    assert "broken" in done.stderr


@pytest.fixture
def report(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    monkeypatch.delitem(sys.modules, "speed_report", raising=False)
    spec = importlib.util.spec_from_file_location("speed_report", BENCHMARKS / "speed_report.py")
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "speed_report", module)
    spec.loader.exec_module(module)
    return module


def rows(report):
    return [
        report.Row("copy", 1.5, 0.5, 1.6, 80.0, ours=True),
        report.Row("ingest, safe", 5.0, 1.0, 4.0, 150.0, ours=True),
        report.Row("peer: other", 61.0, 1.0, 60.0, 400.0, ours=False),
    ]


def test_ratios_leave_out_what_the_start_costs(report):
    lines = report.table(rows(report), 10_000_000).splitlines()
    assert lines[2] == "| copy | 1.50 | 0.50 | 1.0 | 10.00 | 1.60 | 80 |"
    assert lines[3] == "| ingest, safe | 5.00 | 1.00 | 4.0 | 2.50 | 4.00 | 150 |"
    assert lines[4] == "| peer: other | 61.00 | 1.00 | 60.0 | 0.17 | 60.00 | 400 |"


def test_a_copy_too_short_to_measure_is_compared_with_nothing(report):
    short = [report.Row("copy", 0.51, 0.5, 1.6, 80.0, ours=True), *rows(report)[1:]]
    assert "| 4.0 |" not in report.table(short, 10_000_000)
    assert report.table(short, 10_000_000).splitlines()[3].split(" | ")[3] == "–"


def test_the_picture_is_legible_without_eyes_and_at_night(report):
    pytest.importorskip("matplotlib")
    svg = report.picture(rows(report))
    root = ET.fromstring(svg)  # noqa: S314 -- our own
    space = {"s": "http://www.w3.org/2000/svg"}
    assert root.get("role") == "img"
    assert root.get("aria-labelledby").split() == [
        root.find("s:title", space).get("id"),
        root.find("s:desc", space).get("id"),
    ]
    assert "peer: other 60.0" in root.find("s:desc", space).text
    assert "prefers-color-scheme:dark" in root.find("s:style", space).text
    assert any(
        text.text == "ingest, safe" for text in root.iter("{http://www.w3.org/2000/svg}text")
    )
    assert "#010203" not in svg
    assert svg == report.picture(rows(report)), "the same figures give the same file"


def test_only_what_is_between_the_marks_is_written(report, tmp_path, monkeypatch):
    page = tmp_path / "page.md"
    page.write_text(f"before\n\n{report.BEGIN}\nold\n{report.END}\n\nafter\n", encoding="utf-8")
    monkeypatch.setattr(report, "PAGE", page)
    report.publish("new")
    expected = f"before\n\n{report.BEGIN}\n\nnew\n\n{report.END}\n\nafter\n"
    assert page.read_text(encoding="utf-8") == expected
    page.write_text("no marks", encoding="utf-8")
    with pytest.raises(ValueError, match="needs the lines"):
        report.publish("new")
    assert page.read_text(encoding="utf-8") == "no marks"


def test_a_corpus_too_small_to_take_anything_off_is_refused():
    done = run("run.py", "--size", "50kB")
    assert done.returncode == 1
    assert "at least 200kB" in done.stderr
