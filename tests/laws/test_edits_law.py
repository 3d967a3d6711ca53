"""Laws of edits: two stages composed do what the two do one after the other."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from archiver.document import Cleaning, Edit
from archiver.text.edits import apply, compose


@st.composite
def edits_of(draw: st.DrawFn, text: str) -> tuple[Edit, ...]:
    """Any sorted edits without overlap, insertions and deletions among them."""
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=8)))
    found = []
    for start, end in zip(cuts[::2], cuts[1::2], strict=False):
        if found and found[-1].end == start == end:
            continue  # two insertions at one place have no order
        after = draw(st.text("xyz", max_size=4))
        found.append(Edit(start, end, text[start:end], after, draw(st.sampled_from("pq"))))
    return tuple(found)


@given(st.data(), st.text("abc\n", max_size=20))
def test_composed_edits_do_what_the_two_stages_do(data: st.DataObject, raw: str) -> None:
    first = data.draw(edits_of(raw))
    middle = apply(raw, first)
    second = data.draw(edits_of(middle))
    final = apply(middle, second)
    both = compose(raw, first, second)
    assert apply(raw, both) == final
    assert all(edit.before == raw[edit.start : edit.end] for edit in both)
    assert all(a.end <= b.start for a, b in pairwise(both))
    assert Cleaning(final, both).raw() == raw


def test_what_was_mended_and_then_dropped_has_the_name_of_the_drop() -> None:
    raw = "keep\nÃ¤d\n"
    first = [Edit(5, 7, "Ã¤", "ä", "repair.mojibake")]
    second = [Edit(5, 8, "äd\n", "", "ad-marker.label")]
    assert compose(raw, first, second) == (Edit(5, 9, "Ã¤d\n", "", "ad-marker.label"),)
