"""What other rules make of texts: which lines go more, which less. Pure but for the bar."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from archiver.cli.rule_texts import Text
from archiver.document import Edit
from archiver.text import diff

if TYPE_CHECKING:
    from archiver.rules.rule import Ruleset
    from archiver.settings import Profile

How = Literal["more", "fewer", "otherwise"]


@dataclass(frozen=True, slots=True)
class Change:
    """A line on which two rulesets differ.

    ``how``: it goes now and did not (more), it stays now and did not (fewer), or another
    part of it goes (otherwise). ``rule`` decides about it now; of ``fewer`` it did before.
    ``left`` is what is left of the line now.
    """

    how: How
    line: int
    text: str
    rule: str
    left: str


@dataclass(frozen=True, slots=True)
class Changed:
    """A document on which two rulesets differ."""

    id: str
    path: str
    changes: tuple[Change, ...]


@dataclass(slots=True)
class Effect:
    """What a change of rules does to many documents."""

    documents: int = 0
    changed: int = 0
    left_out: int = 0
    lines: Counter[How] = field(default_factory=Counter)
    by_rule: Counter[tuple[str, How]] = field(default_factory=Counter)
    documents_by_rule: Counter[str] = field(default_factory=Counter)
    shown: list[Changed] = field(default_factory=list)

    def add(self, found: Changed, limit: int) -> None:
        """Count a document that changes; keep its lines where there is room."""
        self.changed += 1
        self.lines.update(change.how for change in found.changes)
        self.by_rule.update((change.rule, change.how) for change in found.changes)
        self.documents_by_rule.update({change.rule for change in found.changes})
        if len(self.shown) < limit:
            self.shown.append(found)
        else:
            self.left_out += 1


def effect_of(
    texts: Iterable[Text],
    before: Ruleset,
    after: Ruleset,
    profile: Profile,
    *,
    limit: int,
    concerns: Callable[[Text], bool] = lambda _: True,
    each: Callable[[Text], None] = lambda _: None,
    differs: Callable[[Changed], None] = lambda _: None,
) -> Effect:
    """Clean texts with both rulesets, and compare line by line.

    concerns: whether the rulesets can differ on a text at all; others are only counted.
    each: is given every text, for who looks for more in them; differs: every change.
    limit: documents whose lines are kept. Cost: two cleanings a text that it concerns.
    """
    from archiver.clean import clean_text

    found = Effect()
    for text in texts:
        found.documents += 1
        each(text)
        if not concerns(text):
            continue
        old, new = (
            clean_text(text.text, rules, profile=profile, language=text.language, host=text.host)
            for rules in (before, after)
        )
        if old.edits == new.edits:
            continue
        changes = tuple(changes_between(text.text, old.edits, new.edits))
        if changes:
            item = Changed(text.id, text.path, changes)
            found.add(item, limit)
            differs(item)
    return found


def changes_between(
    raw: str, before: tuple[Edit, ...], after: tuple[Edit, ...]
) -> Iterator[Change]:
    """The lines of a text of which two cleanings leave different things; blank ones apart.

    Blank lines go with their neighbours and say nothing of their own.
    """
    both = zip(diff.lines(raw, before), diff.lines(raw, after), strict=True)
    for old, new in both:
        was, is_now = _left(old), _left(new)
        text = "".join(span.text for span in old.spans if span.kind != "new")
        if was == is_now or not text.strip():
            continue
        if new.mark == "-":
            yield Change("more", new.number, text, ", ".join(new.rules), "")
        elif old.mark == "-":
            yield Change("fewer", new.number, text, ", ".join(old.rules), is_now or "")
        else:
            rule = ", ".join(new.rules or old.rules)
            yield Change("otherwise", new.number, text, rule, is_now or "")


def _left(line: diff.Line) -> str | None:
    """What is left of a line; None where it goes whole, which is not the same as empty."""
    if line.mark == "-":
        return None
    return "".join(span.text for span in line.spans if span.kind != "gone")
