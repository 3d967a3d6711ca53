"""Take-down: nothing is left of the documents, everything else is as it was."""

import json
import os
import re
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import archive_support as support
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archiver.archive.archive import create_archive, open_archive
from archiver.archive.bag import bag
from archiver.archive.checks.validate import validate
from archiver.archive.files import staging
from archiver.archive.log.entry import BadEntryError, parse_entry
from archiver.archive.log.marks import id_digest
from archiver.archive.takedown.take_down import (
    STEPS,
    World,
    finish_takedown,
    is_unfinished,
    take_down,
)
from archiver.digest import sha256
from archiver.errors import DamageError, InputError, UsageError

PROGRAM = Path(support.__file__).with_name("takedown_process.py")
ROOT = PROGRAM.parents[2]

#: Steps tried in every run: begun only, half through, files gone, ended and not sealed.
QUICK = {
    "documents-begin-entry-visible",
    "quarantine-remove-entry-durable",
    "documents-remove-entry-durable",
    "documents-end-entry-durable",
}

JANE = "people/jane-doe"
TEXT = "Jane Doe lives in Example Street.\n"
OLDER = "Jane Doe lived in Sample Street.\n"
BROKEN = b"Jane Doe, \xff\x00 broken bytes"


def world(**changes):
    fields = {"now": support.NOW + timedelta(days=9), "tool": support.TOOL, "batch_id": "case-7"}
    return World(**fields | changes)


def make(path):
    """Jane in two versions, once alone in her part, and twice in quarantine; others around her."""
    archive = create_archive(path, support.NOW, tool=support.TOOL)
    rejects = [support.rejected(JANE, BROKEN), support.rejected("x")]
    rows = [support.document("a"), support.document(JANE, OLDER, cut="play_arrow\n")]
    support.commit(archive, [*rows, support.document("z", "Zeta.\n")], rejects, batch_id="run-1")
    at = support.NOW + timedelta(hours=1)
    jane = support.document(JANE, TEXT, revision=2, at=at, metadata={"who": "Jane Doe"})
    rejects = [support.rejected("copy of her", TEXT.encode(), at=at)]
    support.commit(archive, [jane], rejects, batch_id="run-2", at=at)
    at = support.NOW + timedelta(hours=2)
    support.commit(archive, [support.document("a", "New.\n", revision=2, at=at)], batch_id="3")
    return archive


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return make(tmp_path_factory.mktemp("takedown") / "archive")


@pytest.fixture
def jane(made, tmp_path):
    shutil.copytree(made.path, tmp_path / "archive")
    return open_archive(tmp_path / "archive")


@pytest.fixture(scope="module")
def gone(made, tmp_path_factory):
    """An archive she was taken down from, for tests that only read."""
    path = tmp_path_factory.mktemp("gone") / "archive"
    shutil.copytree(made.path, path)
    archive = open_archive(path)
    take_down(archive, [JANE], "case 7", world())
    return archive


def every_word(root):
    """What each file holds, Parquet columns decompressed: (path, bytes)."""
    for path in sorted(item for item in root.rglob("*") if item.is_file()):
        yield path, path.read_bytes()
        if path.suffix == ".parquet":
            rows = pq.read_table(path).to_pylist()
            yield path, repr(rows).encode()
            yield path, b"".join(_bytes_in(rows))


def _bytes_in(value):
    if isinstance(value, bytes):
        yield value
    elif isinstance(value, dict):
        yield from _bytes_in(list(value.values()))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _bytes_in(item)


def traces(root):
    words = [JANE.encode(), b"jane-doe", b"Jane Doe", b"Example Street", BROKEN, BROKEN[:-3]]
    return [(path, word) for path, data in every_word(root) for word in words if word in data]


def test_the_search_itself_finds_her_where_she_is(made):
    kinds = {path.parent.parent.parent.name for path, _ in traces(made.path)}
    assert kinds == {"documents", "quarantine"}
    assert not [path for path, _ in traces(made.path) if "_delta_log" in path.parts]


def test_no_file_holds_her_afterwards(gone):
    assert traces(gone.path) == []
    assert validate(gone.path, expect_head=gone.head()).findings == ()


def test_checkpoints_hold_no_ids_either(tmp_path):
    archive = support.long_archive(tmp_path / "archive", 12)
    support.commit(archive, [support.document(JANE, TEXT)], batch_id="jane")
    for number in range(14, 22):
        support.commit(archive, batch_id=f"after-{number}")
    assert list(archive.path.glob("data/documents/_delta_log/*20.checkpoint.parquet"))
    take_down(archive, [JANE], "case 7", world())
    assert traces(archive.path) == []
    assert validate(archive.path).findings == ()


def test_all_others_are_as_before_in_every_version(made, gone):
    for version in range(4):
        before = [row for row in made.at(version).to_pylist() if row["id"] != JANE]
        assert gone.at(version).to_pylist() == before
        assert JANE not in gone.at(version)["id"].to_pylist()
    assert gone.history("a").to_pylist() == made.history("a").to_pylist()
    assert gone.ids() == ["a", "z"]
    assert gone.record(JANE) is None
    assert gone.record(JANE, version=1) is None
    assert gone.history(JANE).num_rows == 0
    kept = [row for row in made.quarantine().to_pylist() if row["id"] == "x"]
    assert gone.quarantine().to_pylist() == kept


def test_the_entries_before_are_untouched(made, gone):
    for table in ("documents", "quarantine"):
        old = made.entries(table)
        assert gone.entries(table)[: len(old)] == old
    assert validate(gone.path, expect_head=made.head()).findings[0].code == "E105"


def test_the_log_tells_of_it(gone):
    rows = gone.versions().to_pylist()
    assert [row["takedown"] for row in rows] == [None] * 4 + ["begin", "remove", "end"]
    assert {row["reason"] for row in rows[4:]} == {"case 7"}
    assert [row["taken_down"] for row in rows] == [0, 0, 0, 0, 0, 1, 0]
    taken = gone.taken_down()
    found = taken.find(JANE)
    assert (found.version, found.reason) == (4, "case 7")
    assert str(found) == "was taken down on 2026-03-10: case 7"
    for data in (TEXT.encode(), b"play_arrow\n" + OLDER.encode(), BROKEN):
        assert taken.find("another name", sha256(data)) == found
    assert taken.find("a") is None


def test_a_part_that_held_her_alone_is_only_removed(gone):
    (entry,) = [item for item in gone.entries() if item.removed]
    assert sorted(map(bool, entry.replaced.values())) == [False, True]
    assert len(entry.added) == 1
    for name in entry.removed:
        assert not (gone.path / "data/documents" / name).exists()


def test_append_only_mode_is_off_only_between(gone):
    modes = []
    for version in range(4, 7):
        data = support.entry_path(gone, version).read_text("utf-8").splitlines()
        found = [json.loads(line).get("metaData") for line in data]
        modes += [item["configuration"]["delta.appendOnly"] if item else None for item in found]
    actions = [mode for mode in modes if mode is not None]
    assert actions == ["false", "true"]


def test_several_at_once(jane):
    done = take_down(jane, [JANE, "z"], "case 8", world())
    assert done.survey.taken == (JANE, "z")
    assert jane.ids() == ["a"]
    assert validate(jane.path).findings == ()


def test_a_second_take_down_of_a_part_already_written_anew(jane):
    take_down(jane, [JANE], "case 7", world())
    take_down(jane, ["z"], "case 8", world(batch_id="case-8"))
    assert jane.ids() == ["a"]
    assert jane.at(1)["id"].to_pylist() == ["a"]
    assert jane.history("a")["version"].to_pylist() == [1, 3]
    assert traces(jane.path) == []
    assert validate(jane.path).findings == ()
    support.commit(jane, [support.document("new")], batch_id="after")
    assert open_archive(jane.path).ids() == ["a", "new"]
    assert validate(jane.path).findings == ()


def test_what_is_only_in_quarantine(jane):
    done = take_down(jane, ["x"], "case 9", world())
    assert (done.survey.taken, done.survey.kept_out) == ((), 1)
    assert "x" not in jane.quarantine(["id"])["id"].to_pylist()
    assert jane.ids() == ["a", JANE, "z"]
    assert validate(jane.path).findings == ()


def test_other_documents_with_the_same_bytes_stay_and_are_told(jane):
    support.commit(jane, [support.document("twin", TEXT)], batch_id="twin")
    done = take_down(jane, [JANE], "case 7", world())
    assert done.survey.sharing == ("twin",)
    assert jane.taken_down().find("twin", sha256(TEXT.encode())) is None
    assert jane.record("twin")["text"] == TEXT


def test_empty_bytes_are_nobodys(jane):
    rows = [support.rejected(name, b"", code="E201") for name in ("void", "other void")]
    support.commit(jane, rejects=rows, batch_id="void")
    take_down(jane, ["void"], "case 7", world())
    assert "other void" in jane.quarantine(["id"])["id"].to_pylist()
    assert jane.taken_down().find("third void", sha256(b"")) is None


def test_pieces_of_a_large_source_beside_her_stay_whole(tmp_path):
    archive = create_archive(tmp_path / "archive", support.NOW, tool=support.TOOL)
    big = os.urandom(9 << 20)
    pieces = [
        support.rejected("big", big[at : at + (3 << 20)], chunk=number, chunks=3, whole=big)
        for number, at in enumerate(range(0, len(big), 3 << 20))
    ]
    rows = [support.rejected(JANE, BROKEN), *pieces]
    with support.Writer(
        archive, batch_id="run", ingested_at=support.NOW, tool=support.TOOL, part_bytes=0
    ) as writer:
        for row in rows:
            writer.stage_quarantine(support.quarantine_from_rows([row]))
        writer.commit(
            ruleset_digest=support.RULESET_DIGEST,
            ruleset_json=support.RULESET,
            profile="standard",
            index_sha256=None,
            counts={},
        )
    take_down(archive, [JANE], "case 7", world())
    assert validate(archive.path).findings == ()
    assert b"".join(archive.quarantined_bytes(("big", "E202", sha256(big)))) == big


@pytest.mark.parametrize("wanted", ["nobody", "people", ""])
def test_an_id_that_is_not_there(jane, wanted):
    head = jane.head()
    with pytest.raises(InputError, match="no document"):
        take_down(jane, [JANE, wanted], "case 7", world())
    assert jane.head() == head
    assert validate(jane.path).findings == ()


@pytest.mark.parametrize("reason", ["", "  \n", f"asked by {JANE}", "\ud800"])
def test_a_reason_that_cannot_be_kept(jane, reason):
    with pytest.raises(UsageError, match="reason"):
        take_down(jane, [JANE], reason, world())
    assert not is_unfinished(jane)


def test_a_damaged_part_is_not_vouched_for_anew(jane):
    head, path = jane.head(), support.part_paths(jane)[0]
    data = bytearray(path.read_bytes())
    data[1] ^= 1  # the magic at the beginning, which no reader looks at
    path.write_bytes(data)
    with pytest.raises(DamageError, match="not the bytes committed"):
        take_down(jane, [JANE], "case 7", world())
    assert jane.entries()[head.version].head == head
    data[1] ^= 1
    path.write_bytes(data)
    assert finish_takedown(jane, world())
    assert traces(jane.path) == []
    assert validate(jane.path).findings == ()


def test_an_id_that_an_older_program_wrote_into_the_log(jane):
    def change(actions):
        stats = json.loads(actions[-1]["add"]["stats"])
        stats["minValues"], stats["maxValues"] = {"id": "a"}, {"id": "a"}
        actions[-1]["add"]["stats"] = json.dumps(stats)

    support.change_newest(jane, change)
    archive, head = open_archive(jane.path), open_archive(jane.path).head()
    with pytest.raises(InputError, match="stands in version 3 of the log"):
        take_down(archive, ["a"], "case 7", world())
    assert archive.head() == head
    take_down(archive, [JANE], "case 7", world())
    assert traces(archive.path) == []


def test_a_part_that_comes_back_is_told_and_removed_again(jane):
    path = support.part_paths(jane)[1]
    data = path.read_bytes()
    take_down(jane, [JANE], "case 7", world())
    path.write_bytes(data)
    assert ("W110", support.where(jane, path)) in codes(jane)
    assert finish_takedown(jane, world())
    assert not path.exists()
    assert validate(jane.path).findings == ()
    assert not finish_takedown(jane, world())


def test_leftovers_of_runs_that_died_are_searched(jane):
    orphan = support.part_paths(jane)[1].read_bytes()
    strange = jane.path / "data/documents/parts/00/orphan.parquet"
    loose = jane.path / ".staging/123-0-documents.parquet"
    aside = jane.path / "aside/then/part.parquet"
    for path in (strange, loose, aside):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(orphan)
    take_down(jane, [JANE], "case 7", world())
    assert traces(jane.path) == []
    assert validate(jane.path).findings == ()


def test_a_kill_after_the_sweep_leaves_no_damage(jane):
    """The bag lists a copy of her that no version names; it goes before the next seal."""
    strange = jane.path / "data/documents/parts/00/orphan.parquet"
    strange.parent.mkdir(parents=True, exist_ok=True)
    strange.write_bytes(support.part_paths(jane)[1].read_bytes())
    run = jane.path / ".staging" / f"run-{staging._host()}-1-0"
    run.mkdir(parents=True)
    orphan = support.part_paths(jane)[1].with_name("0" * 64 + ".parquet")
    orphan = orphan.parent.parent / "00" / orphan.name
    orphan.write_bytes(b"of a dead run")
    (run / staging.ALIVE).touch()
    (run / staging.PLACED).write_text(f"{support.where(jane, orphan)}\n")
    bag.seal(jane.path)
    manifest = (jane.path / bag.MANIFEST).read_text("utf-8")
    assert "orphan.parquet" in manifest
    assert orphan.name in manifest

    def kill(step):
        if step == "wiped":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        take_down(jane, [JANE], "case 7", world(checkpoint=kill))
    assert not strange.exists()
    assert not orphan.exists()
    assert {code for code, _ in codes(jane)} == {"W110"}
    again = open_archive(jane.path)
    assert finish_takedown(again, world())
    assert validate(jane.path).findings == ()
    assert traces(jane.path) == []


@pytest.mark.parametrize("folder", ["aside/then", ".damaged/then"])
def test_damaged_copies_of_parts_stop_it_before_anything_is_done(jane, folder):
    part = support.part_paths(jane)[1]
    kept = jane.path / folder / support.where(jane, part)
    kept.parent.mkdir(parents=True)
    kept.write_bytes(part.read_bytes()[:-9])
    head = jane.head()
    with pytest.raises(InputError, match="put aside damaged") as caught:
        take_down(jane, [JANE], "case 7", world())
    assert support.where(jane, kept) in caught.value.message
    assert open_archive(jane.path).head() == head
    assert not is_unfinished(jane)
    kept.write_bytes(part.read_bytes())  # this one can be read, so it is known what to do
    take_down(jane, [JANE], "case 7", world())
    assert not kept.exists()
    assert traces(jane.path) == []


few = settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def codes(archive):
    return {(item.code, item.where) for item in validate(archive.path).findings}


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL on Windows")
@pytest.mark.parametrize(
    "step",
    [step if step in QUICK else pytest.param(step, marks=pytest.mark.slow) for step in STEPS],
)
def test_killed_and_finished(made, tmp_path, step):
    shutil.copytree(made.path, tmp_path / "archive")
    archive = open_archive(tmp_path / "archive")
    before = archive.head()
    done = subprocess.run(
        [sys.executable, str(PROGRAM), str(archive.path), step, JANE],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == -9, done.stderr

    archive = open_archive(tmp_path / "archive")
    begun = archive.head() != before
    ended = begun and archive.versions().to_pylist()[-1]["takedown"] == "end"
    report = validate(archive.path)
    assert report.is_sound, report.findings
    assert ("W110" in {item.code for item in report.findings}) is (begun and not ended)
    assert is_unfinished(archive) is (begun and not ended)
    assert [row["id"] for row in archive.latest(["id"]).to_pylist() if row["id"] != JANE] == [
        "a",
        "z",
    ]

    if begun:
        assert finish_takedown(archive, world()) is not ended
    else:
        take_down(archive, [JANE], "case 7", world())
    assert not is_unfinished(archive)
    assert traces(archive.path) == []
    assert [row["takedown"] for row in archive.versions().to_pylist()[4:]] == [
        "begin",
        "remove",
        "end",
    ]
    support.commit(archive, [support.document("new")], batch_id="after")
    assert {code for code, _ in codes(archive)} <= {"W102"}
    assert open_archive(archive.path).ids() == ["a", "new", "z"]


@few
@given(data=st.data())
def test_a_flipped_bit_is_still_found(gone, data):
    flip_one(gone, data)


@pytest.mark.slow
@settings(few, max_examples=300)
@given(data=st.data())
def test_flipped_bits_are_still_found(gone, data):
    flip_one(gone, data)


def flip_one(gone, data):
    """Flip any bit of any file that is covered, and look for an error."""
    files = [path for path in sorted(gone.path.rglob("*")) if path.is_file()]
    covered = [path for path in files if path.name != ".lock" and ".cache" not in path.parts]
    path = data.draw(st.sampled_from(covered))
    before = path.read_bytes()
    at = data.draw(st.integers(0, len(before) - 1))
    flipped = bytearray(before)
    flipped[at] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(flipped)
    try:
        findings = validate(gone.path, expect_head=gone.head()).findings
    finally:
        path.write_bytes(before)
    assert any(item.is_error for item in findings), path


def lie(archive, version, change):
    """Rewrite the entry that removes, and chain the next one to it."""
    path = support.entry_path(archive, version)
    actions = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    change(actions[0]["commitInfo"]["archiver"], actions)
    return support.encode_entry(actions)


def test_a_take_down_that_removes_another_document_is_damage(jane):
    take_down(jane, [JANE], "case 7", world())

    def change(info, _actions):
        for file in info["files"].values():
            file["marks"] = file["marks"].replace(id_digest("a")[:6], "")

    data = lie(jane, 5, change)
    support.entry_path(jane, 5).write_bytes(data)
    follow(jane, 6, sha256(data))
    found = [item for item in validate(jane.path).findings if item.code == "E104"]
    assert any("removes other documents" in item.message for item in found)


def follow(archive, version, digest):
    data = lie(archive, version, lambda info, _: info.update(prev=digest))
    support.entry_path(archive, version).write_bytes(data)


@pytest.mark.parametrize(
    "change",
    [
        lambda info, _: info.pop("takedown"),
        lambda info, _: info["takedown"].update(replaced={}),
        lambda info, _: info["takedown"].update(step="forget"),
        lambda info, _: info["takedown"].update(ids=["x"]),
        lambda info, _: info["takedown"].update(reason=None),
        lambda info, _: info.update(readmitted={"ids": [], "raw": ["y"]}),
        lambda _, actions: actions.pop(),
    ],
)
def test_an_entry_that_removes_without_saying_so_is_no_entry(gone, change):
    with pytest.raises(BadEntryError):
        parse_entry(5, lie(gone, 5, change))


def test_marks_are_the_beginnings_of_digests(gone):
    for _, part in gone.parts():
        assert re.fullmatch("(?:[0-9a-f]{6})+", part.marks)
    (first, *_) = [part for _, part in gone.parts()]
    assert [first.may_hold(id_) for id_ in ("a", "z", JANE, "b")] == [True, True, False, False]
