"""Repair: damage is mended, what the author wrote is not."""

from __future__ import annotations

import json
import re
from pathlib import Path

import ftfy.bad_codecs  # noqa: F401 -- registers the sloppy codecs
import pytest
from ftfy import fix_text

from archiver.document import Cleaning, Edit
from archiver.text.repair import MAX_LINE, REASONS, config, repair


@pytest.mark.parametrize(
    ("raw", "mended", "rule"),
    [
        ("Wladiwostok lieÃŸ", "Wladiwostok ließ", "repair.mojibake"),
        ("â€œYesâ€\x9d", "“Yes”", "repair.mojibake"),
        ("ÃƒÂ©tÃƒÂ©", "été", "repair.mojibake"),  # twice over
        ("e\u0301te\u0301", "été", "repair.unicode-form"),
        ("\ufefftext", "text", "repair.control"),
        ("a\x00b", "ab", "repair.control"),
        ("a\rb", "a\nb", "repair.line-end"),
        ("\x1b[31mred\x1b[0m", "red", "repair.terminal-escape"),
        ("it\x92s", "it’s", "repair.mojibake"),
        ("\ud83d\ude00", "😀", "repair.surrogate"),
    ],
)
def test_damage_is_mended_and_named(raw: str, mended: str, rule: str) -> None:
    text, edits = repair(raw)
    assert text == mended
    assert {edit.rule for edit in edits} == {rule}
    assert rule in REASONS


WORDS = "déjà vu – “naïve” façade, Größe, mañana"


@pytest.mark.parametrize("codec", ["cp1252", "cp1250", "cp1251"])
@pytest.mark.parametrize("times", [1, 2, 3])
def test_mojibake_several_times_over(codec: str, times: int) -> None:
    text = WORDS
    for _ in range(times):
        text = text.encode("utf-8").decode(f"sloppy-{codec.replace('cp', 'windows-')}")
    mended, edits = repair(f"first\n{text}\nlast\n")
    assert mended == f"first\n{WORDS}\nlast\n"
    assert [edit.rule for edit in edits] == ["repair.mojibake"]
    assert Cleaning(mended, edits).raw() == f"first\n{text}\nlast\n"


def test_mojibake_with_marks_that_print_nothing() -> None:
    assert (
        repair("x\u200by schÃ¶n so\u00adfort\u00a0da")[0] == "x\u200by schön so\u00adfort\u00a0da"
    )


@pytest.mark.parametrize(
    "text",
    [
        "“Curly” ‘quotes’",
        "ﬁne ligature",
        "ｆｕｌｌ width",
        "AT&amp;T &lt;b&gt;",
        "soft\u00adhyphen no\u00a0break zero\u200bwidth right\u200fto left",
        "می\u200cخواهم क्\u200dष 👩\u200d👩\u200d👧 join\u2060er",
        "\u202aleft\u202c \u2067right\u2069 \u061cmark",  # direction
        "thin\u2009space narrow\u202fspace wide\u3000space",
        "ĳ Ǆ ŉ ﬃ ﬆ",
        "tab\there",
        "日本語 한국어 العربية हिन्दी",
    ],
)
def test_what_the_author_wrote_stays(text: str) -> None:
    assert repair(text) == (text, ())


def test_an_edit_is_as_small_as_it_can_be_and_counts_in_the_raw_text() -> None:
    assert repair("first\nschÃ¶n\n")[1] == (Edit(9, 11, "Ã¶", "ö", "repair.mojibake"),)


def test_a_line_beyond_the_limit_is_left_as_it_is() -> None:
    line = "schÃ¶n " * (MAX_LINE // 6)
    assert repair(line + "\nschÃ¶n")[0] == line + "\nschön"


CASES = Path(__file__).parents[4] / "shared" / "eval" / "ftfy_cases"


@pytest.mark.skipif(not CASES.is_dir(), reason="the shared ftfy cases are not here")
@pytest.mark.parametrize("name", ["in-the-wild", "negative", "synthetic", "language-names"])
def test_ftfy_cases_come_out_as_ftfy_makes_them(name: str) -> None:
    """Line by line and until stable gives what ftfy gives on the whole text."""
    cases = json.loads((CASES / f"{name}.json").read_text(encoding="utf-8"))
    assert len(cases) > 5
    for case in cases:
        original = re.sub(r"\r\n?", "\n", case["original"])
        assert repair(original)[0] == fix_text(original, config())
