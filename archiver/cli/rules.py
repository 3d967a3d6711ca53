"""``archiver rules``: the rules by which text is cleaned, and whether they hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archiver.cli.guess import Group
from archiver.cli.main import CONTEXT
from archiver.cli.rules_learn import learn
from archiver.cli.rules_new import new_rule
from archiver.cli.rules_test import test_rules
from archiver.cli.screen import Screen, count, labelled, paint
from archiver.cli.session import command, settings
from archiver.cli.visible import cells, pad, visible_line, wrap
from archiver.errors import InputError

if TYPE_CHECKING:
    from archiver.rules.rule import Rule, Ruleset

_DOES = {
    "drop": "the whole line goes",
    "cut": "a part of the line goes",
    "fact": "the line goes, what it says is saved as a fact",
    "keep": "the line stays, whatever other rules say",
}


@click.group("rules", cls=Group, context_settings=CONTEXT)
def rules() -> None:
    """List, show, make, try, check or learn rules: what goes, and why.

    \b
    Examples:
      archiver rules list
      archiver rules show player-ui.icon-name
      archiver rules new "Get our news in your inbox." --family newsletter
      archiver rules test my-rules/ --on output/archive
      archiver rules check my-rules/
      archiver rules learn crawl/ -o my-rules
    """


rules.add_command(new_rule)
rules.add_command(test_rules)
rules.add_command(learn)


def _load(folder: str | None) -> Ruleset:
    from archiver.rules.load import load

    known = settings(rules=folder).rules
    return load(Path(known) if known else None)


@rules.add_command
@command("list")
@click.option("--rules", "folder", metavar="DIR", type=click.Path(), help="Further rule packs.")
@click.option("--family", metavar="NAME", help="Only the rules of this family.")
def list_rules(folder: str | None, family: str | None, as_json: bool, quiet: bool) -> int:
    """List the rules by family: what each does, from which profile on, and why.

    \b
    Examples:
      archiver rules list
      archiver rules list --family player-ui
      archiver rules list --json | jq -r '.rules[].id'
    """
    screen = Screen(as_json, quiet)
    ruleset = _load(folder)
    if family is not None and family not in ruleset.families:
        raise InputError(f"no family of rules {family!r}", hint=_near(family, ruleset.families))
    chosen = sorted(
        (rule for rule in ruleset.rules if family in {None, rule.family}), key=lambda rule: rule.id
    )
    if as_json:
        screen.json({"digest": ruleset.digest, "rules": [_as_json(rule) for rule in chosen]})
        return 0
    for line in _listed(chosen, screen.width):
        screen.result(line)
    screen.say(f"\n{count(len(chosen), 'rule')}, ruleset {ruleset.digest}")
    return 0


@rules.add_command
@command("show")
@click.argument("rule_id", metavar="ID")
@click.option("--rules", "folder", metavar="DIR", type=click.Path(), help="Further rule packs.")
def show_rule(rule_id: str, folder: str | None, as_json: bool, quiet: bool) -> int:
    """Show one rule with its reason and its examples.

    \b
    Examples:
      archiver rules show ad-marker.shortcode
      archiver rules show ad-marker.shortcode --json
    """
    screen = Screen(as_json, quiet)
    known = _load(folder).by_id
    if rule_id not in known:
        raise InputError(f"no rule {rule_id!r}", hint=_near(rule_id, known))
    rule = known[rule_id]
    if as_json:
        screen.json(_as_json(rule))
        return 0
    for line in _lines(rule, screen.width):
        screen.result(line)
    return 0


@rules.add_command
@command("check")
@click.argument("folder", metavar="[DIR]", required=False, type=click.Path())
def check_rules(folder: str | None, as_json: bool, quiet: bool) -> int:
    """Check that every rule can be read and agrees with its own examples.

    The built-in rules are always checked; with DIR, its packs too. All that is
    wrong is told, not only the first. Exit status 5 if anything is.

    \b
    Examples:
      archiver rules check
      archiver rules check my-rules/
    """
    from archiver.rules.load import check, load

    screen = Screen(as_json, quiet)
    known = settings(rules=folder).rules
    place = Path(known) if known else None
    problems = check(place)
    if as_json:
        told = [{"rule": problem.rule_id, "message": problem.message} for problem in problems]
        screen.json({"sound": not problems, "problems": told})
        return problems[0].exit_status if problems else 0
    for problem in problems:
        screen.warn(f"{paint('wrong', 'bad')}  {visible_line(problem.message)}")
    if problems:
        screen.warn(count(len(problems), "problem"))
        return problems[0].exit_status
    if not quiet:
        number = count(len(load(place).rules), "rule")
        screen.result(f"{number}, every one agrees with its examples")
    return 0


def _near(word: str, known: Mapping[str, object]) -> str:
    close = (
        get_close_matches(word, known, n=3, cutoff=0.5)
        or [name for name in known if name.startswith(word)][:3]
    )
    return f"Did you mean {', '.join(close)}?" if close else "`archiver rules list` names them."


def _listed(rules: Sequence[Rule], width: int) -> Iterator[str]:
    """Rules under their families, each with its reason and what is unusual about it."""
    from archiver.rules.rule import FAMILIES

    column = max((cells(rule.id) for rule in rules), default=0) + 4
    family = None
    for rule in rules:
        if rule.family != family:
            yield from [""] if family else []
            family = rule.family
            yield f"{paint(visible_line(family), 'strong')}  {FAMILIES.get(family, '')}".rstrip()
        unusual = ", ".join(
            word
            for word, usual in (
                (rule.action, "drop"),
                (rule.profile, "safe"),
                (" and ".join(rule.hosts), ""),
            )
            if word != usual
        )
        why = f"{rule.why} [{unusual}]" if unusual else rule.why
        rows = wrap(visible_line(why), max(20, width - column))
        yield f"  {pad(visible_line(rule.id), column - 2)}{rows[0]}"
        yield from (" " * column + row for row in rows[1:])


def _lines(rule: Rule, width: int) -> Iterator[str]:
    """One rule for a person."""
    yield paint(visible_line(rule.id), "strong")
    room = max(20, width - 14)
    about = [
        ("why", "\n".join(wrap(visible_line(rule.why), room))),
        ("does", f"{rule.action}: {_DOES[rule.action]}"),
        ("profile", rule.profile),
        ("languages", ", ".join(rule.languages)),
        ("hosts", ", ".join(rule.hosts)),
        ("seen", rule.seen),
        ("pack", rule.pack),
        ("pattern", "\n".join(wrap(visible_line(rule.pattern), room))),
        ("literals", "\n".join(wrap(visible_line(", ".join(rule.literals)), room))),
        *_context(rule),
    ]
    yield from labelled((label, value) for label, value in about if value)
    yield "\nRemoves"
    for number, example in enumerate(rule.removes):
        yield from [""] if number else []
        yield from _quoted(example.before, paint("-", "bad"), width)
        yield from _quoted(example.after, paint("+", "good"), width)
    yield "\nKeeps"
    for number, text in enumerate(rule.keeps):
        yield from [""] if number else []
        yield from _quoted(text, "=", width)


def _quoted(text: str, mark: str, width: int) -> Iterator[str]:
    """An example line by line, each with its mark."""
    for line in text.splitlines():
        for row in wrap(visible_line(line), width - 4) or [""]:
            yield f"  {mark} {row}".rstrip()


def _context(rule: Rule) -> Iterator[tuple[str, str]]:
    """What must surround a line, where that is anything at all."""
    from archiver.rules.rule import Context

    usual = Context()
    for field in fields(Context):
        value = getattr(rule.context, field.name)
        if value != getattr(usual, field.name):
            shown = ", ".join(value) if isinstance(value, tuple) else str(value)
            yield field.name.replace("_", " "), shown


def _as_json(rule: Rule) -> dict[str, object]:
    return {
        **rule.to_json(),
        "family": rule.family,
        "profile": rule.profile,
        "seen": rule.seen,
        "pack": rule.pack,
        "removes": [{"before": item.before, "after": item.after} for item in rule.removes],
        "keeps": list(rule.keeps),
    }
