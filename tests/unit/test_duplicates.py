"""`ingest --near-duplicates mark`: documents like one before are marked, and none is dropped."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

import archiver
from archiver.archive.checks.validate import validate
from archiver.archive.log.marks import id_digest
from archiver.archive.rows.records import records_from_rows
from archiver.archive.takedown.take_down import World, take_down
from archiver.archive.versions.upgrade import upgrade
from archiver.archive.write.writer import Writer
from archiver.cli.main import archiver as cli
from archiver.dedup.signature import decode, signatures
from archiver.document import Source
from archiver.engines.pool import Pool
from archiver.errors import DamageError, UsageError
from archiver.ingest import Finished, Job, ingest
from archiver.ingest.job import Every
from archiver.reclean import reclean
from archiver.rules.load import builtin

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
MARKS = ("id", "revision", "near_duplicate_of", "near_duplicate_similarity")


def prose(first, words=200):
    """A text that shares all but the first words with that of the next number."""
    lines = [
        " ".join(f"word{(first + at) * 7919 % 99991}" for at in range(start, start + 10))
        for start in range(0, words, 10)
    ]
    return "\n".join(lines) + "\n"


def source(name, text):
    return Source(name, f"{name}.txt", text.encode())


@pytest.fixture
def job(tmp_path):
    return Job(
        archive=tmp_path / "archive",
        ruleset=builtin(),
        profile="safe",
        now=NOW,
        batch_id="run-0",
        tool_version="test",
        near_duplicates=True,
    )


def run(items, job, number=0):
    job = replace(job, now=NOW + timedelta(hours=number), batch_id=f"run-{number}")
    *_, last = ingest(iter(items), job)
    assert isinstance(last, Finished)
    return last.summary


def marks(job):
    """Id and revision -> (id that it is like, similarity)."""
    opened = archiver.open(job.archive)
    names = {id_digest(id_): id_ for id_ in opened.ids()}
    rows = [row for table in opened.scan(MARKS) for row in table.to_pylist()]
    return {
        (row["id"], row["revision"]): (
            names.get(row["near_duplicate_of"], row["near_duplicate_of"]),
            row["near_duplicate_similarity"],
        )
        for row in rows
    }


def sound(job):
    assert validate(job.archive).findings == ()


A, B, C, OTHER = prose(0), prose(3), prose(6), prose(50_000)
NONE = ("", 0.0)


def test_a_document_is_marked_with_the_nearest_before(job):
    items = [source("a", A), source("other", OTHER), source("b", B), source("c", C)]
    summary = run([*items, source("copy", A.upper())], job)
    assert (summary.added, summary.near_duplicates) == (5, 3)
    found = marks(job)
    assert found["a", 1] == found["other", 1] == NONE
    assert found["b", 1][0] == "a"
    assert found["c", 1][0] == "b"  # and not a, which is like it too, but less
    assert found["copy", 1] == ("a", 1.0)
    assert 0.9 < found["b", 1][1] < 1
    sound(job)


def test_the_signature_is_that_of_the_clean_text(job):
    run([source("a", "play_arrow\nskip_next\n" + A), source("wordless", "?! – …\n")], job)
    opened = archiver.open(job.archive)
    record = opened.record("a")
    assert "play_arrow" not in record["text"]
    assert (decode(record["minhash"]) == signatures([record["text"]])[0]).all()
    assert opened.record("wordless")["minhash"] == ""


def test_without_the_option_nothing_is_stored(job):
    run([source("a", A), source("b", B)], replace(job, near_duplicates=False))
    record = archiver.open(job.archive).record("b")
    assert {record["minhash"], record["near_duplicate_of"]} == {None}
    (part, *_) = sorted(job.archive.glob("data/documents/parts/*/*"))
    assert "minhash" not in pq.read_schema(part).names


@pytest.mark.parametrize("cut", [1, 3, 7])
def test_versions_and_batches_do_not_matter(job, tmp_path, cut, monkeypatch):
    texts = [prose(start) for start in (0, 3, 6, 900, 9, 903, 0, 12, 906, 5000)]
    items = [source(f"d{at}", text) for at, text in enumerate(texts)]
    items += [source("d1", prose(901)), source("e", prose(4)), source("f", prose(902))]
    run(items[:10], job)
    run(items[10:], job, 1)
    monkeypatch.setattr("archiver.ingest.run.BATCH_DOCUMENTS", 2)
    other = replace(job, archive=tmp_path / "other", commit_every=Every(3))
    for number, start in enumerate(range(0, len(items), cut)):
        run(items[start : start + cut], other, number)
    assert marks(other) == marks(job)
    assert len(archiver.open(other.archive).parts()) > len(archiver.open(job.archive).parts())
    # An older revision is no document before: d1 is like d3 by then, and e not like d1.
    assert marks(job)["d1", 2][0] == "d3"
    assert marks(job)["e", 1][0] != "d1"


def test_workers_do_not_matter(job, tmp_path, monkeypatch):
    monkeypatch.setattr("archiver.ingest.run.BATCH_DOCUMENTS", 5)
    items = [source(f"d{at:02}", prose(at % 12 * 900 + at // 4)) for at in range(40)]
    alone = run(items, job)
    together = replace(
        job, archive=tmp_path / "pool", engine=partial(Pool, workers=2, environ=dict(os.environ))
    )
    summary = run(items, together)
    assert summary.near_duplicates == alone.near_duplicates == 28
    assert marks(together) == marks(job)
    digests = [
        {
            row["id"]: row["record_sha256"]
            for row in archiver.open(each.archive).latest().to_pylist()
        }
        for each in (job, together)
    ]
    assert digests[0] == digests[1]
    sound(together)


def test_documents_archived_without_marks_are_compared_too(job):
    run([source("a", A)], replace(job, near_duplicates=False))
    run([source("b", B)], job, 1)
    assert marks(job)["b", 1][0] == "a"
    sound(job)


def test_an_archive_without_the_columns_is_upgraded_on_demand(job):
    run([source("a", A)], replace(job, near_duplicates=False))
    world = World(NOW, "test", "old")
    upgrade(archiver.open(job.archive), world, to=1)
    with pytest.raises(UsageError, match="schema version 1") as caught:
        run([source("b", B)], job, 1)
    assert "archiver upgrade" in caught.value.hint
    upgrade(archiver.open(job.archive), replace(world, batch_id="new"))
    run([source("b", B)], job, 2)
    assert marks(job)["b", 1][0] == "a"
    sound(job)


def test_cleaning_again_marks_again(job):
    text = "play_arrow\nskip_next\n" + A
    run([source("a", text), source("b", B)], replace(job, ruleset=builtin(), near_duplicates=False))
    again = replace(job, profile="strict", now=NOW + timedelta(1), batch_id="again")
    *_, last = reclean(again)
    assert last.summary.revised == 2
    assert marks(job)["b", 2][0] == "a"
    sound(job)


def test_a_signature_that_is_none_is_damage(job):
    run([source("a", A)], replace(job, near_duplicates=False))
    opened = archiver.open(job.archive)
    row = opened.record("a") | {"id": "b", "minhash": "=?"}
    with Writer(opened, batch_id="odd", ingested_at=NOW, tool="test") as writer:
        writer.stage_documents(records_from_rows([row]))
        ruleset = builtin()
        writer.commit(
            ruleset_digest=ruleset.digest,
            ruleset_json=ruleset.to_json(),
            profile="safe",
            index_sha256=None,
            counts={},
        )
    with pytest.raises(DamageError, match=r"parts/"):
        run([source("c", B)], job, 1)


def test_a_dry_run_marks_nothing(job):
    assert run([source("a", A), source("b", A)], replace(job, dry_run=True)).near_duplicates == 0
    assert not job.archive.exists()


def test_a_take_down_leaves_neither_signature_nor_id(job):
    run([source("people/jane", A), source("b", B), source("c", OTHER)], job)
    opened = archiver.open(job.archive)
    signature = opened.record("people/jane")["minhash"]
    before = opened.record("b")
    take_down(opened, ["people/jane"], "asked", World(NOW, "test", "down"))
    for path in sorted(item for item in job.archive.rglob("*") if item.is_file()):
        held = path.read_bytes()
        if path.suffix == ".parquet":
            held += repr(pq.read_table(path).to_pylist()).encode()
        assert b"people/jane" not in held, path
        assert signature.encode() not in held, path
    # What was like it is as it was, to the digest; it names a document that is not here.
    assert archiver.open(job.archive).record("b") == before
    sound(job)
    run([source("d", prose(1))], job, 1)
    assert marks(job)["d", 1][0] == "b"


def test_the_command(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    for name, text in {"a": A, "b": B, "c": OTHER}.items():
        (tmp_path / "in" / f"{name}.txt").write_text(text, encoding="utf-8")
    words = ["ingest", "in", "--archive", "x", "--near-duplicates", "mark", "--workers", "1"]
    done = CliRunner().invoke(cli, [*words, "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["near_duplicates"] == 1
    shown = CliRunner().invoke(cli, ["show", "in/b", "--archive", "x"])
    assert "in/a.txt (similarity 0.9" in shown.stdout
    shutil.rmtree("x")
    told = CliRunner().invoke(cli, words)
    assert "1, marked" in told.stdout
    assert CliRunner().invoke(cli, [*words[:-3], "drop"]).exit_code == 2
