"""Many processes give what one gives; what dies costs a batch at most, and never the run."""

import os
import signal
import threading
import time
from collections import Counter
from datetime import UTC, datetime
from functools import partial

import pytest
from deadly import HANGING, Deadly

import archiver
from archiver.archive.archive import open_archive
from archiver.archive.checks.validate import validate
from archiver.archive.rows.records import restore_bytes
from archiver.batch import source_batch
from archiver.document import Finding, Reject, Source
from archiver.engines.pool import Hand, Pool
from archiver.engines.process import Process, SilentError
from archiver.errors import ArchiverError, StorageError
from archiver.ingest import ATOMIC, Every, Finished, Job, Quarantined, ingest
from archiver.ingest.engine import InProcess
from archiver.ingest.work import Done, Recipe, Task
from archiver.reclean import reclean
from archiver.rules.load import builtin
from archiver.rules.rule import Rule, Ruleset

#: Workers compile their rules; one is enough here.
RULES = (Rule("ad-marker.shortcode", "drop", "why", "seen", literals=("[ad_1]",)),)
RULESET = Ruleset(RULES, builtin().engine)
DEADLY = Deadly(RULES, builtin().engine)

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch):
    monkeypatch.setattr("archiver.ingest.run.BATCH_DOCUMENTS", 7)


@pytest.fixture
def pools():
    """Engines of so many workers, and the pools that they made."""
    made = []

    def engine(workers, **environ):
        def make(recipe, staging):
            pool = Pool(recipe, staging, workers=workers, environ={**os.environ, **environ})
            made.append(pool)
            return pool

        return InProcess if workers == 1 else make

    engine.made = made
    return engine


def job(path, engine, ruleset=None, **more):
    options = {"engine": engine, "commit_every": ATOMIC} | more
    return Job(path, ruleset or RULESET, "safe", NOW, "run-1", "test", **options)


def texts(number, change=lambda _at, text: text):
    return [
        Source(f"d{at:03}", f"d{at:03}.txt", change(at, f"[ad_1]\nText number {at}.\n").encode())
        for at in range(number)
    ]


def run(items, job):
    *events, last = ingest(iter(items), job)
    assert isinstance(last, Finished)
    return last.summary, events


def parts(path):
    archive = open_archive(path)
    return {
        table: [(came, part.path) for came, part in archive.parts(table)]
        for table in ("documents", "quarantine")
    }


@pytest.mark.parametrize("every", [ATOMIC, Every(documents=20)], ids=["atomic", "versions"])
def test_the_same_parts_and_versions_whatever_the_number(tmp_path, pools, every):
    """Rejects of readers and of cleaning come in between, and keep their places too."""
    items = texts(60, lambda at, text: "" if at % 11 == 3 else text)
    for at in (5, 15, 16, 24, 40):  # one right after the batch that fills a version
        found = Finding("E205", "cannot be read", where=f"r{at}")
        items.insert(at, Reject(found, f"r{at}", f"r{at}.txt", data=b"x" * at))
    told = {}
    for number in (1, 2, 3):
        path = tmp_path / str(number)
        summary, events = run(items, job(path, pools(number), commit_every=every))
        kept_out = [event.file_path for event in events if isinstance(event, Quarantined)]
        told[number] = (summary, kept_out, parts(path))
        assert validate(path).findings == ()
    assert told[1] == told[2] == told[3]
    assert told[1][0].versions == (1 if every is ATOMIC else 3)
    assert all(pool.pids() == [] for pool in pools.made)


def test_one_batch_needs_no_worker(tmp_path, pools):
    summary, _ = run(texts(7), job(tmp_path / "a", pools(2, PYTHONHOME="/nowhere")))
    assert summary.added == 7


@pytest.mark.parametrize("death", ["killed", "segfault", "exit"])
def test_a_document_that_ends_workers_is_quarantined_and_the_others_are_not(tmp_path, pools, death):
    bad = {17, 30}
    items = texts(40, lambda at, text: text + f"<{death}>" * (at in bad))
    path = tmp_path / "a"
    summary, events = run(items, job(path, pools(2), DEADLY))
    assert (summary.added, summary.quarantined, summary.versions) == (38, 2, 1)
    found = [event.finding for event in events if isinstance(event, Quarantined)]
    assert [(item.code, item.where) for item in found] == [
        ("E220", "d017.txt"),
        ("E220", "d030.txt"),
    ]
    assert "signal" in found[0].message or "status" in found[0].message
    rows = open_archive(path).quarantine().to_pylist()
    assert [row["raw"] for row in rows] == [items[at].data for at in sorted(bad)]
    kept = archiver.open(path).latest().to_pylist()
    assert [row["id"] for row in kept] == [f"d{at:03}" for at in range(40) if at not in bad]
    assert all(restore_bytes(row) for row in kept)
    assert validate(path).findings == ()


def test_what_ended_workers_is_tried_again_by_a_reclean(tmp_path, pools):
    items = texts(20, lambda at, text: text + "<exit>" * (at == 9))
    path = tmp_path / "a"
    run(items, job(path, pools(2), DEADLY))
    *_, last = reclean(Job(path, RULESET, "safe", NOW, "run-2", "test", engine=pools(2)))
    assert (last.summary.added, last.summary.unchanged) == (1, 19)


def test_a_worker_killed_from_outside_costs_nothing_but_time(tmp_path, pools):
    """Again and again, while the run goes on: at the most a batch is done again."""
    engine, killed = pools(2), []

    def murder():
        until = time.monotonic() + 20
        while time.monotonic() < until and len(killed) < 2:
            for pid in pools.made[0].pids() if pools.made else ():
                if pid not in killed and len(killed) < 2:
                    os.kill(pid, signal.SIGTERM)
                    killed.append(pid)
            time.sleep(0.05)

    killer = threading.Thread(target=murder)
    killer.start()
    summary, _ = run(texts(40), job(tmp_path / "a", engine))
    killer.join()
    assert len(killed) == 2
    assert (summary.added, summary.quarantined) == (40, 0)


@pytest.fixture
def hanging(tmp_path, pools):
    """Gives up workers that say that they hang, as a limit does, and with no clock."""
    folder, over = tmp_path / "hanging", threading.Event()
    folder.mkdir()

    def watch():
        while not over.wait(0.05):
            pids = {int(path.name) for path in folder.iterdir()}
            for pool in pools.made:
                for process in [one for one in list(pool._processes) if one.pid in pids]:
                    process.give_up()

    watcher = threading.Thread(target=watch)
    watcher.start()
    yield {HANGING: str(folder)}
    over.set()
    watcher.join()


@pytest.mark.parametrize("workers", [1, 2])
def test_a_document_that_hangs_is_quarantined_and_the_others_are_not(
    tmp_path, pools, hanging, workers
):
    items = texts(16, lambda at, text: text + "<hangs>" * (at == 9))
    path = tmp_path / "a"

    def engine(recipe, staging):
        environ = {**os.environ, **hanging}
        pools.made.append(Pool(recipe, staging, workers=workers, environ=environ, always=True))
        return pools.made[-1]

    summary, events = run(items, job(path, engine, DEADLY, document_seconds=900))
    assert (summary.added, summary.quarantined) == (15, 1)
    (found,) = (event.finding for event in events if isinstance(event, Quarantined))
    assert (found.code, found.where) == ("E221", "d009.txt")
    assert "no answer in 900 s" in found.message
    assert open_archive(path).quarantine()["raw"].to_pylist() == [items[9].data]
    assert len(open_archive(path).parts()) == 1
    assert validate(path).findings == ()


def test_a_worker_that_hangs_is_ended_after_the_limit(tmp_path):
    """No limit is too short here: the work never ends."""
    recipe = Recipe(DEADLY, "safe", "test", keep=False)
    process = Process(recipe, {**os.environ, HANGING: str(tmp_path)}, telling=False)
    process.wait_ready()
    task = Task(source_batch([(Source("d", "d.txt", b"<hangs>"), 1)], NOW))
    with pytest.raises(SilentError, match="no answer in 1 s"):
        process.work(task, None, seconds=1)
    process.close()


def test_a_large_batch_that_hangs_is_cut_in_a_few_pieces_first():
    """Without processes: what is asked, and how often, when each answer but one comes."""
    asked = []

    class Workers:
        is_closed = False

        def start(self):
            return "worker"

        def end(self, process):
            assert process == "worker"

        def ask(self, process, task):
            ids = task.sources.column("id").to_pylist()
            asked.append(len(ids))
            if "d123" in ids:
                raise SilentError("no answer")
            return Done(ids=tuple(ids))

    sources = source_batch([(item, 1) for item in texts(500)], NOW)
    done = Hand(Workers()).whole(Task(sources))
    assert done.ids == tuple(f"d{at:03}" for at in range(500) if at != 123)
    assert [reject.finding.code for reject in done.rejects] == ["E221"]
    assert Counter(asked) == {500: 1, 22: 22, 16: 1, 1: 22}


def test_workers_that_do_not_start_end_the_run_in_words(tmp_path, pools):
    with pytest.raises(ArchiverError, match="no worker process starts") as caught:
        run(texts(20), job(tmp_path / "a", pools(2, PYTHONHOME="/nowhere")))
    assert "--workers 1" in caught.value.hint


def test_a_disk_that_refuses_a_part_is_told_as_here(tmp_path, pools):
    engine = pools(2)

    def without_folder(recipe, _staging):
        return engine(recipe, lambda: tmp_path / "not there")

    with pytest.raises(StorageError, match="not there"):
        run(texts(20), job(tmp_path / "a", without_folder))
    assert pools.made[0].pids() == []


def test_a_run_that_is_dropped_in_the_middle_ends_its_workers(tmp_path, pools):
    events = ingest(iter(texts(60)), job(tmp_path / "a", pools(2)))
    for _ in range(30):
        next(events)
    assert pools.made[0]._threads
    events.close()
    assert pools.made[0].pids() == []
    assert list((tmp_path / "a" / ".staging").iterdir()) == []
    assert validate(tmp_path / "a").findings == ()


def test_a_dry_run_stages_nothing(tmp_path, pools):
    summary, _ = run(texts(20), job(tmp_path / "a", pools(2), dry_run=True))
    assert (summary.added, summary.dropped) == (20, {"ad-marker": 20})
    assert not (tmp_path / "a").exists()


def test_reclean_with_workers_gives_what_it_gives_without(tmp_path, pools):
    told = []
    for number in (1, 2):
        path = tmp_path / str(number)
        run(texts(30), job(path, InProcess))
        again = partial(Job, path, RULESET, "standard", NOW, "run-2", "test")
        *_, last = reclean(again(engine=pools(number)))
        told.append((last.summary, parts(path)))
        *_, last = reclean(again(engine=pools(number)))
        assert last.summary.unchanged == 30
    assert told[0] == told[1]
