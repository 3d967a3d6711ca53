"""Cleaning of one document: the plain reference path, pure from end to end.

``archiver.batch`` does the same for many documents at once, faster; a test holds
the two equal on every document.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from archiver.document import Cleaning, Document, Edit, Finding, Source
from archiver.model import RULE
from archiver.rules.load import builtin
from archiver.rules.match import Matcher, Verdict
from archiver.rules.outcome import Facts, apply_rules
from archiver.rules.rule import Ruleset
from archiver.settings import PROFILES, Profile
from archiver.text.decode import decode
from archiver.text.edits import apply, compose
from archiver.text.extract import extract
from archiver.text.removal import removal_edits
from archiver.text.repair import repair

#: Turns of model and rules after which a text that still changes is left to the rules.
MAX_TURNS = 4


def clean_text(
    text: str,
    ruleset: Ruleset | None = None,
    *,
    profile: Profile = "standard",
    language: str | None = None,
) -> Cleaning:
    """Clean one text, and say what was changed, by which rule.

    Repairs characters, then decides on lines: by rules, and beyond the profile
    ``safe`` by the line model too. For every text:
    ``clean_text(t).raw() == t``, and cleaning a clean text changes nothing.

    language: a BCP 47 tag; rules of other languages are left out. None: all act.
    Raises: ValueError for an unknown profile. Cost: linear in the text.
    """
    return clean_with(text, matcher_for(ruleset or builtin(), profile, language), profile)


def clean_with(
    text: str,
    matcher: Matcher,
    profile: Profile,
    judge: Callable[[str], Verdict] | None = None,
) -> Cleaning:
    """``clean_text`` with a matcher at hand, for callers with many texts."""
    repaired, repairs = repair(text)
    removals, facts = apply_rules(repaired, matcher, judge)
    ruled = Cleaning(apply(repaired, removals), compose(text, repairs, removals), facts)
    return ruled if profile == "safe" else _modelled(text, ruled, matcher, profile, judge)


def _modelled(
    text: str,
    ruled: Cleaning,
    matcher: Matcher,
    profile: Profile,
    judge: Callable[[str], Verdict] | None,
) -> Cleaning:
    """The line model on top of the rules, in turns, until neither takes anything more.

    What the model takes brings lines together on which rules may act, and the
    other way round. A text that has not settled after ``MAX_TURNS`` is left to
    the rules alone: so cleaning a clean text changes nothing, whatever the text.
    """
    from archiver.model.score import decide

    done = ruled
    for _ in range(MAX_TURNS):
        lines = done.text.split("\n")
        gone = {line: (RULE, score) for line, score in decide(lines, profile).items()}
        if not gone:
            return done
        done = _then(text, done, removal_edits(lines, gone))
        done = _then(text, done, *apply_rules(done.text, matcher, judge))
    return ruled


def _then(raw: str, done: Cleaning, taken: tuple[Edit, ...], facts: Facts = ()) -> Cleaning:
    """One more step on top of what was done."""
    return Cleaning(apply(done.text, taken), compose(raw, done.edits, taken), done.facts + facts)


def open_source(source: Source) -> Document | Finding:
    """Decode a source, and take the text out of it where it is a page."""
    document = decode(source)
    if isinstance(document, Document) and source.media_type == "text/html":
        return extract(document, url=source.provenance.url)
    return document


def clean_source(
    source: Source, ruleset: Ruleset | None = None, *, profile: Profile = "standard"
) -> tuple[Document, Cleaning] | Finding:
    """Decode, extract and clean one source; or say why it cannot be done."""
    document = open_source(source)
    if isinstance(document, Finding):
        return document
    language = source.provenance.language or document.extracted.language
    return document, clean_text(document.text, ruleset, profile=profile, language=language)


def matcher_for(ruleset: Ruleset, profile: Profile, language: str | None) -> Matcher:
    """The compiled rules; kept, since compiling costs more than cleaning many texts.

    Raises: ValueError for an unknown profile.
    """
    if profile not in PROFILES:
        message = f"profile is {profile!r}, not one of {', '.join(PROFILES)}"
        raise ValueError(message)
    return _compiled(ruleset, profile, (language or "").partition("-")[0].lower())


@lru_cache(maxsize=64)
def _compiled(ruleset: Ruleset, profile: Profile, language: str) -> Matcher:
    return Matcher(ruleset, profile, language)
