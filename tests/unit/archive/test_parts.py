import archive_support as support
import pyarrow.parquet as pq
import pytest
from archive_support import document

from archiver.archive.read.parts import read_part
from archiver.archive.rows.records import records_from_rows
from archiver.archive.write.stage import place_part, row_groups, stage_part
from archiver.digest import sha256
from archiver.errors import DamageError, InputError


@pytest.fixture
def place(tmp_path):
    (tmp_path / "staging").mkdir()
    return tmp_path


def write(place, *rows):
    """A part in its place, and whether it is a new one."""
    staged, part = stage_part(records_from_rows(rows), staging=place / "staging")
    return part, place_part(place, staged, part)


def test_a_part_is_named_by_its_digest(place):
    part, created = write(place, document("b"), document("a"))
    data = (place / part.path).read_bytes()
    assert part.path == f"parts/{sha256(data)[:2]}/{sha256(data)}.parquet"
    assert (part.sha256, part.bytes, part.rows) == (sha256(data), len(data), 2)
    assert [part.may_hold(id_) for id_ in ("a", "b", "c", "")] == [True, True, False, False]
    assert created
    assert list((place / "staging").iterdir()) == []


def test_the_same_batch_makes_the_same_part(place):
    first, _ = write(place, document("a"))
    assert write(place, document("a")) == (first, False)


def test_how_a_part_is_written(place):
    part, _ = write(place, *(document(f"d{number}") for number in range(9)))
    file = pq.ParquetFile(place / part.path)
    group = file.metadata.row_group(0)
    for at in range(group.num_columns):
        column = group.column(at)
        assert column.compression == "ZSTD"
        assert not column.has_dictionary_page
        assert column.is_stats_set == (column.path_in_schema == "id")
        assert column.has_offset_index


def test_large_batches_are_cut_into_row_groups(monkeypatch):
    monkeypatch.setattr("archiver.archive.write.stage.ROW_GROUP_BYTES", 10_000)
    batch = records_from_rows([document(f"d{at}", "x" * 1000) for at in range(40)])
    groups = list(row_groups(batch))
    assert len(groups) > 4
    assert [id_ for group in groups for id_ in group["id"].to_pylist()] == [
        f"d{at}" for at in range(40)
    ]


def test_a_row_no_reader_would_read_back_is_refused(monkeypatch):
    monkeypatch.setattr("archiver.archive.write.stage.ROW_GROUP_BYTES", 10)
    monkeypatch.setattr("archiver.archive.write.stage.MAX_ROW_GROUP_BYTES", 2_000)
    with pytest.raises(InputError, match="big"):
        list(row_groups(records_from_rows([document("a"), document("big", "x" * 5000)])))


def test_reading_takes_only_what_the_log_promised(place):
    part, _ = write(place, document("a"), document("b"))
    assert read_part(place, part, ["text", "id"]).column_names == ["text", "id"]
    for change in ({"bytes": 1}, {"rows": 3}, {"footer": "0" * 64}, {"path": "parts/x"}):
        fields = {name: getattr(part, name) for name in part.__slots__}
        with pytest.raises(DamageError):
            read_part(place, support.Part(**fields | change), ["id"])
