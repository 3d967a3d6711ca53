from datetime import timedelta

import archive_support as support
import pyarrow as pa
import pytest
from archive_support import document

from archiver.archive.archive import Archive, create_archive, open_archive
from archiver.archive.read.select import VERSIONS
from archiver.archive.rows.columns import DOCUMENTS
from archiver.archive.rows.records import quarantine_from_rows, records_from_rows, restore_bytes
from archiver.archive.write.writer import Writer
from archiver.errors import DamageError, InputError


def test_latest_is_one_row_a_document_sorted_by_id(archive):
    table = archive.latest(["id", "revision", "text"])
    assert table.to_pylist() == [
        {"id": "a", "revision": 1, "text": "Alpha.\n"},
        {"id": "b", "revision": 2, "text": "Beta two.\n"},
        {"id": "c", "revision": 1, "text": "Gamma.\n"},
    ]
    assert archive.latest().schema.names == DOCUMENTS.names


@pytest.mark.parametrize(
    ("version", "texts"),
    [(0, []), (1, ["Alpha.\n", "Beta.\n"]), (2, ["Alpha.\n", "Beta two.\n", "Gamma.\n"])],
)
def test_every_version_can_be_read(archive, version, texts):
    assert archive.at(version, ["text"])["text"].to_pylist() == texts


def test_huge_tables_are_gathered_as_slices_alike(archive, monkeypatch):
    whole = archive.latest()
    monkeypatch.setattr("archiver.archive.read.select._TAKE_BYTES", 0)
    assert archive.latest().equals(whole)


@pytest.mark.parametrize("version", [-1, 3])
def test_no_such_version(archive, version):
    with pytest.raises(InputError, match=f"no version {version}"):
        archive.at(version)


def test_no_such_column(archive):
    with pytest.raises(InputError, match="txet"):
        archive.latest(["txet"])


def test_history_tells_revisions_and_versions(archive):
    rows = archive.history("b").select(["version", "revision", "text"]).to_pylist()
    assert rows == [
        {"version": 1, "revision": 1, "text": "Beta.\n"},
        {"version": 2, "revision": 2, "text": "Beta two.\n"},
    ]
    assert archive.history("nobody").num_rows == 0


def test_a_record_at_a_version_or_revision(archive):
    assert archive.record("b")["text"] == "Beta two.\n"
    assert archive.record("b", version=1)["text"] == "Beta.\n"
    assert archive.record("b", revision=1)["text"] == "Beta.\n"
    assert archive.record("b", version=1, revision=2) is None
    assert archive.record("nobody") is None


def test_received_bytes_come_back(archive):
    assert restore_bytes(archive.record("a")) == b"play_arrow\nAlpha.\n"


def test_ids(archive):
    assert archive.ids() == ["a", "b", "c"]


def test_quarantine(archive):
    rows = archive.quarantine(["id", "raw", "code"]).to_pylist()
    assert rows == [{"id": "x", "raw": b"\x00\x01", "code": "E202"}]
    digest = support.rejected("x")["raw_sha256"]
    assert archive.quarantined_keys() == {("x", "E202", digest)}


def test_versions(archive):
    table = archive.versions()
    assert table.schema.equals(VERSIONS)
    names = ["version", "documents_added", "documents_revised", "quarantined", "rows", "parts"]
    assert [tuple(row.values()) for row in table.select(names).to_pylist()] == [
        (0, 0, 0, 0, 0, 0),
        (1, 2, 0, 1, 2, 1),
        (2, 1, 1, 0, 2, 1),
    ]
    last = table.slice(2).to_pylist()[0]
    assert last["sha256"] == archive.head().sha256
    assert last["committed_at"] == support.NOW + timedelta(hours=1)
    assert (last["tool"], last["profile"]) == (support.TOOL, "standard")


def test_an_open_archive_sees_later_versions(archive):
    other = open_archive(archive.path)
    assert other.head().version == 2
    support.commit(archive, [document("d")], batch_id="run-3")
    assert other.head() == archive.head()
    assert other.ids() == ["a", "b", "c", "d"]


def test_a_newest_version_that_vanishes_under_an_open_archive(archive):
    assert archive.head().version == 2
    support.entry_path(archive, 2).unlink()
    with pytest.raises(DamageError):
        archive.head()


def test_the_same_input_makes_the_same_archive(tmp_path):
    one = support.small_archive(tmp_path / "one")
    two = support.small_archive(tmp_path / "two")
    assert one.head() == two.head()


def test_creating_over_an_archive_is_refused(archive):
    with pytest.raises(InputError, match="neither empty nor"):
        create_archive(archive.path, support.NOW)
    assert archive.head().version == 2


def test_creating_in_an_empty_folder(tmp_path):
    assert create_archive(tmp_path, support.NOW).head().version == 0
    assert Archive(tmp_path).latest().num_rows == 0


def test_a_run_that_only_quarantines_makes_a_version(archive):
    done = support.commit(archive, rejects=[support.rejected("y")], batch_id="run-3")
    assert done.head.version == 3
    newest = archive.entries()[-1]
    assert newest.added == ()
    assert newest.bound == archive.entries("quarantine")[-1].head


def test_many_small_rejects_share_a_part(archive):
    with Writer(archive, batch_id="q", ingested_at=support.NOW, tool="t") as writer:
        for number in range(50):
            writer.stage_quarantine(quarantine_from_rows([support.rejected(f"q{number}")]))
        done = writer.commit(
            ruleset_digest=support.RULESET_DIGEST,
            ruleset_json=support.RULESET,
            profile="safe",
            index_sha256=None,
            counts={},
        )
    assert done.parts == 1
    assert archive.quarantine().num_rows == 51
    assert archive.versions()["quarantined"].to_pylist()[-1] == 50


def test_a_record_that_was_changed_is_not_shown(archive):
    batch = records_from_rows([document("q")])
    at = batch.schema.get_field_index("title")
    lie = batch.set_column(at, batch.schema.field(at), pa.array(["Lie"], pa.string()))
    support.commit(archive, batches=[lie], batch_id="lie")
    with pytest.raises(DamageError, match="not what was ingested"):
        archive.record("q")
