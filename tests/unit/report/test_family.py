from __future__ import annotations

import re

import pytest

from archiver.report.build import _resource
from archiver.report.family import (
    BAR_CONTRAST,
    DARK,
    LIGHT,
    TEXT_CONTRAST,
    contrast,
    family_of,
    mark_of,
    palette,
    style_of,
)
from archiver.rules.rule import FAMILIES

NAMES = sorted({*FAMILIES, "model", "repair", *(f"own-{at}" for at in range(20))})


@pytest.mark.parametrize("dark", [False, True])
def test_every_family_can_be_read_in_both_themes(dark) -> None:
    for colours in palette(NAMES, dark=dark):
        assert contrast(colours.ink, colours.ground) >= TEXT_CONTRAST
        assert contrast(colours.bar, DARK if dark else LIGHT) >= BAR_CONTRAST


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


def test_families_that_ship_have_marks_of_their_own() -> None:
    shipped = [*FAMILIES, "model", "repair"]
    marks = [mark_of(name) for name in shipped]
    assert len(set(marks)) == len(shipped)
    assert all(re.fullmatch("[A-Z][a-z]", mark) for mark in marks)
    assert mark_of("harbour") == "Ha"


def test_the_line_model_is_a_family() -> None:
    assert [family_of(rule) for rule in ("model.line", "repair.control", "x.y.z")] == [
        "model",
        "repair",
        "x",
    ]


def test_the_sheet_has_the_grounds_that_contrast_was_reckoned_on() -> None:
    sheet = _resource("page.css")
    assert f"--page: {LIGHT}" in sheet
    assert sheet.count(f"--page: {DARK}") == 2
    assert style_of(["a"]).count(".f0 {") == 3


def test_words_of_the_page_can_be_read_in_both_themes() -> None:
    blocks = re.findall(r"\{[^{}]*--page: (#\w+);[^{}]*\}", sheet := _resource("page.css"))
    assert len(blocks) == 3
    for block in re.findall(r"\{([^{}]*--page: [^{}]*)\}", sheet):
        known = dict(re.findall(r"--([a-z-]+): (#\w{6})", block))
        for ground in ("page", "soft", "now"):
            for ink in ("ink", "faint", "link"):
                assert contrast(known[ink], known[ground]) >= 4.5, (ink, ground, known)
        assert contrast(known["new-ink"], known["new"]) >= TEXT_CONTRAST
