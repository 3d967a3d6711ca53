"""Several versions a run: exactly once, and a run that was stopped goes on where it was."""

import subprocess
import sys
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from archiver.archive.archive import open_archive
from archiver.archive.checks.validate import validate
from archiver.archive.write.writer import MovedOnError
from archiver.document import Source
from archiver.ingest import Committed, Every, Finished, Job, Read, ingest
from archiver.ingest.known import SOURCE, Known, State
from archiver.rules.load import builtin
from archiver.rules.rule import Ruleset

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
def job(tmp_path, monkeypatch):
    monkeypatch.setattr("archiver.ingest.run.BATCH_DOCUMENTS", 5)
    plain = Ruleset(builtin().rules[:1], builtin().engine)
    every = Every(documents=10, bytes=None)
    return Job(tmp_path / "a", plain, "safe", NOW, "run", "test", commit_every=every)


def texts(number, word="text"):
    return [Source(f"d{at}", f"d{at}.txt", f"{word} {at}\n".encode()) for at in range(number)]


def summary(events):
    *_, last = events
    assert isinstance(last, Finished)
    return last.summary


def check(path, number, versions):
    archive = open_archive(path)
    rows = Counter(id_ for table in archive.scan(["id"]) for id_ in table["id"].to_pylist())
    assert rows == Counter(f"d{at}" for at in range(number))
    assert archive.head().version == versions
    assert validate(path).findings == ()


def test_each_version_is_told_once_it_is_there(job):
    events = ingest(iter(texts(23)), job)
    told = []
    for event in events:
        if isinstance(event, Committed):
            told.append(event.version)
            head = open_archive(job.archive).head()
            assert (head.version, head.sha256) == (event.version, event.head)
        elif isinstance(event, Finished):
            assert (event.summary.versions, event.summary.added) == (3, 23)
    assert told == [1, 2]
    check(job.archive, 23, versions=3)


@pytest.mark.parametrize("name", ["run", "another"], ids=["same name", "other name"])
def test_a_run_that_was_stopped_goes_on_exactly_once(job, name):
    events = ingest(iter(texts(33)), job)
    while not isinstance(next(events), Committed):
        pass
    events.close()
    again = summary(ingest(iter(texts(33)), replace(job, batch_id=name)))
    assert (again.unchanged, again.added, again.versions) == (10, 23, 3)
    check(job.archive, 33, versions=4)
    last = summary(ingest(iter(texts(33)), replace(job, batch_id=name)))
    assert (last.unchanged, last.committed) == (33, False)


def test_a_limit_in_bytes(job):
    small = replace(job, commit_every=Every(documents=None, bytes=60))
    assert summary(ingest(iter(texts(20)), small)).versions == 2
    check(job.archive, 20, versions=2)


def test_another_run_in_between_does_not_stop_one_that_touches_nothing_of_it(job):
    events = ingest(iter(texts(30)), job)
    while not isinstance(next(events), Committed):
        pass
    other = [Source("x", "x.txt", b"other\n")]
    summary(ingest(iter(other), replace(job, batch_id="other")))
    done = summary(events)
    assert (done.added, done.versions) == (30, 3)
    assert open_archive(job.archive).head().version == 4
    assert validate(job.archive).findings == ()


def test_what_is_known_is_what_the_archive_says(job):
    summary(ingest(iter(texts(30)), job))
    later = replace(job, batch_id="later", now=NOW + timedelta(hours=1), profile="strict")
    summary(ingest(iter(texts(12, "changed")), later))
    archive = open_archive(job.archive)
    rows, known = archive.latest().to_pylist(), Known(archive)
    assert len(known) == len(rows) == 30
    assert [known.get(row["id"]) for row in rows] == [
        State(row["revision"], row["source_sha256"][: 2 * SOURCE], row["ruleset"], row["profile"])
        for row in rows
    ]
    assert {known.find(key) for key in known} == {known.get(row["id"]) for row in rows}
    assert {row["revision"] for row in rows} == {1, 2}
    assert known.get("d30") is None
    assert "d29" in known
    assert "nobody" not in Known()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="a sparse file, and memory in kB")
def test_a_document_of_one_gigabyte_is_quarantined_in_bounded_memory(tmp_path):
    large = tmp_path / "in" / "large.txt"
    large.parent.mkdir()
    with large.open("wb") as stream:
        stream.truncate(1 << 30)
    (tmp_path / "in" / "small.txt").write_text("A sentence.\n", encoding="utf-8")
    command = [sys.executable, "-m", "archiver", "ingest", "in", "--json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 3, done.stderr
    assert '"E204"' in done.stdout
    resource = pytest.importorskip("resource")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    assert peak < 400_000, f"{peak} kB"


def test_a_run_that_commits_while_another_looks_again_is_seen(job, monkeypatch):
    """Between the look at what came and the commit after it, a third run takes the same texts."""
    ours = ingest(iter(texts(3)), replace(job, batch_id="ours"))
    while not isinstance(event := next(ours), Read) or event.file_path != "d2.txt":
        pass  # it is planned now, on an empty archive
    other = [Source("other", "other.txt", b"other\n")]
    list(ingest(iter(other), replace(job, batch_id="second")))
    looks = []
    # A moment of its own: identical parts would be known by their digest.
    later = replace(job, batch_id="third", now=NOW + timedelta(hours=1))

    def slow(archive):
        found = Known(archive)
        if not looks:
            looks.append(found)
            list(ingest(iter(texts(3)), later))
        return found

    monkeypatch.setattr("archiver.ingest.versions.Known", slow)
    with pytest.raises(MovedOnError):
        list(ours)
    rows = [table["id"].to_pylist() for table in open_archive(job.archive).scan(["id"])]
    assert rows == [["other"], ["d0", "d1", "d2"]]
