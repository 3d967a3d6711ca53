"""``archiver doctor``: what is wrong is told, and only that ends it with a status."""

from __future__ import annotations

import errno
import json
import os
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from archiver.archive.files import disk, lock
from archiver.cli import checkup, checkup_places
from archiver.cli.main import archiver

ROOT = Path(__file__).parents[3]
EPOCH = "1556186400"  # 2019-04-25 10:00 UTC


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", EPOCH)
    (tmp_path / "seeds").mkdir()
    (tmp_path / "seeds" / "a.txt").write_text("The harbour is frozen.\n", encoding="utf-8")
    return tmp_path


def run(*words: str, status: int = 0) -> Result:
    done = CliRunner().invoke(archiver, list(words))
    assert done.exit_code == status, done.output
    return done


def checks(*words: str, status: int = 0) -> dict[str, dict]:
    """What was looked at, by name; the tests' own environment may note things of the program."""
    found = json.loads(run("doctor", "--json", *words, status=status).stdout)
    assert found["sound"] is (status == 0)
    return {check["name"]: check for check in found["checks"]}


def test_before_there_is_an_archive_nothing_is_wrong(home):
    found = checks()
    assert found["archive"]["state"] == "note"
    assert "archiver ingest" in found["archive"]["hint"]
    assert [found[name]["state"] for name in ("fsync", "room", "permissions", "seeds")] == [
        "ok"
    ] * 4
    assert found["python"]["state"] == "ok"
    assert found["clock"]["says"].startswith("SOURCE_DATE_EPOCH")
    assert [path.name for path in home.iterdir()] == ["seeds"]  # what it tried is gone again


def test_the_state_of_an_archive_is_told(home, monkeypatch):
    head = json.loads(run("ingest", "--json").stdout)["head"]
    found = checks()
    assert found["archive"]["says"] == "output/archive, 2 versions"
    assert found["head"]["says"] == head
    assert found["bag"]["state"] == "ok"
    assert (found["validation"]["state"], found["validation"]["says"]) == (
        "note",
        "never validated",
    )
    run("validate")
    assert checks()["validation"]["says"] == "pass, today"
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(int(EPOCH) + 40 * 86_400))
    found = checks()
    assert (found["validation"]["state"], found["validation"]["says"]) == (
        "note",
        "pass, 40 days ago",
    )
    (home / "output/archive/.staging/run-here-1-0").mkdir(parents=True)
    (home / "output/archive/tagmanifest-sha256.txt").unlink()
    found = checks()
    assert found["leftovers"]["says"].startswith("1 folder of runs")
    assert found["bag"]["state"] == "note"
    assert sorted(path.name for path in Path("output").iterdir()) == ["archive"]


def test_an_archive_that_was_found_damaged_is_wrong(home):
    run("ingest", "--quiet")
    (part,) = Path("output/archive/data/documents/parts").rglob("*.parquet")
    part.write_bytes(part.read_bytes()[:-1])
    run("validate", status=4)
    found = checks(status=4)
    assert found["validation"]["says"] == "found errors, today"
    shown = run("doctor", "--quiet", status=4).stdout
    assert shown.splitlines()[0] == "archive"
    assert "WRONG  validation" in shown
    assert "archiver validate" in shown
    entry = max(Path("output/archive/data/documents/_delta_log").glob("*.json"))
    entry.write_bytes(b"")
    assert checks(status=4)["archive"]["state"] == "wrong"


def test_settings_and_rules_that_cannot_be_used_are_wrong():
    Path("archiver.toml").write_text('profil = "safe"\n', encoding="utf-8")
    assert "did you mean 'profile'" in checks(status=5)["settings"]["says"]
    Path("archiver.toml").write_text('rules = "nowhere"\n', encoding="utf-8")
    assert checks(status=5)["rules"]["state"] == "wrong"


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_wrong(home):
    run("ingest", "--quiet")
    (home / "output/archive/data").chmod(0o500)
    try:
        assert checks(status=7)["permissions"]["state"] == "wrong"
    finally:
        (home / "output/archive/data").chmod(0o700)


def test_a_full_disk_is_wrong_and_little_room_is_noted(monkeypatch):
    class Room:
        total, free = 10**12, 10**6

    monkeypatch.setattr(checkup_places.shutil, "disk_usage", lambda path: Room)
    assert checks(status=7)["room"]["says"] == "1.0 MB of 1.0 TB free"
    Room.free = 10**8
    assert checks()["room"]["state"] == "note"


def test_what_a_file_system_cannot_do_is_noted(monkeypatch):
    def no_locks(handle):
        raise NotImplementedError("the file system knows no locks")

    def no_links(*paths):
        raise OSError(errno.EPERM, "Operation not permitted")

    def full(handle):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(lock, "lock_file", no_locks)
    monkeypatch.setattr(os, "link", no_links)
    found = checks()
    assert (found["locks"]["state"], found["locks"]["says"]) == (
        "note",
        "the file system knows no locks",
    )
    assert (found["links"]["state"], found["links"]["says"]) == ("note", "Operation not permitted")
    monkeypatch.setattr(disk, "to_disk", full)
    assert checks(status=7)["fsync"]["state"] == "wrong"


@pytest.mark.parametrize(
    ("asked", "state", "says"),
    [
        ("click>=99", "wrong", "does not fit (asked for: click>=99)"),
        ("click<2,>=1", "wrong", "does not fit"),
        ("no-such-package>=1", "wrong", "missing (asked for: no-such-package>=1)"),
        ("click", "ok", "8."),
    ],
)
def test_parts_are_held_to_what_is_asked_for(monkeypatch, asked, state, says):
    monkeypatch.setattr(checkup.metadata, "requires", lambda name: [asked])
    name = asked.partition(">")[0].partition("<")[0]
    found = checks(status=5 if state == "wrong" else 0)[name]
    assert found["state"] == state
    assert says in found["says"]


def test_extras_are_told_with_what_they_are_for(monkeypatch):
    asked = [
        "no-such-package>=1; extra == 'warc'",
        "click>=8; extra == 's3'",
        "pytest>=99; extra == 'test'",
        "no-such-package>=1; sys_platform == 'nowhere'",
    ]
    monkeypatch.setattr(checkup.metadata, "requires", lambda name: asked)
    found = checks()
    assert found["warc"]["state"] == "note"
    assert found["warc"]["says"] == "not installed; it is for: WARC and WET files"
    assert found["warc"]["hint"] == "Run `pip install 'archiver-toolkit[warc]'`."
    assert found["s3"]["state"] == "ok"
    assert not {"test", "pytest", "no-such-package"} & found.keys()


def test_every_extra_says_what_it_is_for():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    extras = tomllib.loads(text)["project"]["optional-dependencies"]
    assert extras.keys() - checkup.FOR_WORK_ON_IT <= checkup.EXTRAS.keys()


def test_an_installation_without_metadata_is_no_trouble(monkeypatch):
    def nothing(name):
        raise checkup.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(checkup.metadata, "requires", nothing)
    assert checks()["parts"]["state"] == "note"
