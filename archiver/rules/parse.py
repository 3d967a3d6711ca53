"""One ``[[rule]]`` table of a pack made a Rule, with everything that is wrong about it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from archiver.rules.hosts import normal_host
from archiver.rules.regex import Pattern, PatternError
from archiver.rules.rule import ACTIONS, Context, Example, Rule
from archiver.settings import PROFILES
from archiver.text.lines import fold, fold_all

_ID = re.compile(r"[a-z][a-z0-9-]{0,39}\.[a-z0-9][a-z0-9-]{0,59}")

#: The groups that a pattern of each action must name.
_GROUPS = {"fact": {"key", "value"}, "cut": {"cut"}}

_CONTEXT = {field.name: type(field.default) for field in fields(Context)}

_KNOWN = {"id", "action", "why", "seen", "literals", "pattern", "languages", "profile"} | {
    "hosts",
    "removes",
    "keeps",
    *_CONTEXT,
}

#: How far a rule may look: more would cost time in every document.
MAX_REACH = 50


def parse_rule(entry: object, pack: str) -> tuple[Rule, list[str]]:
    """The rule, as far as it can be read, and what is wrong with it (nothing: usable)."""
    if not isinstance(entry, Mapping):
        return Rule("?", "drop", "", "", pack=pack), ["is not a table"]
    problems = [f"unknown key {key!r}" for key in sorted(entry.keys() - _KNOWN)]
    take = _Taker(entry, problems)
    action = take.choice("action", ACTIONS, "drop")
    rule = Rule(
        id=take.text("id", required=True) or "?",
        action=action,  # type: ignore[arg-type]  # choice() allows ACTIONS only
        why=take.text("why", required=True),
        seen=take.text("seen", required=True),
        literals=_folded(take.texts("literals")),
        pattern=take.text("pattern"),
        languages=take.texts("languages"),
        hosts=take.hosts(),
        profile=take.choice("profile", PROFILES, "safe"),  # type: ignore[arg-type]
        context=take.context(),
        removes=take.examples("removes"),
        keeps=take.texts("keeps"),
        pack=pack,
    )
    problems += _disagreements(rule)
    return rule, problems


def _folded(literals: Sequence[str]) -> tuple[str, ...]:
    # One with a line feed, which matches nothing, is folded by itself.
    whole = [literal for literal in literals if "\n" not in literal]
    broken = [fold(literal) for literal in literals if "\n" in literal]
    return tuple(sorted({*fold_all(whole), *broken}))


def _disagreements(rule: Rule) -> list[str]:
    context = rule.context
    reach = (context.within, context.min_run, context.head, context.tail)
    names_nothing = not (rule.literals or rule.pattern or context.repeat or context.again)
    lacks_pattern = rule.action in _GROUPS and (bool(rule.literals) or not rule.pattern)
    is_bound = rule.action in {"cut", "keep"} and replace(context, unlisted=False) != Context()
    again_amiss = context.again and (bool(rule.literals) or context.repeat or rule.action != "drop")
    found = {
        "its id is not of the form family.name in small letters": not _ID.fullmatch(rule.id),
        "names nothing: give literals, a pattern, repeat or again": names_nothing,
        "has a literal without a visible character": "" in rule.literals,
        f"a {rule.action} rule needs a pattern and takes no literals": lacks_pattern,
        f"a {rule.action} rule takes no context": is_bound,
        "unlisted is for a cut rule": context.unlisted and rule.action != "cut",
        "again goes with a pattern at most, and only drops": again_amiss,
        "isolated goes with repeat": context.isolated and not context.repeat,
        "has no `keeps` example: what looks alike and must stay?": not rule.keeps,
        "has no `removes` example": not rule.removes and rule.action != "keep",
        f"looks further than {MAX_REACH} lines": max(reach) > MAX_REACH or min(reach) < 0,
    }
    problems = [problem for problem, holds in found.items() if holds]
    return problems + (_pattern_problems(rule) if rule.pattern else [])


def _pattern_problems(rule: Rule) -> list[str]:
    try:
        pattern = Pattern(rule.pattern)
    except PatternError as problem:
        return [f"its pattern is not RE2 syntax: {problem}"]
    if missing := sorted(_GROUPS.get(rule.action, set()) - pattern.groups):
        return [f"its pattern lacks the group (?P<{missing[0]}>...)"]
    if rule.action == "cut" and any(True for _ in pattern.spans("", "cut")):
        return ["its pattern matches nothing at all"]
    return []


class _Taker:
    """Takes values out of a table and writes down what has the wrong type."""

    def __init__(self, entry: Mapping[str, Any], problems: list[str]) -> None:
        self.entry = entry
        self.problems = problems

    def text(self, key: str, *, required: bool = False) -> str:
        value = self.entry.get(key, "")
        if not isinstance(value, str):
            self.problems.append(f"{key} is not a string")
            return ""
        if required and not value.strip():
            self.problems.append(f"has no {key}")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.entry.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self.problems.append(f"{key} is not a list of strings")
            return ()
        return tuple(value)

    def hosts(self) -> tuple[str, ...]:
        given = self.texts("hosts")
        self.problems.extend(
            f"hosts holds {name!r}, which is no host like example.org"
            for name in given
            if not normal_host(name)
        )
        if not given and "hosts" in self.entry:
            self.problems.append("hosts is empty: leave it out, and the rule acts everywhere")
        return tuple(sorted({normal_host(name) for name in given} - {""}))

    def choice(self, key: str, allowed: tuple[str, ...], default: str) -> str:
        value = self.entry.get(key, default)
        if value not in allowed:
            self.problems.append(f"{key} is {value!r}, not one of {', '.join(allowed)}")
            return default
        return str(value)

    def examples(self, key: str) -> tuple[Example, ...]:
        """Strings that must vanish whole, or tables of ``before`` and ``after``."""
        found = []
        value = self.entry.get(key, [])
        for item in value if isinstance(value, list) else [None]:
            match item:
                case str():
                    found.append(Example(item, ""))
                case {"before": str(before), "after": str(after), **rest} if not rest:
                    found.append(Example(before, after))
                case _:
                    self.problems.append(f"{key} holds neither a string nor before and after")
        return tuple(found)

    def context(self) -> Context:
        values: dict[str, Any] = {}
        for key, kind in _CONTEXT.items():
            if key not in self.entry:
                continue
            if key in {"beside", "between"}:
                values[key] = self.texts(key)
            elif type(self.entry[key]) is kind:
                values[key] = self.entry[key]
            else:
                wanted = "true or false" if kind is bool else "a number"
                self.problems.append(f"{key} is not {wanted}")
        return Context(**values)
