"""kill -9 at every step of a commit: the archive is before it or after it, never between."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import archive_support as support
import pytest

from archiver.archive.archive import create_archive, open_archive
from archiver.archive.validate import validate
from archiver.archive.writer import STEPS
from archiver.errors import NoArchiveError

PROGRAM = Path(support.__file__).with_name("commit_process.py")
ROOT = PROGRAM.parents[2]

pytestmark = pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL on Windows")


def run(archive, batch_id, step="", limit=""):
    return subprocess.run(
        [sys.executable, str(PROGRAM), str(archive.path), batch_id, step, limit],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


@pytest.fixture(scope="module")
def ninth(tmp_path_factory):
    """Nine versions: the next commit writes a checkpoint."""
    return support.long_archive(tmp_path_factory.mktemp("killed") / "archive", 9)


@pytest.mark.parametrize("step", STEPS)
def test_killed_and_run_again(ninth, tmp_path, step):
    path = tmp_path / "archive"
    shutil.copytree(ninth.path, path)
    archive = open_archive(path)
    before = archive.head()

    killed = run(archive, "new", step)
    assert killed.returncode == -9, (killed.stdout, killed.stderr)

    committed = STEPS.index(step) >= STEPS.index("documents-entry-visible")
    archive = open_archive(path)
    assert archive.head().version == before.version + committed
    assert archive.entries()[before.version].head == before
    assert ("new-1" in archive.ids()) is committed
    report = validate(path)
    assert report.is_sound, report.findings

    again = run(archive, "new")
    assert again.returncode == 0, (again.stdout, again.stderr)
    told = json.loads(again.stdout)
    assert told["sealed"]
    archive = open_archive(path)
    assert archive.head().version == before.version + 1 == told["version"]
    assert archive.head().sha256 == told["head"]
    assert [id_ for id_ in archive.ids() if id_.startswith("new")] == ["new-1", "new-2"]
    ids = archive.quarantine(["id"])["id"].to_pylist()
    assert ids.count("new-x") == 1
    assert not archive.unfinished()
    report = validate(path, expect_head=archive.head())
    assert {item.code for item in report.findings} <= {"W102"}, report.findings


def test_a_run_killed_between_quarantine_and_documents_is_told(archive):
    run(archive, "new", "quarantine-entry-durable")
    assert archive.unfinished()
    where = "data/quarantine/_delta_log/00000000000000000002.json"
    assert ("W102", where) in {(f.code, f.where) for f in validate(archive.path).findings}
    # Another run binds the rows, though it has nothing of its own.
    support.commit(archive, batch_id="other")
    assert not archive.unfinished()
    assert ("new-x", "E202", support.rejected("x")["raw_sha256"]) in archive.quarantined_keys()


def test_an_archive_half_made_is_none_and_can_be_made(tmp_path):
    path = tmp_path / "archive"
    (path / "data/quarantine/_delta_log").mkdir(parents=True)
    (path / "data/documents/_delta_log").mkdir(parents=True)
    (path / "data/quarantine/_delta_log/00000000000000000000.json").write_text("{}\n")
    with pytest.raises(NoArchiveError):
        open_archive(path)
    create_archive(path, support.NOW)
    assert validate(path).findings == ()


@pytest.mark.parametrize("limit", [0, 100, 3_000, 9_000])
def test_a_file_size_limit_leaves_the_archive_whole(archive, limit):
    head = archive.head()
    result = run(archive, "new", "", str(limit))
    assert result.returncode == 7, (result.stdout, result.stderr)
    assert "would exceed the size limit" in json.loads(result.stdout)["error"]
    assert open_archive(archive.path).head() == head
    assert validate(archive.path, expect_head=head).findings == ()
    assert run(archive, "new").returncode == 0
    assert validate(archive.path).findings == ()


def test_a_seal_that_fails_undoes_no_commit(tmp_path):
    """The manifest outgrows the limit; entry and parts do not."""
    path = tmp_path / "archive"
    archive = support.long_archive(path, 33)
    size = (path / "manifest-sha256.txt").stat().st_size
    result = run(archive, "new", "", str(size - 1))
    told = json.loads(result.stdout)
    assert (result.returncode, told["sealed"]) == (0, False)
    assert validate(path).is_sound
    assert {item.code for item in validate(path).findings} == {"W101"}
    assert json.loads(run(archive, "new").stdout)["sealed"]
    assert validate(path).findings == ()
