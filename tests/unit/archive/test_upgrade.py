"""Columns that a later program knows: old archives stay readable, and get them on demand."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import deltalake
import pyarrow as pa
import pytest
from click.testing import CliRunner

import archiver
from archiver.archive.checks.validate import validate
from archiver.archive.log.widths import schema_at, schema_in_force
from archiver.archive.takedown.take_down import World
from archiver.archive.versions.upgrade import plan_upgrade, upgrade
from archiver.cli.main import archiver as cli
from archiver.errors import InputError, NewerArchiveError

REPO = Path(__file__).parents[3]
NEWER = REPO / "tests" / "support" / "newer_program.py"


@pytest.fixture(scope="module")
def newer():
    """A process of the newer program."""
    known = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
    with subprocess.Popen(
        [sys.executable, str(NEWER)],
        env={**known, "PYTHONPATH": str(REPO)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        yield process


@pytest.fixture
def run(newer, tmp_path):
    """A command of ours or of the newer program; what it told as JSON."""

    def call(program, *words, status=0, mood=None):
        given = [*words, "--json"]
        place = str(tmp_path / "a")
        given += [place] if words[0] == "validate" else ["--archive", place]
        if program == "ours":
            done = CliRunner().invoke(cli, given)
            found, printed = done.exit_code, done.stdout
        else:
            newer.stdin.write(json.dumps({"words": given, "mood": mood}) + "\n")
            newer.stdin.flush()
            told = json.loads(newer.stdout.readline())
            found, printed = told["status"], told["printed"]
        assert found == status, (words, printed)
        return json.loads(printed)

    return call


def ingest(run, tmp_path, program, name, **more):
    (tmp_path / name).write_text(f"This is {name}.\n", encoding="utf-8")
    return run(program, "ingest", str(tmp_path / name), "--profile", "safe", **more)


def sound(tmp_path):
    report = validate(tmp_path / "a")
    assert report.findings == ()


def test_an_old_archive_in_a_newer_program(run, tmp_path):
    first = ingest(run, tmp_path, "ours", "one.txt")
    ours = run("ours", "show", "one")
    # It is read, the new column being null; its records keep their digests.
    theirs = run("newer", "show", "one")
    assert theirs == {**ours, "mood": None}
    assert run("newer", "validate")["findings"] == []
    # What has no value in the new column is added, and we can still read it.
    assert ingest(run, tmp_path, "newer", "two.txt")["version"] == first["version"] + 1
    assert "mood" not in run("ours", "show", "two")
    sound(tmp_path)
    # What has one is refused, and nothing is lost by that.
    told = ingest(run, tmp_path, "newer", "three.txt", mood="glad", status=2)
    assert "archiver upgrade" in told["error"]["hint"]
    assert run("newer", "log")["versions"][0]["version"] == 2
    sound(tmp_path)


def test_an_upgrade_and_back(run, tmp_path):
    ingest(run, tmp_path, "ours", "one.txt")
    planned = run("newer", "upgrade", "--dry-run")
    assert planned["columns"] == {"documents": ["mood"], "quarantine": []}
    assert run("ours", "log")["versions"][0]["version"] == 1
    done = run("newer", "upgrade")
    assert (done["from"], done["to"]) == (2, 3)
    assert run("newer", "log")["versions"][0]["version"] == 2
    assert run("newer", "upgrade")["head"] == done["head"]  # nothing more to do
    table = deltalake.DeltaTable(tmp_path / "a/data/documents")
    assert table.schema().to_arrow().names[-1] == "mood"
    assert table.protocol().min_reader_version == 1
    assert table.protocol().min_writer_version == 2
    # We know no such column: refused, whatever is asked, and nothing is changed.
    for words in (["show"], ["log"], ["validate"], ["ingest", str(tmp_path / "one.txt")]):
        assert run("ours", *words, status=12)["error"]["code"] == "newer"
    with pytest.raises(NewerArchiveError):
        archiver.open(tmp_path / "a").latest()
    # Taken back, the archive is ours again, and its log tells of both steps.
    run("newer", "upgrade", "--to", "2")
    assert [item["version"] for item in run("ours", "log")["versions"]] == [3, 2, 1, 0]
    assert run("ours", "show", "one")["revision"] == 1
    assert ingest(run, tmp_path, "ours", "two.txt")["added"] == 1
    sound(tmp_path)
    names = deltalake.DeltaTable(tmp_path / "a/data/documents").schema().to_arrow().names
    assert "mood" not in names


def test_values_in_a_new_column(run, tmp_path):
    ingest(run, tmp_path, "ours", "one.txt")
    run("newer", "upgrade")
    ingest(run, tmp_path, "newer", "two.txt", mood="glad")
    assert run("newer", "show", "two")["mood"] == "glad"
    assert run("newer", "show", "one")["mood"] is None
    assert run("newer", "validate")["findings"] == []
    rows = deltalake.QueryBuilder().register(
        "documents", deltalake.DeltaTable(tmp_path / "a/data/documents")
    )
    found = rows.execute("SELECT mood FROM documents ORDER BY id").read_all()
    assert pa.table(found)["mood"].to_pylist() == [None, "glad"]
    # They cannot be dropped; the version before is still there to be exported.
    told = run("newer", "upgrade", "--to", "2", status=2)
    assert "mood" in told["error"]["message"]
    out = str(tmp_path / "old.jsonl")
    assert run("newer", "export", "-o", out, "--version", "1")["documents"] == 1
    assert json.loads(Path(out).read_text("utf-8"))["mood"] is None


def test_a_new_archive_has_all_columns(run, tmp_path):
    ingest(run, tmp_path, "newer", "one.txt", mood="glad")
    assert run("newer", "upgrade")["from"] == 3
    assert run("ours", "log", status=12)["error"]["code"] == "newer"


def test_nothing_to_do(archive):
    from archive_support import NOW

    head = archive.head()
    done = upgrade(archive, World(NOW, "t", "b"))
    assert not done.is_needed
    assert archive.head() == head
    assert plan_upgrade(archive, 2).columns == {"documents": [], "quarantine": []}


def test_an_unknown_version(archive):
    with pytest.raises(InputError, match="no schema version 7"):
        plan_upgrade(archive, 7)


def test_the_first_schema_stays_as_it_is():
    """Its columns and their order are in archives out there."""
    assert schema_at("documents", 1).names[-1] == "ingested_at"
    assert len(schema_at("documents", 1)) == 30
    assert schema_at("quarantine", 1).names[-1] == "record_sha256"


def test_the_second_schema_stays_as_it_is():
    added = ["minhash", "near_duplicate_of", "near_duplicate_similarity"]
    assert schema_at("documents", 2).names == [*schema_at("documents", 1).names, *added]
    assert schema_at("quarantine", 2) == schema_at("quarantine", 1)


def test_the_schema_of_an_archive_without_a_word_about_it(archive):
    first = archive.entries()[0]
    silent = {name: value for name, value in first.info.items() if name != "schema"}
    assert schema_in_force([first]) == 2
    assert schema_in_force([replace(first, info=silent)]) == 1
