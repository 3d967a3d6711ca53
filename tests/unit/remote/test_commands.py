"""Commands on s3://, in processes of their own: a whole life, two writers, and clear errors."""

import json
import os
import subprocess
import sys
from collections import Counter

import pytest
from archive_support import small_archive

from archiver.archive.archive import open_archive
from archiver.archive.checks.validate import validate
from archiver.cli.main import archiver


def start(*words, **environ):
    return subprocess.Popen(
        [sys.executable, "-m", "archiver", *words],
        env={**os.environ, **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def run(*words, status=0):
    process = start(*words)
    out, err = process.communicate(timeout=300)
    assert process.returncode == status, (out + err).decode()
    return out.decode()


@pytest.fixture
def failed(capsys):
    """Run a command in this process, and give the error that it ends with."""

    def call(*words, status):
        with pytest.raises(SystemExit) as end:
            archiver.main([*words, "--json"])
        assert end.value.code == status
        return json.loads(capsys.readouterr().out)["error"]

    return call


@pytest.fixture
def sources(tmp_path):
    folder = tmp_path / "sources"
    folder.mkdir()
    for name in ("one", "two", "three"):
        (folder / f"{name}.txt").write_text(f"A text about {name}, and no more.\n", "utf-8")
    return folder


@pytest.mark.slow
def test_a_whole_life(place, sources, store, tmp_path):
    first = json.loads(run("ingest", str(sources), "--archive", place, "--json"))
    assert (first["version"], first["added"], first["archive"]) == (1, 3, place)
    again = json.loads(run("ingest", str(sources), "--archive", place, "--json"))
    assert (again["version"], again["unchanged"]) == (1, 3)
    cache = str(tmp_path / "cache")
    shown = run("show", "sources/one.txt", "--archive", place, "--cache", cache)
    assert "A text about one" in shown
    assert list((tmp_path / "cache" / "parts").rglob("*.parquet"))
    assert run("restore", "sources/two.txt", "--archive", place).startswith("A text about two")
    exported = tmp_path / "out.jsonl"
    run("export", place, "-o", str(exported))
    assert len(exported.read_text("utf-8").splitlines()) == 3
    versions = json.loads(run("log", "--archive", place, "--json"))["versions"]
    assert [row["version"] for row in versions] == [1, 0]
    assert json.loads(run("validate", place, "--json"))["findings"] == []
    run("takedown", "sources/one.txt", "--reason", "asked to", "--yes", "--archive", place)
    assert json.loads(run("validate", place, "--json"))["findings"] == []
    run("show", "sources/one.txt", "--archive", place, status=6)
    assert "In order" in run("recover", place)
    assert not [item for item in (tmp_path / "cache").iterdir() if item.name != "parts"]


@pytest.mark.slow
def test_two_processes_at_once_archive_everything_once(copies, place, sources, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    for name in ("four", "five"):
        (other / f"{name}.txt").write_text(f"A text about {name}, and no more.\n", "utf-8")
    both = ["ingest", str(sources), "--archive", place, "--workers", "1", "-q"]
    racing = [start(*both), start(*both), start(*both[:1], str(other), *both[2:])]
    statuses = [process.communicate(timeout=300) and process.returncode for process in racing]
    assert set(statuses) <= {0, 11}  # 11: another was first with the same; run it again
    for folder in (sources, other):
        run("ingest", str(folder), "--archive", place, "--workers", "1", "-q")
    archive = open_archive(copies().root)
    rows = Counter(id_ for table in archive.scan(["id"]) for id_ in table["id"].to_pylist())
    assert rows == Counter(
        [f"sources/{name}.txt" for name in ("one", "two", "three")]
        + [f"other/{name}.txt" for name in ("four", "five")]
    )
    report = validate(copies().root)
    assert [item for item in report.findings if item.code != "W102"] == []


@pytest.mark.slow
def test_sources_and_archive_in_one_store(place, store):
    for number in range(3):
        store.put(f"crawl/{number}.txt", f"The text number {number} of these.\n".encode())
    done = json.loads(
        run("ingest", f"{place}/crawl/*.txt", "--archive", f"{place}/archive", "--json")
    )
    assert done["added"] == 3
    assert store.list("archive/data/documents/parts")


def test_errors_have_codes_and_say_where(place, failed, tmp_path, monkeypatch):
    log = ("log", "--archive", place)
    assert failed(*log, status=10)["message"] == f"{place}: there is no archive here"
    missing = failed("log", "--archive", "s3://no-such-bucket/x", status=7)
    assert missing["code"] == "no-bucket"
    assert failed("repair", place, "--from", str(tmp_path), status=2)["code"] == "usage"
    assert failed("schedule", "cron", "--archive", place, status=2)["code"] == "usage"
    mixed = failed("ingest", str(tmp_path), f"{place}/x", "--archive", place, status=2)
    assert "one run" in mixed["message"]
    with monkeypatch.context() as other:
        other.setenv("AWS_SECRET_ACCESS_KEY", "one-that-is-wrong")
        wrong = failed(*log, status=7)
    assert wrong["code"] == "remote-access"
    assert "one-that-is-wrong" not in json.dumps(wrong)
    monkeypatch.setattr("archiver.remote.store.RETRIES", 0)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    assert failed(*log, status=7)["code"] == "remote"


def test_without_the_extra_it_says_what_to_install(place, failed, monkeypatch):
    monkeypatch.setitem(sys.modules, "obstore.store", None)
    found = failed("log", "--archive", place, status=7)
    assert found["code"] == "remote"
    assert "archiver-toolkit[s3]" in found["hint"]


def test_a_take_down_says_that_the_bucket_keeps_versions(s3, copies_of, environ, failed, capsys):
    s3.make_bucket("versioned")
    s3.keep_versions("versioned")
    small_archive(copies_of("s3://versioned/x").root)
    with pytest.raises(SystemExit) as end:
        archiver.main(["takedown", "c", "--reason", "so", "--yes", "--archive", "s3://versioned/x"])
    assert end.value.code == 0
    assert "keeps older versions" in capsys.readouterr().err


@pytest.mark.parametrize("how", ["option", "environment"])
def test_what_is_read_is_kept_where_one_says(copies, place, how, monkeypatch, tmp_path):
    small_archive(copies().root)
    kept = str(tmp_path / "kept")
    words = ["show", "a", "--archive", place]
    if how == "option":
        words += ["--cache", kept]
    else:
        monkeypatch.setenv("ARCHIVER_CACHE", kept)
    with pytest.raises(SystemExit) as end:
        archiver.main(words)
    assert end.value.code == 0
    assert [item.name for item in (tmp_path / "kept").iterdir()] == ["parts"]
    assert list((tmp_path / "kept").rglob("*.parquet"))
