"""One way to break an archive for each finding of the archive: each is found just so."""

import shutil
from pathlib import Path

import archive_support as support
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from archive_support import document, entry_path, part_paths, where

from archiver.archive import bag
from archiver.archive.archive import open_archive
from archiver.archive.records import records_from_rows
from archiver.archive.validate import validate
from archiver.findings import CATALOGUE


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
    assert {item.code for item in findings} == {"E102", "W102"}  # its part is nobody's now


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
    assert "2 rows, ids 'a' to 'b'" in finding.message


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
    assert any("2 rows, ids 'a' to 'b'" in item.message for item in findings)


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
    path.write_bytes(bag._manifest(lines))


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
    path = archive.path / "data/rulesets" / f"{support.RULESET_DIGEST}.json"
    path.unlink()
    finding = only(archive)
    assert shape(finding) == ("E117", "files", where(archive, path), ())


def test_e117_ruleset_changed(archive):
    path = archive.path / "data/rulesets" / f"{support.RULESET_DIGEST}.json"
    path.write_bytes(b'{"rules":[1]}')
    assert shape(only(archive)) == ("E117", "files", where(archive, path), ())


def test_e117_a_record_names_a_ruleset_nobody_kept(archive):
    support.commit(archive, [document("q", ruleset="f" * 64)], batch_id="lie")
    finding = only(archive)
    assert shape(finding) == ("E117", "files", f"data/rulesets/{'f' * 64}.json", ())


@pytest.mark.parametrize("name", ["manifest-sha256.txt", "tagmanifest-sha256.txt"])
def test_w101_not_sealed(archive, name):
    (archive.path / name).unlink()
    report = validate(archive.path)
    assert [shape(item) for item in report.findings] == [("W101", "bag", name, ())]
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
