"""A rule written as TOML, as a person would write it into a pack."""

from __future__ import annotations

import json
from collections.abc import Iterator

from archiver.rules.rule import Context, Example, Rule


def quoted(text: str) -> str:
    """A TOML string: JSON's escapes are TOML's too, but for DEL and lone surrogates."""
    plain = text.replace("\x7f", "\ufffd").encode("utf-8", "replace").decode("utf-8")
    return json.dumps(plain, ensure_ascii=False)


def example_text(example: Example) -> str:
    """An example: a string that vanishes whole, else a table of before and after."""
    if not example.after:
        return quoted(example.before)
    return f"{{ before = {quoted(example.before)}, after = {quoted(example.after)} }}"


def rule_rows(rule: Rule) -> Iterator[str]:
    """One ``[[rule]]`` table, line by line; ``archiver.rules.parse`` reads it back equal.

    Of the context only what differs from the usual is written.
    """
    yield "[[rule]]"
    yield f"id = {quoted(rule.id)}"
    yield f"action = {quoted(rule.action)}"
    if rule.profile != "safe":
        yield f"profile = {quoted(rule.profile)}"
    for name in ("hosts", "languages"):
        if values := getattr(rule, name):
            yield f"{name} = [{', '.join(map(quoted, values))}]"
    if rule.context.min_run != Context().min_run:
        yield f"min_run = {rule.context.min_run}"
    yield from _listed("literals", map(quoted, rule.literals))
    if rule.pattern:
        yield f"pattern = {_raw(rule.pattern)}"
    yield f"why = {quoted(rule.why)}"
    yield f"seen = {quoted(rule.seen)}"
    yield from _listed("removes", map(example_text, rule.removes))
    yield from _listed("keeps", map(quoted, rule.keeps))


def _listed(name: str, values: Iterator[str]) -> Iterator[str]:
    found = [*values]
    if found:
        yield f"{name} = ["
        yield from (f"    {value}," for value in found)
        yield "]"


def _raw(pattern: str) -> str:
    """A pattern without escapes where TOML allows it: it reads as it was meant."""
    plain = "'" not in pattern and pattern.isprintable()
    return f"'{pattern}'" if plain else quoted(pattern)
