"""``archiver takedown`` as a person or a script calls it, and what ``ingest`` does afterwards."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from archiver.archive.archive import open_archive
from archiver.archive.takedown.take_down import World, take_down
from archiver.archive.write.writer import MovedOnError
from archiver.cli import session
from archiver.cli.main import archiver
from archiver.digest import sha256
from archiver.document import Provenance, Source
from archiver.ingest import Job, ingest
from archiver.rules.load import load

SEEDS = Path(__file__).parents[3] / "seeds"
ID = "000_7dd4a68956925bc8"
OTHER = "001_2f1ded03767b9897"
REASON = ("--reason", "erasure request 2026-117")

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture(scope="module")
def ingested(tmp_path_factory):
    """The seeds and a file that is no text, archived once for all tests."""
    base = tmp_path_factory.mktemp("ingested")
    shutil.copytree(SEEDS, base / "seeds")
    (base / "broken").mkdir()
    (base / "broken/jane.txt").write_bytes(b"\x00\x01\x02 jane")
    before = Path.cwd()
    os.chdir(base)
    try:
        run("ingest", "--quiet")
        run("ingest", "--quiet", "broken")
    finally:
        os.chdir(before)
    return base


@pytest.fixture
def home(ingested, tmp_path, monkeypatch):
    shutil.copytree(ingested, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("ARCHIVER_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1556186400")
    return tmp_path


def run(*words: str) -> Result:
    done = CliRunner().invoke(archiver, list(words))
    assert "Traceback" not in done.output
    return done


def as_json(*words: str, status: int = 0):
    done = run(*words, "--json")
    assert done.exit_code == status, done.output
    assert done.stderr == ""
    return json.loads(done.stdout)


def head() -> str:
    return str(open_archive(Path("output/archive")).head())


def test_a_dry_run_shows_what_would_go_and_changes_nothing():
    before = head()
    done = run("takedown", ID, *REASON, "--dry-run")
    assert done.exit_code == 0
    assert "Dry run" in done.stdout
    assert ID in done.stdout
    told = as_json("takedown", ID, *REASON, "--dry-run")
    assert (told["documents"], told["versions"], told["revisions"]) == ([ID], [1], 1)
    (part,) = told["parts"]["documents"]
    assert (part["rows"], part["rows_removed"]) == (4, 1)
    assert head() == before


def test_without_a_terminal_yes_is_needed():
    before = head()
    done = run("takedown", ID, *REASON)
    assert done.exit_code == 2
    assert "--yes" in done.stderr
    assert head() == before


def test_a_reason_is_needed():
    assert run("takedown", ID, "--yes").exit_code == 2
    assert run("takedown", ID, "--yes", "--reason", " ").exit_code == 2
    assert run("takedown", ID, "--yes", "--reason", f"see {ID}").exit_code == 2


@pytest.mark.skipif(os.name == "nt", reason="no pseudo-terminals on Windows")
@pytest.mark.parametrize(("answer", "status"), [("n\n", 130), ("y\n", 0)])
def test_at_a_terminal_it_asks(answer, status):
    import pty

    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "archiver", "takedown", ID, *REASON]
    with subprocess.Popen(
        command, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        os.close(theirs)
        os.write(ours, answer.encode())
        out, err = process.communicate(timeout=120)
        os.close(ours)
    assert process.returncode == status, (out, err)
    assert b"for good?" in err
    assert (run("show", ID).exit_code == 0) is (status != 0)


def test_afterwards_it_is_gone_and_the_log_says_so():
    told = as_json("takedown", ID, *REASON, "--yes")
    assert told["head"] == head()
    for command in (("show", ID), ("restore", ID), ("takedown", ID, *REASON, "--yes")):
        done = run(*command)
        assert done.exit_code == 6
        assert f"'{ID}' was taken down on 2019-04-25: erasure request 2026-117" in done.stderr
    assert ID not in run("show").stdout
    assert as_json("validate")["findings"] == []
    shown = run("log").stdout
    assert "version 4 took down 1 document: erasure request 2026-117" in shown
    rows = as_json("log")["versions"]
    assert [row["takedown"] for row in rows[:4]] == ["end", "remove", "begin", None]
    assert "5 documents" not in Path("output/archive/croissant.json").read_text("utf-8")


def test_by_the_path_of_the_source():
    path = f"seeds/{ID}.txt"
    assert as_json("takedown", path, *REASON, "--yes")["documents"] == [ID]


def test_never_by_the_beginning_of_an_id():
    done = run("takedown", ID[:6], *REASON, "--yes")
    assert done.exit_code == 6
    assert f"Did you mean {ID}?" in done.stderr


def test_what_is_in_quarantine_only():
    (row,) = as_json("quarantine")["quarantined"]
    told = as_json("takedown", row["id"], *REASON, "--yes")
    assert (told["documents"], told["quarantined_sources"]) == ([], 1)
    assert as_json("quarantine")["quarantined"] == []
    assert as_json("validate")["findings"] == []
    again = as_json("ingest", "broken", status=3)
    assert (again["refused"], again["quarantined"], again["committed"]) == (1, 0, False)
    assert "E122" in {item["code"] for item in again["findings"]}


def test_ingest_refuses_it_by_its_id_and_by_its_bytes():
    run("takedown", ID, *REASON, "--yes")
    before = head()
    told = as_json("ingest", status=3)
    assert (told["refused"], told["unchanged"], told["committed"]) == (1, 3, False)
    (found,) = told["findings"]
    assert found["code"] == "E122"
    assert found["message"] == "was taken down on 2019-04-25: erasure request 2026-117"
    Path("copies").mkdir()
    shutil.copyfile(f"seeds/{ID}.txt", "copies/another name.txt")
    assert as_json("ingest", "copies", status=3)["refused"] == 1
    Path(f"seeds/{ID}.txt").write_text("Other bytes of the same page.\n", "utf-8")
    assert as_json("ingest", f"seeds/{ID}.txt", status=3)["refused"] == 1
    assert head() == before
    done = run("ingest", "--dry-run")
    assert "E122" in done.stderr
    assert "refused" in done.stdout


def test_ingest_takes_it_again_where_it_is_told_to():
    raw = Path(f"seeds/{ID}.txt").read_bytes()
    run("takedown", ID, *REASON, "--yes")
    told = as_json("ingest", "--allow-taken-down")
    assert (told["added"], told["refused"], told["unchanged"]) == (1, 0, 3)
    assert sha256(run("restore", ID).stdout_bytes) == sha256(raw)
    assert as_json("ingest")["unchanged"] == 4
    assert as_json("validate")["findings"] == []
    assert as_json("takedown", ID, *REASON, "--yes")["documents"] == [ID]
    assert as_json("ingest", status=3)["refused"] == 1
    assert as_json("validate")["findings"] == []


def test_a_run_that_was_under_way_cannot_bring_it_back():
    """Planned and cleaned before the take-down, it comes to its commit after it."""
    source = Source("copy", "copy.txt", Path(f"seeds/{ID}.txt").read_bytes(), "text/plain")
    news = Source("news", "news.txt", b"Something new.\n", "text/plain", Provenance())
    path, now = Path("output/archive"), session.now()
    job = Job(path, load(None), "standard", now, "run", "0.0")

    def sources():
        yield source
        yield news
        take_down(open_archive(path), [ID], "case 7", World(now, "0.0", "case"))

    with pytest.raises(MovedOnError):
        list(ingest(sources(), job))
    archive = open_archive(path)
    assert archive.ids() == sorted(
        file.stem for file in Path("seeds").glob("*.txt") if file.stem != ID
    )
    assert as_json("validate")["findings"] == []
    assert not list(Path("output/archive/.staging").glob("run-*"))


@pytest.mark.parametrize("command", [("ingest",), ("recover",), ("takedown", OTHER)])
def test_what_was_stopped_is_finished_by_the_next_command(command):
    class StoppedError(Exception):
        pass

    def stop(step):
        if step == "documents-remove-entry-durable":
            raise StoppedError

    path = Path("output/archive")
    world = World(session.now(), "0.0", "case", checkpoint=stop)
    with pytest.raises(StoppedError):
        take_down(open_archive(path), [ID], "case 7", world)
    assert "W110" in {item["code"] for item in as_json("validate")["findings"]}
    words = [*command, *REASON, "--yes"] if command[0] == "takedown" else command
    assert run(*words).exit_code == (3 if command[0] == "ingest" else 0)
    assert [item["code"] for item in as_json("validate")["findings"]] == []
    assert run("show", ID).exit_code == 6


def test_diff_tells_how_many_when_and_why_and_names_none():
    before = as_json("log")["versions"][0]["version"]
    assert as_json("diff", str(before))["taken_down"] == []
    assert run("takedown", ID, OTHER, "--yes", *REASON).exit_code == 0
    shown = run("diff", str(before))
    assert shown.exit_code == 0
    assert "2 documents on 2019-04-25: erasure request 2026-117" in shown.stdout
    (told,) = as_json("diff", str(before))["taken_down"]
    assert told["documents"] == 2
    assert told["version"] == before + 1
    assert told["moment"].startswith("2019-04-25T")
    assert told["reason"] == REASON[1]
    assert told["id_sha256"] == sorted(sha256(id_.encode()) for id_ in (ID, OTHER))
    assert ID not in shown.stdout
    newest = as_json("log")["versions"][0]["version"]
    assert as_json("diff", str(before + 1), str(newest))["taken_down"] == []
    assert run("takedown", "broken/jane.txt", "--yes", *REASON).exit_code == 0
    (later,) = as_json("diff", str(newest))["taken_down"]
    assert later["documents"] == 1
