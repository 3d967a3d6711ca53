"""``archiver rules new``: a rule made from example lines, tried on texts before it is saved."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from archiver.cli.ids import as_meant
from archiver.cli.rule_draft import Given, base_of, draft_of, pack_of
from archiver.cli.rule_texts import place_of
from archiver.cli.rule_trial import Trial, save, try_on
from archiver.cli.rules_test import document_lines, effect_json
from archiver.cli.screen import Screen, count, is_terminal, paint
from archiver.cli.session import command, profile_option, settings
from archiver.cli.visible import visible_line
from archiver.errors import RuleError

if TYPE_CHECKING:
    from archiver.rules.rule import Rule

#: Documents whose lines are shown, and lines of prose.
SHOWN, PROSE_SHOWN = 10, 10


@command("new")
@click.argument("lines", metavar="[LINE]...", nargs=-1)
@click.option("--id", "rule_id", metavar="ID", help="family.name  [default: by family and line]")
@click.option("--family", metavar="NAME", help="What kind of line it is: newsletter, ad-marker …")
@click.option("--why", metavar="TEXT", help="The reason, for who reads it years later.")
@click.option("--seen", metavar="TEXT", help="Where it was met.  [default: where it stands]")
@click.option("--pattern", is_flag=True, help="Let numbers, addresses and names in it vary.")
@click.option("--regex", metavar="RE2", help="The pattern itself; it must fit the whole line.")
@click.option("--host", "hosts", metavar="NAME", multiple=True, help="Only on this site.")
@click.option("--language", "languages", metavar="TAG", multiple=True, help="Only in this one.")
@profile_option
@click.option("--keeps", metavar="LINE", multiple=True, help="A line that it must leave alone.")
@click.option(
    "--on", metavar="PATH", type=click.Path(), help="Texts to try it on.  [default: the archive]"
)
@click.option("-o", "--output", metavar="PATH", type=click.Path(), help="The pack, or its folder.")
@click.option("--dry-run", is_flag=True, help="Show what it would do, save nothing.")
@click.option("-y", "--yes", is_flag=True, help="Save it, also where it takes what reads as text.")
def new_rule(
    lines: tuple[str, ...],
    rule_id: str | None,
    family: str | None,
    why: str | None,
    seen: str | None,
    pattern: bool,
    regex: str | None,
    hosts: tuple[str, ...],
    languages: tuple[str, ...],
    profile: str | None,
    keeps: tuple[str, ...],
    on: str | None,
    output: str | None,
    dry_run: bool,
    yes: bool,
    as_json: bool,
    quiet: bool,
) -> int:
    """Make a rule from a line that should go, and show what it would remove.

    LINE is such a line; several are taken to be of one make. At a terminal, what
    is not given is asked for. The rule is tried on an archive or on sources: where
    it would take lines that read like sentences, they are shown, and it is saved
    only on your word. --profile is the gentlest one in which it acts (safe).

    \b
    Examples:
      archiver rules new
      archiver rules new "Get our news in your inbox." --family newsletter \\
        --why "Invitation inside every article."
      archiver rules new "12 people like this" --pattern --family share-bar \\
        --why "A count of likes." --host example.org --dry-run
    """
    screen = Screen(as_json, quiet)
    given = Given(
        tuple(map(as_meant, lines)),
        rule_id,
        family,
        as_meant(why or ""),
        as_meant(seen or ""),
        pattern,
        None if regex is None else as_meant(regex),
        hosts,
        languages,
        tuple(map(as_meant, keeps)),
    )
    known = settings()
    pack = pack_of(output, known)
    base = base_of(pack, known)
    asks = is_terminal(sys.stdin) and not as_json
    draft, lines = draft_of(given, base, profile, asks=asks)
    place = place_of(on)
    trial = try_on(place, base, draft, lines, given.keeps, known.profile)
    if not as_json:
        _show(screen, trial, place)
    wanted = not dry_run and _is_wanted(trial, asks=asks, yes=yes)
    if wanted:
        save(trial.rule, pack)
    if as_json:
        screen.json(
            {
                "rule": _rule_json(trial.rule),
                "pack": str(pack) if wanted else None,
                "on": place,
                "prose": [change.text for _, change in trial.prose],
                **effect_json(trial.effect),
            }
        )
        return 0
    if wanted:
        screen.result(f"Saved {visible_line(trial.rule.id)} in {visible_line(str(pack))}")
        screen.say(f"next: archiver ingest --reclean --rules {visible_line(str(pack.parent))}")
    else:
        screen.say("Nothing was saved.")
    return 0


def _show(screen: Screen, trial: Trial, place: str) -> None:
    """The rule's effect: what it says of the lines that go, and of those that read as text."""
    found, rule = trial.effect, trial.rule
    how = f"pattern {rule.pattern}" if rule.pattern else "word for word"
    if not screen.quiet:
        screen.result(f"{paint(visible_line(rule.id), 'strong')}  {visible_line(how)}\n")
        for item in found.shown[:SHOWN]:
            for line in document_lines(item, screen.width):
                screen.result(line)
        if (more := found.changed - SHOWN) > 0:
            screen.result(f"… and {count(more, 'more document')}\n")
    lines = found.lines["more"] + found.lines["otherwise"]
    documents = count(found.changed, "document")
    screen.result(f"It would remove {count(lines, 'line')} in {documents} of {visible_line(place)}")
    if not lines:
        screen.warn("No text there has such a line, or none that is from its host or language.")
    if trial.prose:
        screen.warn(f"{count(len(trial.prose), 'line')} of these read like the text itself:")
        for path, change in trial.prose[:PROSE_SHOWN]:
            screen.warn(
                f"  {visible_line(path)}:{change.line}: {visible_line(change.text.strip())}"
            )


def _is_wanted(trial: Trial, *, asks: bool, yes: bool) -> bool:
    """Whether it is to be saved. Raises: RuleError where it takes prose, and nobody says yes."""
    if yes:
        return True
    if asks:
        words = "Save it all the same?" if trial.prose else "Save it?"
        return click.confirm(words, default=not trial.prose, err=True)
    if trial.prose:
        number, (path, change) = len(trial.prose), trial.prose[0]
        error = RuleError(
            trial.rule.id,
            f"would take {count(number, 'line')} that read like the text itself, "
            f"as {path}:{change.line}: {change.text.strip()!r}",
        )
        error.hint = (
            "Name what must stay with --keeps, give a narrower --regex, or save it with --yes."
        )
        raise error
    return True


def _rule_json(rule: Rule) -> dict[str, object]:
    return {
        **rule.to_json(),
        "seen": rule.seen,
        "removes": [{"before": item.before, "after": item.after} for item in rule.removes],
        "keeps": list(rule.keeps),
    }
