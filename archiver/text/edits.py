"""Edits of one stage on top of another's, as edits of the first text."""

from __future__ import annotations

from collections.abc import Sequence

from archiver.document import Edit


def apply(text: str, edits: Sequence[Edit]) -> str:
    """The text with the edits made. They are sorted and do not overlap."""
    pieces: list[str] = []
    at = 0
    for edit in edits:
        pieces += (text[at : edit.start], edit.after)
        at = edit.end
    pieces.append(text[at:])
    return "".join(pieces)


def compose(raw: str, first: Sequence[Edit], second: Sequence[Edit]) -> tuple[Edit, ...]:
    """Two stages as one: applied to ``raw`` it gives what the two give in turn.

    ``first`` counts in ``raw``, ``second`` in the text that ``first`` makes, the
    result in ``raw`` again. Where the two overlap they become one edit, under
    the name of the second: what was mended and then dropped was dropped.
    Cost: linear in the edits and in the text that they touch.
    """
    if not first or not second:
        return tuple(first or second)
    merged: list[Edit] = []
    shift = 0  # raw position minus middle position, behind the first edits taken so far
    i = j = 0
    while j < len(second):
        edit = second[j]
        while i < len(first) and first[i].start - shift + len(first[i].after) <= edit.start:
            merged.append(first[i])
            shift += _shrinks(first[i])
            i += 1
        start, after = edit.start + shift, ""
        if i < len(first) and first[i].start - shift < edit.start:
            start = first[i].start
            after = first[i].after[: edit.start + shift - start]
        cursor, tail = edit.start, ""  # middle position; what first edits put behind it
        while True:
            after += second[j].after
            tail = tail[second[j].end - cursor :]
            cursor = second[j].end
            while i < len(first) and first[i].start - shift < cursor:
                begin = first[i].start - shift
                tail = first[i].after[cursor - begin :]
                shift += _shrinks(first[i])
                i += 1
            j += 1
            if j == len(second) or second[j].start >= cursor + len(tail):
                break
            after += tail[: second[j].start - cursor]
            tail = tail[second[j].start - cursor :]
            cursor = second[j].start
        end = cursor + len(tail) + shift
        merged.append(Edit(start, end, raw[start:end], after + tail, edit.rule, edit.score))
    return (*merged, *first[i:])


def _shrinks(edit: Edit) -> int:
    """By how much an edit makes the text shorter."""
    return edit.end - edit.start - len(edit.after)
