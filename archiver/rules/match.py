"""What the rules say about one line on its own: the verdict, free of context."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass

from archiver.rules.cuts import Cut, apart, without
from archiver.rules.gate import SPACES, Patterns
from archiver.rules.hosts import above
from archiver.rules.label import bare
from archiver.rules.regex import Pattern
from archiver.rules.rule import Rule, Ruleset
from archiver.rules.sieve import ANY, CUT, FACT, MAX_LINE, WHOLE, Sieve
from archiver.settings import Profile
from archiver.text.lines import fold, is_blank
from archiver.text.repair import repair_line

#: Citation marks stand in paragraphs, so cuts look further; beyond, nothing is cut.
MAX_CUT_LINE = 100_000


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
    """The rules of one profile, compiled; says verdicts on lines.

    Rules for single hosts act on none until ``at`` names one; rules for some languages act
    on all until a language is named.
    Pure: the same line gets the same verdict whenever it is asked for, so
    verdicts may be kept for a whole batch.
    """

    def __init__(self, ruleset: Ruleset, profile: Profile, language: str | None = None) -> None:
        self.rules: tuple[Rule, ...] = tuple(
            rule for rule in ruleset.rules if rule.acts_in(profile)
        )
        self._literals: dict[str, list[int]] = {}
        for number, rule in enumerate(self.rules):
            for literal in rule.literals:
                self._literals.setdefault(literal, []).append(number)
        self._whole = Patterns(self._patterns("drop", "keep"), whole=True)
        self._facts = Patterns(self._patterns("fact"), whole=True, around=SPACES)
        self._cuts = Patterns(self._patterns("cut"), whole=False)
        self.sieve = Sieve(self._literals, whole=self._whole, facts=self._facts, cuts=self._cuts)
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
        families = {self.rules[number].family for number in self._repeats}
        #: Whether no run of lines counts those that a repeat rule might take.
        self.repeats_stand_alone = not any(
            rule.context.min_run > 1 and rule.family in families for rule in self.rules
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
        self._spoken_in = {n: rule.languages for n, rule in enumerate(self.rules) if rule.languages}
        self._settle("", (language or "").partition("-")[0].lower())
        #: Whether any rule keeps lines; none of those that ship does.
        self.keeps = any(rule.action == "keep" for rule in self.rules)

    def at(self, host: str | None) -> Matcher:
        """The same rules for documents of one host; what was compiled is shared.

        host: in the form of ``archiver.rules.hosts``; none where it is not known.
        Cost: as many look-ups as the host has dots.
        """
        site = next((name for name in above(host or "") if name in self._of_host), "")
        return self if site == self.site else self._of(site, self.language)

    def speaking(self, language: str) -> Matcher:
        """The same rules for documents in one language; what was compiled is shared.

        language: the first part of a BCP 47 tag in small letters; empty where it is not known.
        """
        return self if language == self.language else self._of(self.site, language)

    def _of(self, site: str, language: str) -> Matcher:
        other = copy(self)
        other._settle(site, language)  # noqa: SLF001 -- one of us
        return other

    def _settle(self, site: str, language: str) -> None:
        #: The nearest host that a rule names, and the language: they tell what rules act, so
        #: verdicts may be kept by them; and the rules that are for others.
        self.site, self.language = site, language
        self.away = self._bound.difference(*(self._of_host.get(name, ()) for name in above(site)))
        if language:
            self.away |= {n for n, spoken in self._spoken_in.items() if language not in spoken}
        self.repeats = tuple(number for number in self._repeats if number not in self.away)
        self.agains = tuple(number for number in self._agains if number not in self.away)

    def verdict(self, line: str, *, listed: bool = False, by: int = ANY) -> Verdict:
        """What the rules say about a line, given without its ``\\n``.

        ``listed``: the document lists what marks point to, so those stay.
        ``by``: what may name the line beside literals, where the sieve has told.

        Cost: two passes over the line, plus one per rule that cuts it.
        """
        cuts = self._find_cuts(line, listed=listed) if by & CUT else ()
        text = without(line, cuts)
        if cuts and (self._find_cuts(text, listed=listed) or repair_line(text)[0] != text):
            cuts, text = (), line  # would change again when cleaned again: leave it
        if is_blank(text):
            return Verdict(text, cuts, (cuts[0][2],) if cuts else ())
        if len(text) > MAX_LINE:
            return Verdict(text, cuts)
        return Verdict(text, cuts, self._candidates(text, ANY if cuts else by))

    def named(self, text: str) -> list[int]:
        """The lines of a text, by number from 0, that rules may take or cut by what they say.

        Of all other lines ``verdict`` has nothing to tell but rules that act between
        others' lines (``between``): whoever meets such a place asks about its line.
        Cost: a few passes over the text, and less than a microsecond a line.
        """
        lines = text.split("\n")
        named = self.sieve.named([*dict.fromkeys(lines)])
        return [number for number, line in enumerate(lines) if line in named]

    def kept(self, line: str) -> bool:
        """Does a rule keep the line, whatever else would take it? Cost: as ``verdict``."""
        if not self.keeps or len(line) > MAX_LINE:
            return False
        return any(self.rules[number].action == "keep" for number in self._named(fold(line)))

    def points(self, verdict: Verdict) -> bool:
        """Were marks cut that could point to a list in the document?"""
        return any(self.rules[number].context.unlisted for _, _, number in verdict.cuts)

    def fact(self, number: int, text: str) -> tuple[str, str]:
        """The key and value that a fact rule finds in a line it is a candidate for."""
        groups = self._compiled[number].fullmatch(text.strip()) or {}
        return " ".join(groups["key"].split()), " ".join(groups["value"].split())

    def fitting(self, numbers: Sequence[int], text: str) -> tuple[int, ...]:
        """Those of some repeat rules that a line is long enough for and may match."""
        if self.kept(text):
            return ()
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

    def _candidates(self, text: str, by: int) -> tuple[int, ...]:
        folded = fold(text)
        found = self._named(folded, by)
        if by & FACT:
            found |= {*self._facts.matching(_sound(text.strip()))} - self.away
        if not found or any(self.rules[number].action == "keep" for number in found):
            return ()
        words = folded.count(" ") + 1
        return tuple(
            sorted(number for number in found if words >= self.rules[number].context.min_words)
        )

    def _named(self, folded: str, by: int = WHOLE) -> set[int]:
        """The rules that act on this host and name a folded line as a whole."""
        found: set[int] = set()
        for key in {folded, bare(folded)} - {""}:
            found.update(self._literals.get(key, ()))
            sound = _sound(key)
            if by & WHOLE:
                found.update(self._whole.matching(sound))
            found.update(n for n in self._placed if self._compiled[n].fullmatch(sound) is not None)
        return found - self.away

    def _find_cuts(self, line: str, *, listed: bool) -> tuple[Cut, ...]:
        if len(line) > MAX_CUT_LINE:
            return ()
        return tuple(
            apart(
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
