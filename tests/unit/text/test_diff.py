from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from archiver.document import Edit
from archiver.text.diff import Gap, Line, Span, hunks, lines, positions


@st.composite
def edited(draw: st.DrawFn) -> tuple[str, list[Edit]]:
    text = draw(st.text("ab\n", max_size=40))
    points = sorted(draw(st.lists(st.integers(0, len(text)), max_size=8)))
    edits = []
    for start, end in zip(points[::2], points[1::2], strict=False):
        after = draw(st.text("xy", max_size=2))
        if start < end or after:
            edits.append(Edit(start, end, text[start:end], after, f"r{len(edits)}"))
    return text, edits


@given(edited())
def test_the_diff_shows_all_of_the_raw_text_and_all_that_comes_in(case):
    text, edits = case
    found = list(lines(text, edits))
    raw = [
        "".join(span.text for span in line.spans if span.kind != "new").removesuffix("\n")
        for line in found
    ]
    assert "\n".join(raw) == text.removesuffix("\n") or not text
    if text:
        new = "".join(span.text for line in found for span in line.spans if span.kind == "new")
        assert new == "".join(edit.after for edit in edits)
        assert {rule for line in found for rule in line.rules} == {edit.rule for edit in edits}


def test_a_line_that_goes_is_marked_and_a_cut_stands_in_its_place():
    text = "ad\nfact[1] stays\nend"
    edits = [Edit(0, 3, "ad\n", "", "ad"), Edit(7, 10, "[1]", "", "cite")]
    assert list(lines(text, edits)) == [
        Line(1, "-", (Span("gone", "ad"),), ("ad",)),
        Line(
            2, "~", (Span("same", "fact"), Span("gone", "[1]"), Span("same", " stays")), ("cite",)
        ),
        Line(3, " ", (Span("same", "end"),)),
    ]


def test_an_edit_over_lines_takes_each_of_them():
    marks = [line.mark for line in lines("a\n\nb\nc", [Edit(0, 5, "a\n\nb\n", "", "r")])]
    assert marks == ["-", "-", "-", " "]


def test_a_joined_line_shows_the_line_feed_that_goes():
    first, _ = lines("a\nb", [Edit(1, 2, "\n", "", "join")])
    assert first.spans == (Span("same", "a"), Span("gone", "\n"))


def test_hunks_keep_their_surroundings_and_count_what_they_leave_out():
    found = list(lines("\n".join("abcdefg"), [Edit(6, 7, "d", "", "r")]))
    shown = list(hunks(found, 1))
    assert shown == [Gap(2), *found[2:5], Gap(2)]


def test_positions_count_from_one():
    assert positions("ab\ncd\n", [0, 1, 2, 3, 5, 6]) == [
        (1, 1), (1, 2), (1, 3), (2, 1), (2, 3), (3, 1),
    ]  # fmt: skip
