"""delta-rs takes a path for a URL: an archive is sound wherever it lies, and damage is found."""

import os
import shutil
import tempfile
from pathlib import Path

import archive_support as support
import pytest
from deltalake import DeltaTable

from archiver.archive.archive import open_archive
from archiver.archive.bag.bag import seal
from archiver.archive.checks.validate import validate
from archiver.archive.log.delta import ViewError, newest_checkpoint, visible_parts, write_checkpoint
from archiver.archive.mend.recover import recover

ODD = [
    "%20x",
    "100%",
    "a%2Fb",
    *([] if os.name == "nt" else ["a\\b", "a\nb", os.fsdecode(b"\xff")]),
]


@pytest.fixture(params=ODD, ids=ascii)
def odd(request, tmp_path):
    try:
        (tmp_path / request.param).mkdir()
    except OSError:
        pytest.skip("this file system takes no such name")
    return tmp_path / request.param


@pytest.fixture(scope="module")
def nine(tmp_path_factory):
    return support.long_archive(tmp_path_factory.mktemp("nine") / "archive", 9).path


def shapes(path):
    return [(item.code, item.layer, item.where) for item in validate(path).findings]


def test_a_sound_archive_is_sound(archive, odd):
    shutil.copytree(archive.path, odd / "archive")
    assert shapes(odd / "archive") == []


def test_checkpoints_are_written_and_read(nine, odd, tmp_path):
    shutil.copytree(nine, odd / "archive")
    moved = open_archive(odd / "archive")
    support.commit(moved, [support.document("new", "New.\n")], batch_id="run-10")
    log = moved.path / "data/documents/_delta_log"
    assert newest_checkpoint(log) == 10
    assert shapes(moved.path) == []
    entry = log / f"{3:020d}.json"
    entry.unlink()  # what a reader needs no more: it starts from the checkpoint
    assert visible_parts(log.parent)[0] == 10
    shutil.copytree(moved.path, tmp_path / "plain")
    assert DeltaTable(tmp_path / "plain/data/documents").version() == 10


def test_damage_is_found_and_recovered_from(nine, odd):
    shutil.copytree(nine, odd / "archive")
    moved = open_archive(odd / "archive")
    support.commit(moved, [support.document("new", "New.\n")], batch_id="run-10")
    log = "data/documents/_delta_log"
    (moved.path / log / f"{10:020d}.checkpoint.parquet").write_bytes(b"PAR1 no such thing PAR1")
    seal(moved.path)
    assert shapes(moved.path) == [("E116", "delta", log)]
    with pytest.raises(ViewError):
        visible_parts(moved.path / "data/documents")
    done = recover(moved.path, name="now")
    assert [item.code for item in done.found] == ["W108", "W101"] or done.aside
    assert newest_checkpoint(moved.path / log) == 10
    assert shapes(moved.path) == []


def test_without_links_the_log_is_copied(nine, tmp_path, monkeypatch):
    def refuse(*_args, **_options):
        raise OSError("a privilege is not held")

    monkeypatch.setattr(Path, "symlink_to", refuse)
    shutil.copytree(nine, tmp_path / "%20x")
    table = tmp_path / "%20x/data/documents"
    assert visible_parts(table)[0] == 9
    assert write_checkpoint(table, 9, tmp_path / "%20x/.staging")
    assert newest_checkpoint(table / "_delta_log") == 9
    assert visible_parts(table)[0] == 9


@pytest.mark.parametrize("temporary", ["%20t", "missing"])
def test_w113_where_there_is_no_plain_place(archive, tmp_path, monkeypatch, temporary):
    shutil.copytree(archive.path, tmp_path / "%20x")
    if temporary == "%20t":
        (tmp_path / temporary).mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / temporary))
    report = validate(tmp_path / "%20x")
    assert report.is_sound
    logs = [f"data/{table}/_delta_log" for table in ("documents", "quarantine")]
    assert shapes(tmp_path / "%20x") == [("W113", "delta", log) for log in logs]
    table = tmp_path / "%20x/data/documents"
    assert not write_checkpoint(table, 2, tmp_path / "%20x/.staging")
    assert recover(tmp_path / "%20x", name="now").aside == {}


def test_nothing_is_left_in_the_temporary_folder(archive, tmp_path, monkeypatch):
    (tmp_path / "t").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "t"))
    shutil.copytree(archive.path, tmp_path / "%20x")
    assert shapes(tmp_path / "%20x") == []
    assert list((tmp_path / "t").iterdir()) == []
