"""What happens to each line of a document: verdicts weighed in their context.

The decision is the least fixpoint of the rules: whatever a rule may take, once
all that stands around it has been decided, is taken. A rule's context only ever
asks for evidence, and lines already dropped count as evidence and never as
distance, so that taking one line can only allow more, never less. Hence the
result does not depend on the order of the look, and cleaning a clean text finds
nothing more: both are tested as laws.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from itertools import pairwise

from archiver.rules.match import Matcher, Verdict
from archiver.rules.rule import Rule
from archiver.text.lines import BULLETS, is_blank

#: The fence before the first and behind the last line.
_HEAD = 0

_NO_GAP: Counter[str] = Counter()


def decide(verdicts: Sequence[Verdict], matcher: Matcher) -> list[int | None]:
    """Per line the number of the rule that takes it, or None where it stays.

    Cost: linear in the lines, times the largest window that a rule looks through.
    """
    return _Page(verdicts, matcher).decide()


class _Page:
    """The lines of one document while they are being decided.

    Lines with words are a linked list, 1-based, with the fence at 0 and at the
    end; a taken line leaves it, and its family is remembered in the gap behind
    the line before it.
    """

    def __init__(self, verdicts: Sequence[Verdict], matcher: Matcher) -> None:
        self.rules: Sequence[Rule] = matcher.rules
        self.texts = ["", *(verdict.text.strip() for verdict in verdicts), ""]
        self.blank = [True, *(is_blank(verdict.text) for verdict in verdicts), True]
        self.taken: list[int | None] = [None] * len(self.texts)
        self.candidates: dict[int, tuple[int, ...]] = {
            line: verdict.candidates
            for line, verdict in enumerate(verdicts, 1)
            if verdict.candidates
        }
        self.end = len(self.texts) - 1
        words = [line for line, blank in enumerate(self.blank) if not blank]
        chain = [_HEAD, *words, self.end]
        self.next = dict(pairwise(chain))
        self.previous = {after: before for before, after in pairwise(chain)}
        self.gaps: dict[int, Counter[str]] = {}
        self._add_repeats(words, matcher)
        self.reach, self.window = matcher.reach, matcher.window

    def _add_repeats(self, words: Sequence[int], matcher: Matcher) -> None:
        """Lines that stand more than once are candidates of the repeat rules.

        ``again`` takes the later of two copies where no rule names the line, so
        that nothing can take the first copy as well; items of a list are left, and
        what stands more than twice: tips, credits and refrains are meant to.
        """
        if not (matcher.repeats or matcher.agains):
            return
        counts = Counter(self.texts[line] for line in words)
        stood: set[str] = set()
        for line in words:
            text = self.texts[line]
            if counts[text] == 1 or text[0] == "|":  # rows of a table may be alike
                continue
            named = self.candidates.get(line, ())
            fit = matcher.fitting(matcher.repeats, text)
            twice = counts[text] == 2 and text in stood
            if twice and not named and text[0] not in BULLETS:
                fit += matcher.fitting(matcher.agains, text)
            stood.add(text)
            if found := tuple(sorted({*named, *fit})):
                self.candidates[line] = found

    def decide(self) -> list[int | None]:
        for line in sorted(self.candidates):
            if self.blank[line]:  # nothing but marks that were cut
                self.taken[line] = self.candidates.pop(line)[0]
        queue = deque(sorted(self.candidates))
        while queue:
            while queue:
                line = queue.popleft()
                if line in self.candidates and (rule := self._rule_for(line)) is not None:
                    queue.extend(self._take(line, rule))
            queue.extend(self._at_the_edges())
        return self.taken[1:-1]

    def _rule_for(self, line: int) -> int | None:
        """The first rule whose context holds for a line."""
        return next((n for n in self.candidates[line] if self._holds(line, self.rules[n])), None)

    def _holds(self, line: int, rule: Rule) -> bool:
        context = rule.context
        return (
            (context.min_run <= 1 or self._run(line, rule.family, context.min_run))
            and (not context.beside or self._beside(line, context.beside, context.within))
            and (not context.between or self._between(line, context.between, context.within))
            and (not context.head or self._steps(line, self.previous, _HEAD, context.head))
            and (not context.tail or self._steps(line, self.next, self.end, context.tail))
            and (not context.repeat or self._repeats(line, isolated=context.isolated))
        )

    def _take(self, line: int, rule: int) -> list[int]:
        """Take a line out, and name those whose context this may have changed."""
        self.taken[line] = rule
        del self.candidates[line]
        before, after = self.previous[line], self.next[line]
        self.next[before], self.previous[after] = after, before
        gap = self.gaps.setdefault(before, Counter())
        gap.update(self.gaps.pop(line, {}))
        gap[self.rules[rule].family] += 1
        return [*self._around(before, self.previous), *self._around(after, self.next)]

    def _around(self, line: int, step: dict[int, int]) -> list[int]:
        found = []
        for _ in range(self.reach):
            if line in self.candidates:
                found.append(line)
            if line not in step:
                break
            line = step[line]
        return found

    def _at_the_edges(self) -> list[int]:
        """Candidates near the head or tail that could be taken now."""
        found: list[int] = []
        for line, step in ((_HEAD, self.next), (self.end, self.previous)):
            at = line
            for _ in range(self.window):
                at = step[at]
                if at in {_HEAD, self.end}:
                    break
                if at in self.candidates and self._rule_for(at) is not None:
                    found.append(at)
        return found

    def _run(self, line: int, family: str, least: int) -> bool:
        """Are there ``least`` lines of a family around this one, with no other between?"""
        count = 1
        for step in (self.previous, self.next):
            at = line
            while count < least:
                reached = step[at]
                # The gap between two lines is kept behind the upper one.
                count += self.gaps.get(min(at, reached), _NO_GAP)[family]
                if not self._is_of(reached, family):
                    break
                at = reached
                count += 1
        return count >= least

    def _is_of(self, line: int, family: str) -> bool:
        """Do words name the line? ``between`` goes by place, so it is no evidence."""
        return any(
            self.rules[n].family == family and not self.rules[n].context.between
            for n in self.candidates.get(line, ())
        )

    def _beside(self, line: int, families: tuple[str, ...], within: int) -> bool:
        """Was a line of one of the families dropped within so many lines?"""
        return self._ahead(line, families, within) or self._behind(line, families, within)

    def _between(self, line: int, families: tuple[str, ...], within: int) -> bool:
        """Were lines of the families dropped on both sides, each within so many lines?"""
        return self._ahead(line, families, within) and self._behind(line, families, within)

    def _behind(self, line: int, families: tuple[str, ...], within: int) -> bool:
        for _ in range(within):
            line = self.previous.get(line, _HEAD)
            if any(family in self.gaps.get(line, ()) for family in families):
                return True
        return False

    def _ahead(self, line: int, families: tuple[str, ...], within: int) -> bool:
        for _ in range(within):
            if any(family in self.gaps.get(line, ()) for family in families):
                return True
            line = self.next.get(line, self.end)
        return False

    def _steps(self, line: int, step: dict[int, int], fence: int, limit: int) -> bool:
        """Do fewer than ``limit`` lines stand between a line and a fence?"""
        for _ in range(limit):
            line = step[line]
            if line == fence:
                return True
        return False

    def _repeats(self, line: int, *, isolated: bool) -> bool:
        """Does the line equal the one before it, and stand apart with it if asked?"""
        before = self.previous[line]
        if before == _HEAD or self.texts[before] != self.texts[line]:
            return False
        return not isolated or (self._open(before - 1) and self._open(line + 1))

    def _open(self, line: int) -> bool:
        return self.blank[line] or self.taken[line] is not None
