"""Facts and rows of tables are known by their form; a menu is none."""

from __future__ import annotations

import pytest

from archiver.model.tabular import is_fact, tabular


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


def test_rows_with_the_same_bars_are_a_table():
    laureates = [
        "Year | Physics | Chemistry",
        "1901 | Wilhelm Röntgen | Jacobus van 't Hoff",
        "1902 | Hendrik Lorentz; Pieter Zeeman | Emil Fischer",
        "1903 | Henri Becquerel; Marie Curie | Svante Arrhenius",
        "1904 | Lord Rayleigh | William Ramsay",
    ]
    assert tabular(["Laureates", *laureates, "See also"]) == [False, *[True] * 5, False]


@pytest.mark.parametrize(
    "menu",
    [
        ["Home | News | Sport"],
        ["Home | News | Sport", "Terms | Privacy | Contact"],
        ["Home | News | Sport", "Terms | Privacy", "Help | Contact | Jobs | Press"],
        ["Home |", "News |", "Sport |", "Travel |", "Help |"],
    ],
)
def test_menus_are_no_table(menu):
    assert not any(tabular(menu))
