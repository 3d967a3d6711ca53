"""Lines and stretches taken out of a text, as edits that leave no holes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate

from archiver.document import Edit
from archiver.text.lines import is_blank

#: Which rule takes a line, and the classifier's score where one decided.
Reason = tuple[str, float | None]

#: A stretch of a line that goes, half open, and the rule that takes it.
Stretch = tuple[int, int, str]


def removal_edits(
    lines: Sequence[str],
    gone: Mapping[int, Reason],
    cuts: Mapping[int, Sequence[Stretch]] | None = None,
) -> tuple[Edit, ...]:
    """Edits, in code points of the text that the lines are, that take lines and stretches out.

    ``lines`` is the text split at every ``\\n``. A line that goes takes its line
    end along; of a line that goes, cuts are not made. Cost: linear in the text.
    """
    starts = [0, *accumulate(len(line) + 1 for line in lines)]
    starts[-1] -= 1  # the last line has no line end
    spans = _spans(lines, gone) if gone else {}
    edits: list[Edit] = []
    for number in sorted({*gone, *(cuts or ())}):
        if number in gone:
            first, last = spans[number]
            before = "\n".join(lines[first:last]) + ("\n" if last < len(lines) else "")
            rule, score = gone[number]
            edits.append(Edit(starts[first], starts[last], before, "", rule, score))
            continue
        for start, end, rule in (cuts or {})[number]:
            at, cut = starts[number] + start, lines[number][start:end]
            edits.append(Edit(at, at + len(cut), cut, "", rule))
    return tuple(edits)


def _spans(lines: Sequence[str], gone: Mapping[int, Reason]) -> dict[int, tuple[int, int]]:
    """Per line that goes, the lines that go with it: itself and blank ones around it.

    Where lines go from between two blank stretches, the longer stretch stays
    and the shorter goes; at the head and the tail of the text both go, so that
    no hole is left where debris stood.
    """
    total = len(lines) - 1 if lines[-1] == "" else len(lines)
    spans: dict[int, tuple[int, int]] = {}
    at = 0
    for first in sorted(gone):
        if first < at or first >= total:  # in a stretch that was done; the end of the text
            continue
        top = first
        while top > at and is_blank(lines[top - 1]):
            top -= 1
        at = first
        while at < total and (at in gone or is_blank(lines[at])):
            at += 1
        taken = [line for line in range(first, at) if line in gone]
        lead, trail = first - top, at - 1 - taken[-1]
        edge = top == 0 or at == total
        for line, following in zip(taken, [*taken[1:], taken[-1] + 1], strict=True):
            spans[line] = (line, following)
        if edge or lead < trail:
            spans[first] = (top, spans[first][1])
        if edge or trail <= lead:
            spans[taken[-1]] = (spans[taken[-1]][0], at)
    return spans
