"""Newer rules over the sources that the archive itself holds."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import archiver
from archiver.archive.checks.validate import validate
from archiver.archive.rows.records import restore_bytes
from archiver.document import Provenance, Source
from archiver.errors import NoArchiveError
from archiver.ingest import Finished, Job, Quarantined, ingest
from archiver.readers.files import read_files
from archiver.readers.stored import stored_source
from archiver.reclean import reclean
from archiver.rules.load import builtin

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
PAGE = """<html lang="en"><head><title>Bridges</title><meta name="author" content="A. Writer">
<meta property="og:url" content="https://example.org/b"></head><body><article><h1>Bridges</h1>
<p>The bridge over the river was built in 1901, and it carried trains for sixty years.</p>
<p>It was closed in 1961, when the line was moved, and walkers use it today.</p>
</article></body></html>"""


@pytest.fixture
def job(tmp_path):
    return Job(tmp_path / "archive", builtin(), "safe", NOW, "run-1", "test")


def later(job, number, **changes):
    moved = {"now": NOW + timedelta(hours=number), "batch_id": f"run-{number}"}
    return replace(job, **moved, **changes)


def summary(events):
    *_, last = events
    assert isinstance(last, Finished)
    return last.summary


def page(**provenance):
    return Source("p", "p.html", PAGE.encode(), "text/html", Provenance(**provenance))


def test_another_profile_without_the_files(job, tmp_path):
    shutil.copytree(ROOT / "seeds", tmp_path / "seeds")
    items = lambda: read_files(["seeds"], base=tmp_path)  # noqa: E731
    summary(ingest(items(), job))
    shutil.move(tmp_path / "seeds", tmp_path / "away")
    done = summary(reclean(later(job, 2, profile="standard")))
    assert (done.version, done.added, done.revised, done.unchanged) == (2, 0, 4, 0)
    archive = archiver.open(job.archive)
    for row in archive.latest().to_pylist():
        source = tmp_path / row["file_path"].replace("seeds", "away")
        assert restore_bytes(row) == source.read_bytes()
        old = archive.record(row["id"], revision=1)
        kept = ["source_sha256", "url", "title", "license", "date", "metadata", "file_path"]
        assert [row[name] for name in kept] == [old[name] for name in kept]
    assert validate(job.archive).findings == ()
    # It is what an ingest of the files makes, and the files count as unchanged.
    shutil.move(tmp_path / "away", tmp_path / "seeds")
    again = summary(ingest(items(), later(job, 3, profile="standard")))
    assert (again.unchanged, again.committed) == (4, False)
    fresh = later(job, 2, profile="standard", archive=tmp_path / "fresh")
    summary(ingest(items(), fresh))
    names = ["id", "text", "edits", "facts", "source_sha256"]
    assert archive.latest(names).equals(archiver.open(fresh.archive).latest(names))


def test_nothing_new_makes_no_version(job):
    summary(ingest([Source("a", "a.txt", b"One.\n")], job))
    done = summary(reclean(later(job, 2)))
    assert (done.version, done.unchanged, done.committed) == (1, 1, False)


def test_a_newer_program_that_gives_the_same_makes_no_version(job):
    summary(ingest([Source("a", "a.txt", b"One.\n"), page()], job))
    done = summary(reclean(later(job, 2, tool_version="newer")))
    assert (done.unchanged, done.revised, done.committed) == (2, 0, False)


def test_a_dry_run_says_what_would_come(job):
    summary(ingest([Source("a", "a.txt", b"One.\n")], job))
    done = summary(reclean(later(job, 2, profile="strict", dry_run=True)))
    assert (done.revised, done.committed) == (1, False)
    assert archiver.open(job.archive).head().version == 1


@pytest.mark.parametrize(
    "known",
    [
        {},
        {"url": "https://example.com/x", "title": "Mine"},
        {"metadata": {"author": "Someone", "note": "n"}},
        {"date": NOW, "language": "de", "fetched_at": NOW},
    ],
)
def test_what_a_page_said_of_itself_is_not_taken_for_given(job, known):
    given = page(**known)
    summary(ingest([given], job))
    record = archiver.open(job.archive).record("p")
    assert stored_source(record) == given
    assert stored_source(record).source_sha256 == record["source_sha256"]


def test_a_declared_encoding_is_declared_again(job):
    data = "Grüße aus Österreich, schöne Straße.\n".encode("cp1252")
    given = Source("d", "d.txt", data, provenance=Provenance(encoding="windows-1252"))
    summary(ingest([given], job))
    assert stored_source(archiver.open(job.archive).record("d")) == given


def test_quarantine_is_tried_again(job, monkeypatch):
    """What no decoder could read is archived once one can; what is not text stays out."""
    import archiver.clean as module
    from archiver.findings import finding

    real = module.decode
    monkeypatch.setattr(module, "decode", lambda source: finding("E203", "no encoding"))
    given = Source("q", "q.txt", b"Readable.\n", provenance=Provenance(title="T"))
    zero = Source("z", "z.txt", b"a\0b\xff")
    assert summary(ingest([given, zero], job)).quarantined == 2
    monkeypatch.setattr(module, "decode", real)
    events = list(reclean(later(job, 2)))
    done = summary(events)
    assert (done.added, done.quarantined) == (1, 1)
    (out,) = (event for event in events if isinstance(event, Quarantined))
    assert out.finding.code == "E202"
    record = archiver.open(job.archive).record("q")
    assert (record["text"], record["title"]) == ("Readable.\n", "T")
    third = summary(reclean(later(job, 3)))
    assert (third.quarantined, third.quarantined_before, third.committed) == (0, 1, False)
    assert validate(job.archive).findings == ()


def test_a_document_is_not_replaced_by_what_was_kept_out_under_its_id(job):
    summary(ingest([Source("x", "x.bin", bytes(range(256)))], job))
    summary(ingest([Source("x", "x.txt", b"Good.\n")], later(job, 2)))
    done = summary(reclean(later(job, 3, profile="strict")))
    assert (done.revised, done.quarantined, done.quarantined_before) == (1, 0, 0)


def test_many_documents_in_batches(job, monkeypatch):
    monkeypatch.setattr("archiver.ingest.run.BATCH_DOCUMENTS", 7)
    sources = [Source(f"d{n}", f"d{n}.txt", f"Number {n}.\n".encode()) for n in range(40)]
    summary(ingest(sources, job))
    done = summary(reclean(later(job, 2, profile="strict")))
    assert (done.revised, done.version) == (40, 2)
    assert [part.rows for _, part in archiver.open(job.archive).parts()] == [40, 40]


def test_no_archive(job):
    with pytest.raises(NoArchiveError):
        list(reclean(job))
    assert not job.archive.exists()
