"""A rule tried on texts, given its examples, and written into a pack."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from archiver.cli.restore import write_pieces
from archiver.cli.rule_effect import Change, Changed, Effect, effect_of
from archiver.cli.rule_texts import Text, texts_on
from archiver.errors import InputError, StorageError

if TYPE_CHECKING:
    from archiver.rules.rule import Rule, Ruleset
    from archiver.settings import Profile

#: Documents whose lines are kept for showing.
HELD = 1_000

#: Lines like the examples that are tried as what the rule must keep.
NEAR_HELD = 50


@dataclass(frozen=True, slots=True)
class Trial:
    """A rule with its examples, what it does to the texts, and what of it reads as text."""

    rule: Rule
    effect: Effect
    prose: tuple[tuple[str, Change], ...]


def try_on(
    place: str,
    base: Ruleset,
    draft: Rule,
    lines: Sequence[str],
    keeps: Sequence[str],
    profile: Profile,
) -> Trial:
    """Try a rule on all texts of a place, beside the rules of a ruleset.

    The texts are cleaned by the profile of the settings, or by the rule's own where that is
    bolder. Where it was seen, and lines like the examples that stay, are found on the way.
    Raises: RuleError where it does not take its examples or takes what it must keep;
    InputError where the place holds no text.
    """
    from archiver.clean import matcher_for
    from archiver.rules.propose import (
        check_examples,
        is_near,
        is_prose,
        literals_of,
        matcher_of,
        with_examples,
    )
    from archiver.rules.rule import Ruleset
    from archiver.settings import PROFILES
    from archiver.text.repair import repair

    after = Ruleset((*base.rules, draft), base.engine)
    check_examples(draft, lines, keeps, matcher_of(draft, base))  # before the long work
    bold: Profile = max(profile, draft.profile, key=PROFILES.index)
    near: dict[str, None] = {}
    places: list[str] = []
    examples = set(literals_of(lines))
    prose: list[tuple[str, Change]] = []

    def concerns(text: Text) -> bool:
        matcher = matcher_for(after, bold, text.language, text.host)
        numbers = [n for n, rule in enumerate(matcher.rules) if rule.id == draft.id]
        if not numbers:
            return False
        repaired = repair(text.text)[0].split("\n")
        return any(numbers[0] in matcher.verdict(line).candidates for line in set(repaired))

    def each(text: Text) -> None:
        for line in text.text.split("\n"):
            if len(near) < NEAR_HELD and any(is_near(line, example) for example in lines):
                near.setdefault(line.strip())

    def differs(item: Changed) -> None:
        places.append(item.path)
        prose.extend(
            (item.path, change)
            for change in item.changes
            if change.how != "fewer"
            and is_prose(change.text)
            and literals_of([change.text])[0] not in examples
        )

    found = effect_of(
        texts_on(place), base, after, bold, limit=HELD,
        concerns=concerns, each=each, differs=differs,
    )  # fmt: skip
    if not found.documents:
        raise InputError(f"{place} holds no text", hint="Name an archive or sources with --on.")
    seen = draft.seen or (places[0] if places else f"asked for; not in {place}")
    rule = with_examples(replace(draft, seen=seen), lines, keeps, matcher_of(draft, base), near)
    return Trial(rule, found, tuple(prose))


def save(rule: Rule, pack: Path) -> None:
    """Add a rule to a pack, which is made where there is none.

    The pack is loaded from another place first, with all its neighbours: what does not
    hold is never saved. Raises: RuleError, SettingsError; StorageError.
    """
    from archiver.rules.load import SCHEMA, load_packs
    from archiver.rules.pack_rows import quoted, rule_rows

    rows = "\n".join(rule_rows(rule)) + "\n"
    try:
        before = pack.read_bytes() if pack.exists() else f"schema = {quoted(SCHEMA)}\n".encode()
        data = before + (b"" if before.endswith(b"\n") else b"\n") + b"\n" + rows.encode()
        with tempfile.TemporaryDirectory() as folder:
            tried = Path(folder) / pack.name
            tried.write_bytes(data)
            beside = sorted(path for path in pack.parent.glob("*.toml") if path.name != pack.name)
            load_packs(sorted([*beside, tried], key=lambda path: path.name))
        pack.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"{pack} could not be written: {error.strerror or error}") from error
    write_pieces(pack, [data], force=True)
