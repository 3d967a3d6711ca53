"""One way to break an archive for each finding of the archive: each is found just so."""

import json
import shutil
import tempfile
from datetime import timedelta
from pathlib import Path

import archive_support as support
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from archive_support import document, entry_path, part_paths, where

from archiver.archive.archive import create_archive, open_archive
from archiver.archive.bag import bag, tags
from archiver.archive.checks.validate import Clock, Scope, validate
from archiver.archive.log import summary
from archiver.archive.log.entry import part_path
from archiver.archive.mend.recover import recover
from archiver.archive.mend.repair import repair
from archiver.archive.rows.records import records_from_rows
from archiver.archive.takedown.take_down import World, take_down
from archiver.batch import clean_batch, source_batch
from archiver.digest import canonical_json, sha256
from archiver.document import Source
from archiver.findings import CATALOGUE
from archiver.ingest import Job, Noted, ingest
from archiver.replay import replay_with
from archiver.rules.load import builtin, load


def found(archive, **options):
    return validate(archive.path, **options).findings


def only(archive, **options):
    """The one finding there is."""
    findings = found(archive, **options)
    assert len(findings) == 1, findings
    return findings[0]


def shape(finding):
    return finding.code, finding.layer, finding.where, tuple(finding.documents)


def flip(path, at):
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def page_of(path, column):
    """An offset inside the data page of a column of the first row group."""
    with pq.ParquetFile(path) as file:
        group = file.metadata.row_group(0)
        chunks = [group.column(at) for at in range(group.num_columns)]
    chunk = next(item for item in chunks if item.path_in_schema == column)
    return chunk.data_page_offset + chunk.total_compressed_size - 2


def test_a_sound_archive_has_no_findings(archive):
    report = validate(archive.path, expect_head=archive.head())
    assert report.findings == ()
    assert report.is_sound
    assert report.head == archive.head()
    checked = report.checked
    assert (checked.versions, checked.parts, checked.documents) == (3, 3, 4)
    assert checked.quarantined == 1


def test_e101_no_log(archive):
    shutil.rmtree(archive.path / "data/quarantine/_delta_log")
    codes = {(item.code, item.where) for item in found(archive)}
    assert ("E101", "data/quarantine/_delta_log") in codes


@pytest.mark.parametrize("name", ["bagit.txt", "bag-info.txt"])
def test_e101_no_tag_file(archive, name):
    (archive.path / name).unlink()
    assert shape(only(archive)) == ("E101", "structure", name, ())


def test_e102_entry_deleted(archive):
    path = entry_path(archive, 1)
    path.unlink()
    findings = found(archive)
    assert shape(findings[0]) == ("E102", "chain", where(archive, path), ())
    assert {item.code for item in findings} == {"E102", "E125"}  # its part is nobody's now


def test_e102_newest_quarantine_entry_deleted(archive):
    path = entry_path(archive, 1, "quarantine")
    path.unlink()
    assert ("E102", where(archive, path)) in {(item.code, item.where) for item in found(archive)}


@pytest.mark.parametrize("data", [b"", b"{}\n", b'{"commitInfo":', b"\xff\xfe\n", b"[]\n", b"1\n"])
@pytest.mark.parametrize("version", [1, 2])
def test_e103_entry_torn(archive, data, version):
    path = entry_path(archive, version)
    path.write_bytes(data)
    codes = [shape(item) for item in found(archive)]
    assert ("E103", "chain", where(archive, path), ()) in codes


def test_e104_entry_rewritten(archive):
    path = entry_path(archive, 1)
    path.write_bytes(path.read_bytes().replace(b"run-1", b"run-9"))
    next_one = where(archive, entry_path(archive, 2))
    assert ("E104", "chain", next_one, ()) in [shape(item) for item in found(archive)]


def test_e104_quarantine_entry_rewritten(archive):
    path = entry_path(archive, 1, "quarantine")
    path.write_bytes(path.read_bytes().replace(b"run-1", b"run-9"))
    assert ("E104", "chain", where(archive, path), ()) in [shape(item) for item in found(archive)]


def test_e105_newest_version_lost_and_all_traces_of_it(archive):
    head = archive.head()
    entry_path(archive, 2).unlink()
    kept = part_paths(open_archive(archive.path))  # the shorter log is whole in itself
    for path in set(archive.path.glob("data/documents/parts/*/*")) - set(kept):
        path.unlink()
    bag.seal(archive.path)
    assert found(archive) == ()
    finding = only(archive, expect_head=head)
    assert shape(finding) == ("E105", "chain", "data/documents/_delta_log", ())


@pytest.mark.parametrize("form", [str, lambda head: head.sha256, lambda head: head])
def test_e105_accepts_each_form_of_the_right_head(archive, form):
    assert found(archive, expect_head=form(archive.head())) == ()


def test_e105_tells_an_older_head_from_a_lost_one(archive):
    old = archive.entries()[1].head
    assert "it is there" in only(archive, expect_head=old).message
    assert found(archive, expect_head_or_newer=old) == ()
    assert found(archive, expect_head_or_newer=archive.head(), expect_head=archive.head()) == ()
    assert shape(only(archive, expect_head_or_newer="0" * 64))[0] == "E105"
    assert "lost or replaced" in only(archive, expect_head="0" * 64).message


def test_e105_bag_and_log_disagree_on_the_head(archive):
    newest = entry_path(archive, 2)
    newest.unlink()
    hit = {(item.code, item.where) for item in found(archive)}
    assert {("E105", "bag-info.txt"), ("E114", where(archive, newest))} <= hit


def test_e106_part_deleted(archive):
    path = part_paths(archive)[0]
    path.unlink()
    finding = only(archive)
    assert shape(finding) == ("E106", "files", where(archive, path), ())
    assert "the log promised 2 rows" in finding.message


def test_e107_and_e108_name_the_documents_of_a_flipped_page(archive):
    path = part_paths(archive)[0]
    flip(path, page_of(path, "text"))
    findings = found(archive)
    assert [shape(item) for item in findings] == [
        ("E107", "files", where(archive, path), ("a", "b")),
        ("E108", "pages", where(archive, path), ("a", "b")),
    ]


def test_e107_alone_where_every_row_still_reads(archive):
    path = part_paths(archive)[0]
    flip(path, 1)  # of the magic number, which pyarrow reads at the end only
    finding = only(archive)
    assert shape(finding) == ("E107", "files", where(archive, path), ())
    assert "every row reads as committed" in finding.message


def test_e108_part_truncated(archive):
    path = part_paths(archive)[0]
    path.write_bytes(path.read_bytes()[:-100])
    findings = found(archive)
    assert {item.code for item in findings} == {"E107", "E108"}
    assert {item.where for item in findings} == {where(archive, path)}
    assert any("the log promised 2 rows" in item.message for item in findings)


def test_one_damaged_part_does_not_hide_another(archive):
    first, second = part_paths(archive)
    first.write_bytes(b"")
    flip(second, page_of(second, "raw_sha256"))
    hit = {item.where for item in found(archive)}
    assert {where(archive, first), where(archive, second)} <= hit


def lying_batch(column, value, **changes):
    """A batch with one column of its second row changed after its digest was made."""
    batch = records_from_rows([document("p"), document("q", "Old.\n", **changes), document("r")])
    index = batch.schema.get_field_index(column)
    values = batch.column(index).to_pylist()
    values[1] = value
    return batch.set_column(
        index, batch.schema.field(index), pa.array(values, batch.schema.field(index).type)
    )


@pytest.mark.parametrize(
    ("code", "layer", "column", "value"),
    [
        ("E109", "records", "title", "Another title"),
        ("E109", "records", "metadata", [("a", "0")]),
        ("E109", "records", "language_score", 0.25),
        ("E109", "records", "language_score", float("nan")),
        ("E110", "records", "text", "New.\n"),
        ("E111", "raw", "raw", b"New.\n"),
    ],
)
def test_rows_that_are_not_what_was_ingested(archive, code, layer, column, value):
    support.commit(archive, batches=[lying_batch(column, value)], batch_id="lie")
    path = where(archive, part_paths(archive)[-1])
    shapes = [shape(item) for item in found(archive)]
    assert (code, layer, path, ("q",)) in shapes
    assert {ids for *_, ids in shapes} == {("q",)}


def test_e111_edits_that_do_not_give_the_bytes_back(archive):
    row = document("q", "Old.\n", raw_sha256="0" * 64)
    support.commit(archive, [document("p"), row], batch_id="lie")
    path = where(archive, part_paths(archive)[-1])
    assert shape(only(archive)) == ("E111", "raw", path, ("q",))


def test_e111_a_piece_of_quarantined_bytes_is_missing(archive):
    rows = [support.rejected("y", b"ab", chunk=at, chunks=2, whole=b"abcd") for at in (0, 1)]
    support.commit(archive, rejects=rows, batch_id="lie")
    path = where(archive, part_paths(archive, "quarantine")[-1])
    assert shape(only(archive)) == ("E111", "raw", path, ("y",))


def test_e112_other_columns(archive):
    table = archive.latest().drop_columns(["license"])
    path = support.add_foreign_part(archive, table, use_dictionary=False)
    finding = only(archive)
    assert shape(finding) == ("E112", "pages", where(archive, path), ())
    assert "license" in finding.message


def test_e112_nulls_without_leave(archive):
    table = archive.latest()
    nulls = pa.nulls(table.num_rows, pa.string())
    at = table.schema.get_field_index("profile")
    path = support.add_foreign_part(
        archive, table.set_column(at, table.schema.field(at), nulls), use_dictionary=False
    )
    assert ("E112", where(archive, path)) in {(item.code, item.where) for item in found(archive)}


def test_e113_rows_differ_from_the_log(archive):
    def change(actions):
        info = actions[0]["commitInfo"]["archiver"]
        (known,) = info["files"].values()
        known["rows"] = 5
        actions[-1]["add"]["stats"] = actions[-1]["add"]["stats"].replace(
            '"numRecords":2', '"numRecords":5'
        )

    support.change_newest(archive, change)
    path = part_paths(open_archive(archive.path))[-1]
    assert shape(only(archive)) == ("E113", "pages", where(archive, path), ())


def test_e113_payload_oxum(archive):
    info = archive.path / "bag-info.txt"
    info.write_bytes(info.read_bytes().replace(b"Payload-Oxum: ", b"Payload-Oxum: 1"))
    retag(archive)
    assert shape(only(archive)) == ("E113", "bag", "bag-info.txt", ())


def retag(archive):
    """Make the tag manifest agree with the tag files as they are."""
    path = archive.path / bag.TAG_MANIFEST
    names = bag.read_manifest(path.read_bytes())
    lines = {name: support.sha256((archive.path / name).read_bytes()) for name in names}
    path.write_bytes(tags.write_manifest(lines))


@pytest.mark.parametrize("name", ["README.md", "bagit.txt", "manifest-sha256.txt"])
def test_e114_tag_file_changed(archive, name):
    path = archive.path / name
    path.write_bytes(path.read_bytes().replace(b"a", b"b", 1).replace(b"0", b"1", 1))
    assert ("E114", "bag", name, ()) in [shape(item) for item in found(archive)]


def test_e114_tag_file_deleted(archive):
    (archive.path / "README.md").unlink()
    assert shape(only(archive)) == ("E114", "bag", "README.md", ())


@pytest.mark.parametrize("name", ["manifest-sha256.txt", "tagmanifest-sha256.txt"])
@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff",
        b"junk\n",
        b"0" * 64 + b"  ../../etc/passwd\n",
        b"0" * 64 + b"  /etc/passwd\n",
        b"0" * 64 + b"  data/../../x\n",
        (b"0" * 64 + b"  data/x\n") * 2,
    ],
)
def test_e115_manifest_unusable(archive, name, data):
    (archive.path / name).write_bytes(data)
    assert ("E115", "bag", name, ()) in [shape(item) for item in found(archive)]


def test_e115_manifest_lacks_a_line(archive):
    path = archive.path / bag.MANIFEST
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(line for line in lines if b"parts/" not in line))
    retag(archive)
    findings = found(archive)
    assert {item.code for item in findings} >= {"E115"}
    assert {item.where for item in findings} <= {bag.MANIFEST, bag.INFO}


def test_e116_a_checkpoint_that_lacks_a_part(tmp_path):
    archive = support.long_archive(tmp_path / "long", 10)
    path = archive.path / "data/documents/_delta_log/00000000000000000010.checkpoint.parquet"
    table = pq.read_table(path)
    paths = [None if row is None else row["path"] for row in table["add"].to_pylist()]
    lost = next(item for item in paths if item)
    pq.write_table(table.filter(pa.array([item != lost for item in paths])), path)
    bag.seal(archive.path)
    finding = only(archive)
    assert shape(finding) == ("E116", "delta", "data/documents/_delta_log", ())
    assert lost in finding.message


def test_e116_a_torn_checkpoint(tmp_path):
    archive = support.long_archive(tmp_path / "long", 10)
    path = archive.path / "data/documents/_delta_log/00000000000000000010.checkpoint.parquet"
    path.write_bytes(path.read_bytes()[:200])
    assert {item.code for item in found(archive)} == {"E116", "E114"}


def test_e117_ruleset_missing(archive):
    path = archive.path / "data/rulesets" / f"{support.RULESET_DIGEST}.json.gz"
    path.unlink()
    finding = only(archive)
    assert shape(finding) == ("E117", "files", where(archive, path), ())


def test_e117_ruleset_changed(archive):
    path = archive.path / "data/rulesets" / f"{support.RULESET_DIGEST}.json.gz"
    path.write_bytes(b'{"rules":[1]}')
    assert shape(only(archive)) == ("E117", "files", where(archive, path), ())


def test_e117_a_record_names_a_ruleset_nobody_kept(archive):
    support.commit(archive, [document("q", ruleset="f" * 64)], batch_id="lie")
    finding = only(archive)
    assert shape(finding) == ("E117", "files", f"data/rulesets/{'f' * 64}.json.gz", ())


def test_w101_not_sealed(archive):
    (archive.path / "tagmanifest-sha256.txt").unlink()
    report = validate(archive.path)
    assert [shape(item) for item in report.findings] == [
        ("W101", "bag", "tagmanifest-sha256.txt", ())
    ]
    assert report.is_sound
    (archive.path / "manifest-sha256.txt").unlink()  # as a seal never leaves it, and harmless
    assert validate(archive.path).is_sound


def test_e114_manifest_deleted_that_the_tag_manifest_names(archive):
    (archive.path / "manifest-sha256.txt").unlink()
    assert [shape(item) for item in found(archive)] == [
        ("W101", "bag", "manifest-sha256.txt", ()),
        ("E114", "bag", "manifest-sha256.txt", ()),
    ]


@pytest.mark.parametrize("how", ["deleted", "torn"])
@pytest.mark.parametrize("version", [1, 2])
def test_e125_the_documents_whose_log_entry_is_lost(archive, how, version):
    path, part = entry_path(archive, version), part_paths(archive)[version - 1]
    ids = {1: ("a", "b"), 2: ("b", "c")}[version]
    path.unlink() if how == "deleted" else path.write_bytes(b"")
    shapes = [shape(item) for item in found(archive)]
    assert ("E125", "chain", where(archive, part), ids) in shapes


def test_e126_a_file_that_the_copy_cannot_mend(archive, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(archive.path, copy)
    path = part_paths(archive)[0]
    for root in (archive.path, copy):
        (root / where(archive, path)).unlink()
    left = repair(archive.path, copy, moment=support.NOW).findings
    assert ("E126", "files", where(archive, path), ()) in [shape(item) for item in left]


def link(path, target):
    """Put a link in a file's or a folder's place."""
    try:
        path.symlink_to(target, target_is_directory=target.is_dir())
    except OSError as problem:
        pytest.skip(f"no links here: {problem}")


@pytest.mark.parametrize("which", ["part", "entry", "tag"])
def test_w112_a_link_in_place_of_a_file(archive, tmp_path, which):
    path = {
        "part": part_paths(archive)[0],
        "entry": entry_path(archive, 1),
        "tag": archive.path / "README.md",
    }[which]
    away = path.rename(tmp_path / "away")
    link(path, away)
    assert shape(only(archive)) == ("W112", "structure", where(archive, path), ())
    away.write_bytes(b"other bytes")
    assert any(item.is_error and where(archive, path) == item.where for item in found(archive))


def test_w112_a_link_in_place_of_a_folder(archive, tmp_path):
    path = archive.path / "data/documents/parts"
    away = path.rename(tmp_path / "away")
    link(path, away)
    assert ("W112", "structure", "data/documents/parts", ()) in map(shape, found(archive))


def noted(archive, **options):
    """A check that is noted in the fixity log."""
    return validate(
        archive.path, clock=Clock(support.NOW, lambda: 60.0), tool=support.TOOL, **options
    )


@pytest.mark.parametrize("number", [0, 1])
def test_e118_a_fixity_event_rewritten(archive, number):
    for _ in range(2):
        noted(archive)
    path = archive.path / "fixity/events.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    lines[number] = lines[number].replace(b'"outcome":"pass"', b'"outcome":"fail"')
    path.write_bytes(b"".join(lines))
    hit = {shape(item) for item in found(archive)}
    assert hit == {("E118", "fixity", "fixity/events.jsonl", ())}


def test_w104_time_runs_out(archive):
    report = noted(archive, scope=Scope(max_duration=timedelta(seconds=1)))
    assert [shape(item) for item in report.findings] == [("W104", "files", "", ())]
    assert "2 of the 3 parts" in report.findings[0].message
    assert report.is_sound


def test_w105_a_fixity_event_torn_or_not_written(archive):
    noted(archive)
    path = archive.path / "fixity/events.jsonl"
    path.write_bytes(path.read_bytes() + b'{"counts":{"bytes')
    assert shape(only(archive)) == ("W105", "fixity", "fixity/events.jsonl", ())
    shutil.rmtree(path.parent)
    path.parent.write_bytes(b"a file")
    report = noted(archive)
    assert [item.code for item in report.findings] == ["W105"]
    assert report.is_sound


def test_w102_a_part_no_version_names(archive):
    path = archive.path / "data/documents/parts/00/left.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"left by a killed run")
    report = validate(archive.path)
    assert [shape(item) for item in report.findings] == [
        ("W102", "files", where(archive, path), ())
    ]
    assert report.is_sound


def test_e122_a_source_that_was_taken_down(archive):
    take_down(archive, ["b"], "case 7", World(support.NOW, support.TOOL, "case"))
    job = Job(archive.path, load(None), "standard", support.NOW, "run", support.TOOL)
    events = list(ingest([Source("b", "seeds/b.txt", b"Other bytes.\n")], job))
    (noted,) = [event.finding for event in events if isinstance(event, Noted)]
    assert shape(noted) == ("E122", "", "seeds/b.txt", ("b",))
    assert open_archive(archive.path).ids() == ["a", "c"]


def test_w110_a_part_that_was_taken_down_is_there_again(archive):
    path = part_paths(archive)[0]
    data = path.read_bytes()
    take_down(archive, ["b"], "case 7", World(support.NOW, support.TOOL, "case"))
    assert found(archive) == ()
    path.write_bytes(data)
    report = validate(archive.path)
    assert [shape(item) for item in report.findings] == [
        ("W110", "files", where(archive, path), ())
    ]
    assert report.is_sound


def replayed_archive(path, **changes):
    """One document, cleaned by the built-in rules, and then a value changed with its digest."""
    source = Source("q", "q.txt", b"[ad_1]\nThe summit was held in Vladivostok.\n")
    made = clean_batch(
        source_batch([(source, 1)], support.NOW), builtin(), profile="standard", tool_version="1"
    )
    archive = create_archive(path, support.NOW, tool=support.TOOL)
    row = made.records.to_pylist()[0] | changes
    support.commit(archive, [row], batch_id="run-1", ruleset=builtin().to_json())
    return archive


def test_a_document_that_comes_out_again_is_sound(tmp_path):
    archive = replayed_archive(tmp_path / "archive")
    assert found(archive, replay=replay_with("1")) == ()


def test_e119_the_recorded_rules_give_another_text(tmp_path):
    archive = replayed_archive(tmp_path / "archive", facts={"made": "up"})
    assert found(archive) == ()
    finding = only(archive, replay=replay_with("1"))
    path = where(archive, part_paths(archive)[0])
    assert shape(finding) == ("E119", "replay", path, ("q",))


def test_w103_replay_with_another_program(tmp_path):
    archive = replayed_archive(tmp_path / "archive", facts={"made": "up"})
    report = validate(archive.path, replay=replay_with("2"))
    path = where(archive, part_paths(archive)[0])
    assert [shape(item) for item in report.findings] == [("W103", "replay", path, ("q",))]
    assert "archiver is recorded as 1, here it is 2" in report.findings[0].message
    assert report.is_sound


def test_w113_delta_rs_can_open_no_table_here(archive, tmp_path, monkeypatch):
    odd = archive.path.rename(tmp_path / "%20x")
    monkeypatch.setattr(tempfile, "tempdir", str(odd))
    logs = [f"data/{table}/_delta_log" for table in ("documents", "quarantine")]
    assert [shape(item) for item in validate(odd).findings] == [
        ("W113", "delta", log, ()) for log in logs
    ]


def summary_of(tmp_path):
    """An archive long enough to have a summary of its log, and that file."""
    archive = support.long_archive(tmp_path / "long", summary.INTERVAL + 2)
    (path,) = (archive.path / summary.CACHE).glob("documents-*.json")
    return archive, path


@pytest.mark.parametrize("how", ["emptied", "flipped"])
def test_w111_a_summary_that_is_damaged(tmp_path, how):
    archive, path = summary_of(tmp_path)
    path.write_bytes(b"") if how == "emptied" else flip(path, -9)
    report = validate(archive.path)
    shapes = [shape(item) for item in report.findings]
    assert shapes == [("W111", "chain", where(archive, path), ())]
    assert report.is_sound
    assert open_archive(archive.path).head() == archive.head()


def test_e123_a_summary_that_tells_another_story(tmp_path):
    """A lie that the newest entry vouches for: only the log itself shows it."""
    archive, path = summary_of(tmp_path)
    rows = [json.loads(line) for line in path.read_bytes().splitlines()]
    rows[4][1]["counts"]["added"] = 7
    data = b"".join(canonical_json(row) + b"\n" for row in rows)
    lie = path.with_name(f"documents-{sha256(data)}.json")
    lie.write_bytes(data)

    def name_it(actions):
        actions[0]["commitInfo"]["archiver"]["summary"]["sha256"] = sha256(data)

    support.change_newest(archive, name_it)
    assert shape(only(archive)) == ("E123", "chain", where(archive, lie), ())


def test_every_code_of_the_archive_has_its_fixture_here():
    text = Path(__file__).read_text(encoding="utf-8")
    codes = [code for code in CATALOGUE if code[1] == "1"]
    tested = [code for code in codes if f"test_{code.lower()}_" in text or f'("{code}", ' in text]
    assert tested == codes != []


@pytest.mark.parametrize("code", ["E106", "E107"])
def test_quick_looks_at_files_too(archive, code):
    path = part_paths(archive)[0]
    path.unlink() if code == "E106" else flip(path, page_of(path, "text"))
    assert only(archive, quick=True).code == code


def test_w107_a_torn_entry_nobody_acknowledged(archive):
    entry_path(archive, 3).write_bytes(b"")
    assert [item.code for item in recover(archive.path, name="now").found] == ["W107"]


def test_e124_a_torn_entry_that_was_acknowledged(archive):
    entry_path(archive, 2).write_bytes(b"")
    assert {item.code for item in recover(archive.path, name="now").refused} == {"E124"}


def test_w108_a_last_checkpoint_that_is_torn(archive):
    (entry_path(archive, 2).parent / "_last_checkpoint").write_bytes(b"{")
    assert [item.code for item in recover(archive.path, name="now").found] == ["W108"]


def test_w109_a_part_of_a_killed_run(archive):
    data = b"left by a killed run"
    path = archive.path / "data/documents" / part_path(sha256(data))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    assert [item.code for item in recover(archive.path, name="now").found] == ["W109"]
