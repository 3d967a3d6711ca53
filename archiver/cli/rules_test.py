"""``archiver rules test``: what a pack changes, shown on texts before it is used."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archiver.cli.rule_effect import Change, Changed, Effect, How, effect_of
from archiver.cli.rule_texts import place_of, texts_on
from archiver.cli.screen import Screen, count, paint, table
from archiver.cli.session import at_least, command, profile_option, settings
from archiver.cli.visible import visible_line, wrap
from archiver.errors import InputError, SettingsError

if TYPE_CHECKING:
    from archiver.rules.rule import Ruleset

#: How each kind of change is marked, and its colour; the mark says it without the colour.
MARKS: dict[How, tuple[str, str]] = {
    "more": ("-", "bad"),
    "fewer": ("+", "good"),
    "otherwise": ("~", "warn"),
}


@command("test")
@click.argument("pack", type=click.Path())
@click.option(
    "--on",
    metavar="PATH",
    type=click.Path(),
    help="An archive, or sources.  [default: the archive]",
)
@profile_option
@click.option(
    "--limit",
    metavar="N",
    type=at_least(0),
    default="20",
    show_default=True,
    help="Documents whose lines are shown.",
)
def test_rules(
    pack: str, on: str | None, profile: str | None, limit: int, as_json: bool, quiet: bool
) -> int:
    """Show what a pack would change: lines that would go, and lines that would stay.

    PACK is a TOML file or a folder of them. Each text is cleaned twice, without the
    pack and with it; packs that the settings name act both times. Lines marked -
    would go now, lines marked + would stay now, of lines marked ~ another part
    would go. Nothing is written.

    \b
    Examples:
      archiver rules test my-rules
      archiver rules test my-rules/harbour.toml --on corpus --limit 5
      archiver rules test my-rules --on pages/ --profile strict
      archiver rules test my-rules --json | jq .lines
    """
    screen = Screen(as_json, quiet)
    place = place_of(on)
    known = settings(profile=profile)
    before, after = _rulesets(Path(pack), known.rules)
    found = effect_of(texts_on(place), before, after, known.profile, limit=limit)
    if not found.documents:
        raise InputError(f"{place} holds no text", hint="Name an archive or sources with --on.")
    if as_json:
        screen.json(
            {
                "pack": pack,
                "on": place,
                "profile": known.profile,
                "ruleset": {"before": before.digest, "after": after.digest},
                **effect_json(found),
            }
        )
        return 0
    for line in effect_lines(found, screen.width):
        screen.result(line)
    screen.say("\nNothing was written. To clean the archive again with the pack:")
    screen.say(f"  archiver ingest --reclean --rules {_folder(Path(pack))}")
    return 0


def _rulesets(pack: Path, configured: str | None) -> tuple[Ruleset, Ruleset]:
    """The rules without the pack, and with it after all others."""
    from archiver.rules.load import load_packs, packs_in

    tested = [pack] if pack.is_file() else packs_in(pack)
    others = packs_in(Path(configured)) if configured else []
    ours = {path.resolve() for path in tested}
    around = [path for path in others if path.resolve() not in ours]
    if pack.suffix != ".toml" and pack.is_file():
        raise SettingsError(f"{pack} is no *.toml rule pack", hint="Name a pack or its folder.")
    return load_packs(around), load_packs([*around, *tested])


def _folder(pack: Path) -> str:
    return visible_line(str(pack.parent if pack.is_file() else pack))


def effect_json(found: Effect) -> dict[str, object]:
    """An effect as ``--json`` shows it."""
    rules = {
        rule: {
            "documents": documents,
            **{how: found.by_rule[rule, how] for how in MARKS if found.by_rule[rule, how]},
        }
        for rule, documents in sorted(found.documents_by_rule.items())
    }
    return {
        "documents": found.documents,
        "changed": found.changed,
        "lines": {how: found.lines[how] for how in MARKS},
        "rules": rules,
        "changes": [asdict(item) for item in found.shown],
        "left_out": found.left_out,
    }


def effect_lines(found: Effect, width: int) -> Iterator[str]:
    """An effect for a person: the documents, the rules, and both counted."""
    if not found.changed:
        yield f"Nothing changes in {count(found.documents, 'document')}."
        return
    for item in found.shown:
        yield from document_lines(item, width)
    if found.left_out:
        yield paint(f"… and {count(found.left_out, 'more document')}", "faint")
        yield ""
    yield from _by_rule(found)
    yield ""
    yield paint(summary_line(found), "strong")


def summary_line(found: Effect) -> str:
    """``12 lines more and no lines fewer would go, in 9 of 120 documents``."""
    more, fewer, otherwise = (found.lines[how] for how in MARKS)
    words = f"{count(more, 'line')} more and {count(fewer, 'line')} fewer would go"
    if otherwise:
        words += f", {otherwise:,} otherwise"
    return f"{words}, in {found.changed:,} of {count(found.documents, 'document')}"


def document_lines(item: Changed, width: int) -> Iterator[str]:
    """A document with its lines that change."""
    yield paint(visible_line(item.path), "strong")
    gutter = max(len(str(change.line)) for change in item.changes)
    for change in item.changes:
        yield from change_lines(change, gutter, width)
    yield ""


def change_lines(change: Change, gutter: int, width: int) -> Iterator[str]:
    """A line that changes, with its number, its mark and its rule."""
    mark, role = MARKS[change.how]
    rows = wrap(visible_line(change.text), width - gutter - 5) or [""]
    for place, row in enumerate(rows):
        number = f"{change.line:>{gutter}}" if place == 0 else " " * gutter
        yield f"  {paint(number, 'faint')} {paint(f'{mark} {row}', role)}"
    if change.how == "otherwise":
        for row in wrap(visible_line(change.left), width - gutter - 8):
            yield f"  {' ' * gutter}   = {row}"
    yield f"  {' ' * gutter}   {paint(visible_line(change.rule), 'faint')}"


def _by_rule(found: Effect) -> Sequence[str]:
    rows = [
        (
            rule,
            *(f"{found.by_rule[rule, how]:,}" if found.by_rule[rule, how] else "" for how in MARKS),
            f"{documents:,}",
        )
        for rule, documents in sorted(found.documents_by_rule.items())
    ]
    head = ("rule", "more", "fewer", "otherwise", "documents")
    return table(head, rows, right="more fewer otherwise documents")
