"""JSON lines, CSV and Parquet: made by the real tools, and broken in every way."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import lzma
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.digest import sha256
from archiver.document import Finding, Reject, Source
from archiver.readers import opened as opened_module
from archiver.readers.files import plan, read_files
from archiver.readers.formats import Wanted

HEAD = "---\nschema: archiver-index/1\n---\n\n"


def read(base: Path, *paths: str, **options: object) -> list[Source | Reject | Finding]:
    return list(read_files(paths or ("in",), base=base, **options))


def sources(items: list) -> list[Source]:
    return [item for item in items if isinstance(item, Source)]


def texts(items: list) -> list[str]:
    return [item.data.decode() for item in sources(items)]


def rejects(items: list) -> list[tuple[str, str, int | None]]:
    found = [item for item in items if isinstance(item, Reject)]
    return [(item.finding.code, item.id, item.finding.line) for item in found]


def codes(items: list) -> list[str]:
    return [item.code for item in items if isinstance(item, Finding)]


def put(base: Path, name: str, data: bytes | str) -> Path:
    path = base / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def zstd(data: bytes) -> bytes:
    return pa.Codec("zstd").compress(data, asbytes=True)


ROWS = [
    {"text": "Erster Text.", "id": "a-1", "url": "https://example.org/1", "n": 1},
    {"text": "Zweiter Text.\n", "date": "2020-02-03", "tags": ["x", "ü"], "n": None},
    {"text": "Third.", "date": "last week", "language": "en", "license": "CC0-1.0"},
]
LINES = "".join(json.dumps(row) + "\n" for row in ROWS).encode()


@pytest.mark.parametrize(
    ("name", "pack"),
    [
        ("a.jsonl", bytes),
        ("a.ndjson", bytes),
        ("a.json", bytes),
        ("a.jsonl.gz", gzip.compress),
        ("a.jsonl.bz2", bz2.compress),
        ("a.jsonl.xz", lzma.compress),
        ("a.jsonl.zst", zstd),
        ("a.jsonl", gzip.compress),
        ("a.jsonl.gz", lambda data: gzip.compress(data[:150]) + gzip.compress(data[150:])),
        (
            "a.jsonl.xz",
            lambda data: lzma.compress(data[:150]) + b"\0" * 4 + lzma.compress(data[150:]),
        ),
        ("a.jsonl.zst", lambda data: zstd(data[:150]) + zstd(data[150:])),
        ("a.jsonl", lambda data: b"\xef\xbb\xbf" + data.replace(b"\n", b"\r\n")),
        ("a.jsonl", lambda data: data.decode().encode("utf-16")),
    ],
)
def test_json_lines_are_documents_however_they_are_packed(tmp_path, name, pack):
    put(tmp_path, f"in/{name}", pack(LINES))
    items = read(tmp_path)
    assert texts(items) == [row["text"] for row in ROWS]
    assert [s.id for s in sources(items)] == ["a-1", f"in/{name}#2", f"in/{name}#3"]
    assert {s.file_path for s in sources(items)} == {f"in/{name}"}
    assert codes(items) == ["W307"]
    assert rejects(items) == []


def test_what_a_record_knows_of_itself_becomes_provenance(tmp_path):
    put(tmp_path, "in/a.jsonl", LINES)
    one, two, three = (s.provenance for s in sources(read(tmp_path)))
    assert (one.url, dict(one.metadata)) == ("https://example.org/1", {"n": "1"})
    assert two.date is not None
    assert two.date.isoformat() == "2020-02-03T00:00:00+00:00"
    assert dict(two.metadata) == {"date_as_written": "2020-02-03", "tags": '["x","ü"]'}
    assert (three.language, three.license, three.date) == ("en", "CC0-1.0", None)
    assert dict(three.metadata) == {"date_in_record": "last week"}


def test_fields_are_named_and_others_left_out(tmp_path):
    row = {"body": "Text.", "meta": {"link": "https://example.org/"}, "id": 7, "a": "1", "b": "2"}
    put(tmp_path, "in/a.jsonl", json.dumps(row))
    fields = {"text": "body", "url": "meta.link", "id": ""}
    (found,) = sources(read(tmp_path, wanted=Wanted(fields=fields, keep=("a",))))
    assert (found.id, found.data) == ("in/a.jsonl#1", b"Text.")
    assert found.provenance.url == "https://example.org/"
    assert dict(found.provenance.metadata) == {"a": "1"}


def test_the_index_wins_and_the_record_fills_what_it_leaves_empty(tmp_path):
    put(tmp_path, "in/a.jsonl", json.dumps({**ROWS[0], "title": "Own", "license": "MIT"}))
    table = (
        "| file | id | license | project |\n|---|---|---|---|\n| a.jsonl | crawl | CC0-1.0 | P |\n"
    )
    put(tmp_path, "in/INDEX.md", HEAD + table)
    (found,) = sources(read(tmp_path))
    known = found.provenance
    assert (known.license, known.title, known.url) == ("CC0-1.0", "Own", "https://example.org/1")
    assert dict(known.metadata) == {"n": "1", "project": "P"}
    put(tmp_path, "in/a.jsonl", json.dumps({"text": "No id."}))
    assert [s.id for s in sources(read(tmp_path))] == ["crawl#1"]


def test_an_index_with_another_digest_keeps_the_whole_file_out(tmp_path):
    path = put(tmp_path, "in/a.jsonl", LINES)
    table = f"| file | sha256 |\n|---|---|\n| a.jsonl | {'0' * 64} |\n"
    put(tmp_path, "in/INDEX.md", HEAD + table)
    (kept_out,) = read(tmp_path)
    assert (kept_out.finding.code, kept_out.path) == ("E303", path)
    put(tmp_path, "in/INDEX.md", HEAD + table.replace("0" * 64, sha256(LINES)))
    assert len(sources(read(tmp_path))) == 3


def test_a_file_that_is_not_listed_is_kept_out_where_it_must_be(tmp_path):
    put(tmp_path, "in/a.jsonl", LINES)
    assert rejects(read(tmp_path, require_index=True)) == [("E307", "in/a.jsonl", None)]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b'{"text": "cut o', "E230"),
        (b"[1, 2]", "E230"),
        (b'"text"', "E230"),
        (b"[" * 100_000, "E230"),
        (b'{"text": "x", "a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "E230"),
        (b'{"text": "\\ud800"}', "E230"),
        (b'{"text": "\xff \\udcff"}', "E230"),
        (b'{"text": "x", "id": [1]}', "E230"),
        (b'{"text": "x", "id": "a\\u0000b"}', "E230"),
        (b'{"text": "x", "id": "' + b"i" * 2000 + b'"}', "E230"),
        (b'{"text": "x", "n": ' + b"9" * 10_000 + b"}", "E230"),
        (b"\0\0\0\0", "E230"),
        (b"{}", "E231"),
        (b'{"text": null}', "E231"),
        (b'{"text": 5}', "E231"),
        (b'{"text": ["a"]}', "E231"),
        (b'{"text": ""}', "E201"),
        (b'{"text": " \\n"}', "E201"),
        (b'{"text": "' + b"x" * 2_000_000 + b'"}', "E204"),
        (b'{"text": "x", "id": "a-1"}', "E210"),
    ],
    ids=range(20),
)
def test_a_bad_line_is_kept_with_its_number_and_the_rest_goes_on(tmp_path, line, code):
    put(tmp_path, "in/a.jsonl", LINES + line + b"\n" + b'{"text": "Last."}\n')
    items = read(tmp_path, max_bytes=1_000_000)
    assert texts(items)[-1] == "Last."
    assert len(sources(items)) == 4
    (bad,) = (item for item in items if isinstance(item, Reject))
    assert bad.finding.code == code
    if code == "E210":
        assert (bad.id, bad.data) == ("a-1", b"x")
        return
    assert (bad.finding.where, bad.finding.line, bad.id) == ("in/a.jsonl", 4, "in/a.jsonl#4")
    assert bad.finding.message.startswith("in/a.jsonl:4 ")
    assert (bad.data is None) == (code == "E204")


def test_a_wrong_name_for_the_text_does_not_fill_the_quarantine(tmp_path):
    put(tmp_path, "in/a.jsonl", b'{"body": "x"}\n' * 5000)
    assert rejects(read(tmp_path)) == [("E238", "in/a.jsonl", None)]
    put(tmp_path, "in/a.jsonl", b'{"body": "x"}\n' * 99 + LINES)
    items = read(tmp_path)
    assert ({code for code, _, _ in rejects(items)}, len(sources(items))) == ({"E231"}, 3)
    put(tmp_path, "in/a.jsonl.gz", gzip.compress(b'{"body": "x"}\n' * 5)[:-4])
    found = [code for code, _, _ in rejects(read(tmp_path, "in/a.jsonl.gz"))]
    assert found == ["E231"] * 5 + ["E239"]


def test_lines_in_another_encoding_are_decoded_like_files(tmp_path):
    line = '{"text": "Grüße aus Köln, schöne Straßen überall", "title": "Straße"}\n'
    put(tmp_path, "in/a.jsonl", line.encode() + line.encode("cp1252"))
    one, two = sources(read(tmp_path))
    assert one.data.decode() == two.data.decode("cp1252")
    assert two.provenance.title == "Stra%%DFe"


def test_json_that_is_no_lines_is_passed_over_in_a_folder_and_told_when_named(tmp_path):
    put(tmp_path, "in/package.json", '{\n  "name": "x"\n}\n')
    put(tmp_path, "in/a.txt", "a")
    assert codes(read(tmp_path)) == ["W307", "W307", "W208"]
    items = read(tmp_path, "in/package.json")
    assert {code for code, _, _ in rejects(items)} == {"E230"}


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.dictionaries(
            st.text(max_size=8),
            st.recursive(
                st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
                lambda inner: (
                    st.lists(inner, max_size=3)
                    | st.dictionaries(st.text(max_size=4), inner, max_size=3)
                ),
            ),
            max_size=5,
        ),
        max_size=5,
    )
)
def test_any_objects_give_a_source_or_a_reject_each(tmp_path_factory, rows):
    base = tmp_path_factory.mktemp("any")
    put(base, "in/a.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    items = [item for item in read(base) if not isinstance(item, Finding)]
    assert len(items) == len(rows)


@settings(max_examples=25, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_give_findings_and_no_exception(tmp_path_factory, data):
    base = tmp_path_factory.mktemp("any")
    for name in ("a.jsonl", "b.csv", "c.parquet", "d.warc", "e.zip", "f.tar", "g.jsonl.gz"):
        put(base, f"in/{name}", data)
    for item in read(base):
        assert isinstance(item, Source | Reject | Finding)


# --- compression -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "pack"),
    [
        ("a.jsonl.gz", gzip.compress),
        ("a.jsonl.bz2", bz2.compress),
        ("a.jsonl.xz", lzma.compress),
        ("a.jsonl.zst", zstd),
    ],
)
@pytest.mark.parametrize("damage", ["cut", "flipped", "trailing"])
def test_a_damaged_stream_ends_with_a_finding_and_keeps_what_came_before(
    tmp_path, name, pack, damage
):
    if damage == "flipped" and pack is zstd:
        pytest.skip("a frame without a checksum does not know its bytes")
    rows = "".join(json.dumps({"text": os.urandom(800).hex()}) + "\n" for _ in range(800))
    packed = bytearray(pack(rows.encode()))
    if damage == "cut":
        del packed[-len(packed) // 4 :]
    elif damage == "flipped":
        packed[len(packed) * 3 // 4] ^= 255
        packed[len(packed) * 3 // 4 + 1] ^= 255
    else:
        packed += b"\xffjunk that is no stream" * 3
    put(tmp_path, f"in/{name}", bytes(packed))
    items = read(tmp_path)
    found = [code for code, _, _ in rejects(items) if code in {"E232", "E239"}]
    assert found == (["E239"] if damage == "cut" else ["E232"])
    if damage != "flipped":
        assert len(sources(items)) > 100
    assert len(sources(items)) <= 800


def test_a_bomb_is_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(opened_module, "FREE_BYTES", 1_000_000)
    row = b'{"text": "%s"}\n' % (b"x" * 1000) * 1000
    put(tmp_path, "in/a.jsonl.xz", lzma.compress(row * 30))
    items = read(tmp_path)
    assert rejects(items)[-1][0] == "E233"
    assert 0 < len(sources(items)) < 30_000


def test_an_xz_that_asks_for_gigabytes_of_memory_is_refused(tmp_path):
    filters = [{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 29}]
    packer = lzma.LZMACompressor(lzma.FORMAT_XZ, filters=filters)
    put(tmp_path, "in/a.jsonl.xz", packer.compress(LINES) + packer.flush())
    assert rejects(read(tmp_path)) == [("E232", "in/a.jsonl.xz", None)]


# --- tables ------------------------------------------------------------------------


def table(rows: list[dict[str, str]], **options: object) -> str:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(rows[0]), **options)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


CELLS = [
    {"id": "1", "text": 'He said "no",\nand left.', "url": "https://example.org/1"},
    {"id": "2", "text": "Zweite Zeile; mit Grüßen", "url": ""},
]


@pytest.mark.parametrize(
    ("name", "options", "codec"),
    [
        ("a.csv", {}, "utf-8"),
        ("a.csv", {"delimiter": ";"}, "utf-8"),
        ("a.csv", {"quoting": csv.QUOTE_ALL}, "utf-8-sig"),
        ("a.tsv", {"delimiter": "\t"}, "utf-16"),
        ("a.csv", {"lineterminator": "\n"}, "utf-8"),
    ],
)
def test_a_table_gives_a_document_a_row(tmp_path, name, options, codec):
    put(tmp_path, f"in/{name}", table(CELLS, **options).encode(codec))
    items = read(tmp_path)
    assert texts(items) == [row["text"] for row in CELLS]
    assert [s.id for s in sources(items)] == ["1", "2"]
    assert sources(items)[0].provenance.url == "https://example.org/1"


def test_pandas_and_duckdb_tables_read_back(tmp_path):
    frame = pd.DataFrame(CELLS)
    (tmp_path / "in").mkdir()
    frame.to_csv(tmp_path / "in/pandas.csv.gz", index=False)
    frame.to_parquet(tmp_path / "in/pandas.parquet")
    duckdb.sql(f"copy (from frame) to '{tmp_path}/in/duck.csv' (header)")
    duckdb.sql(f"copy (from frame) to '{tmp_path}/in/duck.parquet' (compression zstd)")
    wanted = Wanted(fields={"id": ""})
    items = read(tmp_path, wanted=wanted)
    assert texts(items) == [row["text"] for row in CELLS] * 4
    assert rejects(items) == []


def test_bad_rows_cost_one_row_each(tmp_path):
    rows = 'text,id\ngood 1,1\ntoo,many,cells\nfew\n"bad"quote,3\n,4\ngood 2,5\n'
    put(tmp_path, "in/a.csv", rows)
    items = read(tmp_path)
    assert texts(items) == ["good 1", "good 2"]
    assert rejects(items) == [
        ("E230", "in/a.csv#2", 3),
        ("E230", "in/a.csv#3", 4),
        ("E230", "in/a.csv#4", 5),
        ("E201", "4", 6),
    ]


def test_a_quote_that_is_never_closed_costs_its_line_alone(tmp_path):
    rest = "".join(f"row {number},{number}\n" for number in range(3, 3000))
    put(tmp_path, "in/a.csv", f'text,id\none,1\n"open,2\n{rest}')
    for limit in (1000, 1_000_000):
        items = read(tmp_path, max_bytes=limit)
        assert len(sources(items)) == 2998
        ((code, _, line),) = rejects(items)
        assert (code, line) == ("E204" if limit == 1000 else "E230", 3)


def test_huge_cells_are_read_up_to_the_limit(tmp_path):
    put(tmp_path, "in/a.csv", f"text\n{'y' * 10_000_000}\nshort\n{'z' * 100}\n")
    assert [len(s.data) for s in sources(read(tmp_path))] == [10_000_000, 5, 100]
    items = read(tmp_path, max_bytes=50)
    assert (texts(items), rejects(items)) == (
        ["short"],
        [("E204", "in/a.csv#1", 2), ("E204", "in/a.csv#3", 4)],
    )


def test_cells_in_another_encoding_are_decoded_like_files(tmp_path):
    put(tmp_path, "in/a.csv", "text\nGrüße aus Köln\n".encode("cp1252"))
    assert sources(read(tmp_path))[0].data == "Grüße aus Köln".encode("cp1252")


@pytest.mark.parametrize("data", ["", "a,b\n1,2\n", "text,text\n1,2\n", "x" * 200_000])
def test_a_table_without_a_text_column_is_told(tmp_path, data):
    put(tmp_path, "in/a.csv", data)
    put(tmp_path, "in/b.txt", "b")
    assert rejects(read(tmp_path, "in/a.csv")) == [("E238", "in/a.csv", None)]
    items = read(tmp_path)
    assert "W208" in codes(items)
    assert rejects(items) == []


# --- parquet -----------------------------------------------------------------------


def test_parquet_rows_with_nested_and_timed_columns(tmp_path):
    rows = pa.table(
        {
            "content": ["One.", None, "Three."],
            "when": pa.array([0, 1, 2], pa.timestamp("s", "UTC")),
            "tags": [["a"], [], None],
            "meta": [{"url": "https://example.org/"}, None, {"url": "nothing"}],
            "raw": pa.array([b"\xff", b"", None]),
        }
    )
    (tmp_path / "in").mkdir()
    pq.write_table(rows, tmp_path / "in/a.parquet", row_group_size=2)
    wanted = Wanted(fields={"text": "content", "date": "when", "url": "meta.url"})
    items = read(tmp_path, wanted=wanted)
    one, three = sources(items)
    assert (one.provenance.url, three.provenance.url) == ("https://example.org/", None)
    assert one.provenance.date is not None
    assert one.provenance.metadata["tags"] == '["a"]'
    assert one.provenance.metadata["raw"] == "/w=="
    assert rejects(items) == [("E231", "in/a.parquet#2", None)]
    assert [s.id for s in sources(items)] == ["in/a.parquet#1", "in/a.parquet#3"]


def test_damaged_parquet_is_told(tmp_path):
    (tmp_path / "in").mkdir()
    path = tmp_path / "in/a.parquet"
    rows = pa.table({"text": [os.urandom(50).hex() for _ in range(5000)]})
    pq.write_table(rows, path, row_group_size=1000, write_page_checksum=True)
    whole = path.read_bytes()
    for at in (len(whole) // 2, len(whole) - 2):
        data = bytearray(whole)
        data[at] ^= 255
        path.write_bytes(data)
        assert {code for code, _, _ in rejects(read(tmp_path))} & {"E232", "E233", "E238"}, at
    path.write_bytes(whole[:-100])
    assert rejects(read(tmp_path)) == [("E232", "in/a.parquet", None)]


def test_a_parquet_bomb_does_not_unfold(tmp_path):
    """One long value, said 200,000 times by a dictionary: 200 GB in 20 kB."""
    (tmp_path / "in").mkdir()
    value = "x" * 1_000_000
    column = pa.DictionaryArray.from_arrays(pa.array([0] * 200_000, pa.int32()), [value])
    pq.write_table(pa.table({"text": column}), tmp_path / "in/a.parquet", compression="zstd")
    stream = read_files(["in"], base=tmp_path, max_bytes=2_000_000)
    drawn = [item for item, _ in zip(stream, range(50), strict=False)]
    assert {len(s.data) for s in sources(drawn)} == {1_000_000}
    before = pa.total_allocated_bytes()
    assert before < 100_000_000


# --- the whole ---------------------------------------------------------------------


def test_progress_goes_by_the_bytes_of_the_files(tmp_path):
    put(tmp_path, "in/a.jsonl.gz", gzip.compress(LINES * 10_000))
    put(tmp_path, "in/b.txt", "b")
    put(tmp_path, "in/c.csv", table(CELLS))
    told: list[int] = []
    read(tmp_path, tell=told.append, wanted=Wanted(fields={"id": ""}))
    known = plan(["in"], base=tmp_path)
    assert told == sorted(told)
    assert (told[-1], known.records) == (known.bytes, True)


def test_standard_input_takes_a_format(tmp_path):
    for form, data in (
        ("jsonl", zstd(LINES)),
        ("csv", table([{"text": row["text"]} for row in ROWS]).encode()),
    ):
        items = read(tmp_path, "-", stdin=lambda: io.BytesIO(data), wanted=Wanted(format=form))  # noqa: B023
        assert texts(items) == [row["text"] for row in ROWS]
    out = io.BytesIO()
    pq.write_table(pa.table({"text": ["One."]}), out)
    data = out.getvalue()
    items = read(tmp_path, "-", stdin=lambda: io.BytesIO(data), wanted=Wanted(format="parquet"))
    (one,) = sources(items)
    assert one.id == f"stdin-{sha256(b'One.')[:16]}"
    assert one.file_path == "stdin"


def test_a_named_file_takes_a_format_whatever_its_name(tmp_path):
    put(tmp_path, "in/dump.dat", LINES)
    assert len(sources(read(tmp_path, "in/dump.dat", wanted=Wanted(format="jsonl")))) == 3
    put(tmp_path, "in/whole.json", '{"a": 1}')
    (whole,) = sources(read(tmp_path, "in/whole.json", wanted=Wanted(format="text")))
    assert whole.data == b'{"a": 1}'


def test_ids_that_count_and_ids_of_their_own_do_not_collide_unseen(tmp_path):
    put(tmp_path, "1/in/a.jsonl", b'{"text": "one"}\n')
    put(tmp_path, "2/in/a.jsonl", b'{"text": "two"}\n')
    items = read(tmp_path, str(tmp_path / "1/in"), str(tmp_path / "2/in"))
    assert (texts(items), rejects(items)) == (["one"], [("E210", "in/a.jsonl#1", None)])
    own = b'{"text": "own", "id": "in/b.jsonl#1"}\n'
    for name in ("a", "c"):  # before and after the file that counts so
        put(tmp_path, f"{name}x/in/{name}.jsonl", own)
        put(tmp_path, f"{name}x/in/b.jsonl", b'{"text": "counted"}\n')
        items = read(tmp_path / f"{name}x")
        assert len(texts(items)) == 1
        assert rejects(items) == [("E210", "in/b.jsonl#1", None)]


def test_a_run_sees_the_same_ids_and_digests_again(tmp_path):
    put(tmp_path, "in/a.jsonl", LINES)
    first = [(s.id, s.source_sha256) for s in sources(read(tmp_path))]
    put(tmp_path, "in/a.jsonl", LINES + b'{"text": "New."}\n')
    again = [(s.id, s.source_sha256) for s in sources(read(tmp_path))]
    assert again[:3] == first


PEAK = """
import re, sys
from pathlib import Path
from archiver.document import Source, Reject
from archiver.readers.files import read_files
count = bad = 0
for item in read_files(["in"], base=Path(sys.argv[1])):
    count += isinstance(item, Source)
    bad += isinstance(item, Reject)
# Not getrusage: its peak is that of the process that started this one, if higher.
peak = re.search(r"VmHWM:\\s*(\\d+)", Path("/proc/self/status").read_text())
print(count, bad, int(peak[1]) // 1024)
"""


def peak_of(base: Path) -> tuple[int, int, int]:
    done = subprocess.run(
        [sys.executable, "-c", PEAK, str(base)], capture_output=True, text=True, check=True
    )
    count, bad, peak = map(int, done.stdout.split())
    return count, bad, peak


def write_lines(path: Path, size: int) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    line = b'{"text": "%s %d"}\n'
    words = b"Some words of a document that goes on and on. " * 40
    rows = size // (len(words) + 20)
    with gzip.open(path, "wb", compresslevel=1) as out:
        for number in range(rows):
            out.write(line % (words, number))
    return rows


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_memory_does_not_grow_with_the_file(tmp_path):
    small = write_lines(tmp_path / "small/in/a.jsonl.gz", 2_000_000)
    large = write_lines(tmp_path / "large/in/a.jsonl.gz", 40_000_000)
    one, two = peak_of(tmp_path / "small"), peak_of(tmp_path / "large")
    assert (one[:2], two[:2]) == ((small, 0), (large, 0))
    assert two[2] < one[2] + 30


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_memory_of_half_a_gigabyte_and_of_one_giant_line(tmp_path):
    rows = write_lines(tmp_path / "small/in/a.jsonl.gz", 2_000_000)
    base = peak_of(tmp_path / "small")[2]
    many = write_lines(tmp_path / "large/in/a.jsonl.gz", 500_000_000)
    count, bad, peak = peak_of(tmp_path / "large")
    print(f"peak of {rows} rows {base} MiB, of {many} rows (500 MB) {peak} MiB")
    assert (count, bad) == (many, 0)
    assert peak < base + 100
    giant = tmp_path / "giant/in/a.jsonl"
    giant.parent.mkdir(parents=True)
    with giant.open("wb") as out:
        out.write(b'{"text": "first"}\n{"text": "')
        for _ in range(1000):
            out.write(b"x" * 1_000_000)
        out.write(b'"}\n{"text": "last"}\n')
    count, bad, peak = peak_of(tmp_path / "giant")
    print(f"peak with a line of 1 GB: {peak} MiB")
    assert (count, bad) == (2, 1)
    assert peak < base + 250
