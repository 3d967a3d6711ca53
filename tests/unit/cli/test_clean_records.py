"""``archiver clean`` on files of many documents: the same readers as ``archiver ingest`` has."""

from __future__ import annotations

import gzip
import json
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from archiver.cli.main import archiver

TEXT = "The harbour is frozen.\n[ad_1]\nShips wait outside.\n"
CLEAN = "The harbour is frozen.\nShips wait outside.\n"
LINES = [
    {"id": "a", "body": TEXT, "link": "https://harbour.example/a", "likes": 3},
    {"id": "b", "body": 4},
]


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")


def run(*words: str, status: int = 0, stdin: bytes | None = None) -> Result:
    done = CliRunner().invoke(archiver, ["clean", *words], input=stdin)
    assert done.exit_code == status, done.output
    return done


def objects(done: Result) -> list[dict]:
    return [json.loads(line) for line in done.stdout.splitlines()]


def as_lines() -> bytes:
    return "".join(f"{json.dumps(line)}\n" for line in [*LINES]).encode() + b"no JSON\n"


def test_records_come_out_as_json_lines_and_bad_ones_are_told():
    Path("posts.jsonl.gz").write_bytes(gzip.compress(as_lines()))
    done = run("posts.jsonl.gz", "--text-field", "body", "--field", "url=link", status=3)
    assert objects(done) == [
        {
            "id": "a", "text": CLEAN, "facts": {}, "url": "https://harbour.example/a",
            "metadata": {"likes": "3"},
        }
    ]  # fmt: skip
    assert "posts.jsonl.gz:2: E231 has no text in its field 'body'" in done.stderr
    assert "posts.jsonl.gz:3: E230 is no JSON" in done.stderr
    assert "1 document cleaned, 2 records left out" in done.stderr
    assert "W307" not in done.stderr  # nothing is archived: no index is missed


def test_standard_input_is_what_it_is_said_to_be():
    done = run("-", "--format", "jsonl", "--text-field", "body", status=3, stdin=as_lines())
    assert [line["text"] for line in objects(done)] == [CLEAN]


def test_edits_are_added_where_asked_for_and_fields_kept_as_asked_for():
    Path("posts.jsonl").write_bytes(as_lines())
    words = ("posts.jsonl", "--text-field", "body", "--keep-field", "link", "--edits")
    (found,) = objects(run(*words, status=3))
    assert found["metadata"] == {"link": "https://harbour.example/a"}
    assert [edit["rule"] for edit in found["edits"]] == ["ad-marker.shortcode"]


def test_parquet_and_members_of_archives_are_read_too():
    pq.write_table(pa.table({"id": ["x"], "text": [TEXT]}), "posts.parquet")
    assert objects(run("posts.parquet"))[0]["text"] == CLEAN
    with zipfile.ZipFile("pages.zip", "w") as packed:
        packed.writestr("a/one.txt", TEXT)
        packed.writestr("a/two.html", f"<html><body><p>{TEXT}</p></body></html>")
        packed.writestr("bad.txt", b"\0\1\2")
    done = run("pages.zip", status=3)
    assert objects(done)[0] == {"id": "pages.zip/a/one.txt", "text": CLEAN, "facts": {}}
    assert "E202" in done.stderr


def test_a_host_stands_in_where_records_name_none():
    Path("rules").mkdir()
    Path("rules/own.toml").write_text(
        'schema = "archiver-rules/1"\n[[rule]]\nid = "newsletter.x"\naction = "drop"\n'
        'hosts = ["harbour.example"]\nliterals = ["Ships wait outside."]\nwhy = "w"\nseen = "s"\n'
        'removes = ["Ships wait outside."]\nkeeps = ["Ships wait."]\n',
        encoding="utf-8",
    )
    Path("a.jsonl").write_text(json.dumps({"text": TEXT}), encoding="utf-8")
    words = ("a.jsonl", "--rules", "rules")
    done = run(*words)
    assert objects(done)[0]["text"] == CLEAN
    assert "W401" in done.stderr
    done = run(*words, "--host", "harbour.example")
    assert objects(done)[0]["text"] == "The harbour is frozen.\n"
    assert "W401" not in done.stderr


def test_a_file_may_be_read_whole_all_the_same():
    Path("posts.jsonl").write_bytes(b'{"text": "x"}\n')
    assert run("posts.jsonl", "--format", "text").stdout == '{"text": "x"}\n'


def test_with_jsonl_lines_keep_their_fields():
    Path("posts.jsonl").write_bytes(as_lines())
    words = ("posts.jsonl", "--jsonl", "--quiet")
    first = run(*words, "--field", "body", status=3).stdout
    assert json.loads(first) == {**LINES[0], "body": CLEAN, "facts": {}}
    assert run(*words, "--text-field", "body", status=3).stdout == first
    assert run(*words, "--field", "text=body", status=3).stdout == first


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--jsonl", "--field", "url=link"), "does not go with --jsonl"),
        (("posts.jsonl", "--json"), "holds many documents"),
        (("a.txt", "--edits"), "of files of many documents"),
        (("a.txt", "--text-field", "body"), "of files of many documents"),
        (("-", "--format", "jsnl"), "Did you mean 'jsonl'?"),
    ],
)
def test_what_does_not_go_together_is_said(words, said):
    assert said in run(*words, status=2).output
