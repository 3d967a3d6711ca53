"""Rows of a frame come out as an archive would have them, one for one, in their order."""

from datetime import UTC, datetime

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import archiver
from archiver.archive.rows.columns import DOCUMENTS
from archiver.errors import SettingsError
from archiver.ingest import Job, ingest
from archiver.readers.files import read_files
from archiver.readers.formats import Wanted
from archiver.rules.load import builtin

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
PAGE = b"<!doctype html><html lang=en><title>Walk</title><body><p>" + b"A long walk. " * 40
ROWS = [
    {"id": "a", "text": b"[ad_1]\r\nThe summit was held.\r\n", "url": "https://example.org/a"},
    {"id": "empty", "text": b" \n", "url": None},
    {"id": "b", "text": PAGE, "url": "https://example.org/b"},
    {"id": "none", "text": None, "url": None},
    {"id": "b", "text": b"\x00\x01\x02\xff" * 9, "url": None},
    {"id": "c", "text": "Caf\u00e9 cr\u00e8me, d\u00e9j\u00e0 vu.\n".encode("cp1252"), "url": None},
]
SCHEMA = pa.schema([("id", pa.string()), ("text", pa.binary()), ("url", pa.string())])


def test_a_row_is_what_an_ingest_of_the_same_file_makes_of_it(tmp_path):
    import pyarrow.parquet as pq

    rows = [ROWS[0], ROWS[2], ROWS[5], ROWS[0]]
    rows = [{**row, "id": f"r{at}", "more": at} for at, row in enumerate(rows)]
    table = pa.Table.from_pylist(rows)
    pq.write_table(table, tmp_path / "in.parquet")
    items = read_files([str(tmp_path / "in.parquet")], base=tmp_path, wanted=Wanted())
    job = Job(tmp_path / "a", builtin(), "standard", NOW, "run-1", archiver.__version__)
    list(ingest(items, job))
    stored = archiver.open(tmp_path / "a").latest().to_pylist()
    cleaned = archiver.clean_batch(table, keep=None).to_pylist()
    assert len(stored) == len(cleaned) == 4
    by_id = {row["id"]: row for row in cleaned}
    for record in stored:
        row = by_id[record["id"]]
        same = set(row) & set(record) - {"file_path", "source_sha256"}
        assert {name: row[name] for name in same} == {name: record[name] for name in same}
        assert ("more", row["id"][1]) in row["metadata"]


def test_each_row_comes_out_once_in_its_place():
    batch = pa.RecordBatch.from_pylist(ROWS, schema=SCHEMA)
    cleaned = archiver.clean_batch(batch, profile="safe")
    assert isinstance(cleaned, pa.RecordBatch)
    assert cleaned.schema == archiver.cleaned_schema()
    told = [(row["id"], row["code"], row["text"] is None) for row in cleaned.to_pylist()]
    assert [row[0] for row in told] == ["a", "empty", "b", "none", "b", "c"]
    assert [row[1] for row in told[:4]] == [None, "E201", None, "E231"]
    assert told[4][1].startswith("E2")
    assert [row[2] for row in told] == [False, True, False, True, True, False]
    first = cleaned.to_pylist()[0]
    assert (first["text"], first["newline"]) == ("The summit was held.\n", "crlf")
    assert first["dropped"] == [{"rule": "ad-marker.shortcode", "count": 1}]
    assert "empty" in cleaned.to_pylist()[1]["message"]


def test_names_of_columns_and_what_goes_to_metadata():
    table = pa.table({"n": [7], "body": ["Text of a page."], "link": ["https://e.org/"], "x": [1]})
    named = {"id": "n", "text": "body", "url": "link"}
    (row,) = archiver.clean_batch(table, fields=named).to_pylist()
    assert (row["id"], row["url"], row["metadata"]) == ("7", "https://e.org/", [])
    (row,) = archiver.clean_batch(table, fields=named, keep=["x"]).to_pylist()
    assert row["metadata"] == [("x", "1")]
    with pytest.raises(ValueError, match="no column 'id'"):
        archiver.clean_batch(table)
    with pytest.raises(ValueError, match="no field 'body'"):
        archiver.clean_batch(table, fields={"body": "text"})
    with pytest.raises(ValueError, match="no profile 'mild'"):
        archiver.clean_batch(table, profile="mild", fields=named)
    with pytest.raises(SettingsError):
        archiver.clean_batch(table, fields=named, rules="/no/such/folder")


def test_no_rows_give_no_rows():
    batch = pa.RecordBatch.from_pylist([], schema=SCHEMA)
    for empty in (batch, pa.Table.from_batches([batch])):
        cleaned = archiver.clean_batch(empty)
        assert type(cleaned) is type(empty)
        assert (cleaned.num_rows, cleaned.schema) == (0, archiver.cleaned_schema())


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.string_view()])
def test_texts_of_every_kind_that_frames_have(kind):
    table = pa.table({"id": ["a"], "text": pa.array(["[ad_1]\nText.\n"], kind)})
    assert archiver.clean_batch(table).column("text").to_pylist() == ["Text.\n"]


@settings(max_examples=15, deadline=None)
@given(st.lists(st.one_of(st.none(), st.binary(max_size=40)), max_size=12), st.integers(1, 12))
def test_data_may_be_cut_anywhere(texts, size):
    """Ids stand twice on purpose."""
    rows = [{"id": f"d{at // 2}", "text": text, "url": None} for at, text in enumerate(texts)]
    table = pa.Table.from_pylist(rows, schema=SCHEMA)
    whole = archiver.clean_batch(table, profile="safe")
    cuts = [table.slice(at, size) for at in range(0, table.num_rows, size)]
    pieces = [archiver.clean_batch(cut, profile="safe") for cut in cuts]
    assert pa.concat_tables([whole.slice(0, 0), *pieces]) == whole
    assert whole.column("id").to_pylist() == [row["id"] for row in rows]


def test_the_schema_is_a_records_and_the_finding():
    schema = archiver.cleaned_schema()
    left_out = set(DOCUMENTS.names) - set(schema.names)
    assert set(schema.names) - set(DOCUMENTS.names) == {"code", "message"}
    assert {"raw", "revision", "ingested_at"} <= left_out
    assert all(schema.field(name) == DOCUMENTS.field(name) for name in schema.names[:-2])
