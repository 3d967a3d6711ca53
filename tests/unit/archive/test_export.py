"""Documents out of the archive, in each format, whole or not at all."""

from __future__ import annotations

import base64
import csv
import io
import json
import subprocess
import sys

import archive_support as support
import bagit
import jsonschema
import pyarrow.parquet as pq
import pytest
from archive_support import document
from click.testing import CliRunner
from hypothesis import example, given
from hypothesis import strategies as st

from archiver.archive.rows.columns import DOCUMENTS
from archiver.archive.rows.schema import json_schema
from archiver.archive.versions.export import Selection, selected, write_rows
from archiver.archive.versions.export_bag import safe_name
from archiver.cli.main import archiver as cli

ODD = '=1+1\tcalc,"quoted"\nline\r\nnul \x00 \u2028 \ud83d'.encode("utf-8", "ignore").decode()


def call(archive, *words, status=0):
    done = CliRunner().invoke(cli, ["export", "--archive", str(archive.path), *words])
    assert "Traceback" not in done.output
    assert done.exit_code == status, done.output
    return done


def rows_of(archive, form, **options):
    stream = io.BytesIO()
    wanted = Selection(**options)
    count, octets = write_rows(
        selected(archive, wanted, pytest.fail), stream, form, wanted.columns, lambda _: None
    )
    assert octets == len(stream.getvalue())
    return count, stream.getvalue()


def test_jsonl_is_what_the_schema_says(archive):
    count, data = rows_of(archive, "jsonl")
    rows = [json.loads(line) for line in data.decode().split("\n")[:-1]]
    assert count == len(rows) == 3
    for row in rows:
        jsonschema.validate(row, json_schema("documents"))
    assert sorted((row["id"], row["revision"]) for row in rows) == [("a", 1), ("b", 2), ("c", 1)]


def test_a_version_and_all_revisions(archive):
    names = ("id", "revision", "text")
    _, data = rows_of(archive, "jsonl", version=1, columns=names)
    assert [json.loads(line)["text"] for line in data.splitlines()] == ["Alpha.\n", "Beta.\n"]
    count, _ = rows_of(archive, "jsonl", all_revisions=True, columns=names)
    assert count == 4


def test_parquet_has_the_archives_types(archive, tmp_path):
    call(archive, "-o", str(tmp_path / "x.parquet"))
    table = pq.read_table(tmp_path / "x.parquet", page_checksum_verification=True)
    assert table.schema.equals(DOCUMENTS)
    assert table.sort_by("id").equals(archive.latest())
    chunk = pq.ParquetFile(tmp_path / "x.parquet").metadata.row_group(0).column(2)
    assert chunk.compression == "ZSTD"


def test_nothing_is_exported_too(tmp_path):
    empty = support.create_archive(tmp_path / "a", support.NOW)
    assert rows_of(empty, "csv", columns=("id",)) == (0, b"id\r\n")
    assert rows_of(empty, "jsonl") == (0, b"")
    count, data = rows_of(empty, "parquet")
    assert count == 0
    assert pq.read_table(io.BytesIO(data)).schema.equals(DOCUMENTS)


def test_csv_gives_every_text_back(archive):
    support.commit(archive, [document("odd", ODD)], batch_id="odd")
    names = ("id", "text", "metadata", "title", "raw")
    _, data = rows_of(archive, "csv", columns=names)
    rows = list(csv.DictReader(io.StringIO(data.decode(), newline="")))
    (row,) = (row for row in rows if row["id"] == "odd")
    assert row["text"] == ODD  # formulas are not disarmed: that would change the text
    assert json.loads(row["metadata"]) == {"a": "1", "b": "2"}
    assert row["title"] == ""


def test_bytes_are_base64(archive):
    raw = b"\xff\xfe"
    row = document("raw") | {"raw": raw, "raw_sha256": support.sha256(raw)}
    support.commit(archive, [row], batch_id="raw")
    _, data = rows_of(archive, "jsonl", columns=("raw",))
    kept = [json.loads(line)["raw"] for line in data.splitlines()]
    assert base64.b64decode(kept[-1]) == raw


def test_a_bag_that_other_tools_accept(archive, tmp_path):
    out = tmp_path / "bag"
    call(archive, "-o", str(out), "--format", "bagit")
    bagit.Bag(str(out)).validate()
    assert (out / "data/text/a.txt").read_bytes() == b"Alpha.\n"
    assert (out / "data/received/a.txt").read_bytes() == b"play_arrow\nAlpha.\n"
    lines = (out / "data/documents.jsonl").read_text("utf-8").splitlines()
    assert json.loads(lines[0])["text_file"] == "data/text/a.txt"
    assert f"Archiver-Head: {archive.head()}" in (out / "bag-info.txt").read_text("utf-8")
    assert "exists" in call(archive, "-o", str(out), "--format", "bagit", status=6).stderr
    call(archive, "-o", str(tmp_path / "all"), "--format", "bagit", "--all-revisions")
    names = sorted(path.name for path in (tmp_path / "all/data/text").iterdir())
    assert names == ["a.r1.txt", "b.r1.txt", "b.r2.txt", "c.r1.txt"]


def test_hostile_ids_stay_in_the_bag(archive, tmp_path):
    ids = ["../../up", "/etc/passwd", "C:\\x", "con", "A", "a.", "", "x" * 500, "ü\n\x00", ".hid"]
    rows = [document(id_, file_path="f") for id_ in ids]
    support.commit(archive, rows, batch_id="hostile")
    out = tmp_path / "out" / "bag"
    call(archive, "-o", str(out), "--format", "bagit")
    bagit.Bag(str(out)).validate()
    assert len(list((out / "data/text").iterdir())) == 3 + len(ids)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["bag"]
    told = [json.loads(line) for line in (out / "data/documents.jsonl").read_bytes().splitlines()]
    assert {row["id"] for row in told} >= set(ids)


@given(st.text(), st.text())
@example("a", "A")
@example("_", "?")
@example("?", "document-" + support.sha256(b"?")[:32])
@example("com1.x", "nul")
def test_names_are_safe_and_never_shared(one, other):
    name = safe_name(one)
    assert 0 < len(name) <= 80
    assert name.isascii()
    assert name == name.lower()
    assert not set(name) & set('/\\:*?"<>|\n\0 ')
    assert not name.startswith(".")
    assert not name.endswith(".")
    if one != other:
        assert name != safe_name(other)


def test_a_file_that_exists_is_kept(archive, tmp_path):
    out = tmp_path / "x.csv"
    out.write_text("mine", encoding="utf-8")
    assert "--force" in call(archive, "-o", str(out), status=2).stderr
    assert out.read_text("utf-8") == "mine"
    call(archive, "-o", str(out), "--force", "--columns", "id")
    assert out.read_bytes() == b"id\r\na\r\nb\r\nc\r\n"


def test_stdout_and_words_that_do_not_go_together(archive):
    done = call(archive, "-o", "-", "--format", "jsonl", "--columns", "id")
    assert done.stdout == '{"id":"a"}\n{"id":"b"}\n{"id":"c"}\n'
    for words in (
        ["-o", "-"],
        ["-o", "-", "--format", "parquet"],
        ["-o", "-", "--format", "jsonl", "--json"],
        ["-o", "x.jsonl", "--columns", "txet"],
        ["-o", "x.jsonl", "--columns", "id,id"],
        ["-o", "x", "--format", "bagit", "--columns", "id"],
    ):
        call(archive, *words, status=2)
    call(archive, "-o", "x.jsonl", "--version", "9", status=6)


def damage(archive, number):
    path = support.part_paths(archive)[number]
    data = bytearray(path.read_bytes())
    data[-20] ^= 1
    path.write_bytes(data)


def test_damage_stops_an_export_and_nothing_appears(archive, tmp_path):
    damage(archive, 1)
    for form in ("jsonl", "csv", "parquet", "bagit"):
        call(archive, "-o", str(tmp_path / f"x.{form}"), "--format", form, status=4)
    assert [path.name for path in tmp_path.iterdir()] == ["archive"]


def test_what_is_sound_comes_out_of_a_damaged_archive(archive, tmp_path):
    damage(archive, 1)
    out = tmp_path / "sound.jsonl"
    done = call(archive, "-o", str(out), "--skip-damaged", "--json", status=4)
    told = json.loads(done.stdout)
    assert [item["code"] for item in told["left_out"]] == ["E108"]
    assert {json.loads(line)["id"] for line in out.read_bytes().splitlines()} >= {"a"}
    call(archive, "-o", str(tmp_path / "bag"), "--format", "bagit", "--skip-damaged", status=4)
    bagit.Bag(str(tmp_path / "bag")).validate()


def test_with_nothing_damaged_skipping_changes_nothing(archive, tmp_path):
    call(archive, "-o", str(tmp_path / "one.jsonl"))
    call(archive, "-o", str(tmp_path / "two.jsonl"), "--skip-damaged")
    assert (tmp_path / "one.jsonl").read_bytes() == (tmp_path / "two.jsonl").read_bytes()


def test_a_pipe_that_ends_early(archive):
    words = ["export", "--archive", str(archive.path), "-o", "-", "--format", "jsonl"]
    with subprocess.Popen(
        [sys.executable, "-m", "archiver", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        process.stdout.close()
        assert b"Traceback" not in process.stderr.read()
