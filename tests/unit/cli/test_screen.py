from __future__ import annotations

import io
import sys

import click
import pytest

from archiver.cli.screen import (
    LISTED,
    Screen,
    count,
    finding_line,
    finding_lines,
    labelled,
    size,
    table,
    wants_color,
)
from archiver.document import Finding
from archiver.findings import finding


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("environ", "stream", "wanted"),
    [
        ({}, Terminal(), True),
        ({}, io.StringIO(), False),
        ({"NO_COLOR": "1"}, Terminal(), False),
        ({"NO_COLOR": ""}, Terminal(), True),
        ({"FORCE_COLOR": "1"}, io.StringIO(), True),
        ({"CLICOLOR_FORCE": "1"}, io.StringIO(), True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, io.StringIO(), False),
        ({"CLICOLOR": "0"}, Terminal(), False),
        ({"FORCE_COLOR": "0"}, Terminal(), False),
        ({"TERM": "dumb"}, Terminal(), False),
    ],
)
def test_who_decides_about_colour(environ, stream, wanted):
    assert wants_color(stream, environ) is wanted


def test_a_table_is_aligned_and_hostile_cells_stay_on_their_line():
    lines = table(("name", "n"), [("日本", "1"), ("a\x1b[2J\nb", "1,000")], right="n")
    assert [click.unstyle(line) for line in lines] == [
        "name             n",
        "日本             1",
        "a\\x1b[2J\\nb  1,000",
    ]


def test_labels_stand_over_one_another_and_long_values_stay_indented():
    lines = [click.unstyle(line) for line in labelled([("a", "one\ntwo"), ("long", "x\x07")])]
    assert lines == ["  a     one\n        two", "  long  x\\x07"]


def test_findings_name_place_code_and_documents():
    found = Finding("E107", "other\x1bbytes", where="parts/a", layer="files", documents=("x", "y"))
    line = click.unstyle(finding_line(found))
    assert line == "parts/a: E107 other\\x1bbytes (files) [documents x, y]"


@pytest.mark.parametrize("said", ["a.jsonl:3 is no JSON", "a.jsonl is no JSON", "is no JSON"])
def test_a_finding_names_its_place_once(said):
    shown = finding_line(Finding("E230", said, where="a.jsonl", line=3))
    assert click.unstyle(shown) == "a.jsonl:3: E230 is no JSON"


def test_a_narrow_terminal_gets_its_table_wrapped(monkeypatch):
    rows = [("files", "2 parts of the archive", "sound")]
    head = ("layer", "checked", "result")
    assert len(table(head, rows)) == 2
    monkeypatch.setenv("COLUMNS", "30")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    lines = [click.unstyle(line) for line in table(head, rows)]
    assert lines == [
        "layer  checked          result",
        "files  2 parts of the   sound",
        "       archive",
    ]


def test_many_findings_of_one_code_are_counted_and_hinted_once():
    found = [finding("W307", f"f{n}", where=f"{n}.txt", line=n) for n in range(LISTED + 5)]
    lines = [line for _, line in finding_lines([*found, finding("E201", "x", where="e.txt")])]
    assert click.unstyle(lines[0]) == "e.txt: E201 x"  # errors first
    assert sum("hint:" in line for line in lines) == 2
    assert "… and 5 more findings of W307" in lines


@pytest.mark.parametrize(
    ("number", "words"),
    [(0, "0 bytes"), (1, "1 byte"), (999, "999 bytes"), (1000, "1.0 kB"), (28_437, "28.4 kB"),
     (999_960, "1.0 MB"), (10**9, "1.0 GB"), (10**15, "1,000.0 TB")],
)  # fmt: skip
def test_sizes(number, words):
    assert size(number) == words


def test_counts():
    assert [count(n, "line") for n in (0, 1, 2, 1234)] == [
        "no lines", "1 line", "2 lines", "1,234 lines",
    ]  # fmt: skip


def test_quiet_and_json_silence_words_and_quiet_leaves_warnings(capsys):
    Screen(quiet=True).say("word")
    Screen(as_json=True).say("word")
    Screen(as_json=True).warn("word")
    assert capsys.readouterr().err == ""
    Screen(quiet=True).warn("warning")
    assert capsys.readouterr().err == "warning\n"
