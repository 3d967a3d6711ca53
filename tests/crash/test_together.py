"""Several runs at once: each document once, the chain whole, readers see whole versions."""

import multiprocessing
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import archive_support
import crash_support as support
import pytest

from archiver.archive.archive import Archive, open_archive
from archiver.archive.checks.validate import validate
from archiver.archive.files.staging import IDLE_SECONDS, PLACED, leftovers, workspace
from archiver.errors import NoArchiveError

LOCKED = 11


def read_on(path, stop, told):
    """Read ``latest`` in a loop, and tell how many documents each version showed."""
    seen, problems = {}, []
    while not stop.is_set():
        try:
            archive = open_archive(Path(path))
            version = archive.head().version
            seen.setdefault(version, set()).add(archive.at(version, ["id"]).num_rows)
        except NoArchiveError:
            continue
        except Exception as problem:  # noqa: BLE001 - told to the test
            problems.append(repr(problem))
    told.put((seen, problems))


@pytest.fixture
def reading(tmp_path):
    """A process that reads all the while; call it for what it saw."""
    context = multiprocessing.get_context("spawn")
    stop, told = context.Event(), context.Queue()
    reader = context.Process(target=read_on, args=(str(tmp_path / "together"), stop, told))
    reader.start()

    def ask():
        stop.set()
        return told.get(timeout=60)

    yield ask
    stop.set()
    reader.join()


@pytest.mark.parametrize("fate", [{}, {"no_locks": True}, {"no_links": True}], ids=str)
def test_four_at_once(world, tmp_path, reading, fate):
    """Two runs of the same sources, two of others; all on an archive that is not there yet."""
    path = tmp_path / "together"
    folders = [support.write_sources(tmp_path / name, [f"{name}1", f"{name}2"]) for name in "abc"]
    folders.insert(0, folders[0])
    runs = [("ingest", folder, "--archive", path, "--json") for folder in folders]
    for _ in range(6):
        ended = world.run.together(*((run, fate) for run in runs))
        statuses = [item.status for item in ended]
        assert set(statuses) <= {0, 3, LOCKED}, ended
        if LOCKED not in statuses:
            break
    else:
        pytest.fail("somebody always lost")
    names = [f"{name}/{name}{number}.txt" for name in "abc" for number in (1, 2)]
    # Without locks a run may lose after its quarantine was committed: those rows stay.
    kept = None if fate.get("no_locks") else 3
    support.check_complete(path, world.run(*runs[0]), names, quarantined=kept)
    seen, problems = reading()
    assert problems == []
    archive = open_archive(path)
    for version, counts in seen.items():
        assert counts == {archive.at(version, ["id"]).num_rows}


def test_a_killed_run_leaves_no_lock(world):
    path = world.fresh()
    assert world.ingest(path, step="locked").status == support.KILLED
    assert world.ingest(path).status == 3


def test_a_run_in_the_middle_is_not_swept(world, tmp_path):
    """One run waits with its parts staged while another commits; both come through."""
    path, gate = world.fresh(), tmp_path / "gate"
    gate.write_bytes(b"")
    other = support.write_sources(tmp_path / "other", ["x1"])
    slow = ("ingest", world.sources, "--archive", path, "--json")
    environ = {**os.environ, "PYTHONPATH": str(support.PROGRAM.parents[2])}
    quick = [sys.executable, "-m", "archiver", "ingest", str(other), "--archive", str(path)]
    opener = subprocess.Popen(
        [sys.executable, "-c", WAIT_AND_RUN, str(path / ".staging"), str(gate), *quick],
        env=environ,
    )
    held = world.run(*slow, step="quarantine-part-staged", hold=str(gate))
    assert opener.wait() == 3
    assert (held.status, held.json["version"]) == (3, world.head.version + 2)
    rows = Counter(id_ for table in Archive(path).scan(["id"]) for id_ in table["id"].to_pylist())
    assert set(rows.values()) == {1}
    assert support.staging(path) == []
    assert validate(path).findings == ()


WAIT_AND_RUN = """
import pathlib, subprocess, sys, time
staging, gate, command = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3:]
while not list(staging.glob("run-*/*quarantine.parquet")):
    time.sleep(0.01)
status = subprocess.run(command).returncode
gate.unlink()
sys.exit(status)
"""


def test_runs_of_other_machines_are_left_for_a_week(tmp_path, archive):
    staging = archive.path / ".staging"
    elsewhere = staging / "run-another.machine-17-0"
    elsewhere.mkdir()
    (elsewhere / "alive").write_bytes(b"")
    (elsewhere / PLACED).write_text("../../../etc/passwd\ndata/documents/_delta_log/0.json\n")
    (staging / "loose").write_bytes(b"")
    with workspace(archive.path) as mine:
        assert leftovers(archive.path, set()) == []
        old = mine.folder.stat().st_mtime - IDLE_SECONDS - 60
        for item in (elsewhere, *elsewhere.iterdir(), staging / "loose"):
            os.utime(item, (old, old))
        found = leftovers(archive.path, set())
    assert [item.path.name for item in found] == ["loose", elsewhere.name]
    assert all(item.parts == () for item in found)


def test_the_probe_of_a_killed_run_goes_at_once(archive):
    """It shows the clock of the file system; whoever makes one holds the archive's lock."""
    staging = archive.path / ".staging"
    for name in ("17-0-moment", "17-1-manifest-sha256.txt"):
        (staging / name).write_bytes(b"")
    assert [item.path.name for item in leftovers(archive.path, set())] == ["17-0-moment"]
    archive_support.commit(archive, [archive_support.document("d")], batch_id="later")
    assert [item.name for item in staging.iterdir()] == ["17-1-manifest-sha256.txt"]
