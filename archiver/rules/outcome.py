"""The rules at work on a text: edits and facts from the decisions on its lines."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import islice
from operator import eq
from types import MappingProxyType

from archiver.document import Edit
from archiver.rules.decide import decide
from archiver.rules.judge import Judge
from archiver.rules.match import Matcher
from archiver.text.removal import Reason, removal_edits

Facts = tuple[tuple[str, str], ...]

#: No lines.
NOTHING: Mapping[int, Reason] = MappingProxyType({})

#: An entry of a list that marks in the text point to: ``[4] http://...``.
_LISTED = re.compile(r"\s*(?:[*•-] ?)?\[\d{1,3}\][:.]? *[^\W\d]")


def apply_rules(
    text: str,
    matcher: Matcher,
    judge: Judge | None = None,
    also: Mapping[int, Reason] = NOTHING,
) -> tuple[tuple[Edit, ...], Facts]:
    """What the rules do to a text: edits in its code points, sorted, and facts.

    ``judge`` is that of the matcher, where a caller remembers verdicts between
    documents. ``also`` are lines that go for
    another reason; where a rule takes one too, it is the rule's, and what a rule keeps stays.
    Cost: linear in the text.
    """
    lines = text.split("\n")
    if also and matcher.keeps:  # what a rule keeps, the line model keeps too
        also = {line: reason for line, reason in also.items() if not matcher.kept(lines[line])}
    judge = judge or Judge(matcher)
    verdicts = judge.verdicts(text, lines)
    if not verdicts and not _may_repeat(lines, matcher):
        return removal_edits(lines, also) if also else (), ()
    pointing = [number for number, verdict in verdicts.items() if matcher.points(verdict)]
    if pointing and any(_LISTED.match(line) and not judge(line).candidates for line in lines):
        for number in pointing:
            verdicts[number] = matcher.verdict(lines[number], listed=True)
    taken = decide(lines, verdicts, judge)
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


def _may_repeat(lines: Sequence[str], matcher: Matcher) -> bool:
    """Could a line that stands more than once be taken, where rules name no line?"""
    if not (matcher.repeats or matcher.agains):
        return False
    words = [text for line in lines if (text := line.strip())]
    if matcher.agains and len(set(words)) < len(words):
        return True
    return any(map(eq, words, islice(words, 1, None)))
