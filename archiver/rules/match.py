"""What the rules say about one line on its own: the verdict, free of context."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from archiver.rules.regex import Pattern, PatternSet
from archiver.rules.rule import Profile, Rule, Ruleset
from archiver.text.lines import fold, is_blank
from archiver.text.repair import repair_line

#: A longer line is prose, whatever it says: the longest boilerplate sentence in
#: the labelled sets has under 600 characters.
MAX_LINE = 1_000

#: Citation marks stand in paragraphs, so cuts look further; beyond, nothing is cut.
MAX_CUT_LINE = 100_000

Cut = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What could happen to a line.

    ``text`` is the line after cuts; ``cuts`` are (start, end, rule) in the line
    as it came. ``candidates`` are numbers of the matcher's rules that would
    take the line if their context holds, in the order of their say.
    """

    text: str
    cuts: tuple[Cut, ...] = ()
    candidates: tuple[int, ...] = ()


class Matcher:
    """The rules of one profile and language, compiled; says verdicts on lines.

    Pure: the same line gets the same verdict whenever it is asked for, so
    verdicts may be kept for a whole batch.
    """

    def __init__(self, ruleset: Ruleset, profile: Profile, language: str | None = None) -> None:
        spoken = (language or "").partition("-")[0].lower()
        self.rules: tuple[Rule, ...] = tuple(
            rule
            for rule in ruleset.rules
            if rule.acts_in(profile)
            and (not rule.languages or not spoken or spoken in rule.languages)
        )
        self._literals: dict[str, list[int]] = {}
        for number, rule in enumerate(self.rules):
            for literal in rule.literals:
                self._literals.setdefault(literal, []).append(number)
        self._whole = PatternSet(self._patterns("drop", "keep"), whole=True)
        self._facts = PatternSet(self._patterns("fact"), whole=True)
        self._cuts = PatternSet(self._patterns("cut"), whole=False)
        self.repeats = tuple(
            number
            for number, rule in enumerate(self.rules)
            if rule.context.repeat and not rule.pattern and not rule.literals
        )

    def verdict(self, line: str) -> Verdict:
        """What the rules say about a line, given without its ``\\n``.

        Cost: two passes over the line, plus one per rule that cuts it.
        """
        cuts = self._find_cuts(line)
        text = _without(line, cuts)
        if cuts and (self._find_cuts(text) or repair_line(text)[0] != text):
            cuts, text = (), line  # would change again when cleaned again: leave it
        if is_blank(text):
            return Verdict(text, cuts, (cuts[0][2],) if cuts else ())
        if len(text) > MAX_LINE:
            return Verdict(text, cuts)
        return Verdict(text, cuts, self._candidates(text))

    def fact(self, number: int, text: str) -> tuple[str, str]:
        """The key and value that a fact rule finds in a line it is a candidate for."""
        groups = Pattern(self.rules[number].pattern).fullmatch(text.strip()) or {}
        return " ".join(groups["key"].split()), " ".join(groups["value"].split())

    def _patterns(self, *actions: str) -> list[tuple[int, str]]:
        return [
            (number, rule.pattern)
            for number, rule in enumerate(self.rules)
            if rule.action in actions and rule.pattern
        ]

    def _candidates(self, text: str) -> tuple[int, ...]:
        folded = fold(text)
        found = set(self._literals.get(folded, ()))
        found.update(self._whole.matching(_sound(folded)))
        found.update(self._facts.matching(_sound(text.strip())))
        if not found or any(self.rules[number].action == "keep" for number in found):
            return ()
        words = folded.count(" ") + 1
        return tuple(
            sorted(number for number in found if words >= self.rules[number].context.min_words)
        )

    def _find_cuts(self, line: str) -> tuple[Cut, ...]:
        if len(line) > MAX_CUT_LINE:
            return ()
        return tuple(
            _apart(
                sorted(
                    (*span, number)
                    for number in self._cuts.matching(_sound(line))
                    for span in Pattern(self.rules[number].pattern).spans(_sound(line), "cut")
                )
            )
        )


def _sound(text: str) -> str:
    """The text with lone surrogates, which no UTF-8 engine takes, made question marks."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def _without(line: str, cuts: Sequence[Cut]) -> str:
    for start, end, _ in reversed(cuts):
        line = line[:start] + line[end:]
    return line


def _apart(spans: Sequence[Cut]) -> Iterator[Cut]:
    """Spans that are not empty and overlap none before them."""
    free = 0
    for span in spans:
        if span[0] >= free and span[1] > span[0]:
            yield span
            free = span[1]
