"""INDEX.md: what is read, what is refused with which line, and what cannot be used."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from archiver.digest import sha256
from archiver.errors import IndexFileError, InputError
from archiver.readers import index_sheet
from archiver.readers.index import check_index, draft_index, is_index, read_index
from archiver.readers.index_table import cells_of, find_tables, lines_of

HEAD = "---\nschema: archiver-index/1\n---\n"
SEEDS = Path(__file__).parents[3] / "seeds"


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / "INDEX.md"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def codes(index: index_sheet.Index) -> list[tuple[str, int | None]]:
    return [(found.code, found.line) for found in index.findings]


def test_the_seeds_have_a_sound_index():
    index = read_index(SEEDS / "INDEX.md")
    assert check_index(SEEDS) == []
    assert len(index.rows) == 4
    for file, row in index.rows.items():
        assert row.id == Path(file).stem
        assert row.sha256 == sha256((SEEDS / file).read_bytes())
        assert (row.provenance.url, row.provenance.fetched_at) == (None, None)


def test_cells_are_counted_by_the_raw_line(tmp_path):
    index = read_index(
        write(
            tmp_path,
            HEAD
            + "| file | title | note |\n|---|:-:|--:|\n"
            + "| a.txt | x \\| y | `c \\| d` |\n"  # escaped pipes: three cells
            + "| b.txt | `x | y` | z |\n"  # GFM divides inside code, too: four
            + "| c.txt | x |\n"
            + "d.txt | x | y\n"  # outer pipes may be left out
            + "| e.txt |  |  |\n"
            + "no cell at all\n",
        )
    )
    assert set(index.rows) == {"a.txt", "d.txt", "e.txt"}
    assert index.rows["a.txt"].provenance.title == "x | y"
    assert index.rows["a.txt"].provenance.metadata["note"] == "c | d"
    assert codes(index) == [("E301", 7), ("E301", 8), ("E301", 11)]
    assert set(index.refused) == {"b.txt", "c.txt", "no cell at all"}


@pytest.mark.parametrize(
    "row",
    ["| a | b |", "a | b", "| a \\| b | c |", "| `a \\| b` | c |", "|a|b", "a|b|",
     "|  | b |", "| a |  |", "| \\| | \\|\\| |"],
)  # fmt: skip
def test_cells_are_those_of_a_markdown_parser(row):
    """Well-formed rows of two cells, as markdown-it (whose cells are padded) sees them."""
    tokens = MarkdownIt("commonmark").enable("table").parse(f"| x | y |\n|---|---|\n{row}\n")
    cells = [token.content for token in tokens if token.type == "inline"][2:]
    assert list(cells_of(row)) == cells


def test_tables_in_code_and_rows_after_a_gap(tmp_path):
    text = HEAD + (
        "```\n| file | id |\n|---|---|\n| example.txt | e |\n```\n"
        "| not | ours |\n|---|---|\n| x | y |\n\n"
        "| File | ID |\n|---|---|\n| a.txt | A |\n\n| lost.txt | L |\n"
    )
    index = read_index(write(tmp_path, text))
    assert set(index.rows) == {"a.txt"}
    assert codes(index) == [("E301", 17)]


def test_a_second_table_of_files_is_told(tmp_path):
    table = "| file | id |\n|---|---|\n| {0}.txt | {0} |\n\n"
    index = read_index(write(tmp_path, HEAD + table.format("a") + table.format("b")))
    assert set(index.rows) == {"a.txt"}
    assert codes(index) == [("E301", 8)]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("date", "26.04.2019"), ("date", "2019-13-01"), ("date", "2019"), ("date", "yesterday"),
        ("date", "0001-01-01T00:00+14:00"), ("fetched_at", "2019-04-26T25:00Z"),
        ("url", "krone.at"), ("url", "https://a b"), ("language", "German language"),
        ("encoding", "../x"), ("sha256", "abc"), ("title", "a\x1bb"), ("id", "a&#10;b"),
        ("title", "a\x9bb"),
    ],
)  # fmt: skip
def test_values_that_cannot_be_read(tmp_path, column, value):
    text = f"{HEAD}| file | {column} |\n|---|---|\n| a.txt | {value} |\n"
    index = read_index(write(tmp_path, text))
    assert codes(index) == [("E306", 6)]
    assert set(index.refused) == {"a.txt"}
    assert index.rows == {}


@pytest.mark.parametrize(
    ("words", "iso"),
    [
        ("2019-04-26", "2019-04-26T00:00:00+00:00"),
        ("2019-04-26 10:51", "2019-04-26T10:51:00+00:00"),
        ("2019-04-26T10:51:07.25Z", "2019-04-26T10:51:07.250000+00:00"),
        ("2019-04-26T10:51+02:00", "2019-04-26T08:51:00+00:00"),
    ],
)
def test_dates(tmp_path, words, iso):
    text = f"{HEAD}| file | date | fetched_at |\n|---|---|---|\n| a.txt | {words} | {words} |\n"
    known = read_index(write(tmp_path, text)).rows["a.txt"].provenance
    assert known.date is not None
    assert known.date.isoformat() == iso
    has_zone = words.endswith(("Z", "00"))
    kept = {} if has_zone else {"date_as_written": words, "fetched_at_as_written": words}
    assert dict(known.metadata) == kept


def test_yaml_reads_words_as_words(tmp_path):
    front = "---\nschema: 'archiver-index/1'\nlanguage: no\nversion: 1.10\nlicense: ~\n---\n"
    index = read_index(write(tmp_path, front + "| file |\n|---|\n| a.txt |\n"))
    assert index.defaults.language == "no"
    assert index.defaults.license is None
    assert index.rows["a.txt"].provenance.metadata["version"] == "1.10"


BOMB = "a: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]\n"


@pytest.mark.parametrize(
    ("front", "words"),
    [
        ("", "no front matter"),
        ("---\nschema: archiver-index/1\n", "not closed"),
        ("---\ntitle: x\n---\n", "archiver-index/1"),
        ("---\nschema: archiver-index/9\n---\n", "archiver-index/9"),
        (f"---\nschema: archiver-index/1\n{BOMB}---\n", "key: value"),
        ("---\nschema: archiver-index/1\na: &x y\nb: *x\n---\n", "anchors"),
        ("---\nschema: archiver-index/1\na: !!python/object:os.system x\n---\n", "tags"),
        ("---\nschema: archiver-index/1\na: {b: c}\n---\n", "key: value"),
        ("---\nschema: archiver-index/1\na: " + "[" * 30_000 + "\n---\n", "key: value"),
        ("---\n&x {schema: archiver-index/1}\n---\n", "key: value"),
        ("---\n- schema\n---\n", "key: value"),
        ("---\nschema\n---\n", "key: value"),
        ("---\nschema: archiver-index/1\nschema: archiver-index/1\n---\n", "repeated"),
        ("---\nschema: archiver-index/1\na: 'b\n---\n", "front matter"),
        ("---\nschema: archiver-index/1\na: b\x07\n---\n", "front matter"),
        ("---\nschema: archiver-index/1\n\ta: b: c\n---\n", "front matter"),
        ("---\nschema: archiver-index/1\nx: " + "y" * 70_000 + "\n---\n", "too long"),
        ("---\nschema: archiver-index/1\nfile: x\n---\n", "default"),
        ("---\nschema: archiver-index/1\ndate: soon\n---\n", "date"),
    ],
)
def test_front_matter_that_cannot_be_used(tmp_path, front, words):
    with pytest.raises(IndexFileError, match=words):
        read_index(write(tmp_path, front + "| file |\n|---|\n| a.txt |\n"))


@pytest.mark.parametrize(
    "table",
    ["", "no table", "| name | id |\n|---|---|\n", "| file | file |\n|---|---|\n",
     "| file |  |\n|---|---|\n", "| file | extracted |\n|---|---|\n", "| file | id |\n|---|\n",
     "    | file |\n    |---|\n"],
)  # fmt: skip
def test_tables_that_cannot_be_used(tmp_path, table):
    with pytest.raises(IndexFileError):
        read_index(write(tmp_path, HEAD + table))


def test_files_that_cannot_be_used(tmp_path, monkeypatch):
    with pytest.raises(IndexFileError):
        read_index(tmp_path / "gone.md")
    with pytest.raises(IndexFileError):
        read_index(tmp_path)
    with pytest.raises(IndexFileError, match="UTF-8"):
        read_index(write(tmp_path, HEAD.encode() + b"| file |\n|---|\n| \xff.txt |\n"))
    monkeypatch.setattr(index_sheet, "MAX_INDEX_BYTES", 10)
    with pytest.raises(IndexFileError, match="larger"):
        read_index(write(tmp_path, HEAD))


def test_a_byte_order_mark_and_windows_line_ends(tmp_path):
    text = f"\ufeff{HEAD}\n| file | id |\n|---|---|\n| a.txt | A |\n".replace("\n", "\r\n")
    path = write(tmp_path, text)
    assert is_index(path)
    assert read_index(path).rows["a.txt"].id == "A"


@pytest.mark.parametrize(
    "noise",
    ["| a.txt | x |\n" * 20_000, ">" * 1_000_000, "- " * 300_000, "[" * 500_000, "|" * 1_000_000,
     "`" * 500_000, "a\n" * 200_000, "\\" * 500_000, "|\\" * 300_000, "&#" * 300_000,
     "| " + "`" * 100_000 + " |\n", " " * 1_000_000, "| - |\n" * 100_000],
)  # fmt: skip
def test_a_hostile_index_costs_no_more_than_its_size(tmp_path, noise):
    path = write(tmp_path, f"{HEAD}| file | id |\n|---|---|\n{noise}\n")
    start = time.process_time()
    read_index(path)
    assert time.process_time() - start < 100, "time grows faster than the size"


def test_lines_are_counted_as_markdown_counts_them():
    lines = lines_of("a\x0bb\x85c\u2028d\r\ne\rf\ng")
    assert lines == ["a\x0bb\x85c\u2028d", "e", "f", "g"]
    assert list(find_tables(lines, 0)) == []


def test_a_draft_is_sound_and_says_nothing_it_does_not_know(tmp_path):
    (tmp_path / "sub").mkdir()
    for name, data in {
        "a.txt": b"plain",
        "latin.txt": b"caf\xe9",
        "a|b &amp; *c* `d`.txt": "ü".encode(),
        "sub/a.html": b"<p>",
        ".hidden.txt": b"x",
        "data.csv": b"x",
    }.items():
        (tmp_path / name).write_bytes(data)
    path = write(tmp_path, draft_index(tmp_path))
    index = read_index(path)
    assert index.findings == ()
    assert {file: (row.id, row.provenance.encoding) for file, row in index.rows.items()} == {
        "a.txt": ("a.txt", "utf-8"),
        "a|b &amp; *c* `d`.txt": ("a|b &amp; *c* `d`", "utf-8"),
        "latin.txt": ("latin", None),
        "sub/a.html": ("sub/a.html", "utf-8"),
    }
    assert [(found.code, found.where) for found in check_index(path)] == [("W208", "data.csv")]
    with pytest.raises(InputError):
        draft_index(tmp_path / "gone")


def test_a_check_finds_everything_at_once(tmp_path):
    for name in ("a.txt", "b.txt", "new.txt"):
        (tmp_path / name).write_text(name, encoding="utf-8")
    write(
        tmp_path,
        f"{HEAD}| file | sha256 |\n|---|---|\n| a.txt | {'0' * 64} |\n| gone.txt |  |\n"
        "| ../x | |\n| b.txt |\n",
    )
    found = [(item.code, item.line) for item in check_index(tmp_path)]
    assert found == [("W307", None), ("E303", 6), ("E302", 7), ("E304", 8), ("E301", 9)]
