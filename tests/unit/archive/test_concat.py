"""Parquet files joined without packing them anew: same rows, right places, whole checksums."""

import random

import archive_support as support
import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.archive.archive import create_archive, open_archive
from archiver.archive.checks.validate import validate
from archiver.archive.files import concat, thrift
from archiver.archive.files.concat import concatenate
from archiver.archive.files.pages import each_page
from archiver.archive.read.parts import footer_sha256, open_part
from archiver.archive.rows.records import records_from_rows
from archiver.archive.write.join import join_parts
from archiver.archive.write.stage import stage_part
from archiver.digest import sha256
from archiver.errors import StorageError


@pytest.fixture
def pieces(tmp_path):
    """Three files: of one row group, of several, and of one row."""
    chance = random.Random(1)  # noqa: S311
    made = []
    for number, (rows, size) in enumerate([(40, 500), (12, 500_000), (1, 3)]):
        texts = [chance.randbytes(size).hex() for _ in range(rows)]
        batch = records_from_rows(
            support.document(f"d{number}-{at}", text) for at, text in enumerate(texts)
        )
        made.append(stage_part(batch, staging=tmp_path))
    assert [pq.read_metadata(path).num_row_groups for path, _ in made][1] > 1
    return made


@pytest.fixture
def joined(tmp_path, pieces):
    target = tmp_path / "joined.parquet"
    target.touch()
    told = concatenate([path for path, _ in pieces], target)
    return target, told


def indexes(path):
    """For each column's chunk: metadata, and its index of offsets as the file has it."""
    with path.open("rb") as stream:
        footer, _ = concat._footer(stream)
        groups = footer[4][1][1]
        for number, group in enumerate(groups):
            for at, chunk in enumerate(group[1][1][1]):
                stream.seek(chunk[4][1])
                offsets, length = thrift.read_struct(stream.read(chunk[5][1]))
                assert length == chunk[5][1]
                places = [page[1][1] for page in offsets[1][1][1]]
                sizes = [page[2][1] for page in offsets[1][1][1]]
                yield number, at, places, sizes


def test_rows_and_digests(pieces, joined):
    target, (digest, footer, size) = joined
    data = target.read_bytes()
    assert (sha256(data), len(data)) == (digest, size)
    with target.open("rb") as stream:
        assert footer_sha256(stream, size) == footer
    whole = pa.concat_tables([pq.read_table(path) for path, _ in pieces])
    with open_part(target, footer) as file:  # page checksums are held
        assert file.read().equals(whole)
        groups = [file.metadata.row_group(at) for at in range(file.num_row_groups)]
    old = [pq.read_metadata(path) for path, _ in pieces]
    assert [group.num_rows for group in groups] == [
        one.row_group(at).num_rows for one in old for at in range(one.num_row_groups)
    ]
    assert groups[0].column(0).statistics.min == old[0].row_group(0).column(0).statistics.min


def test_every_page_is_where_the_indexes_say(joined):
    target, _ = joined
    found = pq.read_metadata(target)
    seen = 0
    with target.open("rb") as stream:
        for number, at, places, sizes in indexes(target):
            chunk = found.row_group(number).column(at)
            start = chunk.data_page_offset
            end = start + chunk.total_compressed_size
            pages = list(each_page(stream, start, end, chunk.num_values))
            assert places[0] == start
            assert len(pages) == len(places)
            assert sum(sizes) == end - start
            seen += len(pages)
    assert seen > 3 * found.num_columns


def test_others_read_it(pieces, joined):
    target, _ = joined
    rows = sum(part.rows for _, part in pieces)
    assert pl.read_parquet(target, columns=["id", "text"]).height == rows
    (found,) = duckdb.read_parquet(str(target)).filter("id = 'd1-7'").select("text").fetchall()
    assert len(found[0]) == 1_000_000


def test_the_same_pieces_give_the_same_bytes(tmp_path, pieces, joined):
    again = tmp_path / "again.parquet"
    again.touch()
    assert concatenate([path for path, _ in pieces], again) == joined[1]


def test_a_footer_is_written_as_it_was_read(pieces, joined):
    for path in [*(path for path, _ in pieces), joined[0]]:
        with path.open("rb") as stream:
            footer, start = concat._footer(stream)
            stream.seek(start)
            assert thrift.write_struct(footer) == stream.read()[:-8]


def test_files_of_other_columns_are_refused(tmp_path, pieces):
    other = tmp_path / "other.parquet"
    pq.write_table(pa.table({"id": ["a"]}), other, write_page_index=True)
    target = tmp_path / "target"
    target.touch()
    with pytest.raises(ValueError, match="other columns"):
        concatenate([pieces[0][0], other], target)
    plain = tmp_path / "plain.parquet"
    pq.write_table(pa.table({"id": ["a"]}), plain)
    with pytest.raises(ValueError, match="without an index"):
        concatenate([plain, plain], target)
    with pytest.raises(ValueError, match="nothing to join"):
        concatenate([], target)


@given(st.binary(max_size=60))
def test_any_bytes_are_a_struct_or_refused(data):
    try:
        found, end = thrift.read_struct(data)
    except (ValueError, IndexError):
        return
    written = thrift.write_struct(found)
    assert thrift.read_struct(written)[0] == found or "nan" in repr(found)
    assert end <= len(data)


VALUES = st.one_of(
    st.tuples(st.sampled_from([thrift.I32, thrift.I64]), st.integers(-(1 << 62), 1 << 62)),
    st.tuples(st.just(thrift.BINARY), st.binary(max_size=200)),
    st.tuples(st.sampled_from([thrift.TRUE, thrift.FALSE]), st.none()),
    st.tuples(st.just(thrift.DOUBLE), st.floats(allow_nan=False)),
    st.tuples(
        st.just(thrift.LIST),
        st.tuples(st.just(thrift.I64), st.lists(st.integers(0, 1 << 40), max_size=40)),
    ),
)


@given(st.dictionaries(st.integers(1, 300), VALUES, max_size=20))
def test_a_struct_is_read_as_it_was_written(fields):
    in_order = dict(sorted(fields.items()))
    assert thrift.read_struct(thrift.write_struct(in_order))[0] == in_order


def batches(number, rows=3):
    return [
        records_from_rows(
            support.document(f"b{one}-{at}", f"Text {one} {at}.\n") for at in range(rows)
        )
        for one in range(number)
    ]


def test_batches_become_one_part_in_their_order(tmp_path):
    archive = create_archive(tmp_path / "a", support.NOW, tool=support.TOOL)
    support.commit(archive, batches=batches(5), batch_id="one", part_bytes=1 << 20)
    again = open_archive(archive.path)
    ((_, part),) = again.parts()
    assert part.rows == 15
    (table,) = again.scan(["id"])
    assert table["id"].to_pylist() == [f"b{one}-{at}" for one in range(5) for at in range(3)]
    assert part.may_hold("b3-2")
    assert again.record("b3-2")["text"] == "Text 3 2.\n"
    assert validate(archive.path).findings == ()
    assert list((archive.path / ".staging").iterdir()) == []


def test_a_part_is_closed_at_its_size(tmp_path):
    """Packed bytes, and unpacked ones: what repeats packs to nothing, and unfolds again."""
    archive = create_archive(tmp_path / "a", support.NOW, tool=support.TOOL)
    five = batches(5)
    size = stage_part(five[0], staging=tmp_path)[1].bytes
    support.commit(archive, batches=five, batch_id="one", part_bytes=2 * size - 500)
    assert [part.rows for _, part in open_archive(archive.path).parts()] == [6, 6, 3]
    assert validate(archive.path).findings == ()


def test_what_unfolds_far_is_cut_earlier(tmp_path, monkeypatch):
    monkeypatch.setattr("archiver.archive.write.pending.PART_UNPACKED", 300_000)
    archive = create_archive(tmp_path / "a", support.NOW, tool=support.TOOL)
    rows = [records_from_rows([support.document(f"l{at}", f"{at} " * 60_000)]) for at in range(4)]
    support.commit(archive, batches=rows, batch_id="one", part_bytes=1 << 20)
    assert [part.rows for _, part in open_archive(archive.path).parts()] == [2, 2]


def test_what_cannot_be_joined_stays_in_parts_of_its_own(tmp_path, monkeypatch):
    """As where workers have another version of pyarrow: its name is in the footer."""

    def refuse(*_):
        raise ValueError("files of other columns, or of another writer")

    monkeypatch.setattr("archiver.archive.write.join.concatenate", refuse)
    archive = create_archive(tmp_path / "a", support.NOW, tool=support.TOOL)
    support.commit(archive, batches=batches(3), batch_id="one", part_bytes=1 << 20)
    assert [part.rows for _, part in open_archive(archive.path).parts()] == [3, 3, 3]
    assert validate(archive.path).findings == ()


def test_a_piece_that_changed_is_not_joined(tmp_path, pieces):
    path, part = pieces[1]
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(StorageError, match="not what was written"):
        join_parts(pieces, staging=tmp_path, name="documents")
    assert path.exists()
    assert not (tmp_path / part.path).exists()
