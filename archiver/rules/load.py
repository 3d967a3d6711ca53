"""Rule packs: TOML files read, checked against their own examples, made a Ruleset."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache
from importlib import metadata
from pathlib import Path

from archiver import model, page
from archiver.digest import Json
from archiver.errors import RuleError, SettingsError
from archiver.rules.match import Matcher
from archiver.rules.outcome import apply_rules
from archiver.rules.parse import parse_rule
from archiver.rules.rule import Rule, Ruleset
from archiver.text.edits import apply
from archiver.text.repair import config

BUILTIN = Path(__file__).parent / "builtin"

SCHEMA = "archiver-rules/1"

#: The version of the decision procedure: raised whenever the same rules would
#: make something else of some text.
ENGINE = 4

#: A pack larger than this is refused unread; the largest built in has 40 KB.
MAX_PACK_BYTES = 4 << 20


@lru_cache(maxsize=1)
def builtin() -> Ruleset:
    """The rules that come with the toolkit."""
    return load(None)


def load(folder: Path | None) -> Ruleset:
    """The built-in rules, and after them those of a folder's ``*.toml`` packs.

    A later pack may ``disable`` rules by id; a ``keep`` rule has the last word on
    a line whatever its place.

    Raises: RuleError for the first rule that cannot be read, or of the folder
    disagrees with its examples; SettingsError for a folder or file that cannot be read.
    """
    return load_packs(packs_in(folder) if folder is not None else ())


def load_packs(packs: Sequence[Path]) -> Ruleset:
    """The built-in rules, and after them those of some packs, in this order.

    Raises: as ``load``.
    """
    ruleset, problems = _assemble(packs)
    # Built-in examples are tried by `rules check` and the tests: at every start
    # they would cost more than cleaning many documents.
    problems += _failed_examples(ruleset, {path.name for path in packs})
    for rule_id, where, problem in problems:
        raise RuleError(rule_id, problem, where=where)
    return ruleset


def check(folder: Path | None) -> list[RuleError]:
    """Everything that is wrong with the rules of a folder and the built-in ones.

    These are tried by themselves: what a pack keeps or drops may overrule them on purpose.
    """
    packs = packs_in(folder) if folder is not None else ()
    ruleset, problems = _assemble(packs)
    problems += _failed_examples(ruleset, {path.name for path in packs})
    shipped, _ = _assemble(())
    problems += _failed_examples(shipped, {rule.pack for rule in shipped.rules})
    return [RuleError(rule_id, problem, where=where) for rule_id, where, problem in problems]


Problem = tuple[str, str, str]


def _assemble(brought: Sequence[Path]) -> tuple[Ruleset, list[Problem]]:
    # What was written by hand speaks first; generated packs fill in.
    packs = sorted(BUILTIN.glob("*.toml"), key=lambda path: (".generated" in path.name, path.name))
    packs += brought
    rules: dict[str, Rule] = {}
    problems: list[Problem] = []
    for path in packs:
        where = path.name
        table = _read(path)
        problems += (
            (rule_id, where, "is disabled here, but there is no such rule")
            for rule_id in _strings(table.get("disable", []), path)
            if rules.pop(rule_id, None) is None
        )
        entries = table.get("rule", [])
        if not isinstance(entries, list):
            message = f"{path}: `rule` is not a list of tables"
            raise SettingsError(message, hint="Start each rule with [[rule]].")
        for entry in entries:
            rule, found = parse_rule(entry, where)
            problems += ((rule.id, where, problem) for problem in found)
            if rule.id in rules:
                problems.append((rule.id, where, f"stands also in {rules[rule.id].pack}"))
            if not found:
                rules[rule.id] = rule
    return Ruleset(tuple(rules.values()), engine()), problems


def engine() -> dict[str, Json]:
    """What beside the rules decides about a text."""
    settings: dict[str, Json] = {
        name: value for name, value in sorted(config()._asdict().items()) if name != "explain"
    }
    return {
        "version": ENGINE,
        "ftfy": metadata.version("ftfy"),
        "repair": settings,
        "model": model.identity(),
        "page": page.identity(),
    }


def _failed_examples(ruleset: Ruleset, packs: AbstractSet[str]) -> list[Problem]:
    """What the rules of some packs make of their own examples, where it is not what they say."""
    if not packs:
        return []
    matcher = Matcher(ruleset, "strict")
    return [
        (rule.id, rule.pack, problem)
        for rule in ruleset.rules
        if rule.pack in packs
        for problem in _example_problems(rule, matcher)
    ]


def _example_problems(rule: Rule, matcher: Matcher) -> Iterable[str]:
    if rule.languages:
        matcher = Matcher(Ruleset(matcher.rules), "strict", rule.languages[0])
    if rule.hosts:
        matcher = matcher.at(rule.hosts[0])
    for example in rule.removes:
        edits, _ = apply_rules(example.before, matcher)
        if rule.action != "keep" and rule.id not in {edit.rule for edit in edits}:
            yield f"does not touch its example {example.before!r}"
        elif (made := apply(example.before, edits)) != example.after:
            yield f"makes {made!r} of {example.before!r}, not {example.after!r}"
    for text in rule.keeps:
        edits, _ = apply_rules(text, matcher)
        if rule.id in {edit.rule for edit in edits} or (rule.action == "keep" and edits):
            yield f"touches what it must keep: {text!r}"


def packs_in(folder: Path) -> list[Path]:
    """The packs of a folder in the order in which they load. Raises: SettingsError for none."""
    if not folder.is_dir():
        message = f"{folder}: there is no such folder of rule packs"
        raise SettingsError(message, hint="Name a folder that holds *.toml rule packs.")
    packs = sorted(folder.glob("*.toml"))
    if not packs:
        message = f"{folder}: holds no *.toml rule pack"
        raise SettingsError(message, hint="See `archiver rules list` for what a rule looks like.")
    return packs


def _read(path: Path) -> Mapping[str, object]:
    try:
        if path.stat().st_size > MAX_PACK_BYTES:
            message = f"{path}: larger than {MAX_PACK_BYTES} bytes"
            raise SettingsError(message, hint="Split the pack.")
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as problem:
        message = f"{path}: cannot be read: {problem}"
        raise SettingsError(message, hint="Check the file.") from None
    except (tomllib.TOMLDecodeError, RecursionError) as problem:
        message = f"{path}: is not TOML: {problem}"
        raise SettingsError(message, hint="Correct the line named.") from None
    if table.get("schema") != SCHEMA:
        message = f"{path}: does not say schema = {SCHEMA!r}"
        raise SettingsError(message, hint="Write it on the first line of the pack.")
    if unknown := sorted(table.keys() - {"schema", "disable", "rule"}):
        message = f"{path}: unknown key {unknown[0]!r}"
        raise SettingsError(message, hint="A pack has schema, disable and [[rule]] only.")
    return table


def _strings(value: object, path: Path) -> Sequence[str]:
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return value
    message = f"{path}: `disable` is not a list of rule ids"
    raise SettingsError(message, hint='Write disable = ["family.name"].')
