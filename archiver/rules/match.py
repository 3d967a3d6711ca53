"""What the rules say about one line on its own: the verdict, free of context."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import dataclass

from archiver.rules.gate import SPACES, Patterns
from archiver.rules.hosts import above
from archiver.rules.label import bare
from archiver.rules.regex import Pattern
from archiver.rules.rule import Rule, Ruleset
from archiver.settings import Profile
from archiver.text.lines import fold, fold_lines, is_blank
from archiver.text.repair import repair_line

#: A longer line is prose, whatever it says: the longest boilerplate sentence in
#: the labelled sets has under 600 characters.
MAX_LINE = 1_000

#: Citation marks stand in paragraphs, so cuts look further; beyond, nothing is cut.
MAX_CUT_LINE = 100_000

Cut = tuple[int, int, int]

#: A text of fewer lines is asked line by line: the gates need not be compiled for it.
FEW_LINES = 8


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

    Rules for single hosts act on none until ``at`` names one.
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
        self._whole = Patterns(self._patterns("drop", "keep"), whole=True)
        self._facts = Patterns(self._patterns("fact"), whole=True, around=SPACES)
        self._cuts = Patterns(self._patterns("cut"), whole=False)
        self._compiled = {
            number: Pattern(rule.pattern) for number, rule in enumerate(self.rules) if rule.pattern
        }
        #: Rules that act only between other rules' lines; and the families of those lines.
        self._placed = tuple(
            n for n, rule in enumerate(self.rules) if rule.goes_by_place and not rule.asks_the_page
        )
        self.between = frozenset(
            family for number in self._placed for family in self.rules[number].context.between
        )
        self._repeats = tuple(
            number
            for number, rule in enumerate(self.rules)
            if rule.context.repeat and not rule.literals
        )
        contexts = [rule.context for rule in self.rules]
        # A repeat looks at the line before it and at that one's surroundings: two steps.
        self.reach = max((max(c.within, c.min_run, 2) for c in contexts), default=2)
        self.window = max((max(c.head, c.tail) for c in contexts), default=0)
        self._agains = tuple(number for number, rule in enumerate(self.rules) if rule.context.again)
        self._of_host: dict[str, list[int]] = {}
        for number, rule in enumerate(self.rules):
            for host in rule.hosts:
                self._of_host.setdefault(host, []).append(number)
        self._bound = frozenset(n for found in self._of_host.values() for n in found)
        #: The nearest host that a rule names, which tells what rules act: verdicts may
        #: be kept by it; and the rules that are for other hosts.
        self.site, self.away = "", self._bound
        self.repeats, self.agains = self.here(self._repeats), self.here(self._agains)

    def at(self, host: str | None) -> Matcher:
        """The same rules for documents of one host; what was compiled is shared.

        host: in the form of ``archiver.rules.hosts``; none where it is not known.
        Cost: as many look-ups as the host has dots.
        """
        site = next((name for name in above(host or "") if name in self._of_host), "")
        if site == self.site:
            return self
        other = copy(self)
        other.site = site
        other.away = self._bound.difference(*(self._of_host.get(name, ()) for name in above(site)))
        other.repeats, other.agains = other.here(self._repeats), other.here(self._agains)
        return other

    def here(self, numbers: Sequence[int]) -> tuple[int, ...]:
        """Those of some rules that act on the host."""
        return tuple(number for number in numbers if number not in self.away)

    def verdict(self, line: str, *, listed: bool = False) -> Verdict:
        """What the rules say about a line, given without its ``\\n``.

        ``listed``: the document lists what marks point to, so those stay.

        Cost: two passes over the line, plus one per rule that cuts it.
        """
        cuts = self._find_cuts(line, listed=listed)
        text = _without(line, cuts)
        if cuts and (self._find_cuts(text, listed=listed) or repair_line(text)[0] != text):
            cuts, text = (), line  # would change again when cleaned again: leave it
        if is_blank(text):
            return Verdict(text, cuts, (cuts[0][2],) if cuts else ())
        if len(text) > MAX_LINE:
            return Verdict(text, cuts)
        return Verdict(text, cuts, self._candidates(text))

    def named(self, text: str) -> list[int]:
        """The lines of a text, by number from 0, that rules may take or cut by what they say.

        Of all other lines ``verdict`` has nothing to tell but rules that act between
        others' lines (``between``): whoever meets such a place asks about its line.
        Cost: a few passes over the text, and less than a microsecond a line.
        """
        lines = text.split("\n")
        if len(lines) < FEW_LINES:
            return [*range(len(lines))]
        data = text.encode("utf-8", "replace")
        found = self._cuts.lines(data) | self._facts.lines(data)
        keys: list[str] = []
        owners: list[int] = []
        for number, folded in enumerate(fold_lines(text)):
            if not folded or len(lines[number]) > MAX_LINE:
                continue
            keys.append(folded)
            owners.append(number)
            if folded in self._literals:
                found.add(number)
            if (label := bare(folded)) != folded and label:
                keys.append(label)
                owners.append(number)
                if label in self._literals:
                    found.add(number)
        data = "\n".join(keys).encode("utf-8", "replace")
        found.update(owners[key] for key in self._whole.lines(data))
        return sorted(found)

    def points(self, verdict: Verdict) -> bool:
        """Were marks cut that could point to a list in the document?"""
        return any(self.rules[number].context.unlisted for _, _, number in verdict.cuts)

    def fact(self, number: int, text: str) -> tuple[str, str]:
        """The key and value that a fact rule finds in a line it is a candidate for."""
        groups = self._compiled[number].fullmatch(text.strip()) or {}
        return " ".join(groups["key"].split()), " ".join(groups["value"].split())

    def fitting(self, numbers: Sequence[int], text: str) -> tuple[int, ...]:
        """Those of some repeat rules that a line is long enough for and may match."""
        folded = fold(text)
        words = folded.count(" ") + 1
        return tuple(
            number
            for number in numbers
            if words >= self.rules[number].context.min_words
            and (
                (pattern := self._compiled.get(number)) is None
                or pattern.fullmatch(_sound(folded)) is not None
            )
        )

    def _patterns(self, *actions: str) -> tuple[tuple[int, str], ...]:
        return tuple(
            (number, rule.pattern)
            for number, rule in enumerate(self.rules)
            if rule.action in actions
            and rule.pattern
            and not rule.asks_the_page
            and not rule.goes_by_place
        )

    def _candidates(self, text: str) -> tuple[int, ...]:
        folded = fold(text)
        found: set[int] = set()
        for key in {folded, bare(folded)} - {""}:
            found.update(self._literals.get(key, ()))
            sound = _sound(key)
            found.update(self._whole.matching(sound))
            found.update(n for n in self._placed if self._compiled[n].fullmatch(sound) is not None)
        found.update(self._facts.matching(_sound(text.strip())))
        found -= self.away
        if not found or any(self.rules[number].action == "keep" for number in found):
            return ()
        words = folded.count(" ") + 1
        return tuple(
            sorted(number for number in found if words >= self.rules[number].context.min_words)
        )

    def _find_cuts(self, line: str, *, listed: bool) -> tuple[Cut, ...]:
        if len(line) > MAX_CUT_LINE:
            return ()
        return tuple(
            _apart(
                sorted(
                    (*span, number)
                    for number in self._cuts.matching(_sound(line))
                    if number not in self.away
                    and not (listed and self.rules[number].context.unlisted)
                    for span in self._compiled[number].spans(_sound(line), "cut")
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
