"""Tables in windows of any width: nothing is cut, and no line is wider than the window."""

from __future__ import annotations

import pytest

from archiver.cli.columns import lay_out
from archiver.cli.visible import cells

HEAD = ("layer", "checked", "bytes", "result")
ROWS = [
    ("files", "2 parts of the archive, 日本語 and others", "1,204", "sound"),
    ("bag", "", "7", "2 warnings of a kind that needs a few words"),
]


def test_a_wide_window_gets_a_line_a_row():
    assert lay_out(("a", "n"), [("x", "1"), ("yy", "10")], {1}, 80) == [
        "a    n",
        "x    1",
        "yy  10",
    ]
    assert len(lay_out(HEAD, ROWS, {2}, 120)) == 3
    assert lay_out(HEAD, ROWS, {2}, None) == lay_out(HEAD, ROWS, {2}, 500)


@pytest.mark.parametrize("room", [*range(14, 100, 3), 200])
def test_nothing_is_lost_and_nothing_stands_out(room):
    lines = lay_out(HEAD, ROWS, {2}, room)
    assert max(map(cells, lines)) <= max(room, 21)  # a name, the gap, and a word of twelve
    shown = " ".join(" ".join(lines).split())
    for word in " ".join(" ".join(row) for row in ROWS).split():
        assert word in shown


def test_a_narrow_one_wraps_words_and_never_numbers():
    lines = lay_out(("name", "n"), [("one two three four five", "1,234,567")], {1}, 24)
    assert lines == [
        "name                   n",
        "one two three  1,234,567",
        "four five",
    ]


def test_a_very_narrow_one_gets_a_block_a_row():
    assert lay_out(("a", "number"), [("x", "1234"), ("", "5678")], {1}, 5) == [
        "", "a       x", "number  1234", "", "number  5678",
    ]  # fmt: skip
