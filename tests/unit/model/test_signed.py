"""Bylines and credits are known by their first words; buttons and prose are none."""

from __future__ import annotations

import pytest

from archiver.model.signed import is_fact, is_signed


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
        "By the time the river had fallen, the town was busy with shovels, and nobody slept.",
    ],
)
def test_not_signed(line):
    assert not is_signed(line)


def test_a_long_line_costs_no_more_than_its_first_words():
    assert is_signed("By " + "x" * 1_000_000)
    assert not is_signed("-" * 1_000_000)


@pytest.mark.parametrize(
    "line",
    [
        "Date: | 25 April 2019 |",
        "Birth Date: | {{birth date and age|1937|11|21}} |",
        "| naam = Groot-Brittanje",
        "|population = 1,024",
        "74\t\tIAT Ins Group\t\t1,493,269\t\t3.5",
        "| Leeds | 12 | 3 | +9 |",
        "Tea | $2.50 | 12 %",
    ],
)
def test_facts(line):
    assert is_fact(line)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "Motto: | --> |",
        "Imagesize: |",
        "| image =",
        "Home | News | Sport",
        "a = b",
        "Page 1 | 12 comments",
    ],
)
def test_no_facts(line):
    assert not is_fact(line)
