"""Several runs at once: each document once, the chain whole, readers see whole versions."""

import errno
import multiprocessing
import os
import random
import subprocess
import sys
from collections import Counter
from pathlib import Path

import archive_support
import crash_support as support
import pytest

from archiver.archive.archive import Archive, open_archive
from archiver.archive.checks.validate import validate
from archiver.archive.files.lock import locked
from archiver.archive.files.staging import (
    IDLE_SECONDS,
    PLACED,
    Leftover,
    leftovers,
    remove,
    workspace,
)
from archiver.errors import NoArchiveError, StorageError

fcntl = pytest.importorskip("fcntl", reason="Windows has other locks")

LOCKED = 11

#: Rounds of four processes in the slow run.
ROUNDS = int(os.environ.get("TOGETHER_ROUNDS", "10"))


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


#: Where they run: anywhere, without locks (as such file systems answer), without hard links.
FATES = [{}, {"no_locks": "ENOLCK"}, {"no_locks": "EOPNOTSUPP"}, {"no_links": True}]


@pytest.mark.parametrize("fate", FATES, ids=str)
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


@pytest.mark.slow
@pytest.mark.parametrize("fate", FATES, ids=str)
def test_four_at_once_again_and_again(world, tmp_path, reading, fate, capsys):
    """On one archive that grows; in every other round one of the four is killed."""
    path, chance = tmp_path / "together", random.Random(5)  # noqa: S311 - the same kills again
    told, names = Counter(), []
    for number in range(ROUNDS):
        folders = [
            support.write_sources(tmp_path / f"{number}{name}", [f"{name}1", f"{name}2"])
            for name in "abc"
        ]
        names += [f"{item.name}/{item.name[-1]}{at}.txt" for item in folders for at in (1, 2)]
        runs = [("ingest", item, "--archive", path, "--json") for item in (folders[0], *folders)]
        fates = [dict(fate) for _ in runs]
        if number % 2:
            fates[chance.randrange(4)]["after"] = chance.uniform(0.1, 0.6)
        for _ in range(8):
            ended = world.run.together(*zip(runs, fates, strict=True))
            told["processes"] += len(ended)
            told["killed"] += sum(item.status == support.KILLED for item in ended)
            told["conflicts"] += sum(item.status == LOCKED for item in ended)
            told["commits"] += sum(item.status == 3 and item.json["committed"] for item in ended)
            assert {item.status for item in ended} <= {0, 3, LOCKED, support.KILLED}, ended
            if all(item.status in {0, 3} for item in ended):
                break
            fates = [dict(fate) for _ in runs]
        else:
            pytest.fail("somebody always lost")
    last = world.run(*runs[0])
    kept = None if fate.get("no_locks") else 3 * ROUNDS
    support.check_complete(path, last, names, quarantined=kept)
    archive = open_archive(path)
    # A killed run may have made its version before it could say so.
    assert told["commits"] <= archive.head().version <= told["commits"] + told["killed"]
    seen, problems = reading()
    assert problems == []
    for version, counts in seen.items():
        assert counts == {archive.at(version, ["id"]).num_rows}
    with capsys.disabled():
        print(f"\n{fate or 'plain'}: {dict(told)}, {archive.head().version} versions, 0 breaks")


@pytest.mark.parametrize("name", ["ENOLCK", "EOPNOTSUPP", "ENOSYS"])
def test_how_a_file_system_without_locks_is_told(archive, monkeypatch, name):
    """By what ``flock`` answers: then nothing is held, and the name of an entry decides."""
    monkeypatch.setattr(fcntl, "flock", flock_that_fails(getattr(errno, name)))
    with locked(archive.path, 0) as held:
        assert not held
        with locked(archive.path, 0) as second:  # another writer is not kept out either
            assert not second
    done = archive_support.commit(archive, [archive_support.document("d")], batch_id="run-3")
    assert (done.head, done.sealed) == (archive.head(), True)
    assert validate(archive.path).findings == ()


def test_a_lock_that_fails_otherwise_is_an_error(archive, monkeypatch):
    """A disk that cannot be read is no file system without locks."""
    monkeypatch.setattr(fcntl, "flock", flock_that_fails(errno.EIO))
    with pytest.raises(StorageError, match="input/output error"):
        archive_support.commit(archive, [archive_support.document("d")], batch_id="run-3")
    with pytest.raises(StorageError, match="the lock of"), locked(archive.path, 0):
        pass
    assert archive.head().version == 2


def flock_that_fails(number):
    def flock(_handle, _how):
        raise OSError(number, os.strerror(number))

    return flock


def test_without_locks_the_leftovers_of_the_dead_stay(world):
    """Nobody can tell the dead from the living there; they go once there are locks."""
    path = world.fresh()
    fate = {"no_locks": "ENOLCK"}
    assert world.ingest(path, step="documents-part-durable", **fate).status == support.KILLED
    again = world.ingest(path, **fate)
    assert (again.status, again.json["committed"]) == (3, True)
    assert len(support.staging(path)) == 1
    assert world.run("recover", path, "--orphans", "--json", **fate).status == LOCKED
    assert world.run("recover", path, "--orphans", "--alone", "--json", **fate).status == 0
    assert world.run("recover", path, "--orphans", "--json").status == 0
    support.check_complete(path, world.ingest(path), world.after, quarantined=2)


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


def test_a_run_whose_sign_of_life_a_power_cut_took_is_dead(archive):
    with workspace(archive.path) as mine:
        name = mine.folder.name
    lost = archive.path / ".staging" / name
    lost.mkdir()
    (lost / "1-0-documents.parquet").write_bytes(b"")
    assert [item.path.name for item in leftovers(archive.path, set())] == [name]
    archive_support.commit(archive, [archive_support.document("d")], batch_id="later")
    assert support.staging(archive.path) == []


def test_a_folder_that_came_to_life_is_not_removed(archive):
    """It was empty when somebody looked, as that of a run killed at once is."""
    with workspace(archive.path) as mine:
        remove(archive.path, Leftover(mine.folder, ()))
        assert mine.folder.is_dir()
    assert support.staging(archive.path) == []
