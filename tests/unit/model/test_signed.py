"""Bylines and credits are known by their first words; buttons and prose are none."""

from __future__ import annotations

import re
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.model import signed
from archiver.model.signed import is_signed


@pytest.mark.parametrize(
    "line",
    [
        "By Ann Lee",
        "By",
        "  Von Benjamin Fischer",
        "* Par Zoé Blanc, à Lyon",
        "Foto: dpa",
        "© Instagram/esmeralda",
        "Źródło: Rzeczpospolita",
        "Автор: Иван Петров",
        "文/张三",
        "Updated 3 May 2022",
        "Kuvat: Anna Virtanen",
        "Eine Drohne der Feuerwehr ist im Einsatz. © DPA Images | Max Muster",
        "The bridge before the flood (Photo: Ann Lee)",
        "Smoke rises over the harbour on Monday. / AFP",
    ],
)
def test_signed(line):
    assert is_signed(line)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "Video",
        "Photos",
        "Byron wrote it",
        "Home",
        "A text by Ann Lee",
        "All rights reserved by the town of Ulm © 2024 Ulm",
        "See our best photos of the year: vote for one of them now!",
        "Sign up for the news of the day - it is free",
        "By the time the river had fallen, the town was busy with shovels, and nobody slept.",
    ],
)
def test_not_signed(line):
    assert not is_signed(line)


def test_a_long_line_costs_no_more_than_its_first_words():
    assert is_signed("By " + "x" * 1_000_000)
    assert not is_signed("-" * 1_000_000)


STARTS = [
    "By",
    "by_x",
    "BYE",
    "Foto",
    "foto:",
    "Yayinlanma",
    "YAYINLANMA",
    "Yayınlanma",
    "(c)",
    "©",
]
STARTS += [
    "Last updated",
    "Last",
    "Photoſ",
    "photos by",
    "Video",
    "Von",
    "文",
    "作者：",
    "• By",
    "(Foto",
]


@given(st.lists(st.sampled_from([*STARTS, "Ann", "Lee", "2024", "/ AFP", "-", "news"]), max_size=7))
@settings(max_examples=150, deadline=None)
def test_a_look_at_the_first_word_spares_the_pattern_and_changes_nothing(words):
    line = " ".join(words)
    with mock.patch.object(signed, "_FIRST_WORD", re.compile("(?!)")):  # spares nothing
        wanted = is_signed(line)
    assert is_signed(line) == wanted
