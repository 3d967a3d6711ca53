"""``archiver repair`` as a person or a script calls it: words, JSON, statuses."""

from __future__ import annotations

import json
import shutil

import archive_support as support
import pytest
from archive_support import entry_path, part_paths, where
from click.testing import CliRunner

from archiver.archive.checks.validate import validate
from archiver.cli.main import archiver as cli


@pytest.fixture
def archive(tmp_path, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1772368200")
    return support.small_archive(tmp_path / "archive")


@pytest.fixture
def copy(archive, tmp_path):
    shutil.copytree(archive.path, tmp_path / "copy")
    return tmp_path / "copy"


def call(archive, copy, *words, status=0):
    done = CliRunner().invoke(cli, ["repair", str(archive.path), "--from", str(copy), *words])
    assert "Traceback" not in done.output
    assert done.exit_code == status, done.output
    return done


def hurt(archive):
    """Empties a part and loses an entry. Returns: their paths, from the archive on."""
    part, entry = part_paths(archive)[0], entry_path(archive, 1)
    paths = [where(archive, part), where(archive, entry)]
    part.write_bytes(b"")
    entry.unlink()
    return paths


def test_a_sound_archive(archive, copy):
    done = call(archive, copy)
    assert f"Sound: {archive.path}, there was nothing to repair" in done.stdout
    assert f"head {archive.head()}" in done.stdout
    assert call(archive, copy, "--quiet").output == ""


def test_first_it_is_said_and_then_it_is_done(archive, copy):
    part, entry = hurt(archive)
    planned = call(archive, copy, "--dry-run").stdout
    assert f"Nothing was written: {archive.path}, 2 files would be taken" in planned
    lines = {line.split()[0]: line for line in planned.splitlines() if line.startswith("data/")}
    assert lines.keys() == {part, entry}
    assert "to .damaged/" in lines[part]
    assert "to .damaged/" not in lines[entry]  # it was not there at all
    assert (archive.path / part).read_bytes() == b""
    done = call(archive, copy).stdout
    assert f".damaged/20260301T123000Z/{part}" in done
    assert f"Repaired: {archive.path}, 2 files taken; what was touched is sound" in done
    assert validate(archive.path).findings == ()


def test_for_programs(archive, copy):
    part, entry = hurt(archive)
    told = json.loads(call(archive, copy, "--json").stdout)
    taken = {item.pop("path"): item for item in told.pop("taken")}
    assert taken.keys() == {part, entry}
    assert taken[part] == {
        "sha256": part.rpartition("/")[2].removesuffix(".parquet"),
        "bytes": (copy / part).stat().st_size,
        "damaged": f".damaged/20260301T123000Z/{part}",
    }
    assert taken[entry]["damaged"] is None
    assert told == {
        "archive": str(archive.path),
        "copy": str(copy),
        "dry_run": False,
        "sound": True,
        "aside": [],
        "sealed": True,
        "newer": 0,
        "head": str(archive.head()),
        "findings": [],
    }


def test_what_the_copy_cannot_mend_is_said_however_quiet(archive, copy):
    part, _ = hurt(archive)
    (copy / part).write_bytes(b"other bytes")
    quiet = call(archive, copy, "--quiet", status=4).stdout
    assert "E126" in quiet
    assert part in quiet
    assert "Still damaged" not in quiet
    loud = call(archive, copy, status=4).stdout
    assert f"Still damaged: {archive.path}, no files taken, 2 errors" in loud
    told = json.loads(call(archive, copy, "--json", status=4).stdout)
    assert (told["sound"], told["sealed"]) == (False, False)
    assert ("E126", part) in {(item["code"], item["where"]) for item in told["findings"]}


def test_a_newer_copy_is_told(archive, copy):
    support.commit(type(archive)(copy), [support.document("d")], batch_id="later")
    assert (
        "The copy is newer by 1 version; what is newer stays there." in call(archive, copy).stdout
    )
    assert json.loads(call(archive, copy, "--json").stdout)["newer"] == 1


def test_many_files_are_counted(tmp_path):
    archive = support.long_archive(tmp_path / "long", 23)
    copy = tmp_path / "copy"
    shutil.copytree(archive.path, copy)
    for part in part_paths(archive):
        part.unlink()
    assert "… and 3 more files" in call(archive, copy, "--dry-run").stdout
    assert len(json.loads(call(archive, copy, "--json").stdout)["taken"]) == 23


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_what_cannot_be_asked(archive, tmp_path, options):
    itself = call(archive, archive.path, *options, status=6)
    assert "archive itself" in itself.output
    gone = call(archive, tmp_path / "gone", *options, status=10)
    assert "copy" in gone.output
    if options:
        assert json.loads(gone.stdout)["error"]["exit_status"] == 10


def test_a_copy_must_be_named(archive):
    done = CliRunner().invoke(cli, ["repair", str(archive.path)])
    assert done.exit_code == 2
    assert "--from" in done.stderr
