"""A site's template written as a rule pack, for a person to look through.

The rules name lines word for word, and act on the hosts they were learned from.
A label is taken in a run only: where it stands alone it may be what the page says.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

from archiver.rules.load import SCHEMA
from archiver.rules.match import Matcher
from archiver.rules.outcome import apply_rules
from archiver.rules.pack_rows import example_text, quoted
from archiver.rules.rule import Context, Example, Rule, Ruleset
from archiver.rules.sites import MIN_RUN, Place, Repeated, Template
from archiver.text.edits import apply
from archiver.text.lines import fold

#: More lines than this are no template but a mirror.
MAX_LINES = 5_000

#: ``removes`` examples of a rule on sentences.
MAX_EXAMPLES = 3

#: Texts tried as an example, before a rule is held to be covered by others.
MAX_TRIED = 200

#: Labels in the example of a rule on menus.
RUN_SHOWN = MIN_RUN + 3

#: A name that every file system takes, and no path.
_FILE_NAME = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,98}[a-z0-9])?")

_CONTEXTS: dict[Place, Context] = {"menu": Context(min_run=MIN_RUN), "sentence": Context()}

_WHY: dict[Place, str] = {
    "menu": "Labels that follow one another",
    "sentence": "Sentences in the same place",
}


def slug(host: str) -> str:
    """A host as a part of a rule's id; different hosts get different ones."""
    name = host.replace("-", "--").replace(".", "-")
    if re.fullmatch(r"[a-z0-9][a-z0-9-]{0,39}", name) and "---" not in name:
        return name
    return "x-" + hashlib.sha256(host.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def file_name(host: str) -> str:
    """The name of a host's pack."""
    return f"{host if _FILE_NAME.fullmatch(host) else slug(host)}.toml"


def site_rules(template: Template, ruleset: Ruleset) -> tuple[Rule, ...]:
    """The rules of a site, with examples that hold beside the rules of a ruleset.

    A rule that finds nothing to do beside them is left out.
    """
    given = [
        rule
        for place in _CONTEXTS
        if (rule := _rule(template, place, template.at(place)[:MAX_LINES]))
    ]
    matcher = Matcher(Ruleset((*ruleset.rules, *given)), "strict")
    matcher = matcher.at(template.hosts[0] if template.hosts else None)
    ready = (_with_examples(rule, template, matcher) for rule in given)
    return tuple(rule for rule in ready if rule.removes and rule.keeps)


def pack_text(template: Template, rules: Sequence[Rule]) -> str:
    """Some of a site's rules as TOML, each line with the pages it stands on."""
    rows = [*_head(template), *(row for rule in rules for row in _rows(template, rule))]
    return "\n".join(rows) + "\n"


def _rule(template: Template, place: Place, lines: Sequence[Repeated]) -> Rule | None:
    if not lines:
        return None
    least, most = lines[-1].pages, lines[0].pages
    pages = f"{least}" if least == most else f"{least} to {most}"
    return Rule(
        id=f"navigation.site-{slug(template.host)}-{place}",
        action="drop",
        why=f"{_WHY[place]}: each stands in {pages} of {template.pages} pages of {template.host}.",
        seen=", ".join(lines[0].examples),
        literals=tuple(sorted({fold(line.text) for line in lines})),
        hosts=template.hosts,
        profile="standard",
        context=_CONTEXTS[place],
    )


def _with_examples(rule: Rule, template: Template, matcher: Matcher) -> Rule:
    place: Place = "menu" if rule.context.min_run > 1 else "sentence"
    lines = [line.text for line in template.at(place)[:MAX_LINES]]
    # What few rules name comes first: one that stands before this may take the rest.
    lines.sort(key=lambda text: len(matcher.verdict(text).candidates))
    texts = lines if place == "sentence" else [*islice(_runs(lines), MAX_TRIED)]
    tried = (_made(rule, text, matcher) for text in texts[:MAX_TRIED])
    most = 1 if place == "menu" else MAX_EXAMPLES
    removes = tuple(islice((made for made in tried if made is not None), most))
    keeps = [f"{lines[0]} – a sentence may say this and go on."]
    if place == "menu":
        keeps.insert(0, lines[0])
    return replace(
        rule,
        removes=removes,
        keeps=tuple(text for text in keeps if _made(rule, text, matcher) is None),
    )


def _runs(lines: Sequence[str]) -> Iterator[str]:
    """Runs of labels, each begun by another: at an end no rule for what lies between acts."""
    for first in lines:
        rest = (line for line in lines if line != first)
        yield "\n".join([first, *islice(rest, RUN_SHOWN - 1)])


def _made(rule: Rule, before: str, matcher: Matcher) -> Example | None:
    """What cleaning makes of a text, if the rule has a part in it."""
    edits, _ = apply_rules(before, matcher)
    if rule.id not in {edit.rule for edit in edits}:
        return None
    return Example(before, apply(before, edits))


def _head(template: Template) -> Iterator[str]:
    yield f"schema = {quoted(SCHEMA)}"
    yield ""
    yield f"# Learned by `archiver rules learn` from {template.pages} pages."
    yield "# Look through it: what is content, delete; then run `archiver rules check` on it."
    if not template.hosts:
        yield "# Its host is not known, so it acts on every page: give each rule its hosts."


def _rows(template: Template, rule: Rule) -> Iterator[str]:
    pages = {fold(line.text): line for line in template.lines}
    known = sorted(
        (pages[literal] for literal in rule.literals), key=lambda line: (-line.pages, line.text)
    )
    yield ""
    yield "[[rule]]"
    yield f"id = {quoted(rule.id)}"
    yield f"action = {quoted(rule.action)}"
    yield f"profile = {quoted(rule.profile)}"
    if rule.hosts:
        yield f"hosts = [{', '.join(map(quoted, rule.hosts))}]"
    if rule.context.min_run > 1:
        yield f"min_run = {rule.context.min_run}"
    yield "literals = ["
    yield from (f"    {quoted(line.text)}, # {line.pages} of {template.pages}" for line in known)
    yield "]"
    yield f"why = {quoted(rule.why)}"
    yield f"seen = {quoted(rule.seen)}"
    yield "removes = ["
    yield from (f"    {example_text(example)}," for example in rule.removes)
    yield "]"
    yield "keeps = ["
    yield from (f"    {quoted(text)}," for text in rule.keeps)
    yield "]"
