"""Archives made to harm whoever opens them: findings, in bounded time and memory."""

import os

import archive_support as support
import pyarrow as pa
import pytest
from archive_support import entry_path, part_paths, where

from archiver.archive.archive import open_archive
from archiver.archive.checks.check import MAX_FINDINGS
from archiver.archive.checks.validate import validate
from archiver.archive.log.actions import add_action, file_facts
from archiver.archive.log.entry import Part, part_path
from archiver.archive.read.parts import MAX_ROW_GROUP_BYTES
from archiver.archive.rows.records import raw_text, restore_bytes
from archiver.digest import sha256
from archiver.errors import ArchiverError, DamageError, NewerArchiveError, NoArchiveError


def codes(archive):
    return {(item.code, item.where) for item in validate(archive.path).findings}


@pytest.mark.parametrize(
    "line",
    [
        "[" * 100_000 + "]" * 100_000,
        '{"a":' * 100_000 + "1" + "}" * 100_000,
        '{"commitInfo":{"archiver":{"format":' + "9" * 10_000 + "}}}",
        '{"commitInfo":{"archiver":{"format":1,"prev":null,"files":{},"tool":"\\ud800"}}}',
        '{"commitInfo":{"archiver":{"format":1,"prev":7,"files":{}}}}',
        '{"commitInfo":{"archiver":{"format":1,"prev":null,"files":{},"counts":{"a":-1}}}}',
        '{"commitInfo":{"archiver":[]}}',
        '{"protocol":{}}',
        "NaN",
    ],
    ids=range(9),
)
def test_entries_that_are_traps(archive, line):
    path = entry_path(archive, 2)
    path.write_text(line + "\n", "utf-8")
    assert ("E103", where(archive, path)) in codes(archive)
    with pytest.raises(DamageError):
        open_archive(archive.path)


@pytest.mark.parametrize("path", ["../../etc/passwd", "/etc/passwd", "parts/aa/x.parquet", "x"])
def test_entries_that_name_files_elsewhere(archive, path):
    def change(actions):
        known = actions[0]["commitInfo"]["archiver"]
        known["files"] = {path: next(iter(known["files"].values()))}
        actions[-1]["add"]["path"] = path

    with pytest.raises(DamageError, match="not named by its digest"):
        support.change_newest(archive, change)
    assert ("E103", where(archive, entry_path(archive, 2))) in codes(archive)


def test_a_version_far_in_the_future(archive):
    (archive.path / "data/documents/_delta_log" / f"{'9' * 20}.json").write_text("{}\n")
    gap = [item for item in validate(archive.path).findings if item.code == "E102"]
    assert len(gap) == 1
    assert "entries 3 to" in gap[0].message


def test_a_sparse_giant_in_place_of_a_part_is_not_read(archive):
    path = part_paths(archive)[0]
    with path.open("r+b") as stream:
        stream.truncate(1 << 42)
    findings = validate(archive.path).findings
    assert [(item.code, item.where) for item in findings] == [("E107", where(archive, path))]


@pytest.mark.parametrize("name", ["manifest-sha256.txt", "bag-info.txt"])
def test_sparse_giants_among_the_tag_files(archive, name):
    with (archive.path / name).open("r+b") as stream:
        stream.truncate(1 << 42)
    assert ("E115", name) in codes(archive) or ("E114", name) in codes(archive)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")
@pytest.mark.parametrize("which", ["part", "entry", "manifest"])
def test_a_pipe_in_place_of_a_file_does_not_hang(archive, which):
    path = {
        "part": part_paths(archive)[0],
        "entry": entry_path(archive, 1),
        "manifest": archive.path / "manifest-sha256.txt",
    }[which]
    path.unlink()
    os.mkfifo(path)
    code = {"part": "E106", "entry": "E103", "manifest": "E115"}[which]
    assert (code, where(archive, path)) in codes(archive)


def test_links_that_lead_in_circles(archive):
    (archive.path / "data/loop").symlink_to(archive.path / "data", target_is_directory=True)
    path = part_paths(archive)[0]
    path.unlink()
    path.symlink_to(path)
    assert {("E106", where(archive, path)), ("W102", "data/loop")} <= codes(archive)


def test_a_part_that_unfolds_to_gigabytes_is_refused_by_its_footer(archive):
    """A dictionary of one long text, named a million times."""
    long = pa.DictionaryArray.from_arrays(
        pa.array([0] * 2000, pa.int32()), pa.array(["x" * 1_000_000])
    )
    table = archive.latest().slice(0, 1)
    wide = pa.table(
        {
            name: long
            if name == "text"
            else pa.concat_arrays([table[name].combine_chunks()] * 2000)
            for name in table.column_names
        }
    )
    path = support.add_foreign_part(archive, wide.cast(wide.schema), compression="zstd")
    assert path.stat().st_size < 1 << 20
    before = pa.default_memory_pool().max_memory()
    findings = validate(archive.path).findings
    assert pa.default_memory_pool().max_memory() - before < 64 << 20
    hit = {item.code for item in findings if item.where == where(archive, path)}
    assert hit & {"E108", "E112"}


def test_row_groups_that_claim_too_much_are_refused(archive, monkeypatch):
    monkeypatch.setattr("archiver.archive.read.parts.MAX_ROW_GROUP_BYTES", 1000)
    findings = validate(archive.path).findings
    assert {item.code for item in findings} == {"E108"}
    assert sorted(findings[0].documents) == ["a", "b"]
    assert MAX_ROW_GROUP_BYTES > 1000


def test_a_manifest_of_endless_complaints_is_cut_short(archive):
    path = archive.path / "manifest-sha256.txt"
    lines = [f"{'0' * 64}  data/{number}\n" for number in range(MAX_FINDINGS + 500)]
    path.write_bytes(path.read_bytes() + "".join(lines).encode())
    findings = validate(archive.path).findings
    missing = [item for item in findings if item.code == "E114"]
    assert len(missing) == MAX_FINDINGS + 1
    assert "501 more" in missing[-1].message  # the manifest's own digest is wrong as well


def rewritten(archive, column, values):
    table = archive.latest()
    at = table.schema.get_field_index(column)
    changed = table.set_column(at, table.schema.field(at), values)
    return support.add_foreign_part(archive, changed, use_dictionary=False)


def test_text_that_is_no_utf8(archive):
    bad = pa.array([b"\xff\xfe", b"ok", b"ok"]).view(pa.string())
    for column in ("text", "title", "id"):
        path = rewritten(archive, column, bad)
        hit = {code for code, place in codes(archive) if place == where(archive, path)}
        assert hit & {"E109", "E110", "E108"}, column
        archive = support.small_archive(archive.path.parent / column)


def test_moments_beyond_the_calendar(archive):
    never = pa.array([2**62] * 3, pa.int64()).view(pa.timestamp("us", "UTC"))
    path = rewritten(archive, "ingested_at", never)
    assert ("E109", where(archive, path)) in codes(archive)


def test_a_part_that_is_no_parquet_though_the_log_says_so(archive):
    data = b"PAR1" + b"\xff" * 100 + (50).to_bytes(4, "little") + b"PAR1"
    digest, footer = sha256(data), sha256(data[-58:])
    part = Part(part_path(digest), digest, footer, len(data), 1, "a", "a")
    path = archive.path / "data/documents" / part.path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)

    def change(actions):
        actions[0]["commitInfo"]["archiver"]["files"].update(file_facts([part]))
        actions.append(add_action(part, 0))

    support.change_newest(archive, change)
    assert codes(archive) == {("E108", where(archive, path))}


def test_edits_that_would_multiply_a_text_are_refused():
    edit = {"start": 0, "end": 0, "before": "", "after": "", "rule": "t", "score": None}
    row = support.document("a", edits=[{**edit, "start": 5, "end": 5}, edit])
    with pytest.raises(DamageError, match="edits do not fit"):
        raw_text(row)


@pytest.mark.parametrize(
    "changes",
    [
        {"encoding": "zlib_codec"},
        {"encoding": "no-such-codec"},
        {"encoding": "ascii", "text": "\u00e9"},
        {"newline": "vt"},
        {"edits": None},
        {"edits": [{"start": 0}]},
    ],
)
def test_records_that_cannot_give_their_bytes_back(changes):
    with pytest.raises(DamageError):
        restore_bytes(support.document("a", "Text") | changes)


@pytest.mark.parametrize(
    "change",
    [
        lambda actions: actions[0]["commitInfo"]["archiver"].update(format=2),
        lambda actions: actions.append(
            {"protocol": {"minReaderVersion": 3, "minWriterVersion": 7}}
        ),
    ],
)
def test_an_archive_of_a_newer_program(archive, change):
    with pytest.raises(NewerArchiveError):
        support.change_newest(archive, change)
    # change_newest could not seal it; a newer program would have.
    manifest = archive.path / "manifest-sha256.txt"
    manifest.unlink()
    with pytest.raises(NewerArchiveError):
        open_archive(archive.path)
    with pytest.raises(NewerArchiveError):
        validate(archive.path)


def test_a_flip_that_looks_like_a_newer_program_is_damage(archive):
    path = entry_path(archive, 1)
    path.write_bytes(path.read_bytes().replace(b'"format":1', b'"format":9'))
    assert ("E103", where(archive, path)) in codes(archive)


@pytest.mark.parametrize("make", [lambda p: None, lambda p: p.mkdir(), lambda p: p.write_text("x")])
def test_what_is_no_archive(tmp_path, make):
    path = tmp_path / "none"
    make(path)
    with pytest.raises(NoArchiveError):
        open_archive(path)
    with pytest.raises(NoArchiveError):
        validate(path)


def test_a_folder_with_other_things_is_no_archive(tmp_path):
    (tmp_path / "letter.txt").write_text("Dear")
    with pytest.raises(NoArchiveError):
        open_archive(tmp_path)
    with pytest.raises(ArchiverError, match=r"letter\.txt"):
        support.create_archive(tmp_path, support.NOW)


def test_any_words_as_the_expected_head(archive):
    findings = validate(archive.path, expect_head="\x1b[31m").findings
    assert [item.code for item in findings] == ["E105"]
