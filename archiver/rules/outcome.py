"""The rules at work on a text: edits and facts from the decisions on its lines."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

from archiver.document import Edit
from archiver.rules.decide import decide
from archiver.rules.match import Matcher, Verdict
from archiver.text.removal import Reason, removal_edits

Facts = tuple[tuple[str, str], ...]

#: No lines.
NOTHING: Mapping[int, Reason] = MappingProxyType({})

#: An entry of a list that marks in the text point to: ``[4] http://...``.
_LISTED = re.compile(r"\s*(?:[*•-] ?)?\[\d{1,3}\][:.]? *[^\W\d]")


def apply_rules(
    text: str,
    matcher: Matcher,
    judge: Callable[[str], Verdict] | None = None,
    also: Mapping[int, Reason] = NOTHING,
) -> tuple[tuple[Edit, ...], Facts]:
    """What the rules do to a text: edits in its code points, sorted, and facts.

    ``judge`` gives a line's verdict where a caller remembers verdicts between
    documents; by default the matcher is asked. ``also`` are lines that go for
    another reason; where a rule takes one too, it is the rule's.
    Cost: linear in the text.
    """
    lines = text.split("\n")
    judge = judge or matcher.verdict
    verdicts = {number: judge(lines[number]) for number in matcher.named(text)}
    verdicts = {n: verdict for n, verdict in verdicts.items() if verdict.cuts or verdict.candidates}
    if not verdicts and not ((matcher.repeats or matcher.agains) and len(set(lines)) < len(lines)):
        return removal_edits(lines, also) if also else (), ()
    pointing = [number for number, verdict in verdicts.items() if matcher.points(verdict)]
    if pointing and any(_LISTED.match(line) and not judge(line).candidates for line in lines):
        for number in pointing:
            verdicts[number] = matcher.verdict(lines[number], listed=True)
    taken = decide(lines, verdicts, matcher, judge)
    rules = matcher.rules
    facts = tuple(
        matcher.fact(rule, verdicts[line].text)
        for line, rule in sorted(taken.items())
        if rules[rule].action == "fact"
    )
    gone = dict(also)
    gone |= {line: (rules[rule].id, None) for line, rule in taken.items()}
    cuts = {
        line: [(start, end, rules[rule].id) for start, end, rule in verdict.cuts]
        for line, verdict in verdicts.items()
        if verdict.cuts
    }
    return removal_edits(lines, gone, cuts), facts
