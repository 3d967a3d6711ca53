"""``diff``, ``show --version``, ``ingest --reclean`` and ``upgrade``, as a person calls them."""

from __future__ import annotations

import json

import archive_support as support
import pytest
from click.testing import CliRunner

from archiver.archive.rows.columns import SCHEMA_VERSION
from archiver.cli.main import archiver as cli


@pytest.fixture
def archive(tmp_path):
    return support.small_archive(tmp_path / "archive")


def call(archive, *words, status=0):
    done = CliRunner().invoke(cli, [*words, "--archive", str(archive.path)])
    assert "Traceback" not in done.output
    assert done.exit_code == status, done.output
    return done


def as_json(archive, *words, status=0):
    return json.loads(call(archive, *words, "--json", status=status).stdout)


def test_a_diff_in_words(archive):
    shown = call(archive, "diff", "1").stdout
    assert shown == (
        "added    c\n"
        "revised  b  revision 1 to 2  new bytes  +1 -1\n"
        "    - Beta.\n"
        "    + Beta two.\n"
        "Version 1 to 2\n"
        "  added        1\n"
        "  revised      1\n"
        "    new bytes  1\n"
        "  lines        +1 -1\n"
    )
    short = call(archive, "diff", "1", "2", "--stat").stdout
    assert "Beta two." not in short
    assert "revised  b" in short
    assert "added    a" in call(archive, "diff", "0", "1").stdout


def test_a_diff_for_programs(archive):
    told = as_json(archive, "diff", "1", "2")
    assert (told["from"], told["to"], told["added"], told["revised"]) == (1, 2, 1, 1)
    by_id = {item["id"]: item for item in told["changes"]}
    assert by_id["c"]["change"] == "added"
    assert by_id["b"]["reasons"] == ["bytes"]
    assert by_id["b"]["lines"][1] == {"mark": "+", "text": "Beta two.", "rule": None}
    assert "lines" not in as_json(archive, "diff", "1", "--stat")["changes"][0]
    assert as_json(archive, "diff", "2")["changes"] == []
    assert as_json(archive, "diff", "1", "--id", "b")["changes"] == [by_id["b"]]


def test_a_field_that_is_a_moment(archive):
    row = archive.record("c") | {"revision": 2, "date": support.NOW, "metadata": {"k": "\x1b[2J"}}
    support.commit(archive, [row], batch_id="run-3")
    change = as_json(archive, "diff", "2")["changes"][0]
    assert change["fields"][0] == {
        "name": "date",
        "before": None,
        "after": "2026-03-01T12:30:00.000000Z",
    }
    shown = call(archive, "diff", "2").stdout
    assert "date: unknown -> 2026-03-01T12:30:00.000000Z" in shown
    assert "\x1b" not in shown


@pytest.mark.parametrize(
    ("words", "status", "code"),
    [
        (["diff", "2", "1"], 6, "input"),
        (["diff", "7"], 6, "input"),
        (["diff", "0", "7"], 6, "input"),
        (["diff", "-1"], 2, "usage"),
        (["diff", "x"], 2, "usage"),
        (["diff", "0", "--id", "nobody"], 6, "input"),
        (["show", "c", "--version", "1"], 6, "input"),
        (["upgrade", "--to", "9"], 6, "input"),
        (["ingest", "file.txt", "--reclean"], 2, "usage"),
    ],
)
def test_what_does_not_go(archive, words, status, code):
    assert as_json(archive, *words, status=status)["error"]["code"] == code


def test_a_damaged_archive_gives_no_half_an_object(archive):
    path = support.part_paths(archive)[1]
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    assert as_json(archive, "diff", "0", status=4)["error"]["code"] == "damage"


def test_documents_as_they_were(archive):
    assert call(archive, "show", "b", "--version", "1", "--text").stdout == "Beta.\n"
    assert call(archive, "show", "b", "--version", "2", "--text").stdout == "Beta two.\n"
    assert call(archive, "restore", "b", "--version", "1").stdout == "Beta.\n"
    assert call(archive, "restore", "a", "--version", "1").stdout == "play_arrow\nAlpha.\n"


def test_a_place_may_follow_the_versions(archive):
    done = CliRunner().invoke(cli, ["diff", "1", "2", str(archive.path)])
    assert done.exit_code == 0, done.output


def test_recleaning(archive):
    told = as_json(archive, "ingest", "--reclean", "--profile", "safe")
    # What was kept out is text after all, in UTF-16.
    assert (told["revised"], told["added"], told["version"]) == (3, 1, 3)
    changes = as_json(archive, "diff", "2")["changes"]
    assert {item["id"] for item in changes} == {"a", "b", "c", "x"}
    assert all("bytes" not in item["reasons"] for item in changes)


def test_an_upgrade_that_is_not_needed(archive):
    assert "Nothing to do" in call(archive, "upgrade").stdout
    told = as_json(archive, "upgrade", "--dry-run")
    newest = (SCHEMA_VERSION, SCHEMA_VERSION, str(archive.head()))
    assert (told["from"], told["to"], told["head"]) == newest
