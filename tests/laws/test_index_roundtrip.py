"""What is written into an INDEX.md is read back equal, whatever the text."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from archiver.readers.front_matter import format_flat, parse_flat
from archiver.readers.index import format_index, read_index
from archiver.readers.index_table import cells_of, escape, format_row, unescape

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
spicy = st.lists(
    st.sampled_from(
        [*"\\|`*<>[]&#;_ \t\n\r\0-:ab1", "&amp;", "&#10;", "\\|", "``", "\x85", "\u2028"]
    ),
    max_size=14,
).map("".join)
any_text = texts | spicy


@given(any_text)
@example("\\")
@example("`a`")
@example("&#x41;")
@example(" \t ")
def test_a_cell_is_read_back(text):
    assert unescape(escape(text)) == text


@given(st.lists(any_text, min_size=2, max_size=5).filter(any))
@example(["\\", "|"])
@example(["", "x", ""])
def test_a_row_is_read_back(cells):
    line = format_row(cells)
    assert "\n" not in line
    assert "\r" not in line
    assert [unescape(cell) for cell in cells_of(line)] == cells


@given(any_text.filter(bool), any_text.filter(bool))
@settings(max_examples=50, deadline=None)
def test_a_whole_index_is_read_back(title, note):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "INDEX.md"
        row = {"file": "a.txt", "title": title, "note": note}
        path.write_text(format_index([row]), encoding="utf-8", newline="")
        index = read_index(path)
    assert index.findings == ()
    known = index.rows["a.txt"].provenance
    assert (known.title, known.metadata["note"]) == (title, note)


@given(texts.filter(lambda text: text.strip() and text.isprintable()))
@example("no")
@example("~")
@example("a: b # c")
@example("'")
def test_a_default_is_read_back(text):
    assert parse_flat("\n".join(format_flat({"license": text})), "INDEX.md") == {"license": text}
