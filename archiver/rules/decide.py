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
from collections.abc import Mapping, Sequence
from itertools import pairwise

from archiver.rules.judge import Judge
from archiver.rules.match import Matcher, Verdict
from archiver.rules.rule import Rule
from archiver.text.lines import BULLETS

#: The fence before the first and behind the last line.
_HEAD = 0

_NO_GAP: Counter[str] = Counter()


def decide(
    lines: Sequence[str],
    verdicts: Mapping[int, Verdict],
    judge: Judge,
) -> dict[int, int]:
    """Which lines go, by their numbers from 0, and the number of the rule that takes each.

    ``verdicts`` are those that ``judge.verdicts`` tells; it gives that on any other line,
    which is asked only where a rule that goes by place might act.
    Cost: linear in the lines, times the largest window that a rule looks through.
    """
    return _Page(lines, verdicts, judge).decide()


class _Page:
    """The lines of one document while they are being decided.

    Lines with words are a linked list, 1-based, with the fence at 0 and at the
    end; a taken line leaves it, and its family is remembered in the gap behind
    the line before it.
    """

    def __init__(self, lines: Sequence[str], verdicts: Mapping[int, Verdict], judge: Judge) -> None:
        matcher = judge.matcher
        self.rules: Sequence[Rule] = matcher.rules
        self.texts = ["", *[line.strip() for line in lines], ""]
        for number, verdict in verdicts.items():
            self.texts[number + 1] = verdict.text.strip()
        self.taken: dict[int, int] = {}
        self.candidates: dict[int, tuple[int, ...]] = {
            number + 1: verdict.candidates
            for number, verdict in verdicts.items()
            if verdict.candidates
        }
        self.end = len(self.texts) - 1
        self.lines, self.judge = lines, judge
        #: Lines that only a rule that goes by place may name: they are asked about when
        #: such a rule could act.
        named = {number + 1 for number in verdicts}
        self.unasked = {*range(1, self.end)} - named if matcher.between else set()
        words = [line for line, text in enumerate(self.texts) if text]
        chain = [_HEAD, *words, self.end]
        self.next = dict(pairwise(chain))
        self.previous = {after: before for before, after in pairwise(chain)}
        self.gaps: dict[int, Counter[str]] = {}
        self._add_repeats(words, matcher)
        families = {self.rules[n].family for found in self.candidates.values() for n in found}
        if not families & matcher.between:  # nothing is ever taken for them to stand between
            self.unasked.clear()
        self.reach, self.window = matcher.reach, matcher.window

    def _add_repeats(self, words: Sequence[int], matcher: Matcher) -> None:
        """Lines that stand more than once are candidates of the repeat rules.

        ``again`` takes the later of two copies where no rule names the line, so
        that nothing can take the first copy as well; items of a list are left, and
        what stands more than twice: tips, credits and refrains are meant to.
        """
        counts = {text: count for text, count in Counter(self.texts).items() if count > 1 and text}
        if not counts or not (matcher.repeats or matcher.agains):
            return
        alone = not self._may_stand_between(matcher)
        stood: dict[str, int] = {}
        fence = _HEAD  # the last line that nothing can take
        for line in words:
            text = self.texts[line]
            if text not in counts or text[0] == "|":  # rows of a table may be alike
                if line not in self.candidates and (alone or line not in self.unasked):
                    fence = line
                continue
            self._ask(line)
            named = self.candidates.get(line, ())
            before = stood.get(text, -1)
            # Next to its like a line comes only where all between them is taken.
            near = before >= fence or not matcher.repeats_stand_alone
            fit = self.judge.fitting(text, again=False) if near else ()
            twice = counts[text] == 2 and before > 0
            if twice and not named and text[0] not in BULLETS:
                fit += self.judge.fitting(text, again=True)
            stood[text] = line
            if found := tuple(sorted({*named, *fit})):
                self.candidates[line] = found
            else:
                fence = line

    def _may_stand_between(self, matcher: Matcher) -> bool:
        """Could a rule that goes by place ever find lines taken around one?"""
        named = {self.rules[n].family for numbers in self.candidates.values() for n in numbers}
        named |= {self.rules[n].family for n in (*matcher.repeats, *matcher.agains)}
        return bool(named & matcher.between)

    def _ask(self, line: int) -> None:
        """Ask for the verdict on a line, where that was not done yet."""
        if line in self.unasked:
            self.unasked.discard(line)
            if found := self.judge(self.lines[line - 1]).candidates:
                self.candidates[line] = found

    def decide(self) -> dict[int, int]:
        """The lines taken, by their numbers from 0, and by which rule."""
        for line in sorted(self.candidates):
            if not self.texts[line]:  # nothing but marks that were cut
                self.taken[line] = self.candidates.pop(line)[0]
        queue = deque(sorted(self.candidates))
        while queue:
            while queue:
                line = queue.popleft()
                if line in self.candidates and (rule := self._rule_for(line)) is not None:
                    queue.extend(self._take(line, rule))
            queue.extend(self._at_the_edges())
        return {line - 1: rule for line, rule in self.taken.items()}

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
            self._ask(line)
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
        return not self.texts[line] or line in self.taken
