"""``index update`` takes digests anew and lists new files; all else stays as written."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.digest import sha256
from archiver.readers.index import check_index, format_index, read_index, refresh_index

WRITTEN = """---
schema: archiver-index/1
license: CC0
---
# Mine

|file|ID | sha256 | title | mine |
|---|---|:--:|---|---|
| a.txt | one | {digest} | A \\| B &amp; `c` | x |
|gone.txt|two||||

Words after the table.
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.txt").write_bytes(b"one\n")
    (tmp_path / "INDEX.md").write_text(WRITTEN.format(digest=sha256(b"one\n")), encoding="utf-8")
    return tmp_path


def test_what_is_up_to_date_stays_byte_for_byte(folder: Path) -> None:
    done = refresh_index(folder)
    assert (done.added, done.changed) == ((), ())
    assert done.text.encode() == (folder / "INDEX.md").read_bytes()


def test_a_changed_file_gets_its_digest_and_a_new_one_a_row(folder: Path) -> None:
    (folder / "a.txt").write_bytes(b"two\n")
    (folder / "b.txt").write_bytes("schön\n".encode("cp1252"))
    done = refresh_index(folder / "INDEX.md")
    assert (done.added, done.changed) == (("b.txt",), ("a.txt",))
    (folder / "INDEX.md").write_bytes(done.text.encode())
    index = read_index(folder / "INDEX.md")
    assert index.rows["a.txt"].sha256 == sha256(b"two\n")
    assert index.rows["a.txt"].provenance.title == "A | B & `c`"
    assert index.rows["b.txt"].id == "b"
    assert done.text.endswith("|\n\nWords after the table.\n")
    assert [found.code for found in check_index(folder)] == ["E302"]  # the missing file


def test_a_table_without_rows_gets_its_first_ones(tmp_path: Path) -> None:
    (tmp_path / "INDEX.md").write_text(format_index([]), encoding="utf-8")
    (tmp_path / "x.txt").write_text("x", encoding="utf-8")
    (tmp_path / "INDEX.md").write_bytes(refresh_index(tmp_path).text.encode())
    assert check_index(tmp_path) == []


def test_windows_line_ends_stay(folder: Path) -> None:
    path = folder / "INDEX.md"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    (folder / "a.txt").write_bytes(b"two\n")
    text = refresh_index(folder).text
    assert text.count("\r\n") == text.count("\n") == WRITTEN.count("\n")


@given(title=st.text(st.characters(codec="utf-8"), max_size=20))
def test_the_other_cells_survive_whatever_they_hold(tmp_path_factory, title: str) -> None:
    folder = tmp_path_factory.mktemp("law")
    (folder / "a.txt").write_bytes(b"now\n")
    row = {"file": "a.txt", "sha256": sha256(b"then\n"), "title": title}
    (folder / "INDEX.md").write_bytes(format_index([row]).encode())
    before = read_index(folder / "INDEX.md").rows["a.txt"]
    (folder / "INDEX.md").write_bytes(refresh_index(folder).text.encode())
    after = read_index(folder / "INDEX.md").rows["a.txt"]
    assert after.provenance == before.provenance
    assert after.sha256 == sha256(b"now\n")
