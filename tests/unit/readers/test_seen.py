"""Files that look as they did are not read again; whatever could have changed is."""

import os
import sqlite3
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from archiver.archive.archive import open_archive
from archiver.archive.checks.validate import validate
from archiver.cli.cache import cache_folder
from archiver.cli.main import archiver
from archiver.ingest import Job, Noted, ingest
from archiver.readers import slurp as slurp_module
from archiver.readers.files import read_files
from archiver.readers.seen import Seen
from archiver.rules.load import builtin
from archiver.rules.rule import Ruleset

#: The files are of now; the runs come later, by the moments that they are given.
NOW = datetime.now(UTC) + timedelta(days=1)
RULESET = Ruleset(builtin().rules[:1], builtin().engine)
NUMBER = 6


@pytest.fixture
def place(tmp_path):
    (tmp_path / "in").mkdir()
    for at in range(NUMBER):
        (tmp_path / "in" / f"{at}.txt").write_text(f"Text {at}.\n", encoding="utf-8")
    return tmp_path


@pytest.fixture
def opened(monkeypatch):
    """The names of the files that were opened for reading, in any way that a reader has."""
    names = []
    real = slurp_module.open_regular

    def open_regular(path):
        names.append(path.name)
        return real(path)

    monkeypatch.setattr(slurp_module, "open_regular", open_regular)
    return names


def run(place, name, *, now=NOW, archive="a", table="seen.sqlite", version="1", **options):
    """One run that trusts. Returns: its summary and the codes of what it noted."""
    seen = Seen(place / table, now=now, version=version)
    job = Job(place / archive, RULESET, "safe", now, name, version)
    events = list(
        ingest(
            lambda archived: read_files(["in"], base=place, seen=seen.asking(archived), **options),
            job,
        )
    )
    seen.close()
    codes = Counter(event.finding.code for event in events if isinstance(event, Noted))
    return events[-1].summary, codes


def test_what_looks_as_it_did_is_not_read_again(place, opened):
    first, notes = run(place, "one")
    assert (first.added, len(opened)) == (NUMBER, NUMBER)
    opened.clear()
    again, same_notes = run(place, "two")
    assert (again.unchanged, again.added, again.committed, opened) == (NUMBER, 0, False, [])
    assert notes == same_notes == {"W307": NUMBER}
    assert validate(place / "a").findings == ()


def rewritten(path):
    """Other bytes of the same length, the time of modification set back."""
    before = path.stat()
    path.write_text("Toxt 3.\n", encoding="utf-8")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def replaced(path):
    """Another file in its place, moved there with its times."""
    other = path.with_suffix(".new")
    other.write_text("Toxt 3.\n", encoding="utf-8")
    os.utime(other, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
    other.replace(path)


def longer(path):
    path.write_text("Text 3, and more.\n", encoding="utf-8")


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(
            rewritten,
            marks=pytest.mark.skipif(sys.platform == "win32", reason="no time of change there"),
        ),
        replaced,
        longer,
    ],
)
def test_what_was_changed_is_read(place, opened, change):
    run(place, "one")
    opened.clear()
    change(place / "in" / "3.txt")
    again, _ = run(place, "two")
    assert (again.revised, again.unchanged, opened) == (1, NUMBER - 1, ["3.txt"])


def test_what_was_just_changed_is_not_trusted(place, opened):
    """A second change within the clock's resolution would not show."""
    just_now = datetime.fromtimestamp((place / "in" / "3.txt").stat().st_mtime, UTC)
    run(place, "one", now=just_now + timedelta(seconds=1))
    opened.clear()
    run(place, "two")
    assert len(opened) == NUMBER
    opened.clear()
    run(place, "three")
    assert opened == []


def test_the_archive_decides_and_not_the_table(place, opened):
    """An archive that lacks the documents gets them; so does one with other rules."""
    run(place, "one")
    opened.clear()
    other, _ = run(place, "two", archive="b")
    assert (other.added, len(opened)) == (NUMBER, NUMBER)
    opened.clear()
    assert run(place, "three", archive="b")[0].unchanged == NUMBER
    assert opened == []


def index(place, row):
    """Write an index of one file."""
    words = f"""---
schema: archiver-index/1
---

| file | url | sha256 |
| --- | --- | --- |
| {row} |
"""
    (place / "in" / "INDEX.md").write_text(words, encoding="utf-8")


def test_provenance_is_looked_at_each_time(place, opened):
    run(place, "one")
    opened.clear()
    index(place, "2.txt | https://example.org/2 | ")
    again, _ = run(place, "two")
    assert (again.revised, opened) == (1, ["2.txt"])
    opened.clear()
    index(place, f"2.txt | https://example.org/2 | {'0' * 64}")
    last, _ = run(place, "three")
    assert (last.quarantined, opened) == (1, ["2.txt"])


def test_what_is_kept_out_is_kept_with_its_bytes(place, opened):
    run(place, "one")
    opened.clear()
    index(place, "2.txt |  | ")
    strict, _ = run(place, "two", require_index=True)
    assert (strict.quarantined, strict.unchanged) == (NUMBER - 1, 1)
    assert opened == [f"{at}.txt" for at in range(NUMBER) if at != 2]
    rows = open_archive(place / "a").quarantine().to_pylist()
    assert {row["raw"] for row in rows if row["id"] == "in/1.txt"} == {b"Text 1.\n"}


@pytest.mark.parametrize("damage", ["other version", "no table", "cut off", "gone", "a folder"])
def test_a_table_that_cannot_be_used_costs_reading(place, opened, damage):
    run(place, "one")
    table = place / "seen.sqlite"
    if damage == "no table":
        table.write_bytes(b"no table at all" * 1000)
    elif damage == "cut off":
        table.write_bytes(table.read_bytes()[:3000])
    elif damage in {"gone", "a folder"}:
        table.unlink()
    if damage == "a folder":
        table.mkdir()
    opened.clear()
    version = "2" if damage == "other version" else "1"
    again, _ = run(place, "two", version=version)
    assert (again.unchanged, len(opened)) == (NUMBER, NUMBER)
    opened.clear()
    run(place, "three", version=version)
    assert len(opened) == (NUMBER if damage == "a folder" else 0)


def test_two_runs_at_once_share_the_table(place):
    table = place / "seen.sqlite"
    one, two = (Seen(table, now=NOW, version="1") for _ in range(2))
    for name, seen in [("in", one), ("in", two)]:
        list(read_files([name], base=place, seen=seen))
    one.close()
    two.close()
    with sqlite3.connect(table) as rows:
        assert rows.execute("SELECT count(*) FROM seen").fetchone() == (NUMBER,)
    rows.close()


def test_the_command(place, monkeypatch, opened):
    monkeypatch.chdir(place)
    monkeypatch.setattr("archiver.cli.cache.cache_folder", lambda *_: place / "cache")
    monkeypatch.setattr("archiver.readers.seen.QUIET", -(10**12))  # files as new as these count
    for expected in (NUMBER, 0):
        opened.clear()
        done = CliRunner().invoke(archiver, ["ingest", "in", "--trust-mtime", "--json"])
        assert (done.exit_code, len(opened)) == (0, expected), done.output
    opened.clear()
    CliRunner().invoke(archiver, ["ingest", "in", "--json"])
    assert len(opened) == NUMBER
    refused = CliRunner().invoke(archiver, ["ingest", "--reclean", "--trust-mtime"])
    assert refused.exit_code == 2


def test_where_the_table_lies():
    home = Path("/home/a")
    assert cache_folder({}, home, "linux") == home / ".cache" / "archiver"
    assert cache_folder({"XDG_CACHE_HOME": "/c"}, home, "linux") == Path("/c/archiver")
    assert cache_folder({"XDG_CACHE_HOME": "c"}, home, "linux") == home / ".cache" / "archiver"
    assert cache_folder({}, home, "darwin") == home / "Library" / "Caches" / "archiver"
    local = cache_folder({"LOCALAPPDATA": "/l"}, home, "win32")
    assert local == Path("/l/archiver/Cache")
