"""Rules made from example lines: what varies in them, and what they are held to."""

from __future__ import annotations

import tomllib

import pytest

from archiver.errors import RuleError
from archiver.rules.generalise import pattern_of
from archiver.rules.load import builtin
from archiver.rules.pack_rows import rule_rows
from archiver.rules.parse import parse_rule
from archiver.rules.propose import (
    check_examples,
    is_near,
    is_prose,
    matcher_of,
    proposed,
    slug,
    taken_already,
    with_examples,
)
from archiver.rules.regex import Pattern
from archiver.text.lines import fold


@pytest.mark.parametrize(
    ("lines", "fits", "not_fits"),
    [
        (["12 people like this"], ["1,204 people like this"], ["many people like this"]),
        (["By Anna Huber, 3 comments"], ["By Jo van Dyk, 12 comments"], ["By night 3 comments"]),
        (["Leer más: https://a.example/b"], ["Leer más: www.c.example"], ["Leer más: y más aún"]),
        (["* Seite 3 von 12"], ["Seite 1 von 2"], ["Seite eins von 2"]),
        (
            ["Posted in Sports today", "Posted in Politics today"],
            ["Posted in Arts today"],
            ["Posted in the Arts today"],
        ),
        (["Foto: dpa/Jens (c) 2024 [x]"], ["Foto: dpa/Jens (c) 2023 [x]"], ["Foto: dpa"]),
    ],
)
def test_what_varies_may_vary_and_the_rest_stands(lines, fits, not_fits):
    made = Pattern(pattern_of(lines))
    assert all(made.fullmatch(fold(line)) is not None for line in [*lines, *fits])
    assert all(made.fullmatch(fold(line)) is None for line in not_fits)


@pytest.mark.parametrize(
    "lines",
    [
        ["12"],  # nothing would be left to tell it by
        ["by Anna Huber"],
        ["Read more"],  # nothing varies
        ["One line", "Quite another line"],  # not of one make
        ["Haus Baum Weg"],
    ],
)
def test_where_no_pattern_can_be_told_there_is_none(lines):
    assert pattern_of(lines) is None


def test_a_rule_is_written_as_it_is_read_back():
    draft = proposed(
        "newsletter.it-s", ["It's 12 \\ \"mails\""], why="'Why' – ü\x07", seen="a\\b",
        hosts=["WWW.Example.ORG"], languages=["de"], profile="strict",
    )  # fmt: skip
    rule = with_examples(draft, ['It\'s 12 \\ "mails"'], [], matcher_of(draft, builtin()), [])
    (table,) = tomllib.loads("\n".join(rule_rows(rule)))["rule"]
    read, problems = parse_rule(table, "")
    assert problems == []
    assert read == rule


def test_what_stands_near_and_stays_becomes_an_example():
    lines = ["Get the Times in your inbox"]
    near = ["Get the Times in your inbox", "Get the Times in your inbox: the offer of 1998", "x"]
    draft = proposed("newsletter.times", lines, why="w", seen="s")
    rule = with_examples(draft, lines, [], matcher_of(draft, builtin()), near[1:2])
    assert rule.keeps == (near[1],)
    assert [is_near(line, lines[0]) for line in near] == [False, True, False]
    assert is_near("13 people like this house", "12 people like this")


def test_a_rule_that_takes_what_it_must_keep_is_refused():
    lines = ["12 people like this"]
    draft = proposed("share-bar.likes", lines, why="w", seen="s", pattern=".*like this.*")
    matcher = matcher_of(draft, builtin())
    with pytest.raises(RuleError, match="takes what it must keep: 'I like this harbour'"):
        check_examples(draft, lines, ["I like this harbour"], matcher)
    with pytest.raises(RuleError, match="takes also what only holds its example"):
        with_examples(draft, lines, [], matcher, [])


@pytest.mark.parametrize(
    ("line", "problem"),
    [(" ", "blank line"), ("x" * 1001, "more than 1,000"), ("y", "does not take its example")],
)
def test_an_example_that_no_rule_could_take_is_told(line, problem):
    draft = proposed("newsletter.x", [line], why="w", seen="s", pattern="nothing like it")
    with pytest.raises(RuleError, match=problem):
        check_examples(draft, [line], [], matcher_of(draft, builtin()))


def test_a_line_that_another_rule_takes_is_known():
    draft = proposed("newsletter.x", ["[ad_1]"], why="w", seen="s")
    matcher = matcher_of(draft, builtin())
    assert taken_already("[ad_1]", matcher) == "ad-marker.shortcode"
    assert taken_already("The harbour is frozen.", matcher) is None


@pytest.mark.parametrize(
    ("line", "is_one"),
    [
        ("The harbour is frozen for the first time since 1998.", True),
        ("港は一九九八年以来はじめて凍りついたと市の当局は述べた。", True),
        ("Share this article with all of your friends today", False),
        ("Read more.", False),
        ("", False),
    ],
)
def test_a_sentence_is_told_from_a_label(line, is_one):
    assert is_prose(line) is is_one


def test_an_id_is_made_of_the_first_words():
    assert slug("Get the Harbour Times in your inbox!") == "get-the-harbour-times"
    assert slug("読む") == "line"
