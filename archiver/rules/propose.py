"""A rule proposed from example lines, and held to them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from archiver.errors import RuleError
from archiver.rules.generalise import without_numbers
from archiver.rules.hosts import normal_host
from archiver.rules.match import Matcher
from archiver.rules.outcome import apply_rules
from archiver.rules.rule import Example, Rule, Ruleset
from archiver.rules.sieve import MAX_LINE
from archiver.settings import Profile
from archiver.text.edits import apply
from archiver.text.lines import fold, is_blank

#: Lines of other documents that are written into a rule as what it must keep.
MAX_KEEPS = 2

#: A line of so many words that ends like a sentence may be what the page says.
PROSE_WORDS = 8

#: Scripts without blanks have sentences of so many characters.
PROSE_CHARACTERS = 20

_ENDS = (".", "!", "?", "…", '"', "”", "»", "“", ":", ";")
_ENDS_WIDE = ("。", "！", "？", "．", "」", "』")


def literals_of(lines: Sequence[str]) -> tuple[str, ...]:
    """Lines as a rule compares them, each once."""
    return tuple(dict.fromkeys(fold(line) for line in lines))


def slug(line: str) -> str:
    """The second part of an id, from the first words of a line."""
    words = re.findall(r"[a-z0-9]+", fold(line))
    return "-".join(words[:4])[:40].strip("-") or "line"


def proposed(
    rule_id: str,
    lines: Sequence[str],
    *,
    why: str,
    seen: str,
    pattern: str | None = None,
    hosts: Sequence[str] = (),
    languages: Sequence[str] = (),
    profile: Profile = "safe",
) -> Rule:
    """A rule that drops lines, yet without its examples; see ``with_examples``."""
    return Rule(
        id=rule_id,
        action="drop",
        why=why,
        seen=seen,
        literals=() if pattern else literals_of(lines),
        pattern=pattern or "",
        languages=tuple(languages),
        hosts=tuple(sorted({normal_host(host) for host in hosts} - {""})),
        profile=profile,
    )


def matcher_of(rule: Rule, ruleset: Ruleset, profile: Profile = "strict") -> Matcher:
    """The rules of a ruleset and this one after them, at work where this one acts."""
    language = rule.languages[0] if rule.languages else None
    matcher = Matcher(Ruleset((*ruleset.rules, rule)), profile, language)
    return matcher.at(rule.hosts[0]) if rule.hosts else matcher


def check_examples(
    rule: Rule, lines: Sequence[str], keeps: Sequence[str], matcher: Matcher
) -> tuple[Example, ...]:
    """What a rule makes of its example lines.

    Raises: RuleError where it does not take one, or takes what it must keep.
    """
    removes = []
    for line in lines:
        made = _made(rule, line, matcher)
        if made is None:
            raise _refusal(rule, _reason(rule, line, matcher), line)
        removes.append(made)
    for text in keeps:
        if _made(rule, text, matcher) is not None:
            raise _refusal(rule, "takes what it must keep", text)
    return tuple(removes)


def with_examples(
    rule: Rule, lines: Sequence[str], keeps: Sequence[str], matcher: Matcher, near: Iterable[str]
) -> Rule:
    """The rule with what it removes and what it keeps, both tried.

    keeps: lines that it must leave alone. near: lines like the examples that stand in
    the texts; those that stay become examples too, so that the rule is held to them.
    Raises: as ``check_examples``; RuleError where nothing can be found that it keeps.
    """
    removes = check_examples(rule, lines, keeps, matcher)
    line = lines[0].strip()
    invented = (f"{line} – a sentence may say this and go on.", f"They wrote: {line}")
    stays = (text for text in (*near, *invented) if _made(rule, text, matcher) is None)
    found = [*keeps]
    for text in stays:
        if (text in invented and found) or len(found) >= len(keeps) + MAX_KEEPS:
            break
        found.append(text)
    if not found:
        raise _refusal(rule, "takes also what only holds its example", invented[1])
    return replace(rule, removes=removes, keeps=tuple(dict.fromkeys(found)))


def _refusal(rule: Rule, problem: str, text: str) -> RuleError:
    error = RuleError(rule.id, f"{problem}: {text!r}")
    error.hint = "Give other example lines, or a --regex that fits these and nothing else."
    return error


def is_near(line: str, example: str) -> bool:
    """Whether a line is like an example without being one: it holds it, or begins as it does."""
    if is_blank(line) or len(line) > MAX_LINE:
        return False
    one, other = without_numbers(fold(line)), without_numbers(fold(example))
    if one == other:
        return False
    words = other.split()
    start = " ".join(words[:3])
    return other in one or (len(words) > 2 and one.startswith(start))


def is_prose(line: str) -> bool:
    """Whether a line reads like a sentence of the text: long, and ended as one.

    Of scripts without blanks characters are counted.
    """
    text = line.strip()
    if text.endswith(_ENDS_WIDE):
        return len(text) >= PROSE_CHARACTERS
    return text.endswith(_ENDS) and len(text.split()) >= PROSE_WORDS


def taken_already(line: str, matcher: Matcher) -> str | None:
    """The id of a rule that takes this line as it stands; None where it stays."""
    edits, _ = apply_rules(line, matcher)
    return edits[0].rule if edits else None


def _made(rule: Rule, text: str, matcher: Matcher) -> Example | None:
    """What cleaning makes of a text, if the rule has a part in it."""
    edits, _ = apply_rules(text, matcher)
    if rule.id not in {edit.rule for edit in edits}:
        return None
    return Example(text, apply(text, edits))


def _reason(rule: Rule, line: str, matcher: Matcher) -> str:
    if is_blank(line):
        return "has a blank line as its example"
    if len(line) > MAX_LINE:
        return f"has an example of more than {MAX_LINE:,} characters, which no rule takes"
    other = taken_already(line, matcher)
    if other is not None and other != rule.id:
        return f"comes after {other}, which takes its example already"
    return "does not take its example"
