"""A run on a Dask cluster gives what one process gives, whatever dies on the way."""

import os
import signal
import socket
from datetime import UTC, datetime
from functools import partial

import psutil
import pytest
from deadly_cluster import DeadlyThere
from wire import Wire

import archiver
from archiver.archive.archive import open_archive
from archiver.archive.checks.validate import validate
from archiver.document import Finding, Reject, Source
from archiver.engines import dask_link
from archiver.errors import EngineError, StorageError
from archiver.ingest import ATOMIC, Every, Finished, Job, Quarantined, Read, ingest
from archiver.ingest.engine import InProcess
from archiver.reclean import reclean
from archiver.rules.load import builtin
from archiver.rules.rule import Rule, Ruleset

distributed = pytest.importorskip("distributed", reason="the extra `dask` is not installed")

from archiver.engines.dask_crew import DaskCrew  # noqa: E402 -- behind the check

RULES = (Rule("ad-marker.shortcode", "drop", "why", "seen", literals=("[ad_1]",)),)
RULESET = Ruleset(RULES, builtin().engine)
DEADLY = DeadlyThere(RULES, builtin().engine)
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

EVERY = [
    pytest.param(ATOMIC, id="atomic", marks=pytest.mark.slow),
    pytest.param(Every(documents=10), id="versions"),
]


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch):
    monkeypatch.setattr("archiver.ingest.run.BATCH_DOCUMENTS", 5)


@pytest.fixture(scope="module")
def cluster():
    """Two processes, which nannies start again where they die."""
    import dask

    levels = dask_link._quiet(telling=False)
    with dask.config.set(dask_link._SETTINGS):
        made = distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            dashboard_address=None,
            silence_logs=100,
            scheduler_kwargs={"dashboard": False, "dashboard_address": "127.0.0.1:0"},
        )
        yield made
        made.close()
    for logger, level in levels.items():
        logger.setLevel(level)


@pytest.fixture
def engine(cluster):
    return partial(DaskCrew, scheduler=cluster.scheduler_address, workers=0)


def job(path, engine, ruleset=RULESET, batch_id="run-1", **more):
    options = {"engine": engine, "commit_every": ATOMIC} | more
    return Job(path, ruleset, "safe", NOW, batch_id, "test", **options)


def texts(number, change=lambda _at, text: text):
    return [
        Source(f"d{at:03}", f"d{at:03}.txt", change(at, f"[ad_1]\nText number {at}.\n").encode())
        for at in range(number)
    ]


def run(items, job, act=None):
    """Run a job; ``act`` is called when half of the sources are read."""
    items, seen, events = list(items), 0, []
    for event in ingest(iter(items), job):
        events.append(event)
        seen += isinstance(event, Read)
        if act is not None and isinstance(event, Read) and seen == len(items) // 2:
            act()
    assert isinstance(events[-1], Finished)
    return events[-1].summary, events


def parts(path):
    archive = open_archive(path)
    return {
        table: [(came, part.path) for came, part in archive.parts(table)]
        for table in ("documents", "quarantine")
    }


def pids(cluster):
    with distributed.Client(cluster.scheduler_address, set_as_default=False) as client:
        return client.run(os.getpid)


def children(cluster):
    for pid in pids(cluster).values():
        yield from psutil.Process(pid).children()


def is_whole(path, number):
    """Sound, nothing left over, and each document once."""
    assert validate(path).findings == ()
    assert list((path / ".staging").iterdir()) == []
    ids = archiver.open(path).latest(columns=["id"]).column("id").to_pylist()
    assert ids == [f"d{at:03}" for at in range(number)]
    return True


@pytest.mark.parametrize("every", EVERY)
def test_the_same_parts_and_versions_as_in_one_process(tmp_path, engine, every):
    items = texts(40, lambda at, text: "" if at % 11 == 3 else text)
    for at in (6, 17, 18, 30):
        items.insert(at, Reject(Finding("E205", "cannot be read", where=f"r{at}"), f"r{at}", "r"))
    told = []
    for name, kind in (("one", InProcess), ("dask", engine)):
        path = tmp_path / name
        summary, events = run(items, job(path, kind, commit_every=every))
        kept_out = [event.file_path for event in events if isinstance(event, Quarantined)]
        told.append((summary, kept_out, parts(path)))
        assert validate(path).findings == ()
        assert list((path / ".staging").iterdir()) == []
    assert told[0] == told[1]
    assert told[0][0].versions == (1 if every is ATOMIC else 4)


def test_a_dry_run_near_duplicates_and_a_reclean_go_the_same_way(tmp_path, engine):
    path = tmp_path / "a"
    summary, _ = run(texts(12), job(path, engine, dry_run=True))
    assert (summary.added, path.exists()) == (12, False)
    same = texts(12, lambda at, text: f"{at} " + "many words that are the same in all. " * 9)
    run(same, job(tmp_path / "one", InProcess, near_duplicates=True))
    summary, _ = run(same, job(path, engine, near_duplicates=True))
    assert (summary.added, summary.near_duplicates > 0) == (12, True)
    assert parts(path) == parts(tmp_path / "one")
    again = Job(path, RULESET, "standard", NOW, "run-2", "test", engine=engine)
    *_, last = reclean(again)
    assert last.summary.revised + last.summary.unchanged == 12
    assert is_whole(path, 12)


def test_workers_that_see_another_folder_send_records_back(tmp_path, engine, monkeypatch):
    """Said of them: to take the folder away from a process needs rights that tests lack."""
    run(texts(20), job(tmp_path / "one", InProcess))
    monkeypatch.setattr("archiver.engines.dask_link.remote.MARK", "elsewhere")
    run(texts(20), job(tmp_path / "a", engine))
    assert parts(tmp_path / "a") == parts(tmp_path / "one")
    assert is_whole(tmp_path / "a", 20)


@pytest.mark.parametrize(
    "death",
    [
        "killed",
        pytest.param("segfault", marks=pytest.mark.slow),
        pytest.param("exit", marks=pytest.mark.slow),
    ],
)
def test_a_document_that_ends_processes_is_quarantined_and_no_other(
    tmp_path, cluster, engine, death, monkeypatch
):
    monkeypatch.setattr("archiver.ingest.run.BATCH_DOCUMENTS", 2)
    before = pids(cluster)
    items = texts(6, lambda at, text: text + f"<{death}>" * (at == 3))
    summary, events = run(items, job(tmp_path / "a", engine, DEADLY))
    assert (summary.added, summary.quarantined, summary.versions) == (5, 1, 1)
    (found,) = [event.finding for event in events if isinstance(event, Quarantined)]
    assert (found.code, found.where) == ("E220", "d003.txt")
    (row,) = open_archive(tmp_path / "a").quarantine().to_pylist()
    assert row["raw"] == items[3].data
    assert validate(tmp_path / "a").findings == ()
    assert pids(cluster) == before  # no worker of the cluster suffered


@pytest.mark.slow
def test_a_document_that_ends_dask_workers_is_quarantined_too(
    tmp_path, cluster, engine, monkeypatch
):
    monkeypatch.setattr("archiver.ingest.run.BATCH_DOCUMENTS", 2)
    items = texts(4, lambda at, text: text + "<both>" * (at == 1))
    summary, events = run(items, job(tmp_path / "a", engine, DEADLY))
    assert (summary.added, summary.quarantined) == (3, 1)
    (found,) = [event.finding for event in events if isinstance(event, Quarantined)]
    assert (found.code, found.where) == ("E220", "d001.txt")
    assert "Dask workers" in found.message
    assert validate(tmp_path / "a").findings == ()


def test_a_killed_worker_costs_nothing_but_time(tmp_path, cluster, engine):
    def kill():
        """One of two: on a very busy machine a nanny may fail to start another in its minute."""
        os.kill(min(pids(cluster).values()), getattr(signal, "SIGKILL", signal.SIGTERM))

    run(texts(40), job(tmp_path / "one", InProcess))
    summary, _ = run(texts(40), job(tmp_path / "a", engine), kill)
    assert (summary.added, summary.quarantined) == (40, 0)
    assert parts(tmp_path / "a") == parts(tmp_path / "one")
    assert is_whole(tmp_path / "a", 40)


@pytest.mark.parametrize("every", EVERY)
def test_a_run_whose_scheduler_is_lost_ends_in_words_and_the_next_goes_on(
    tmp_path, cluster, engine, every, monkeypatch
):
    monkeypatch.setattr(dask_link, "CONNECT", 3)
    path = tmp_path / "a"
    run(texts(5), job(path, InProcess, batch_id="run-0"))
    with Wire(cluster.scheduler_address.removeprefix("tcp://")) as wire:
        kind = partial(DaskCrew, scheduler=f"tcp://{wire.address}", workers=0)
        with pytest.raises(EngineError) as caught:
            run(texts(40), job(path, kind, commit_every=every), wire.cut)
    assert "Dask" in caught.value.message
    assert caught.value.exit_status == 13
    assert validate(path).findings == ()
    assert list((path / ".staging").iterdir()) == []
    there = archiver.open(path).latest(columns=["id"]).num_rows
    assert there in ({5} if every is ATOMIC else {5, 15, 25, 35})
    summary, _ = run(texts(40), job(path, engine, batch_id="run-2"))
    assert (summary.added, summary.unchanged) == (40 - there, there)
    assert is_whole(path, 40)


def test_a_cluster_that_is_not_there_or_has_no_worker(tmp_path, monkeypatch):
    monkeypatch.setattr(dask_link, "CONNECT", 1)
    monkeypatch.setattr(dask_link, "FIRST_WORKER", 1)
    with socket.create_server(("127.0.0.1", 0)) as door:
        nowhere = f"tcp://127.0.0.1:{door.getsockname()[1]}"
    with pytest.raises(EngineError, match=r"cannot be reached|does not answer") as caught:
        run(texts(9), job(tmp_path / "a", partial(DaskCrew, scheduler=nowhere, workers=0)))
    assert nowhere in caught.value.message
    assert not (tmp_path / "a").exists()


def test_a_disk_that_refuses_a_part_is_told_as_here(tmp_path, engine):
    def without_folder(recipe, _staging):
        return engine(recipe, lambda: tmp_path / "not there")

    with pytest.raises(StorageError, match="not there"):
        run(texts(20), job(tmp_path / "a", without_folder))


def test_a_run_that_is_dropped_in_the_middle_leaves_no_process(tmp_path, cluster, engine):
    before = set(children(cluster))
    events = ingest(iter(texts(60)), job(tmp_path / "a", engine))
    for _ in range(45):
        next(events)
    events.close()
    assert psutil.wait_procs(set(children(cluster)) - before, timeout=10)[1] == []
    assert list((tmp_path / "a" / ".staging").iterdir()) == []
    assert validate(tmp_path / "a").findings == ()
