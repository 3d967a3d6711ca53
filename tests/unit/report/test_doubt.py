from __future__ import annotations

import pytest

from archiver.report.doubt import doubt_of, word_count


def edit(before, rule="navigation.menu", after="", score=None):
    return {"before": before, "after": after, "rule": rule, "score": score, "start": 0, "end": 0}


PROSE = "The mayor said that the winter had been long.\n"


def test_a_sentence_weighs_more_than_a_label() -> None:
    prose, label = (doubt_of("Left.\n", [edit(text)]).words for text in (PROSE, "Share this now\n"))
    assert prose > 10 * label > 0


def test_the_model_weighs_more_than_a_rule_and_more_where_it_was_less_sure() -> None:
    by_rule, sure, unsure = (
        doubt_of("Left.\n", [edit(PROSE, rule, score=score)]).words
        for rule, score in (("paywall.plea", None), ("model.line", 0.999), ("model.line", 0.6))
    )
    assert by_rule < sure < unsure


@pytest.mark.parametrize("rule", ["repair.mojibake", "infobox.row"])
def test_what_is_not_lost_is_not_doubted(rule) -> None:
    assert doubt_of("Left.\n", [edit(PROSE, rule)]).words == 0


def test_a_line_that_the_text_still_has_is_not_missed() -> None:
    assert doubt_of(PROSE, [edit(PROSE, "caption-repeat.pair")]).words == 0


def test_the_same_removal_weighs_more_where_less_is_left() -> None:
    little, much = (doubt_of("Left.\n" * left, [edit(PROSE)]) for left in (1, 100))
    assert little.share > 0.8
    assert much.share < 0.1
    assert little.words > much.words


def test_what_is_counted() -> None:
    found = doubt_of(
        "abc", [edit("xy", "b.b"), edit("é", "repair.mojibake", "éé"), edit("z", "b.a")]
    )
    assert (found.chars, found.gone, found.edits) == (5, 3, 3)
    assert dict(found.families) == {"b": 2, "repair": 1}
    assert doubt_of("", []).share == 0


def test_scripts_without_blanks_have_words_too() -> None:
    assert word_count("今日はとても寒いです") == 5
    assert word_count("one two") == 2
