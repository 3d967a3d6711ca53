"""Which lines a rule can keep or drop: asked of the rules themselves, line by line.

A decision about a line becomes a rule that names it word for word. Not every line can be
named so that the rule holds its own example beside those that ship; this tells why not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from archiver.document import Edit
from archiver.rules.label import bare
from archiver.rules.load import builtin
from archiver.rules.match import Matcher
from archiver.rules.outcome import apply_rules
from archiver.rules.rule import Ruleset
from archiver.rules.sieve import MAX_LINE
from archiver.text.diff import Line, lines
from archiver.text.lines import fold, is_blank
from archiver.text.repair import repair_line

#: White space, spelled out: JavaScript's ``\\s`` and Python's are not the same.
_SPACE = re.compile(r"[\t\n\v\f\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+")

#: Lines whose outcome is remembered: boilerplate repeats from document to document.
_REMEMBERED = 1 << 16

_LONG = f"rules do not look at lines of more than {MAX_LINE:,} characters"


@dataclass(frozen=True, slots=True)
class Tried:
    """A line as a rule would name it.

    ``text``: as rules see it, after repair; ``key``: the same for lines that rules take
    for the same; ``cannot``: why no rule can say it, or empty.
    """

    text: str
    key: str
    cannot: str = ""


class Trial:
    """Asks the rules of a ruleset, in their most eager profile and every language."""

    def __init__(self, ruleset: Ruleset) -> None:
        self._matcher = Matcher(ruleset, "strict")
        #: Lines of examples that `rules check` tries beside new rules, those of rules that
        #: do not ship: by key, and whether a rule for one host alone can still name them.
        self._examples: dict[str, tuple[str, bool]] = {}
        for rule in (rule for rule in ruleset.rules if rule.id not in builtin().by_id):
            for text in (*(example.before for example in rule.removes), *rule.keeps):
                for line in text.split("\n"):
                    self._examples.setdefault(key_of(line), (rule.id, not rule.hosts))
        self._keep = lru_cache(_REMEMBERED)(self._try_keep)
        self._drop = lru_cache(_REMEMBERED)(self._try_drop)

    def keep(self, line: str, host: str) -> Tried:
        """What a rule says that keeps a line which was removed. Raises: nothing."""
        return self._keep(line, host)

    def drop(self, line: str, host: str) -> Tried:
        """What a rule says that drops a line which was kept. Raises: nothing."""
        return self._drop(line, host)

    def lines(self, text: str, edits: Sequence[Edit], host: str) -> list[tuple[Line, Tried | None]]:
        """The lines of a raw text, each with what a decision on it would say.

        None for blank lines. Of a line that stays or is changed within, the decision is
        that it was missed; of one that went, that it was removed wrongly.
        Cost: a few passes over the text; rules are asked about lines that they name.
        """
        found = list(lines(text, edits))
        kept = ["".join(s.text for s in line.spans if s.kind != "gone") for line in found]
        named = set(self._matcher.at(host).named("\n".join(_flat(line) for line in kept)))
        tried: list[tuple[Line, Tried | None]] = []
        for number, (line, content) in enumerate(zip(found, kept, strict=True)):
            if line.mark == "-":
                gone = line.spans[0].text
                tried.append((line, None if is_blank(gone) else self.keep(gone, host)))
            elif is_blank(content):
                tried.append((line, None))
            elif number in named or len(content) > MAX_LINE:
                tried.append((line, self.drop(content, host)))
            else:
                key = key_of(content)
                tried.append((line, Tried(content, key, self._shown(key, host))))
        return tried

    def _try_keep(self, line: str, host: str) -> Tried:
        text = repair_line(line)[0]
        if len(text) > MAX_LINE:
            return Tried(text, key_of(text), _LONG)
        cuts = self._matcher.at(host).verdict(text).cuts
        key = key_of(text)
        return Tried(text, key, self._cut(cuts[0][2]) if cuts else self._shown(key, host))

    def _try_drop(self, line: str, host: str) -> Tried:
        if len(line) > MAX_LINE:
            return Tried(line, key_of(line), _LONG)
        matcher = self._matcher.at(host)
        verdict = matcher.verdict(line)
        if verdict.cuts:
            return Tried(line, key_of(line), self._cut(verdict.cuts[0][2]))
        edits, _ = apply_rules(line, matcher)
        if edits:
            other = "takes it already, in another place, profile or language"
            return Tried(line, key_of(line), f"{edits[0].rule} {other}")
        if matcher.kept(line):
            return Tried(line, key_of(line), "a rule of yours keeps it")
        key = key_of(line)
        return Tried(line, key, self._shown(key, host))

    def _shown(self, key: str, host: str) -> str:
        """Why a line cannot be named that is an example of another rule; or empty."""
        rule, elsewhere = self._examples.get(key, ("", True))
        if not rule or (host and elsewhere):
            return ""
        return f"it stands in an example of {rule}, which would then fail"

    def _cut(self, rule: int) -> str:
        return f"{self._matcher.rules[rule].id} cuts a part out of it"


def key_of(line: str) -> str:
    """The same for two lines that one rule would take for the same."""
    key, last = fold(line), ""
    while key != last:
        last, key = key, bare(key) or key
    return key


def plain_key(line: str) -> str:
    """What the page takes for a line's key where it is told no other."""
    return _SPACE.sub(" ", line.lower()).strip(" ")


def _flat(line: str) -> str:
    return line.replace("\n", " ")
