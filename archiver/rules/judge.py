"""Verdicts of one matcher on many lines, remembered: the same line is judged once."""

from __future__ import annotations

from collections.abc import Sequence

from archiver.rules.match import Matcher, Verdict
from archiver.rules.sieve import Asked

#: A verdict on a longer line is not kept: such lines hardly ever stand twice.
MAX_KEPT_LINE = 200


class Judge:
    """Says verdicts as its matcher does, and which lines of a text have one at all.

    What it remembers makes nothing but the time depend on what it was asked before. It
    grows with the lines seen: keep one for a batch, not for a corpus.
    """

    def __init__(self, matcher: Matcher, asked: Asked | None = None) -> None:
        """``asked``: shared by judges of other languages and hosts, of the same rules."""
        self.matcher = matcher
        self._asked = asked or Asked(matcher.sieve)
        self._known: dict[str, Verdict] = {}
        self._fitting: dict[tuple[str, bool], tuple[int, ...]] = {}

    def __call__(self, line: str) -> Verdict:
        """The verdict on any line, rules that act between others' lines among it."""
        verdict = self._known.get(line)
        if verdict is None:
            verdict = self.matcher.verdict(line)
            if len(line) <= MAX_KEPT_LINE:
                self._known[line] = verdict
        return verdict

    def verdicts(self, text: str, lines: Sequence[str]) -> dict[int, Verdict]:
        """By number from 0, the verdicts that take or cut a line of a text by what it says.

        Of all other lines ``Matcher.verdict`` has nothing to tell but rules that act between
        others' lines (``Matcher.between``): whoever meets such a place asks about its line.
        Cost: linear; passes in C over lines that are new, and a look-up for all others.
        """
        named = self._asked.named(text)
        found: dict[int, Verdict] = {}
        for number, line in [(n, line) for n, line in enumerate(lines) if line in named]:
            verdict = self._known.get(line)
            if verdict is None:
                verdict = self.matcher.verdict(line, by=named[line])
                if len(line) <= MAX_KEPT_LINE:
                    self._known[line] = verdict
            if verdict.cuts or verdict.candidates:
                found[number] = verdict
        return found

    def fitting(self, text: str, *, again: bool) -> tuple[int, ...]:
        """``Matcher.fitting`` of the rules for lines that repeat, or for those that come again."""
        rules = self.matcher.agains if again else self.matcher.repeats
        if not rules:
            return ()
        key = text, again
        fit = self._fitting.get(key)
        if fit is None:
            fit = self._fitting[key] = self.matcher.fitting(rules, text)
        return fit
