"""ftfy's own test cases through the whole pipeline, where our configuration allows.

The cases stay in the shared folder; the exceptions are explained in
docs/explanation/encodings.md.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ftfy.fixes import fix_character_width, fix_latin_ligatures, uncurl_quotes

from archiver.clean import clean_text

CASES = Path(__file__).parents[4] / "shared" / "eval" / "ftfy_cases"
FILES = ("in-the-wild", "language-names", "negative", "synthetic")

#: Cases that we leave alone or treat in another way, and why.
EXCEPTIONS = {
    "HTML entity on top of UTF-8 / Latin-1": "entities in text are the author's",
}


def load(name: str) -> list[dict[str, str]]:
    cases: list[dict[str, str]] = json.loads((CASES / f"{name}.json").read_text("utf-8"))
    return cases


def as_ftfy_would(text: str) -> str:
    """With the steps that change what an author wrote, and that we leave out."""
    return uncurl_quotes(fix_character_width(fix_latin_ligatures(text)))


@pytest.mark.skipif(not CASES.is_dir(), reason="the shared ftfy cases are not here")
@pytest.mark.parametrize("name", FILES)
def test_each_case_comes_out_as_ftfy_wants_it(name: str) -> None:
    met = []
    for case in load(name):
        if case["expect"] != "pass":
            continue
        cleaning = clean_text(case["original"], profile="safe")
        assert cleaning.raw() == case["original"]
        if case["label"] in EXCEPTIONS:
            met.append(case["label"])
            continue
        assert as_ftfy_would(cleaning.text) == as_ftfy_would(case["fixed"]), case["label"]
    assert sorted(met) == sorted(EXCEPTIONS if name == "in-the-wild" else [])


@pytest.mark.skipif(not CASES.is_dir(), reason="the shared ftfy cases are not here")
def test_known_failures_can_be_undone() -> None:
    for case in load("known-failures"):
        assert clean_text(case["original"]).raw() == case["original"]
