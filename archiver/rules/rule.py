"""What a rule is: data with a reason and its own examples."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Literal, get_args

from archiver.digest import Json, canonical_json, sha256
from archiver.settings import PROFILES, Profile

Action = Literal["drop", "cut", "fact", "keep"]

ACTIONS: tuple[Action, ...] = get_args(Action)

#: The families that rules belong to, and what each removes.
FAMILIES: Mapping[str, str] = MappingProxyType(
    {
        "ad-marker": "Where an advertisement stood: shortcodes and labels.",
        "caption-repeat": "A caption, credit or paragraph that stands twice by accident.",
        "citation-mark": "Marks such as [14] and [edit] that point to what is not in the text.",
        "comment-chrome": "Counts, forms and rules around comments; not the comments.",
        "cookie-consent": "Banners that ask about cookies.",
        "icon-ligature": "Names of icons, left where an icon font did not load.",
        "infobox": "Markup left of an infobox; its filled rows become facts.",
        "navigation": "Menus and links of the page around the text.",
        "newsletter": "Invitations to subscribe to mails.",
        "paywall": "Notices that ask to log in, pay or switch something off.",
        "player-ui": "Buttons, clocks and labels of audio and video players.",
        "related-links": "Headings of boxes that lead to other articles.",
        "share-bar": "Buttons to share, like, save or print.",
        "source-link": "The word or address that once linked to the source.",
        "timestamp-chrome": "Reading times, view counts and ages of a page.",
    }
)


@dataclass(frozen=True, slots=True)
class Context:
    """What must surround a line before a rule may touch it; all of it must hold.

    Blank lines and lines already dropped do not count as distance.

    min_run   at least so many lines of the rule's family in an unbroken run
    beside    a dropped line of one of these families within ``within`` lines
    head      fewer than so many lines stand before it
    tail      fewer than so many lines stand after it
    between   a dropped line of one of these families within ``within`` lines on
              either side
    repeat    the line equals the one before it
    again     the line stands twice on the page and this is the later one, and no other rule
              names it
    isolated  (with repeat) the pair stands alone between blank lines
    unlisted  (of a cut) no line of the document is ``[1] ...``: the marks point nowhere
    min_words the line has at least so many words
    """

    min_run: int = 1
    beside: tuple[str, ...] = ()
    within: int = 1
    head: int = 0
    tail: int = 0
    between: tuple[str, ...] = ()
    repeat: bool = False
    again: bool = False
    isolated: bool = False
    unlisted: bool = False
    min_words: int = 0


@dataclass(frozen=True, slots=True)
class Example:
    """A text, and what the rule must make of it."""

    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One reason to take something out of a text.

    ``literals`` are compared with the folded line (``archiver.text.lines.fold``)
    and with its bare form (``archiver.rules.label.bare``).
    ``pattern`` is RE2 syntax: for ``drop`` and ``keep`` it must match the whole
    folded line or its bare form; for ``fact`` the whole line, with groups ``key`` and ``value``;
    for ``cut`` it is searched in the line and the group ``cut`` goes.
    ``hosts`` are in the form of ``archiver.rules.hosts``: with any, the rule acts
    only on documents from one of them or from below it.
    """

    id: str
    action: Action
    why: str
    seen: str
    literals: tuple[str, ...] = ()
    pattern: str = ""
    languages: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    profile: Profile = "safe"
    context: Context = Context()
    removes: tuple[Example, ...] = ()
    keeps: tuple[str, ...] = ()
    pack: str = ""

    @property
    def family(self) -> str:
        """The part of the id before the first dot."""
        return self.id.partition(".")[0]

    @property
    def asks_the_page(self) -> bool:
        """Does it speak only of lines that stand more than once? The page finds those."""
        return self.context.again or (self.context.repeat and not self.literals)

    @property
    def goes_by_place(self) -> bool:
        """Does its pattern act only between lines that other rules took?"""
        return bool(self.context.between and self.pattern) and self.action == "drop"

    def acts_in(self, profile: Profile) -> bool:
        """A rule acts in its own profile and in the more eager ones."""
        return PROFILES.index(self.profile) <= PROFILES.index(profile)

    def to_json(self) -> dict[str, Json]:
        """All that decides what the rule does, and its reason for later readers; no examples."""
        context = self.context
        return {
            "id": self.id,
            "action": self.action,
            "literals": sorted(self.literals),
            "pattern": self.pattern,
            "languages": sorted(self.languages),
            "hosts": sorted(self.hosts),
            "profile": self.profile,
            "why": self.why,
            "context": {
                "min_run": context.min_run,
                "beside": sorted(context.beside),
                "within": context.within,
                "head": context.head,
                "tail": context.tail,
                "between": sorted(context.between),
                "repeat": context.repeat,
                "again": context.again,
                "isolated": context.isolated,
                "unlisted": context.unlisted,
                "min_words": context.min_words,
            },
        }


@dataclass(frozen=True, eq=False)
class Ruleset:
    """Rules in the order of their say, and the digest that names them.

    ``engine`` is what else decides about the text (the repair configuration and
    the version of the decision procedure), so that equal digests mean equal
    results.
    """

    rules: tuple[Rule, ...]
    engine: Mapping[str, Json] = field(default_factory=dict)

    @cached_property
    def by_id(self) -> dict[str, Rule]:
        """The rules by their ids."""
        return {rule.id: rule for rule in self.rules}

    @cached_property
    def hosts(self) -> tuple[str, ...]:
        """The hosts that rules name, sorted: these act on documents from there alone."""
        return tuple(sorted({host for rule in self.rules for host in rule.hosts}))

    @cached_property
    def families(self) -> dict[str, int]:
        """How many rules each family has, sorted by name."""
        found: dict[str, int] = {}
        for rule in sorted(self.rules, key=lambda rule: rule.id):
            found[rule.family] = found.get(rule.family, 0) + 1
        return found

    @cached_property
    def digest(self) -> str:
        """The sha256 of ``to_json``."""
        return sha256(self.to_json())

    def to_json(self) -> bytes:
        """All that decides what the rules do, in canonical JSON."""
        return canonical_json(
            {"engine": dict(self.engine), "rules": [rule.to_json() for rule in self.rules]}
        )
