"""Texts cleaned together come out as each does by itself, whatever the company."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.batch import clean_texts
from archiver.clean import clean_text
from archiver.document import Cleaning
from archiver.model import many
from archiver.rules.load import builtin
from archiver.rules.match import Matcher
from archiver.settings import PROFILES
from archiver.together import Text, Together

SEEDS = [
    path.read_text(encoding="utf-8")
    for path in sorted((Path(__file__).parents[2] / "seeds").glob("*.txt"))
]
POOL = sorted({line for text in SEEDS for line in text.split("\n")})
TEXTS = st.lists(
    st.one_of(
        st.lists(st.sampled_from(POOL), max_size=50).map("\n".join),
        st.text(st.characters(codec=None), max_size=80),
    ),
    max_size=5,
)


@pytest.mark.parametrize("profile", PROFILES)
def test_the_seeds_come_out_as_each_by_itself(profile):
    alone = [clean_text(text, profile=profile) for text in SEEDS]
    cleaner = Together(builtin(), profile)
    assert cleaner.clean(map(Text, SEEDS)) == alone
    assert cleaner.clean(map(Text, SEEDS[::-3])) == alone[::-3]  # by the same memory
    assert [Together(builtin(), profile).clean([Text(text)])[0] for text in SEEDS[:9]] == alone[:9]


@given(TEXTS)
@settings(max_examples=15, deadline=None)
def test_no_text_changes_what_becomes_of_another(texts):
    for profile in ("standard", "strict"):
        alone = [clean_text(text, profile=profile) for text in texts]
        assert Together(builtin(), profile).clean(map(Text, texts)) == alone


def test_languages_and_hosts_are_those_of_each_text():
    texts = [Text("Zum Thema\nEin Satz.\n", language) for language in (None, "de-AT", "en", "de")]
    assert Together(builtin(), "standard").clean(texts) == [
        clean_text(text.text, language=text.language) for text in texts
    ]


def test_where_one_text_fails_the_others_come_out(monkeypatch):
    verdict = Matcher.verdict

    def fragile(self, line, **options):
        if line == "Share this":
            raise ArithmeticError(line)
        return verdict(self, line, **options)

    monkeypatch.setattr(Matcher, "verdict", fragile)
    texts = [SEEDS[0], "fine\nShare this\n", SEEDS[1]]
    first, failed, last = Together(builtin(), "standard").clean(map(Text, texts))
    assert isinstance(failed, ArithmeticError)
    assert (first, last) == (clean_text(SEEDS[0]), clean_text(SEEDS[1]))
    with pytest.raises(ArithmeticError, match="Share this"):
        clean_texts(texts, builtin(), profile="standard")


def test_where_the_model_fails_on_a_batch_each_text_is_cleaned_by_itself(monkeypatch):
    alone = [clean_text(text) for text in SEEDS[:5]]

    def fails(self, documents):
        raise MemoryError

    monkeypatch.setattr(many.Decider, "decide", fails)
    found = Together(builtin(), "standard").clean(map(Text, SEEDS[:5]))
    assert found == alone
    assert all(isinstance(cleaning, Cleaning) for cleaning in found)
