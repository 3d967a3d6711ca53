"""Validation while another process commits or takes down: a sound archive is never damaged."""

import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import archive_support as support
import pytest
from archive_support import document, part_paths, rejected

from archiver.archive.archive import open_archive
from archiver.archive.bag import bag
from archiver.archive.checks import whole
from archiver.archive.checks.validate import validate
from archiver.archive.takedown.take_down import World, take_down

LATER = support.NOW + timedelta(days=9)


@pytest.fixture
def archive(tmp_path):
    return support.long_archive(tmp_path / "archive", 3)


def once(act):
    """A progress that acts at the first part, as another process would between two."""
    left = [act]

    def progress(_done, _total):
        if left:
            left.pop()()

    return progress


def commit(path, number=1):
    rows = [document(f"new{number}", f"New {number}.\n", at=LATER)]
    kept = [rejected(f"odd{number}", at=LATER)]
    support.commit(open_archive(path), rows, kept, batch_id=f"meanwhile-{number}", at=LATER)


@pytest.mark.parametrize("quick", [False, True])
def test_a_version_that_came_meanwhile_is_no_damage(archive, quick):
    head = archive.head()
    report = validate(archive.path, quick=quick, progress=once(lambda: commit(archive.path)))
    assert report.findings == ()
    assert report.head == head  # what was read whole is the version at the start
    assert open_archive(archive.path).head().version == head.version + 1


def test_a_document_taken_down_meanwhile_is_not_missing(archive):
    world = World(LATER, support.TOOL, "case")
    report = validate(
        archive.path,
        progress=once(lambda: take_down(open_archive(archive.path), ["d003"], "case 7", world)),
    )
    assert report.findings == ()


def test_damage_is_told_all_the_same(archive):
    path = part_paths(archive)[-1]

    def harm():
        commit(archive.path)
        path.write_bytes(path.read_bytes()[:-1])

    report = validate(archive.path, progress=once(harm))
    assert [item.code for item in report.findings if item.where.endswith(path.name)][:1] == ["E107"]
    assert not report.is_sound


def test_a_seal_under_way_is_waited_for(archive, monkeypatch):
    """The manifests are of two versions for a moment: that is what the second turn is for."""
    commit(archive.path)
    old = (archive.path / bag.TAG_MANIFEST).read_bytes()
    asked = []
    state_of = whole.state_of

    def slow(root):
        asked.append(root)
        if len(asked) == 2:  # the first turn has just looked at the half of a seal
            (archive.path / bag.TAG_MANIFEST).write_bytes(new)
        return state_of(root)

    commit(archive.path, 2)
    new = (archive.path / bag.TAG_MANIFEST).read_bytes()
    (archive.path / bag.TAG_MANIFEST).write_bytes(old)
    monkeypatch.setattr(whole, "state_of", slow)
    monkeypatch.setattr("archiver.archive.checks.validate.state_of", slow)
    assert validate(archive.path).findings == ()


def test_an_archive_that_cannot_be_locked_is_checked_again_all_the_same(archive, monkeypatch):
    def refuse(_root, _timeout):
        raise whole.StorageError("read-only")

    monkeypatch.setattr(whole, "locked", refuse)
    report = validate(archive.path, progress=once(lambda: commit(archive.path)))
    assert report.findings == ()


WRITER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from datetime import timedelta
import archive_support as support
from archiver.archive.archive import open_archive
for number in range(int(sys.argv[3])):
    at = support.NOW + timedelta(days=20, minutes=number)
    archive = open_archive(Path(sys.argv[1]))
    rows = [support.document(f"w{number}", f"Text {number}.\\n", at=at)]
    kept = [support.rejected(f"x{number}", at=at)]
    support.commit(archive, rows, kept, batch_id=f"w{number}", at=at)
    print(number, flush=True)
"""


def test_a_writer_that_never_rests(archive, tmp_path):
    """Versions come all the time; each check of the archive finds it whole."""
    command = [
        sys.executable,
        "-c",
        WRITER,
        archive.path,
        Path(support.__file__).parent,
        "12",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout.readline() == "0\n"
        checks = 0
        while writer.poll() is None:
            report = validate(archive.path, quick=bool(checks % 2))
            assert [item for item in report.findings if item.is_error] == []
            checks += 1
        assert writer.wait() == 0
    assert checks > 1
    shutil.copytree(archive.path, tmp_path / "copy")
    report = validate(tmp_path / "copy")
    assert (report.findings, report.head.version) == ((), 15)
