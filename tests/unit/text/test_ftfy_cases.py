"""ftfy's own test cases through the whole pipeline, where our configuration allows.

The cases stay in the shared folder; the exceptions are explained in
docs/explanation/encodings.md.
"""

from __future__ import annotations

import html
import json
from collections import Counter
from pathlib import Path

import pytest
from ftfy import fix_text
from ftfy.fixes import fix_character_width, fix_latin_ligatures, uncurl_quotes

from archiver.clean import clean_text
from archiver.text.repair import config

CASES = Path(__file__).parents[4] / "shared" / "eval" / "ftfy_cases"
FILES = ("in-the-wild", "language-names", "negative", "synthetic")

#: How many cases come out otherwise, by what would have to be done besides to get
#: ftfy's text; docs/explanation/encodings.md tells why it is not done.
EXCEPTIONS = {
    "quotes uncurled": 22,
    "ligatures and digraphs taken apart": 3,
    "full width made narrow": 1,
    "HTML entities read": 1,
}

#: Mended, and then dropped by a rule: notices of a page, not text.
DROPPED = {"UTF-8 / MacRoman mixup in French"}

STEPS = {
    "quotes uncurled": uncurl_quotes,
    "ligatures and digraphs taken apart": lambda text: uncurl_quotes(fix_latin_ligatures(text)),
    "full width made narrow": fix_character_width,
    "HTML entities read": lambda text: fix_text(html.unescape(text), config()),
}


def load(name: str) -> list[dict[str, str]]:
    cases: list[dict[str, str]] = json.loads((CASES / f"{name}.json").read_text("utf-8"))
    return cases


def difference(ours: str, wanted: str) -> str:
    """What is missing for ftfy's text: nothing, one of the exceptions, or something new."""
    if ours == wanted:
        return ""
    return next((name for name, step in STEPS.items() if step(ours) == step(wanted)), "new")


@pytest.mark.skipif(not CASES.is_dir(), reason="the shared ftfy cases are not here")
def test_each_case_comes_out_as_ftfy_wants_it_but_for_the_exceptions() -> None:
    met: Counter[str] = Counter()
    for name in FILES:
        for case in load(name):
            assert case["expect"] == "pass"
            mended = clean_text(case["original"], profile="safe")
            assert mended.raw() == case["original"]
            lack = difference(mended.text, case["fixed"])
            assert lack in {"", *EXCEPTIONS}, case["label"]
            met[lack] += bool(lack)
    assert dict(+met) == EXCEPTIONS


@pytest.mark.skipif(not CASES.is_dir(), reason="the shared ftfy cases are not here")
def test_the_profiles_that_ask_the_model_drop_none_of_them_but_a_notice() -> None:
    for name in FILES:
        for case in load(name):
            mended = clean_text(case["original"], profile="safe").text
            for profile in ("standard", "strict"):
                cleaning = clean_text(case["original"], profile=profile)
                assert cleaning.raw() == case["original"]
                gone = cleaning.text != mended
                assert gone == (case["label"] in DROPPED), (case["label"], profile)


@pytest.mark.skipif(not CASES.is_dir(), reason="the shared ftfy cases are not here")
def test_known_failures_can_be_undone() -> None:
    for case in load("known-failures"):
        assert clean_text(case["original"]).raw() == case["original"]
