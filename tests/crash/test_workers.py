"""Runs with worker processes, stopped in every way: whole archives, no orphans, then they go on."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import crash_support as support
import pytest

from archiver.archive.archive import open_archive
from archiver.archive.checks.validate import validate

ROOT = Path(__file__).parents[2]

#: So many documents make six batches.
NUMBER = 2_600

linux = pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    folder = tmp_path_factory.mktemp("many")
    for at in range(NUMBER):
        sub = folder / f"{at // 500:03}"
        sub.mkdir(exist_ok=True)
        text = f"Advertisement\nA sentence about number {at}, and one more.\n"
        (sub / f"{at:05}.txt").write_text(text, encoding="utf-8")
    return folder


def start(sources, path, *options):
    environ = {name: value for name, value in os.environ.items() if "ARCHIVER" not in name}
    args = ["ingest", str(sources), "--archive", str(path), "--profile", "safe", "--json"]
    return subprocess.Popen(
        [sys.executable, "-m", "archiver", *args, *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**environ, "PYTHONPATH": str(ROOT)},
    )


def children(pid):
    """The living children of a process, by /proc."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = stat.read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue
        if int(parent) == pid and state != "Z":
            found.add(int(stat.parent.name))
    return found


def alive(pids):
    return {pid for pid in pids if Path(f"/proc/{pid}").exists()}


def until(true, seconds=60):
    end = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < end, "it never came"
        time.sleep(0.02)
    return found


def version(path):
    log = path / "data/documents/_delta_log"
    return max((int(item.stem) for item in log.glob("*.json")), default=-1)


def check(path, known=None):
    report = validate(path)
    assert report.is_sound, report.findings
    if known is not None:
        rows = Counter(
            id_ for table in open_archive(path).scan(["id"]) for id_ in table["id"].to_pylist()
        )
        assert (len(rows), set(rows.values())) == (known, {1})
        assert report.findings == ()
        assert support.staging(path) == []


@linux
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_a_signal_ends_the_run_and_its_workers(sources, tmp_path, number):
    path = tmp_path / "archive"
    run = start(sources, path, "--workers", "2", "--commit-every", "500")
    until(lambda: version(path) >= 1 and len(children(run.pid)) == 2)
    workers = children(run.pid)
    run.send_signal(number)
    out, err = run.communicate(timeout=60)
    assert (run.returncode, "Traceback" in err) == (128 + number, False), (out, err)
    assert json.loads(out)["error"]["code"] == "interrupted"
    assert alive(workers) == set()
    assert support.staging(path) == []
    check(path)


@linux
def test_a_killed_run_takes_its_workers_along_and_goes_on_where_it_was(sources, tmp_path):
    path = tmp_path / "archive"
    run = start(sources, path, "--workers", "2", "--commit-every", "500")
    until(lambda: version(path) >= 2 and len(children(run.pid)) == 2)
    workers = children(run.pid)
    run.kill()
    run.communicate()
    until(lambda: not alive(workers), seconds=10)
    check(path)
    before = open_archive(path)
    there, made = sum(part.rows for _, part in before.parts()), before.head().version
    assert there >= 1_000
    out, err = (again := start(sources, path, "--commit-every", "500")).communicate()
    assert again.returncode == 0, err
    told = json.loads(out)
    assert (told["unchanged"], told["added"]) == (there, NUMBER - there)
    assert told["version"] == made + told["versions"]
    check(path, NUMBER)


@linux
def test_a_killed_run_that_trusts_reads_nothing_again_that_is_in(sources, tmp_path, monkeypatch):
    """Bytes read tell: those of what was committed are not among them."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    newest = max(path.stat().st_ctime for path in sources.rglob("*.txt"))
    until(lambda: time.time() > newest + 3)  # or they count as changed just now
    path = tmp_path / "archive"
    options = ("--trust-mtime", "--workers", "2", "--commit-every", "500")
    run = start(sources, path, *options)
    until(lambda: version(path) >= 3)
    run.kill()
    run.communicate()
    before = open_archive(path)
    done = {id_ for table in before.scan(["id"]) for id_ in table["id"].to_pylist()}
    # The newest version may be there and not noted: what was read for it is read again.
    noted = sum(part.rows for made, part in before.parts() if made < before.head().version)
    sizes = {
        f"{sources.name}/{item.parent.name}/{item.name}": item.stat().st_size
        for item in sources.rglob("*.txt")
    }
    assert done < sizes.keys()
    out, err = (again := start(sources, path, *options)).communicate()
    assert again.returncode == 0, err
    told = json.loads(out)
    assert (told["unchanged"], told["added"]) == (len(done), NUMBER - len(done))
    least = sum(size for id_, size in sizes.items() if id_ not in done)
    assert least <= told["bytes_in"] <= sum(sizes.values()) - noted * min(sizes.values())
    out, _ = start(sources, path, *options).communicate()
    assert (json.loads(out)["unchanged"], json.loads(out)["bytes_in"]) == (NUMBER, 0)
    check(path, NUMBER)


def test_an_atomic_run_that_is_killed_leaves_nothing(sources, tmp_path):
    path = tmp_path / "archive"
    run = start(sources, path, "--workers", "2", "--atomic")
    until(lambda: list((path / ".staging").glob("run-*/*documents.parquet")))
    run.kill()
    run.communicate()
    check(path)
    assert version(path) == 0
    out, _ = start(sources, path, "--atomic").communicate()
    assert (json.loads(out)["version"], json.loads(out)["added"]) == (1, NUMBER)
    check(path, NUMBER)


@linux
def test_workers_that_are_killed_are_replaced(sources, tmp_path):
    path = tmp_path / "archive"
    run = start(sources, path, "--workers", "2")
    killed = set()
    for _ in range(2):
        pid = min(until(lambda: children(run.pid) - killed))
        os.kill(pid, signal.SIGKILL)
        killed.add(pid)
    out, err = run.communicate()
    assert run.returncode == 0, err
    assert (json.loads(out)["added"], json.loads(out)["quarantined"]) == (NUMBER, 0)
    check(path, NUMBER)
