"""The plain way of rules and repair, which the fast one must equal: every line asked, by all."""

from __future__ import annotations

import re

from ftfy import fix_and_explain

from archiver.rules.label import _COUNT, _DRESS, _OPENS
from archiver.rules.match import MAX_LINE, Matcher
from archiver.rules.regex import Pattern
from archiver.text.lines import fold, is_blank
from archiver.text.repair import config


def candidates(matcher: Matcher, text: str) -> tuple[int, ...]:
    """What ``Matcher.verdict`` finds for a line that nothing is cut from, one rule at a time."""
    if is_blank(text) or len(text) > MAX_LINE:
        return ()
    folded = fold(text)
    keys = {folded, bare(folded)} - {""}
    found = {
        number
        for number, rule in enumerate(matcher.rules)
        if number not in matcher.away and _names(rule, keys, sound(text.strip()))
    }
    if any(matcher.rules[number].action == "keep" for number in found):
        return ()
    words = folded.count(" ") + 1
    return tuple(sorted(n for n in found if words >= matcher.rules[n].context.min_words))


def is_cut(matcher: Matcher, line: str) -> bool:
    """Does a cut rule find anything in a line?"""
    return any(
        rule.action == "cut" and any(True for _ in Pattern(rule.pattern).spans(sound(line), "cut"))
        for rule in matcher.rules
    )


def _names(rule, keys: set[str], stripped: str) -> bool:
    if any(key in rule.literals for key in keys):
        return True
    by_page = rule.context.again or (rule.context.repeat and not rule.literals)
    if not rule.pattern or by_page or rule.action == "cut":
        return False
    asked = {stripped} if rule.action == "fact" else {sound(key) for key in keys}
    return any(Pattern(rule.pattern).fullmatch(text) is not None for text in asked)


def sound(text: str) -> str:
    """Lone surrogates made question marks."""
    return text.encode("utf-8", "replace").decode("utf-8")


def bare(folded: str) -> str:
    """``archiver.rules.label.bare`` without its short ways."""
    folded = folded.removeprefix('" ').removesuffix(' "')
    stripped = folded.lstrip(_DRESS.replace("|", "")).rstrip(_DRESS)
    if stripped.endswith(".."):
        stripped = stripped.rstrip("." + _DRESS)
    stripped = stripped.removeprefix("o ")
    stripped = re.sub(f" ?(?:{_OPENS.pattern})", "", stripped)
    stripped = _COUNT.sub("", stripped).rstrip(_DRESS)
    half = len(stripped) // 2
    doubled = stripped[half : half + 1] == " " and stripped[:half] == stripped[half + 1 :]
    return stripped[:half] if doubled else stripped


def repaired(text: str) -> str:
    """The text as ftfy mends it, line by line until nothing changes, without any gate."""
    return "".join(_line(line) for line in re.findall(r"[^\n]*\n|[^\n]+", text))


def _line(line: str) -> str:
    current = line
    for _ in range(4):
        pieces = re.findall(r"[^\n]*\n|[^\n]+", current)
        fixed = "".join(fix_and_explain(piece, config()).text for piece in pieces)
        if fixed == current:
            return current
        current = fixed
    return line
