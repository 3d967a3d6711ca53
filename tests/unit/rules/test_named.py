"""The gates leave out no line that a rule names: compared with every rule on every line."""

from __future__ import annotations

import json
from functools import cache
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plain_rules import bare as plain_bare
from plain_rules import candidates, is_cut

from archiver.rules.gate import Gate, loosened
from archiver.rules.judge import Judge
from archiver.rules.label import bare
from archiver.rules.load import builtin
from archiver.rules.match import Matcher
from archiver.rules.sieve import FEW_LINES, Asked
from archiver.settings import PROFILES
from archiver.text.lines import fold, fold_all

SEEDS = sorted(Path(__file__).parents[3].glob("seeds/*.txt"))
SHARED = Path(__file__).parents[4] / "shared" / "eval" / "debris_dev.jsonl"

matcher = cache(lambda profile, language: Matcher(builtin(), profile, language))


def holds_for(text: str, profile: str, language: str | None = None) -> None:
    rules = matcher(profile, language)
    text = "\n".join([text, *map(str, range(FEW_LINES))])  # so that the gates are asked
    named = set(rules.named(text))
    for number, line in enumerate(text.split("\n")):
        verdict = rules.verdict(line)
        if not is_cut(rules, line):
            assert verdict.candidates == candidates(rules, line), line
        left = [n for n in verdict.candidates if not rules.rules[n].context.between]
        assert number in named or not (left or verdict.cuts), line


@pytest.mark.parametrize("path", SEEDS, ids=lambda path: path.name)
def test_no_line_of_the_seeds_is_left_out(path: Path) -> None:
    holds_for(path.read_text(encoding="utf-8"), "safe")


EXAMPLES = sorted(
    {
        line
        for rule in builtin().rules
        for text in (*(example.before for example in rule.removes), *rule.keeps)
        for line in text.split("\n")
    }
)


@pytest.mark.parametrize("profile", PROFILES)
def test_no_example_of_a_rule_is_left_out(profile: str) -> None:
    """Every line that a rule's own examples hold, in one text, with a rule's say on each."""
    rules = matcher(profile, None)
    named = set(rules.named("\n".join(EXAMPLES)))
    for number, line in enumerate(EXAMPLES):
        verdict = rules.verdict(line)
        left = [n for n in verdict.candidates if not rules.rules[n].context.between]
        assert number in named or not (left or verdict.cuts), line
    assert len(named) > len(EXAMPLES) / 4  # the examples are named by something
    assert len(named) < len(EXAMPLES)


DRESS = st.sampled_from(
    ["", "* ", "» ", " (12)", ":", "…", "..", " \u00a0", "\t", "| ", '"', "\ud800"]
)
LINES = st.one_of(
    st.sampled_from(EXAMPLES), st.text(max_size=30), st.sampled_from(["ß", "ﬁ", "½ k", "o x", "İ"])
)
DRESSED = st.builds(lambda a, b, c: a + b + c, DRESS, LINES, DRESS)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(DRESSED, max_size=6).map("\n".join),
    st.sampled_from(PROFILES),
    st.sampled_from([None, "en", "de", "ja", "ru"]),
)
def test_no_line_of_any_text_is_left_out(text: str, profile: str, language: str | None) -> None:
    holds_for(text, profile, language)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(DRESSED, st.text()), max_size=8).map("\n".join))
def test_a_text_folds_as_its_lines_do(text: str) -> None:
    assert fold_all(text.split("\n")) == [fold(line) for line in text.split("\n")]


def test_every_character_folds_alone_as_among_others() -> None:
    characters = [chr(code) for code in range(0x20000) if code != 10]
    assert fold_all(characters) == [fold(character) for character in characters]


@settings(max_examples=500, deadline=None)
@given(DRESSED)
def test_the_short_ways_to_a_bare_line_give_the_same(line: str) -> None:
    assert bare(fold(line)) == plain_bare(fold(line))


@pytest.mark.parametrize(
    ("pattern", "loose"),
    [
        (r"a{2,6}b{0,3}c{4}", "a+b*c+"),
        (r"[{2}]x\{2,3}\p{L}{1,2}\x{a0}{3,}", r"[{2}]x\{2,3}\p{L}+\x{a0}+"),
        (r"[]{1}]{1,2}|[^\]{9}]", r"[]{1}]+|[^\]{9}]"),
    ],
)
def test_counted_repetitions_become_any_number(pattern: str, loose: str) -> None:
    assert loosened(pattern) == loose


def test_what_reaches_over_lines_or_their_ends_is_asked_of_every_line() -> None:
    assert Gate([r"\Aad"], whole=False).lines(b"x\ny") == {0, 1}
    assert Gate([r"(?-s)ad"], whole=True).lines(b"x\ny") == {0, 1}
    assert Gate([r"[^x]+"], whole=True).lines(b"x\nad\n\nb") == {1, 3}
    assert Gate([r"a\s+b", r"\d{2,3}"], whole=False).lines(b"a\nb\na b\n123 45") == {2, 3}


@pytest.mark.skipif(not SHARED.is_file(), reason="the shared development texts are not here")
@pytest.mark.parametrize("profile", PROFILES)
def test_no_line_of_scraped_texts_is_left_out(profile: str) -> None:
    with SHARED.open(encoding="utf-8") as rows:
        for row in islice(map(json.loads, rows), 0, None, 20):
            lines = [line["text"] for line in row["lines"]][:60]
            holds_for("\n".join(lines), profile, row["lang"])


@settings(max_examples=60, deadline=None)
@given(
    st.lists(DRESSED, max_size=30),
    st.sampled_from(PROFILES),
    st.lists(st.sampled_from([None, "en", "de", "ru"]), min_size=1, max_size=3),
)
def test_a_judge_says_what_its_matcher_says_whoever_shares_its_memory(lines, profile, languages):
    """Of the batch all lines are asked about at once, by judges of several languages."""
    lines = [*lines, *map(str, range(FEW_LINES))]
    asked = Asked(matcher(profile, None).sieve)
    asked.ask(["\n".join(lines)])
    for language in languages:
        rules = matcher(profile, None).speaking(language or "")
        lone = matcher(profile, language)
        judge = Judge(rules, asked)
        found = judge.verdicts("\n".join(lines), lines)
        for number, line in enumerate(lines):
            verdict = lone.verdict(line)
            assert judge(line) == verdict
            left = [n for n in verdict.candidates if not lone.rules[n].context.between]
            assert found.get(number, verdict) == verdict
            assert number in found or not (left or verdict.cuts), line


def test_lines_that_come_later_are_asked_about_too():
    judge = Judge(matcher("safe", None))
    prose = [f"The harbour was rebuilt in {year}." for year in range(FEW_LINES)]
    assert judge.verdicts("\n".join(prose), prose) == {}
    page = [*prose, "Advertisement"]
    assert set(judge.verdicts("\n".join(page), page)) == {FEW_LINES}
