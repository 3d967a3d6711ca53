"""``--log-json``: every line is what the schema says, and nothing else goes to its stream."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner, Result

from archiver.cli.joblog import EVENTS, MORE, JobLog
from archiver.cli.main import archiver

ROOT = Path(__file__).parents[3]
SCHEMA = json.loads((ROOT / "schemas/log-1.schema.json").read_text(encoding="utf-8"))
CHECK = jsonschema.Draft202012Validator(SCHEMA)


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    (tmp_path / "seeds").mkdir()
    (tmp_path / "seeds" / "a.txt").write_text("The harbour is frozen.\n", encoding="utf-8")
    (tmp_path / "seeds" / "bad.txt").write_bytes(b"\0\1\2")
    return tmp_path


def run(*words: str, status: int = 0) -> Result:
    done = CliRunner().invoke(archiver, list(words))
    assert done.exit_code == status, done.output
    return done


def events(text: str) -> list[dict]:
    """The lines of a log, each held to the schema."""
    found = [json.loads(line) for line in text.splitlines()]
    for line in found:
        CHECK.validate(line)
    return found


def logged(name: str = "log") -> list[dict]:
    return events(Path(name).read_text(encoding="utf-8"))


def test_a_run_tells_what_it_did():
    done = run("ingest", "--log-json", "log", "--json", status=3)
    told = logged()
    assert [line["event"] for line in told if line["event"] != "finding"] == [
        "run.started",
        "document.quarantined",
        "version.committed",
        "ingest.summary",
        "run.finished",
    ]
    assert len({line["run"] for line in told}) == 1
    assert {line["command"] for line in told} == {"ingest"}
    (kept_out,) = [line for line in told if line["event"] == "document.quarantined"]
    assert (kept_out["code"], kept_out["document"]) == ("E202", "seeds/bad.txt")
    (summary,) = [line for line in told if line["event"] == "ingest.summary"]
    assert summary["figures"]["documents_added"] == 1
    assert summary["head"] == json.loads(done.stdout)["head"]
    assert told[-1]["status"] == 3
    # A second run adds its lines, and says nothing of what is known.
    run("ingest", "--log-json", "log", "--quiet")
    again = logged()[len(told) :]
    assert again[0]["run"] != told[0]["run"]
    assert "document.quarantined" not in {line["event"] for line in again}
    assert "version.committed" not in {line["event"] for line in again}


def test_damage_is_told_with_the_documents_that_it_hits():
    shutil.rmtree("seeds")
    shutil.copytree(ROOT / "seeds", "seeds")
    run("ingest", "--quiet")
    (part,) = Path("output/archive/data/documents/parts").rglob("*.parquet")
    data = bytearray(part.read_bytes())
    data[len(data) // 2] ^= 1
    part.write_bytes(data)
    run("validate", "--log-json", "log", status=4)
    told = logged()
    hit = {line["document"] for line in told if line["code"] == "E107"}
    assert len(hit) == 4
    (summary,) = [line for line in told if line["event"] == "validate.summary"]
    assert summary["level"] == "error"
    assert summary["figures"]["documents_hit"] == len(hit)
    assert told[-1]["event"] == "run.finished"
    assert told[-1]["status"] == 4


def test_on_stderr_there_are_lines_alone_and_results_stay_where_they_are():
    done = run("ingest", "--log-json", "-", status=3)
    assert "is now at version 1" in done.stdout
    assert events(done.stderr)[-1]["event"] == "run.finished"
    done = run("validate", "nowhere", "--log-json", "-", status=10)
    failed = events(done.stderr)[-1]
    assert (failed["event"], failed["code"], failed["status"]) == ("run.failed", "no-archive", 10)
    done = run("validate", "--nonsense", "--log-json=-", status=2)
    (failed,) = events(done.stderr)
    assert (failed["code"], failed["command"]) == ("usage", "")
    done = run("validate", "nowhere", "--log-json", "-", "--json", status=10)
    assert json.loads(done.stdout)["error"]["code"] == "no-archive"
    assert events(done.stderr)[-1]["event"] == "run.failed"


def test_an_error_is_told_in_the_file_and_to_the_person():
    done = run("validate", "nowhere", "--log-json", "log", status=10)
    assert "there is no archive" in done.stderr
    assert logged()[-1]["code"] == "no-archive"


def test_a_log_that_cannot_be_written_is_said_before_the_work():
    done = run("ingest", "--log-json", "nowhere/log", status=7)
    assert "the log cannot be written" in done.stderr
    assert not Path("output").exists()


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_a_run_that_is_stopped_says_so(home):
    """It waits for standard input, so that the signal meets it at work."""
    process = subprocess.Popen(
        [sys.executable, "-m", "archiver", "ingest", "-", "--workers", "1", "--log-json", "-"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    with process:
        first = process.stderr.readline()
        process.send_signal(signal.SIGTERM)
        rest = process.communicate()[1]
    assert process.returncode == 143
    assert [line["event"] for line in events((first + rest).decode())] == [
        "run.started",
        "run.failed",
    ]
    assert events(rest.decode())[-1]["code"] == "interrupted"


def test_code_schema_and_page_name_the_same_events_and_fields():
    assert SCHEMA["properties"]["event"]["enum"] == list(EVENTS)
    assert set(MORE) <= set(SCHEMA["properties"])
    assert set(SCHEMA["properties"]) == {*SCHEMA["required"], *MORE}
    page = (ROOT / "docs/reference/logs.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `(\w+\.\w+|finding)` \|", page, re.MULTILINE) == list(EVENTS)
    assert all(f"`{name}`" in page for name in SCHEMA["properties"])


def test_names_of_one_s_own_are_refused(tmp_path):
    with (tmp_path / "log").open("w") as stream:
        log = JobLog("ingest", stream, "0" * 32)
        for words in ({"name": "run.begun"}, {"name": "finding", "where": "x"}):
            with pytest.raises(AssertionError):
                log.event(**words)
