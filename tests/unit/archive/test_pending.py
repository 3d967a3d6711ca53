"""Parts of a run that fails: taken back, or left with a list of them to a next run."""

import errno
import os
from pathlib import Path

import archive_support as support
import crash_support
import pytest
from archive_support import document, rejected

from archiver.archive.archive import open_archive
from archiver.archive.files.staging import PLACED
from archiver.errors import StorageError


def refuse(monkeypatch, owner, name, when):
    """The disk answers EIO to a call whose first argument fits."""
    real = getattr(owner, name)

    def call(first, *args, **options):
        if when(first):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return real(first, *args, **options)

    monkeypatch.setattr(owner, name, call)


def run(archive, batch_id="run-3"):
    support.commit(archive, [document("d", "Delta.\n")], [rejected("y")], batch_id=batch_id)


@pytest.mark.parametrize(("table", "rejects"), [("quarantine", 1), ("documents", 2)])
def test_an_entry_in_doubt_leaves_its_parts_to_a_next_run(archive, monkeypatch, table, rejects):
    """Where a name is refused nobody knows whether the disk has it; the other table is sure."""
    with monkeypatch.context() as patch:
        refuse(patch, os, "link", lambda path: f"{table}-0" in Path(path).name)
        with pytest.raises(StorageError, match="input/output error"):
            run(archive)
    lost = crash_support.orphans(archive.path)
    assert len(lost) == 1
    assert f"data/{table}/" in lost[0]
    (folder,) = (archive.path / ".staging").iterdir()
    assert lost[0] in (folder / PLACED).read_text("ascii")
    support.commit(open_archive(archive.path), [document("e", "E.\n")], batch_id="run-4")
    assert crash_support.orphans(archive.path) == []
    assert crash_support.staging(archive.path) == []
    again = open_archive(archive.path)
    assert again.ids() == ["a", "b", "c", "e"]
    assert again.quarantine(["id"]).num_rows == rejects


def test_a_disk_that_does_not_let_go_of_parts(archive, monkeypatch):
    with monkeypatch.context() as patch:
        refuse(patch, os, "fsync", lambda _: crash_support.orphans(archive.path))
        refuse(patch, Path, "unlink", lambda path: path.suffix == ".parquet")
        with pytest.raises(StorageError, match="input/output error"):
            run(archive)
    assert crash_support.orphans(archive.path)
    support.commit(open_archive(archive.path), [document("e", "E.\n")], batch_id="run-4")
    assert crash_support.orphans(archive.path) == []
    assert crash_support.staging(archive.path) == []


def test_the_same_run_again_takes_up_what_was_left(archive, monkeypatch):
    with monkeypatch.context() as patch:
        refuse(patch, os, "link", lambda path: "documents-0" in Path(path).name)
        with pytest.raises(StorageError):
            run(archive)
    run(open_archive(archive.path))
    again = open_archive(archive.path)
    assert again.ids() == ["a", "b", "c", "d"]
    assert again.quarantine(["id"]).to_pylist() == [{"id": "x"}, {"id": "y"}]
    assert crash_support.orphans(archive.path) == []
    assert crash_support.staging(archive.path) == []
