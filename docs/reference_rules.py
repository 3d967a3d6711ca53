"""The pages of the built-in rules: the families, and each family's rules with their examples."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from page_text import NOTE, block, code, listed, page, table

from archiver.rules.load import builtin
from archiver.rules.rule import FAMILIES, Context, Example, Rule
from archiver.settings import PROFILES
from archiver.text.repair import REASONS

RULES = """\
How many rules of each family act in each profile. A family's page gives each rule with its reason,
where it was seen, and its examples; [Write a rule](../how-to/write-a-rule.md) tells how to add to
them. `archiver rules list` and `archiver rules show` print the same of the rules that are in force.
"""

FAMILY = """\
A line is compared without regard to case, kind of blank and kind of quote. In an example a line
that goes has a minus before it; ⏎ is a line end. All that *stays* looks alike and is no debris:
both kinds of examples are tried by the tests, and by `archiver rules check`.
"""

#: So many words of a rule's list, and so many characters of its pattern, are shown.
WORDS, PATTERN = 12, 240

STRINGS = "../../licenses/interface-strings.md"

ACTIONS = {
    "drop": "drops the line",
    "cut": "cuts a span out of the line",
    "fact": "drops the line and keeps what it says as a fact",
    "keep": "keeps the line, whatever other rules say",
}


def pages() -> Iterator[tuple[str, str]]:
    """Name and text of each page."""
    yield "docs/reference/rules.md", overview()
    for name in _families():
        yield f"docs/reference/rules/{name}.md", family(name)


def overview() -> str:
    """docs/reference/rules.md: the families of the built-in rules, and the repairs."""
    rows = []
    for name in _families():
        inside = [rule for rule in builtin().rules if rule.family == name]
        counts = [str(sum(rule.acts_in(profile) for rule in inside)) for profile in PROFILES]
        rows.append((f"[`{name}`](rules/{name}.md)", FAMILIES[name], *counts))
    families = table(("family", "removes", *PROFILES), rows)
    repairs = table(("edit", "why"), [(f"`{name}`", why) for name, why in sorted(REASONS.items())])
    before = "Before the rules, and with edits of their own:"
    tree = "```{toctree}\n:hidden:\n:glob:\n\nrules/*\n```"
    return page(["# Rules that ship", NOTE, RULES, families, "## Repairs", before, repairs, tree])


def family(name: str) -> str:
    """docs/reference/rules/NAME.md: the rules of a family, in the order of their say."""
    parts = [f"# `{name}`", NOTE, FAMILIES[name], FAMILY]
    for rule in builtin().rules:
        if rule.family == name:
            parts += _rule(rule)
    return page(parts)


def _families() -> list[str]:
    return sorted({rule.family for rule in builtin().rules})


def _rule(rule: Rule) -> list[str]:
    seen = f"{rule.why}\n\nSeen: {_seen(rule.seen)}."
    parts = [f"## `{rule.id}`", seen, "\n".join(f"- {line}" for line in _facts(rule))]
    if rule.removes:
        parts += ["Removes:", block("diff", "\n\n".join(map(_difference, rule.removes)))]
    return [*parts, f"Stays: {' · '.join(code(text) for text in rule.keeps)}"]


def _seen(text: str) -> str:
    if text.startswith("seeds/"):
        return code(text)
    return text.replace("the packages named above", f"[translations of other programs]({STRINGS})")


def _facts(rule: Rule) -> Iterator[str]:
    profiles = [name for name in PROFILES if rule.acts_in(name)]
    yield f"In {listed([f'`{name}`' for name in profiles], 'and')}; {ACTIONS[rule.action]}."
    if rule.languages:
        tags = listed([f"`{tag}`" for tag in rule.languages])
        yield f"Only in texts in {tags}, or whose language is not known."
    if rule.literals:
        shown = " · ".join(map(code, _some(rule.literals)))
        rest = len(rule.literals) - WORDS
        more = f" and {rest:,} more (`archiver rules show {rule.id}`)" if rest > 0 else ""
        yield f"Lines: {shown}{more}"
    if rule.pattern:
        cut = len(rule.pattern) > PATTERN
        more = f" … (`archiver rules show {rule.id}`)" if cut else ""
        yield f"Pattern: {code(rule.pattern[:PATTERN])}{more}"
    yield from (f"Only {line}." for line in _context(rule.context))


def _some(literals: Sequence[str]) -> Sequence[str]:
    """A few of a long list, taken evenly: the first ones would all begin alike."""
    step = max(1, len(literals) // WORDS)
    return literals[::step][:WORDS]


def _context(context: Context) -> Iterator[str]:
    near = "beside" if context.within == 1 else f"within {context.within} lines of"
    beside, between = _names(context.beside), _names(context.between)
    said = {
        f"in a run of at least {context.min_run} lines of its family": context.min_run > 1,
        f"{near} a line dropped by {beside}": context.beside,
        f"{near} lines dropped by {between}, on both sides": context.between,
        f"among the first {context.head} lines": context.head,
        f"among the last {context.tail} lines": context.tail,
        "where the line equals the one before it": context.repeat,
        "the later one of two equal lines of a page": context.again,
        "where the pair stands between blank lines": context.isolated,
        "where no line of the document is the note that the mark points to": context.unlisted,
        f"lines of at least {context.min_words} words": context.min_words,
    }
    yield from (words for words, holds in said.items() if holds)


def _names(families: Sequence[str]) -> str:
    return listed([f"`{name}`" for name in families])


def _difference(example: Example) -> str:
    """An example's text with a minus before what goes, a plus before what comes."""
    before, after = example.before.splitlines(), example.after.splitlines()
    shown: list[str] = []
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for kind, low, high, start, end in matcher.get_opcodes():
        if kind == "equal":
            shown += [f"  {line}" for line in before[low:high]]
        else:
            shown += [f"- {line}" for line in before[low:high]]
            shown += [f"+ {line}" for line in after[start:end]]
    return "\n".join(line.rstrip() for line in shown)
