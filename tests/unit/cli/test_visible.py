from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.cli.visible import (
    cells,
    clip,
    dump_json,
    is_plain,
    pad,
    visible,
    visible_line,
    wrap,
)

HOSTILE = [
    "\x1b[2J",
    "\x1b]0;title\x07",
    "\x9b31m",
    "a\x08b",
    "a\rb",
    "\u202egnp.exe",
    "\u2066x\u2069",
    "\ufeff",
    "\U000e0041",
    "\ud800",
    "\u2028",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_what_a_terminal_would_obey_is_shown_as_an_escape(text):
    shown = visible(text)
    assert is_plain(shown)
    assert "\\" in shown


def test_ordinary_text_of_any_script_is_left_alone():
    text = "Zürich “quoted” 日本語 שלום سلام\n\t👩\u200d💻 e\u0301 soft\u00adhyphen می\u200cخواهم"
    assert visible(text) == text


def test_on_one_line_tabs_and_line_feeds_are_escapes_too():
    assert visible_line("a\tb\nc") == "a\\tb\\nc"


@given(st.text(st.characters()))
def test_no_control_but_tab_and_line_feed_is_left(text):
    kept = {
        char for char in visible(text) if unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"}
    }
    assert kept <= {"\t", "\n"}


@given(st.text(st.characters()))
def test_json_keeps_its_value_and_carries_no_control(text):
    dumped = dump_json({"key": text})
    assert json.loads(dumped) == {"key": text}
    assert is_plain(dumped)


def test_wide_and_combining_characters_are_counted_by_columns():
    assert cells("日本") == 4
    assert cells("e\u0301") == 1
    assert pad("日本", 6) == "日本  "


@given(st.text(st.characters(codec="utf-8", categories=["L", "N", "Zs"])), st.integers(2, 30))
def test_a_clipped_line_fits(text, width):
    assert cells(clip(text, width)) <= width


@given(st.text("ab 日é", max_size=60), st.integers(2, 20))
def test_wrapped_rows_fit_and_lose_nothing_but_blanks(text, width):
    rows = wrap(text, width)
    assert all(cells(row) <= width for row in rows)
    assert "".join(rows).replace(" ", "") == text.replace(" ", "")
