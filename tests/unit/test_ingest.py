"""The main job: versions, revisions, quarantine, and nothing written without need."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import archiver
from archiver.archive.rows.records import restore_bytes
from archiver.archive.write.writer import MovedOnError
from archiver.document import Finding, Provenance, Reject, Source
from archiver.errors import InputError
from archiver.findings import finding
from archiver.ingest import Finished, Job, Noted, Quarantined, Read, Summary, ingest
from archiver.quarantine import CHUNK, reject_digest
from archiver.readers.files import read_files
from archiver.rules.load import builtin
from archiver.rules.rule import Rule, Ruleset

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return Job(
        archive=tmp_path / "archive",
        ruleset=builtin(),
        profile="standard",
        now=NOW,
        batch_id="run-1",
        tool_version="test",
    )


def later(job: Job, number: int) -> Job:
    return replace(job, now=job.now + timedelta(hours=number), batch_id=f"run-{number}")


def run(items, job: Job) -> Summary:
    *_, last = ingest(iter(items), job)
    assert isinstance(last, Finished)
    return last.summary


def source(name: str, text: str, **provenance) -> Source:
    return Source(name, f"{name}.txt", text.encode(), provenance=Provenance(**provenance))


def test_the_seeds_become_version_one_and_a_second_run_changes_nothing(job, tmp_path) -> None:
    shutil.copytree(ROOT / "seeds", tmp_path / "seeds")
    read = lambda: read_files(["seeds"], base=tmp_path)  # noqa: E731
    first = run(read(), job)
    assert (first.version, first.added, first.quarantined, first.facts) == (1, 4, 0, 3)
    second = run(read(), later(job, 2))
    assert not second.committed
    assert (second.version, second.head, second.unchanged) == (1, first.head, 4)
    table = archiver.open(job.archive).latest()
    for row in table.to_pylist():
        assert restore_bytes(row) == (tmp_path / row["file_path"]).read_bytes()


def test_a_changed_source_is_a_new_revision_and_the_old_one_stays(job) -> None:
    run([source("a", "one\n"), source("b", "same\n")], job)
    summary = run([source("a", "two\n"), source("b", "same\n")], later(job, 2))
    assert (summary.version, summary.added, summary.revised, summary.unchanged) == (2, 0, 1, 1)
    archive = archiver.open(job.archive)
    assert archive.record("a")["text"] == "two\n"
    assert archive.record("a")["revision"] == 2
    assert archive.at(1)["text"].to_pylist() == ["one\n", "same\n"]
    assert archive.versions()["version"].to_pylist()[-1] == 2


@pytest.mark.parametrize("change", [{"title": "T"}, {"metadata": {"note": "n"}}])
def test_new_provenance_is_a_new_revision_too(job, change) -> None:
    run([source("a", "one\n")], job)
    assert run([source("a", "one\n", **change)], later(job, 2)).revised == 1


def test_another_profile_is_a_new_revision_too(job) -> None:
    run([source("a", "one\n")], job)
    assert run([source("a", "one\n")], replace(later(job, 2), profile="strict")).revised == 1


def test_a_dry_run_writes_nothing_and_counts_all(job) -> None:
    summary = run([source("a", "[ad_1]\none\n"), source("b", "")], replace(job, dry_run=True))
    assert (summary.added, summary.quarantined, summary.dropped) == (1, 1, {"ad-marker": 1})
    assert not job.archive.exists()


def test_what_is_bad_goes_to_quarantine_once_and_comes_back_whole(job) -> None:
    bad = bytes(range(256)) * 4
    events = list(ingest(iter([Source("x", "x.bin", bad), source("a", "one\n")]), job))
    kinds = [event for event in events if isinstance(event, Quarantined)]
    assert [(e.finding.code, e.known) for e in kinds] == [("E202", False)]
    assert sum(isinstance(event, Read) for event in events) == 2
    (row,) = archiver.open(job.archive).quarantine().to_pylist()
    assert row["raw"] == bad
    again = run([Source("x", "x.bin", bad), source("a", "one\n")], later(job, 2))
    assert (again.quarantined, again.quarantined_before, again.committed) == (0, 1, False)


def test_a_run_with_nothing_but_quarantine_makes_a_version(job) -> None:
    summary = run([source("x", "")], job)
    assert (summary.version, summary.added, summary.quarantined) == (1, 0, 1)


def test_a_large_reject_is_kept_in_pieces(job, tmp_path) -> None:
    path = tmp_path / "large.txt"
    with path.open("wb") as stream:
        for piece in range(3):
            stream.write(bytes([65 + piece]) * (CHUNK - 7))
    found = finding("E204", "too large", where="large.txt")
    run([Reject(found, "large", "large.txt", path=path)], job)
    rows = archiver.open(job.archive).quarantine().to_pylist()
    assert [row["chunks"] for row in rows] == [3, 3, 3]
    rows.sort(key=lambda row: row["chunk"])
    assert b"".join(row["raw"] for row in rows) == path.read_bytes()


def test_a_large_reject_that_changes_while_it_is_read_is_not_recorded_wrongly(
    tmp_path, monkeypatch, job
) -> None:
    path = tmp_path / "large.txt"
    path.write_bytes(b"one")
    reject = Reject(finding("E204", "too large"), "large", "large.txt", path=path)
    real = reject_digest(reject)
    path.write_bytes(b"two")
    monkeypatch.setattr("archiver.ingest.run.reject_digest", lambda _: real)
    with pytest.raises(InputError, match="changed while it was read"):
        run([reject], job)
    assert not job.archive.exists()


def test_a_reject_without_bytes_is_kept_as_what_is_known_of_it(job) -> None:
    found = finding("E302", "is not there", where="INDEX.md", line=7)
    run([Reject(found, "gone", "gone.txt", Provenance(title="T"))], job)
    (row,) = archiver.open(job.archive).quarantine().to_pylist()
    assert (row["raw"], row["raw_sha256"], row["title"], row["line"]) == (None, None, "T", 7)


def test_the_same_run_told_twice_commits_once(job) -> None:
    first = run([source("a", "one\n")], job)
    second = run([source("a", "one\n")], job)
    assert second.head == first.head


def test_a_run_that_was_overtaken_elsewhere_still_commits(job) -> None:
    run([source("a", "one\n")], job)
    slow = ingest(iter([source("b", "two\n")]), later(job, 2))
    assert isinstance(next(slow), Read)
    run([source("c", "three\n")], later(job, 3))
    *_, last = slow
    assert last.summary.version == 3
    assert archiver.open(job.archive).latest()["id"].to_pylist() == ["a", "b", "c"]


def test_a_run_that_was_overtaken_on_its_own_document_gives_way(job) -> None:
    run([source("a", "one\n")], job)
    slow = ingest(iter([source("a", "two\n")]), later(job, 2))
    next(slow)
    run([source("a", "three\n")], later(job, 3))
    with pytest.raises(MovedOnError):
        list(slow)
    archive = archiver.open(job.archive)
    assert archive.record("a")["text"] == "three\n"
    assert run([source("a", "two\n")], later(job, 4)).revised == 1


def noted(items, job: Job) -> list[Finding]:
    return [event.finding for event in ingest(iter(items), job) if isinstance(event, Noted)]


def test_an_encoding_that_was_guessed_is_told_with_its_document(job) -> None:
    guessed = Source("g", "g.txt", "Grüße".encode("cp1252"))
    items = [guessed, source("a", "Grüße\n")]
    (found,) = noted(items, job)
    assert (found.code, found.where, found.documents) == ("W213", "g.txt", ("g",))
    assert archiver.open(job.archive).latest().num_rows == 2  # it only warns
    assert noted(items, later(job, 2)) == []  # nothing was decoded anew


def test_a_run_tells_once_that_rules_for_hosts_did_not_act(job) -> None:
    here = Rule("navigation.a", "drop", "w", "s", literals=("menu",), hosts=("a.example",))
    bound = replace(job, ruleset=Ruleset((*job.ruleset.rules, here), job.ruleset.engine))
    known = source("k", "menu\n\nIce again.\n", url="https://www.a.example/1")
    items = [known, source("b", "menu\n\nIce.\n"), source("c", "menu\n\nThaw.\n")]
    (found,) = noted(items, bound)
    assert found.code == "W401"
    assert "2 texts" in found.message
    assert "a.example" in found.message
    archive = archiver.open(job.archive)
    assert archive.record("k")["text"] == "Ice again.\n"
    assert archive.record("b")["text"] == "menu\n\nIce.\n"
    assert noted([known], later(bound, 2)) == []
