"""`archiver ingest --engine dask`: schedulers and workers that are programs of their own."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

import archiver
from archiver.archive.archive import open_archive
from archiver.archive.checks.validate import validate
from archiver.cli.main import archiver as program

#: Without the folder that the tests are run in: the program is there as well.
ENVIRON = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
KILL = getattr(signal, "SIGKILL", signal.SIGTERM)


def parts(path):
    return [part.path for _, part in open_archive(path).parts("documents")]


@pytest.fixture
def programs(tmp_path):
    """Starts programs, and ends them."""
    started = []

    def start(*words, path=(), **options):
        environ = {**ENVIRON, "PYTHONPATH": os.pathsep.join([*path, ENVIRON["PYTHONPATH"]])}
        words = [sys.executable, "-m", *words]
        options |= {"env": environ, "cwd": tmp_path, "stderr": subprocess.PIPE}
        program = subprocess.Popen(words, **options)
        started.append(program)
        return program

    yield start
    for one in reversed(started):
        one.kill()
        one.communicate()


def scheduler(programs, folder):
    """A scheduler without workers. Returns: the program, its address, the file that tells it."""
    pytest.importorskip("distributed", reason="the extra `dask` is not installed")
    told = folder / "scheduler.json"
    address = ("--host", "127.0.0.1", "--port", "0", "--no-dashboard")
    program = programs("distributed.cli.dask_scheduler", *address, "--scheduler-file", str(told))
    while True:
        assert program.poll() is None, program.communicate()
        try:
            return program, json.loads(told.read_text("utf-8"))["address"], told
        except (OSError, ValueError):
            time.sleep(0.05)


def worker(programs, told, *words, path=()):
    return programs(
        "distributed.cli.dask_worker",
        *("--scheduler-file", str(told), "--nthreads", "1", "--no-dashboard", *words),
        path=path,
    )


def ingest(*words):
    return CliRunner().invoke(program, ["ingest", "--json", *map(str, words)])


def error(result):
    return json.loads(result.stdout)["error"]


@pytest.fixture
def sources(tmp_path):
    folder = tmp_path / "sources"
    folder.mkdir()
    for at in range(30):
        (folder / f"d{at:02}.txt").write_text(f"[ad_1]\nText number {at}.\n", "utf-8")
    return folder


@pytest.mark.parametrize("number", [2, pytest.param(3, marks=pytest.mark.slow)])
def test_a_cluster_of_this_machine_gives_what_one_process_gives(
    tmp_path, sources, number, monkeypatch
):
    pytest.importorskip("distributed", reason="the extra `dask` is not installed")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1767323045")
    monkeypatch.setattr("archiver.ingest.run.BATCH_DOCUMENTS", 8)
    one, dask = tmp_path / "one", tmp_path / "dask"
    assert ingest(sources, "--archive", one, "--workers", 1).exit_code == 0
    result = ingest(sources, "--archive", dask, "--engine", "dask", "--workers", number)
    assert (result.exit_code, json.loads(result.stdout)["added"]) == (0, 30)
    assert result.stderr == ""
    assert parts(dask) == parts(one)
    assert validate(dask).findings == ()


@pytest.mark.parametrize("what", ["code", "version"])
def test_workers_of_another_build_are_refused_before_work_starts(tmp_path, sources, programs, what):
    """By the version that is installed there, or by the program's files where that is the same."""
    other = tmp_path / "other"
    package = Path(archiver.__file__).parent
    shutil.copytree(package, other / "archiver", ignore=shutil.ignore_patterns("__pycache__"))
    if what == "code":
        with (other / "archiver" / "clean.py").open("a", encoding="utf-8") as stream:
            stream.write("# changed\n")
    else:
        (other / "archiver_toolkit-0.0.1.dist-info").mkdir()
        facts = "Metadata-Version: 2.1\nName: archiver-toolkit\nVersion: 0.0.1\n"
        (other / "archiver_toolkit-0.0.1.dist-info" / "METADATA").write_text(facts, "utf-8")
    _, address, told = scheduler(programs, tmp_path)
    worker(programs, told, "--no-nanny", path=[str(other)])
    archive = tmp_path / "archive"
    result = ingest(sources, "--archive", archive, "--engine", "dask", "--scheduler", address)
    assert (result.exit_code, error(result)["code"]) == (13, "engine")
    said = {"code": "another state of archiver", "version": "archiver-toolkit 0.0.1, here"}
    assert said[what] in error(result)["message"]
    assert not archive.exists()


@pytest.mark.slow
def test_a_scheduler_that_is_killed_ends_the_run_and_the_next_goes_on(tmp_path, sources, programs):
    """The run is a program too; its scheduler dies once it has committed a version."""
    archive = tmp_path / "archive"
    for at in range(30, 2000):
        (sources / f"d{at:02}.txt").write_text(f"[ad_1]\nText number {at}.\n" * 200, "utf-8")
    program, address, told = scheduler(programs, tmp_path)
    worker(programs, told, "--nworkers", "2")
    words = ("ingest", str(sources), "--archive", str(archive), "--json", "--commit-every", "500")
    run = programs(
        "archiver", *words, "--engine", "dask", "--scheduler", address, stdout=subprocess.PIPE
    )
    while not (archive / "data/documents/_delta_log/00000000000000000001.json").exists():
        assert run.poll() is None, run.communicate()
        time.sleep(0.01)
    program.send_signal(KILL)
    told, words_of_it = run.communicate(timeout=300)
    assert (run.returncode, json.loads(told)["error"]["code"]) == (13, "engine")
    assert b"Traceback" not in words_of_it
    assert validate(archive).findings == ()
    assert list((archive / ".staging").iterdir()) == []
    there = open_archive(archive).latest(columns=["id"]).num_rows
    assert 0 < there < 2000
    result = ingest(sources, "--archive", archive)
    assert json.loads(result.stdout)["added"] == 2000 - there
    ids = open_archive(archive).latest(columns=["id"]).column("id").to_pylist()
    assert len(ids) == len(set(ids)) == 2000


def test_options_that_do_not_go_together(sources):
    result = ingest(sources, "--scheduler", "tcp://127.0.0.1:1")
    assert (result.exit_code, error(result)["hint"]) == (2, "Add --engine dask.")
    words = ("--engine", "dask", "--scheduler", "tcp://127.0.0.1:1", "--workers", "2")
    result = ingest(sources, *words)
    assert (result.exit_code, error(result)["code"]) == (2, "usage")
    assert "--workers" in error(result)["hint"]


def test_an_address_that_is_none(tmp_path, sources):
    pytest.importorskip("distributed", reason="the extra `dask` is not installed")
    words = ("--archive", tmp_path / "a", "--engine", "dask", "--scheduler", "carrier://pigeon")
    result = ingest(sources, *words)
    assert (result.exit_code, error(result)["code"]) == (2, "usage")
    assert "carrier" in error(result)["message"]


def test_without_the_extra_it_says_how_to_get_it(sources):
    words = ["ingest", str(sources), "--engine", "dask", "--json"]
    program = (
        "import sys; sys.modules['distributed'] = None\n"
        f"sys.argv = ['archiver', *{words!r}]\n"
        "from archiver.cli.main import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], env=ENVIRON, capture_output=True, check=False
    )
    told = json.loads(done.stdout)["error"]
    assert (done.returncode, told["code"]) == (2, "usage")
    assert told["hint"] == "Run `pip install 'archiver-toolkit[dask]'`."
    assert done.stderr == b""
