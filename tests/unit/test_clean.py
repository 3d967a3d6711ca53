"""Cleaning of one text: rules and line model on the same lines, and never all of them."""

from __future__ import annotations

from archiver.clean import clean_text
from archiver.model import RULE


def everything(lines, profile):
    return {number: 0.999 for number, line in enumerate(lines) if line.strip()}


def nothing(lines, profile):
    return {}


def test_of_a_text_that_is_all_boilerplate_the_model_takes_nothing(monkeypatch):
    text = "Home\n[ad_1]\nRackspace buys a cloud firm\nNews\n"
    monkeypatch.setattr("archiver.model.score.decide", nothing)
    by_rules = clean_text(text)
    monkeypatch.setattr("archiver.model.score.decide", everything)
    both = clean_text(text)
    assert both == by_rules
    assert "Rackspace" in both.text
    assert "[ad_1]" not in both.text


def test_what_rules_and_model_both_take_is_the_rules(monkeypatch):
    def the_first_two(lines, profile):
        return dict.fromkeys(range(2), 0.999) if lines[0] == "[ad_1]" else {}

    monkeypatch.setattr("archiver.model.score.decide", the_first_two)
    cleaning = clean_text("[ad_1]\nTrending now in town\nThe river rose by 12 cm.\n")
    assert cleaning.text == "The river rose by 12 cm.\n"
    assert [edit.rule == RULE for edit in cleaning.edits] == [False, True]
    assert cleaning.edits[0].score is None


def test_what_never_settles_is_left_to_the_rules(monkeypatch):
    calls = []

    def one_more(lines, profile):
        calls.append(lines)
        return {0: 0.999}

    monkeypatch.setattr("archiver.model.score.decide", one_more)
    text = "[ad_1]\n" + "".join(f"line {number} of the text\n" for number in range(40))
    cleaning = clean_text(text)
    assert cleaning.text == text.removeprefix("[ad_1]\n")
    assert len(calls) > 5
