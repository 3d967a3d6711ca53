"""The rule that a person wants, from options and answers; not yet tried on anything."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archiver.cli.guess import near
from archiver.cli.screen import echo
from archiver.cli.session import named_host
from archiver.cli.visible import visible_line
from archiver.errors import InputError, UsageError

if TYPE_CHECKING:
    from archiver.rules.rule import Rule, Ruleset
    from archiver.settings import Profile, Settings

#: Where a rule goes that is given no place.
FOLDER, PACK = "my-rules", "own.toml"

_ID = re.compile(r"[a-z0-9-]+\.[a-z0-9-]+")


@dataclass(frozen=True, slots=True)
class Given:
    """What the command line says of the rule."""

    lines: tuple[str, ...]
    rule_id: str | None
    family: str | None
    why: str | None
    seen: str | None
    pattern: bool
    regex: str | None
    hosts: tuple[str, ...]
    languages: tuple[str, ...]
    keeps: tuple[str, ...]


def pack_of(output: str | None, known: Settings) -> Path:
    """The file that the rule goes to."""
    given = Path(output or known.rules or FOLDER)
    return given if given.suffix == ".toml" else given / PACK


def base_of(pack: Path, known: Settings) -> Ruleset:
    """The rules beside which it will act: those of the settings, and of its own folder."""
    from archiver.rules.load import load_packs, packs_in

    folders = dict.fromkeys(
        Path(folder).resolve() for folder in (known.rules, str(pack.parent)) if folder
    )
    return load_packs(
        [
            path
            for folder in folders
            if folder.is_dir() and any(folder.glob("*.toml"))
            for path in packs_in(folder)
        ]
    )


def draft_of(
    given: Given, base: Ruleset, profile: str | None, *, asks: bool
) -> tuple[Rule, tuple[str, ...]]:
    """The rule without its examples, and the lines; what is not given is asked for."""
    from archiver.rules.propose import matcher_of, proposed, slug, taken_already
    from archiver.rules.rule import FAMILIES
    from archiver.settings import PROFILES

    lines = given.lines or _asked(asks, "A line that should go", "a line that should go", "LINE")
    if any("\n" in line or not line.strip() for line in lines):
        raise UsageError("an example is one line of text", hint="Give each line as one LINE.")
    hosts = tuple(filter(None, map(named_host, given.hosts)))
    pattern = _pattern(given, lines, asks=asks)
    family = given.family or (given.rule_id or "").partition(".")[0]
    family = family or _family(asks)
    if family not in FAMILIES and (guess := near(family, FAMILIES)):
        raise UsageError(f"there is no family {family!r}.{guess}")
    rule_id = given.rule_id or _free_id(f"{family}.{slug(lines[0])}", base)
    if not _ID.fullmatch(rule_id) or (given.family and not rule_id.startswith(f"{family}.")):
        raise UsageError(f"{rule_id!r} is no id family.name of this family", hint="Leave --id out.")
    if rule_id in base.by_id:
        raise UsageError(f"there is a rule {rule_id} already", hint="Give it another --id.")
    (why,) = [given.why] if given.why else _asked(asks, "Why it should go", "a reason", "--why")
    how: Profile = next((name for name in PROFILES if name == profile), "safe")
    draft = proposed(
        rule_id,
        lines,
        why=why,
        seen=given.seen or "",
        pattern=pattern,
        hosts=hosts,
        languages=given.languages,
        profile=how,
    )
    without = matcher_of(draft, base)
    for line in lines:
        other = taken_already(line, without)
        if other is not None and other != rule_id:
            raise InputError(
                f"the rule {other} takes this line already: {line!r}",
                hint=f"`archiver rules show {other}` tells about it.",
            )
    return draft, lines


def _asked(asks: bool, words: str, what: str, name: str) -> tuple[str, ...]:
    """An answer from the keyboard. Raises: UsageError where nobody sits there."""
    if not asks:
        raise UsageError(f"{what} is missing", hint=f"Give {name}; at a terminal it is asked for.")
    return (str(click.prompt(words, err=True)),)


def _pattern(given: Given, lines: Sequence[str], *, asks: bool) -> str | None:
    """The pattern that is wanted, if one is. Raises: UsageError where none can be made."""
    from archiver.rules.generalise import pattern_of
    from archiver.rules.regex import Pattern, PatternError

    if given.regex is not None:
        if given.pattern:
            raise UsageError("--pattern makes a pattern; --regex gives one", hint="Give one.")
        try:
            return Pattern(given.regex).pattern
        except PatternError as problem:
            raise UsageError(f"--regex is no RE2 syntax: {problem}") from problem
    made = pattern_of(lines)
    if given.pattern and made is None:
        raise UsageError(
            "no pattern can be told from this line: nothing in it varies, or too little is left",
            hint="Leave --pattern out to take it word for word, or give --regex.",
        )
    if given.pattern:
        return made
    if made is None or not asks or given.lines:
        return None
    echo(f"Numbers, addresses and names may vary: {visible_line(made)}", err=True)
    return made if click.confirm("Take this pattern, not the line alone?", err=True) else None


def _family(asks: bool) -> str:
    from archiver.rules.rule import FAMILIES

    if asks:
        width = max(map(len, FAMILIES))
        for name, says in FAMILIES.items():
            echo(f"  {name:<{width}}  {says}", err=True)
    (family,) = _asked(asks, "What kind of line it is", "its family", "--family")
    return family


def _free_id(wanted: str, base: Ruleset) -> str:
    names = (wanted, *(f"{wanted}-{number}" for number in range(2, 1000)))
    return next((name for name in names if name not in base.by_id), wanted)
