"""Cleaning of one document: the plain reference path, pure from end to end.

``archiver.batch`` does the same for many documents at once, faster; a test holds
the two equal on every document.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from functools import lru_cache

from archiver.document import Cleaning, Document, Edit, Finding, Source
from archiver.model import RULE
from archiver.page.read import read_page
from archiver.rules.hosts import host_of, normal_host
from archiver.rules.judge import Judge
from archiver.rules.load import builtin
from archiver.rules.match import Matcher
from archiver.rules.outcome import Facts, apply_rules
from archiver.rules.rule import Ruleset
from archiver.settings import PROFILES, Profile
from archiver.text.decode import decode
from archiver.text.edits import apply, compose
from archiver.text.repair import repair

#: Turns of model and rules after which a text that still changes is left to the rules.
MAX_TURNS = 12


def clean_text(
    text: str,
    ruleset: Ruleset | None = None,
    *,
    profile: Profile = "standard",
    language: str | None = None,
    host: str | None = None,
) -> Cleaning:
    """Clean one text, and say what was changed, by which rule.

    Repairs characters, then decides on lines: by rules, and beyond the profile
    ``safe`` by the line model too. For every text:
    ``clean_text(t).raw() == t``, and cleaning a clean text changes nothing.

    language: a BCP 47 tag; rules of other languages are left out. None: all act.
    host: where the text is from; rules for other hosts are left out. None: all that
    name hosts are.
    Raises: ValueError for an unknown profile. Cost: linear in the text.
    """
    return clean_with(text, matcher_for(ruleset or builtin(), profile, language, host), profile)


def clean_with(
    text: str,
    matcher: Matcher,
    profile: Profile,
    judge: Judge | None = None,
) -> Cleaning:
    """``clean_text`` with a matcher at hand, for callers with many texts.

    Rules and line model look at the same text: each would know less of what the
    other has left. What both take brings lines together on which they may act
    again, so that they go on in turns until neither takes anything. A text that has
    not settled after ``MAX_TURNS``, or of which nothing would be left, is left to the
    rules: so cleaning a clean text changes nothing, whatever the text.
    """
    from archiver.model.score import decide

    work = steps(text, mended(text), judge or Judge(matcher), profile)
    try:
        lines = next(work)
        while True:
            lines = work.send(decide(lines, profile))
    except StopIteration as done:
        cleaning: Cleaning = done.value
        return cleaning


#: Asks the line model about the lines of a document, is sent its answers, and returns.
Steps = Generator[list[str], Mapping[int, float], Cleaning]


def mended(text: str) -> Cleaning:
    """The first step: the text with its characters repaired. Raises: nothing."""
    return Cleaning(*repair(text))


def steps(text: str, start: Cleaning, judge: Judge, profile: Profile) -> Steps:
    """``clean_with`` for callers who ask rules and model about many documents at once.

    start: what ``mended`` makes of the text.
    Yields: the lines to be asked about, as often as it takes; send in what
    ``archiver.model.score.decide`` says of them.
    """
    if profile == "safe":
        return _then(text, start, *apply_rules(start.text, judge.matcher, judge))
    settled = yield from _settled(text, start, judge)
    if settled is None:
        ruled = _then(text, start, *apply_rules(start.text, judge.matcher, judge))
        settled = (yield from _settled(text, ruled, judge)) or ruled
    return settled


def _settled(
    raw: str, done: Cleaning, judge: Judge
) -> Generator[list[str], Mapping[int, float], Cleaning | None]:
    """Rules and line model in turns, until neither takes anything more; or None.

    None where there is no end to it, or where nothing is left that the model had a
    say in: of a text that is all boilerplate, it cannot know what was wanted.
    """
    for _ in range(MAX_TURNS):
        sure = yield done.text.split("\n")
        also = {line: (RULE, score) for line, score in sure.items()}
        edits, facts = apply_rules(done.text, judge.matcher, judge, also)
        if not edits and not facts:
            return done
        done = _then(raw, done, edits, facts)
        if sure and not done.text.strip():
            return None
    return None


def _then(raw: str, done: Cleaning, taken: tuple[Edit, ...], facts: Facts = ()) -> Cleaning:
    """One more step on top of what was done."""
    return Cleaning(apply(done.text, taken), compose(raw, done.edits, taken), done.facts + facts)


def open_source(source: Source, profile: Profile = "standard") -> Document | Finding:
    """Decode a source, and take the text out of it where it is a page."""
    document = decode(source)
    if isinstance(document, Document) and source.media_type == "text/html":
        return read_page(document, url=source.provenance.url, profile=profile)
    return document


def clean_source(
    source: Source, ruleset: Ruleset | None = None, *, profile: Profile = "standard"
) -> tuple[Document, Cleaning] | Finding:
    """Decode, extract and clean one source; or say why it cannot be done."""
    document = open_source(source, profile)
    if isinstance(document, Finding):
        return document
    language = source.provenance.language or document.extracted.language
    host = host_for(source, document)
    return document, clean_text(
        document.text, ruleset, profile=profile, language=language, host=host
    )


def host_for(source: Source, document: Document) -> str:
    """The host that a document is from, as its provenance or the page itself says; or empty."""
    return host_of(source.provenance.url) or host_of(document.extracted.url)


def matcher_for(
    ruleset: Ruleset, profile: Profile, language: str | None, host: str | None = None
) -> Matcher:
    """The compiled rules; kept, since compiling costs more than cleaning many texts.

    They are compiled once for all languages and hosts. ``host`` may be written in any way.
    Raises: ValueError for an unknown profile.
    """
    if profile not in PROFILES:
        message = f"profile is {profile!r}, not one of {', '.join(PROFILES)}"
        raise ValueError(message)
    matcher = _spoken(ruleset, profile, (language or "").partition("-")[0].lower())
    return matcher.at(normal_host(host or ""))


@lru_cache(maxsize=256)
def _spoken(ruleset: Ruleset, profile: Profile, language: str) -> Matcher:
    return _compiled(ruleset, profile).speaking(language)


@lru_cache(maxsize=8)
def _compiled(ruleset: Ruleset, profile: Profile) -> Matcher:
    return Matcher(ruleset, profile)
