"""Contexts: each condition holds where it should, and not one line further."""

from __future__ import annotations

import pytest

from archiver.rules.match import Matcher
from archiver.rules.outcome import apply_rules
from archiver.rules.rule import Context, Rule, Ruleset
from archiver.text.edits import apply


def rule(rule_id: str, *literals: str, action: str = "drop", pattern: str = "", **context) -> Rule:
    return Rule(
        id=rule_id,
        action=action,
        why="",
        seen="",
        literals=literals,
        pattern=pattern,
        context=Context(**context),
    )


def clean(text: str, *rules: Rule) -> str:
    return apply(text, apply_rules(text, Matcher(Ruleset(rules), "strict"))[0])


AD = rule("ad.free", "ad")
ICON = rule("icon.run", "i", "j", min_run=3)
WEAK = rule("weak.beside", "w", beside=("ad",), within=2)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("i\nj\ni", ""),
        ("i\nj", "i\nj"),
        ("i\n\nj\n\n\ni\nx", "x"),  # blank lines are no distance
        ("i\nx\nj\ni", "i\nx\nj\ni"),  # another line breaks the run
        ("i\nad\nj\ni", ""),  # a dropped one does not
    ],
)
def test_a_run(before: str, after: str) -> None:
    assert clean(before, AD, ICON) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("ad\nw", ""),
        ("w\nad", ""),
        ("w\nx\nad", "w\nx\n"),
        ("x\nw\ny\nad", "x\nw\ny\n"),
    ],
)
def test_beside(before: str, after: str) -> None:
    assert clean(before, AD, rule("weak.beside", "w", beside=("ad",), within=1)) == after


def test_within_counts_the_lines_that_stay_between() -> None:
    assert clean("w\nx\nad\n", AD, WEAK) == "x\n"
    assert clean("w\nx\ny\nad\n", AD, WEAK) == "w\nx\ny\n"


def test_evidence_spreads_along_a_chain_of_any_length_in_both_directions() -> None:
    chain = rule("weak.chain", "w", beside=("ad", "weak"), within=1)
    assert clean("w\n" * 500 + "ad\n" + "w\n" * 500, AD, chain) == ""


@pytest.mark.parametrize(
    ("before", "after"),
    [("t\na\nb", "a\nb"), ("a\nt\nb", "a\nb"), ("a\nb\nt", "a\nb\nt")],
)
def test_the_head_is_the_first_lines(before: str, after: str) -> None:
    assert clean(before, rule("nav.head", "t", head=2)) == after


def test_lines_that_went_do_not_count_for_head_and_tail() -> None:
    foot = rule("nav.tail", "f", tail=1)
    assert clean("text\n" + "f\n" * 300, foot) == "text\n"
    assert clean("f\ntext\nf\nmore\n", foot) == "f\ntext\nf\nmore\n"


def test_a_repeat_goes_once_and_needs_to_stand_apart_where_that_is_asked() -> None:
    pair = rule("rep.pair", repeat=True, isolated=True, min_words=2)
    assert clean("x\n\na b\na b\n\ny", pair) == "x\n\na b\n\ny"
    assert clean("x\na b\na b\ny", pair) == "x\na b\na b\ny"
    assert clean("x\n\na\na\n\ny", pair) == "x\n\na\na\n\ny"
    assert clean("a b\n\nc d\n\na b", pair) == "a b\n\nc d\n\na b"


def test_a_keep_rule_has_the_last_word() -> None:
    keep = rule("mine.keep", action="keep", pattern="a.*")
    assert clean("ad\nx\n", AD, keep) == "ad\nx\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a\n\nad\n\nb\n", "a\n\nb\n"),  # the hole is closed
        ("a\n\n\nad\n\nb\n", "a\n\n\nb\n"),  # the longer stretch of blank lines stays
        ("a\nad\n\n\nb\n", "a\n\n\nb\n"),
        ("\n\nad\n\nb\n", "b\n"),  # at the head and the tail nothing is left
        ("a\n\nad\n\n", "a\n"),
        ("a\nad", "a\n"),
        ("ad", ""),
        ("\n\na\n\n", "\n\na\n\n"),  # where nothing went, nothing is touched
    ],
)
def test_no_hole_is_left_where_lines_went(before: str, after: str) -> None:
    assert clean(before, AD) == after


def test_a_fact_is_saved_in_order_and_its_line_goes() -> None:
    fact = rule("box.row", action="fact", pattern=r"(?P<key>[^:]+): \| (?P<value>[^|]+) \|")
    edits, facts = apply_rules("b: | 2  3 |\nx\na: | 1 |\n", Matcher(Ruleset((fact,)), "safe"))
    assert facts == (("b", "2 3"), ("a", "1"))
    assert [edit.before for edit in edits] == ["b: | 2  3 |\n", "a: | 1 |\n"]


def test_a_cut_that_would_uncover_another_is_not_made() -> None:
    cut = rule("cite.n", action="cut", pattern=r"(?P<cut>\[\d\])")
    assert clean("a[1]b [2]", cut) == "ab "
    assert clean("a[[1]1]", cut) == "a[[1]1]"


def test_rules_of_another_language_are_left_out() -> None:
    german = Rule("ad.de", "drop", "", "", literals=("anzeige",), languages=("de",))
    ruleset = Ruleset((german,))
    for language, left in (("de-AT", ""), (None, ""), ("en", "Anzeige")):
        matcher = Matcher(ruleset, "safe", language)
        assert apply("Anzeige", apply_rules("Anzeige", matcher)[0]) == left


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a pair\nad\na pair\nx", "a pair\nx"),  # nothing but what was dropped stands between
        ("a pair\nad\nx\na pair", "a pair\nx\na pair"),
        ("a pair\nb pair\na pair\nb pair", "a pair\nb pair\na pair\nb pair"),
        ("a pair\na pair\nad\na pair", "a pair\n"),
        ("a pair\nad\nb pair\nb pair\na pair", "a pair\nb pair\na pair"),
        ("x\n| 1 |\n| 1 |\ny", "x\n| 1 |\n| 1 |\ny"),
    ],
)
def test_lines_that_repeat_go_where_they_come_to_stand_together(before: str, after: str) -> None:
    twin = rule("twin.pair", pattern=".* pair|. 1 .", repeat=True)
    assert clean(before, AD, twin) == after


def test_a_line_that_stands_twice_counts_in_a_run_of_its_family() -> None:
    """Wherever it stands: such a run asks for lines that could go, not for lines that do."""
    twin = rule("twin.pair", pattern="pair", repeat=True)
    run = rule("twin.run", "t", min_run=2)
    assert clean("pair\nx\nt\npair", twin, run) == "pair\nx\npair"
    assert clean("pear\nx\nt\npear", twin, run) == "pear\nx\nt\npear"
