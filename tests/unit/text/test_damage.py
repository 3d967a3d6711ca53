"""Whole texts told sound are those that ftfy leaves alone; the rest is mended as ever."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path

import pytest
from ftfy.badness import BADNESS_RE, MOJIBAKE_CATEGORIES
from ftfy.chardata import CONTROL_CHARS
from hypothesis import given, settings
from hypothesis import strategies as st
from plain_rules import repaired

from archiver.text import damage
from archiver.text.damage import is_sound, widened
from archiver.text.repair import repair

SHARED = Path(__file__).parents[4] / "shared" / "eval"


def test_the_expression_of_the_ftfy_installed_is_followed() -> None:
    assert damage._expression() is not None


def test_what_cannot_be_followed_makes_every_text_suspect(monkeypatch) -> None:
    assert widened("(?<=a)b") is None
    assert widened(r"a\bb") is None
    monkeypatch.setattr(damage, "_expression", lambda: None)
    assert not is_sound("déjà vu")
    assert repair("déjà vu")[0] == "déjà vu"


@pytest.mark.parametrize("code", [*sorted(CONTROL_CHARS), 0x0D, 0x85, 0x2028, 0x2029, 0xD800])
def test_a_character_that_a_fix_touches_is_never_sound(code: int) -> None:
    assert not is_sound(f"a{chr(code)}b")


#: Characters that ftfy's expression speaks of, so that random texts meet it often.
ODD = sorted(
    {c for chars in MOJIBAKE_CATEGORIES.values() for c in chars} | set("ÂÃà ×вЂГўā€√≈‚ÄØÙ")
)
TEXT = st.text(
    st.one_of(st.sampled_from(ODD), st.sampled_from("aZ .\n\t1\u0301\x0c"), st.characters())
)


@settings(max_examples=600, deadline=None)
@given(TEXT)
def test_where_ftfy_sees_damage_no_text_is_sound(text: str) -> None:
    if any(BADNESS_RE.search(line + "\n") for line in text.split("\n")):
        assert not is_sound(text + "\n")


@settings(max_examples=500, deadline=None)
@given(TEXT)
def test_any_text_is_mended_as_without_the_gate(text: str) -> None:
    assert repair(text)[0] == repaired(text)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared development texts are not here")
def test_scraped_texts_are_mended_as_without_the_gate() -> None:
    with (SHARED / "debris_dev.jsonl").open(encoding="utf-8") as rows:
        for row in islice(map(json.loads, rows), 0, None, 5):
            text = "\n".join(line["text"] for line in row["lines"])
            for version in (text, text.encode().decode("cp1252", "replace")):
                assert repair(version)[0] == repaired(version)
