"""Scores and decisions: clean texts stay, menus go, and twice is once."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from archiver.model.network import Network, shipped
from archiver.model.score import (
    BOUNDS,
    SCORE_STEP,
    Scores,
    decide,
    falling,
    score_document,
    score_lines,
)

CASES = {
    case["label"]: case["lines"]
    for case in json.loads(Path(__file__).with_name("reference.json").read_text(encoding="utf-8"))
}
LINES = st.lists(st.text(st.characters(codec=None), max_size=60), max_size=12)


def scores(
    content: list[float],
    words: list[int],
    gate: float = 1.0,
    *,
    text: bool = True,
    **marked: list[bool],
) -> Scores:
    n = len(content)
    marks = {
        name: np.array(marked.get(name, [False] * n))
        for name in ("prose", "signed", "fact", "masthead")
    }
    found = np.array(content)
    return Scores(np.arange(n), found, found, np.array(words), text=text, gate=gate, **marks)


def test_a_page_loses_its_menus_and_keeps_its_text():
    page = CASES["page"]
    gone = decide(page, "strict")
    assert gone
    for number, line in enumerate(page):
        assert not (number in gone and len(line) > 120), line


def test_a_clean_text_is_left_alone():
    assert decide(CASES["article"], "strict") == {}
    assert decide(CASES["article"], "standard") == {}


def test_safe_never_asks():
    assert decide(CASES["page"], "safe") == {}


def test_standard_takes_no_more_than_strict():
    assert set(decide(CASES["page"], "standard")) <= set(decide(CASES["page"], "strict"))


@given(LINES)
def test_any_text_in(lines):
    found = score_lines(lines)
    assert len(found) == len(lines)
    assert all(0 <= score <= 1 for score in found)
    assert decide(lines, "strict").keys() <= set(range(len(lines)))


def test_blank_lines_have_no_score():
    assert score_lines(["", "Home", " \t"])[::2] == [0, 0]


def test_a_short_text_in_doubt_never_loses_over_half_of_its_words():
    doubtful = scores([0.001, 0.001, 0.4], [40, 40, 60], gate=1.0)
    assert not falling(doubtful, BOUNDS["strict"]).any()
    long = scores([0.001, 0.001, 0.4], [400, 400, 600], gate=1.0)
    assert falling(long, BOUNDS["strict"]).tolist() == [True, True, False]


def test_a_document_taken_for_clean_loses_nothing():
    assert not falling(scores([0.0, 1.0], [3, 9], gate=0.5), BOUNDS["strict"]).any()


def test_a_document_never_goes_whole():
    assert not falling(scores([0.0, 0.0], [3, 9]), BOUNDS["strict"]).any()


def test_most_of_a_document_goes_only_where_the_gate_is_sure():
    some = scores([0.001, 0.99, 0.001], [50, 20, 50], gate=0.98)
    sure = scores([0.001, 0.99, 0.001], [50, 20, 50], gate=1.0)
    assert not falling(some, BOUNDS["strict"]).any()
    assert falling(sure, BOUNDS["strict"]).tolist() == [True, False, True]


def test_standard_leaves_bylines_and_credits_and_most_prose():
    content, words = [0.001, 0.99, 0.001, 0.01, 0.001], [4, 200, 4, 20, 20]
    signed = [True, False, False, False, False]
    prose = [False, True, False, True, True]
    gone = falling(scores(content, words, signed=signed, prose=prose), BOUNDS["standard"])
    assert gone.tolist() == [False, False, True, False, True]


def test_a_fact_stays_in_every_profile():
    for bounds in BOUNDS.values():
        gone = falling(scores([0.0, 0.99, 0.0], [4, 200, 4], fact=[True, False, False]), bounds)
        assert gone.tolist() == [False, False, True]


def test_without_a_text_standard_takes_nothing():
    headlines = scores([0.001, 0.001, 0.9], [4, 4, 4], text=False)
    assert not falling(headlines, BOUNDS["standard"]).any()
    assert falling(headlines, BOUNDS["strict"]).any()


def test_a_masthead_stays_if_it_may_be_worth_keeping():
    content, words = [0.1, 0.01, 0.1, 0.99], [4, 4, 4, 200]
    masthead = [True, True, False, False]
    gone = falling(scores(content, words, masthead=masthead), BOUNDS["strict"])
    assert gone.tolist() == [False, True, True, False]


def test_what_stands_above_the_text_like_a_headline_is_its_masthead():
    page = CASES["page"]
    found = score_document(page)
    heads = {page[number] for number in found.index[found.masthead]}
    assert {"By Mara Lind", "12 March 2024"} <= heads
    assert not any(head.startswith(("  *", "Share")) for head in heads)


def test_scores_say_which_lines_they_are_of():
    found = score_document(["", "Home", "", "News"], shipped())
    assert found.index.tolist() == [1, 3]
    assert isinstance(shipped(), Network)


def test_a_noted_score_is_the_nearest_step_of_the_ladder():
    lines = CASES["page"]
    noted = decide(lines, "strict")
    found = score_document(lines, answer=BOUNDS["strict"].answer)
    content = dict(zip(found.index.tolist(), found.content.tolist(), strict=True))
    assert len(noted) > 2
    for number, score in noted.items():
        exact = math.log((1 - content[number]) / content[number])
        step = round(exact / SCORE_STEP) * SCORE_STEP
        assert abs(exact - step) <= SCORE_STEP / 2
        assert score == round(1 / (1 + math.exp(-step)), 4)
