"""The rules at work on a text: edits and facts from the decisions on its lines."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from archiver.document import Edit
from archiver.rules.decide import decide
from archiver.rules.match import Matcher, Verdict
from archiver.text.lines import is_blank

Facts = tuple[tuple[str, str], ...]

#: An entry of a list that marks in the text point to: ``[4] http://...``.
_LISTED = re.compile(r"\s*(?:[*•-] ?)?\[\d{1,3}\][:.]? *[^\W\d]")


def apply_rules(
    text: str, matcher: Matcher, judge: Callable[[str], Verdict] | None = None
) -> tuple[tuple[Edit, ...], Facts]:
    """What the rules do to a text: edits in its code points, sorted, and facts.

    ``judge`` gives a line's verdict where a caller remembers verdicts between
    documents; by default the matcher is asked.
    Cost: linear in the text.
    """
    lines = text.split("\n")
    verdicts = [*map(judge or matcher.verdict, lines)]
    if not any(verdict.cuts or verdict.candidates for verdict in verdicts) and not (
        matcher.repeats and len(set(lines)) < len(lines)
    ):
        return (), ()
    pointing = [number for number, verdict in enumerate(verdicts) if matcher.points(verdict)]
    if pointing and any(
        _LISTED.match(line) and not verdict.candidates
        for line, verdict in zip(lines, verdicts, strict=True)
    ):
        for number in pointing:
            verdicts[number] = matcher.verdict(lines[number], listed=True)
    taken = decide(verdicts, matcher)
    facts = tuple(
        matcher.fact(rule, verdicts[line].text)
        for line, rule in enumerate(taken)
        if rule is not None and matcher.rules[rule].action == "fact"
    )
    return tuple(_edits(lines, verdicts, taken, matcher)), facts


def _edits(
    lines: Sequence[str],
    verdicts: Sequence[Verdict],
    taken: Sequence[int | None],
    matcher: Matcher,
) -> list[Edit]:
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    starts[-1] -= 1  # the last line has no line end
    spans = _spans(lines, taken)
    edits: list[Edit] = []
    for number, line in enumerate(lines):
        rule = taken[number]
        if rule is None:
            for start, end, cutter in verdicts[number].cuts:
                at = starts[number] + start
                edits.append(
                    Edit(at, at + end - start, line[start:end], "", matcher.rules[cutter].id)
                )
            continue
        first, last = spans[number]
        start, end = starts[first], starts[last]
        before = "\n".join(lines[first:last]) + ("\n" if last < len(lines) else "")
        edits.append(Edit(start, end, before, "", matcher.rules[rule].id))
    return edits


def _spans(lines: Sequence[str], taken: Sequence[int | None]) -> dict[int, tuple[int, int]]:
    """Per line taken, the lines that go with it: itself and blank ones around it.

    Where lines go from between two blank stretches, the longer stretch stays
    and the shorter goes; at the head and the tail of the text both go, so that
    no hole is left where debris stood.
    """
    total = len(lines) - 1 if lines[-1] == "" else len(lines)
    spans: dict[int, tuple[int, int]] = {}
    at = 0
    while at < total:
        top = at
        while at < total and (taken[at] is not None or is_blank(lines[at])):
            at += 1
        gone = [line for line in range(top, at) if taken[line] is not None]
        if gone:
            lead, trail = gone[0] - top, at - 1 - gone[-1]
            edge = top == 0 or at == total
            for line, following in zip(gone, [*gone[1:], gone[-1] + 1], strict=True):
                spans[line] = (line, following)
            if edge or lead < trail:
                spans[gone[0]] = (top, spans[gone[0]][1])
            if edge or trail <= lead:
                spans[gone[-1]] = (spans[gone[-1]][0], at)
        at += 1
    return spans
