"""What a killed or choked run leaves of the layers below the command line."""

import json
import os
import subprocess
import sys
from pathlib import Path

import archive_support as support
import pytest

from archiver.archive.archive import create_archive, open_archive
from archiver.archive.checks.validate import validate
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


@pytest.mark.parametrize("limit", [0, 100])
def test_a_file_size_limit_leaves_the_archive_whole(archive, limit):
    head = archive.head()
    result = run(archive, "new", "", str(limit))
    assert result.returncode == 7, (result.stdout, result.stderr)
    assert "would exceed the size limit" in json.loads(result.stdout)["error"]
    assert open_archive(archive.path).head() == head
    assert validate(archive.path, expect_head=head).findings == ()
    assert run(archive, "new").returncode == 0
    assert validate(archive.path).findings == ()


def test_a_seal_that_fails_undoes_no_commit(archive):
    """The largest tag file outgrows the limit; entry and parts do not."""
    size = max(item.stat().st_size for item in archive.path.iterdir() if item.is_file())
    result = run(archive, "new", "", str(size - 1))
    told = json.loads(result.stdout)
    assert (result.returncode, told["sealed"]) == (0, False)
    report = validate(archive.path)
    assert report.is_sound
    assert {item.code for item in report.findings} == {"W101"}
    assert json.loads(run(archive, "new").stdout)["sealed"]
    assert validate(archive.path).findings == ()
