"""Families of removals as a reader sees them: a mark of two letters, and two colours.

The mark says what the colour says, for whoever does not see colours.
"""

from __future__ import annotations

import colorsys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from archiver.model import RULE

#: What removals of the line model, and repairs of characters, are gathered under.
MODEL, REPAIR = "model", "repair"

_MARKS = {
    "ad-marker": "Ad",
    "caption-repeat": "Cr",
    "citation-mark": "Ci",
    "comment-chrome": "Co",
    "cookie-consent": "Ck",
    "icon-ligature": "Ic",
    "infobox": "Ib",
    MODEL: "Mo",
    "navigation": "Na",
    "newsletter": "Nl",
    "paywall": "Pw",
    "player-ui": "Pl",
    "related-links": "Rl",
    REPAIR: "Re",
    "share-bar": "Sh",
    "source-link": "So",
    "timestamp-chrome": "Ti",
}

#: Contrast of text on its ground: WCAG 2.2, 1.4.6 (level AAA) asks for 7.
TEXT_CONTRAST = 7.0

#: Contrast of bars of a chart with the page: WCAG 2.2, 1.4.11 asks for 3.
BAR_CONTRAST = 3.0

#: Grounds of the page, light and dark: the style sheet has them too.
LIGHT, DARK = "#ffffff", "#14171c"

#: A step round the colour circle that brings neighbours far apart.
_STEP = 0.381966


@dataclass(frozen=True, slots=True)
class Colours:
    """A family in one theme: the ground and the ink of its text, and its bars; ``#rrggbb``."""

    ground: str
    ink: str
    bar: str


def family_of(rule: str) -> str:
    """The family of a rule's id: ``model`` for the line model, ``repair`` for repairs."""
    return MODEL if rule == RULE else rule.partition(".")[0]


def mark_of(family: str) -> str:
    """Two letters for a family; those of families that do not ship are its first two."""
    return _MARKS.get(family) or family[:2].capitalize()


def palette(families: Sequence[str], *, dark: bool) -> list[Colours]:
    """The colours of families, in their order; each reaches the contrasts above."""
    return [_colours(place * _STEP % 1.0, dark=dark) for place, _ in enumerate(families)]


def style_of(families: Sequence[str]) -> str:
    """The style sheet of families: class ``f`` and their place, in both themes."""
    light, dark = (palette(families, dark=dark) for dark in (False, True))
    system = _rules(dark, ':root:not([data-theme="light"]) ')
    chosen = _rules(dark, ':root[data-theme="dark"] ')
    return f"{_rules(light, '')}@media (prefers-color-scheme: dark) {{\n{system}}}\n{chosen}"


def _rules(colours: Sequence[Colours], within: str) -> str:
    return "".join(
        f"{within}.f{place} {{ --g: {one.ground}; --i: {one.ink}; --b: {one.bar}; }}\n"
        for place, one in enumerate(colours)
    )


def contrast(one: str, other: str) -> float:
    """How far two colours are apart, 1 to 21, as WCAG 2.2 reckons it."""
    lights = sorted((_luminance(one), _luminance(other)))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def _colours(hue: float, *, dark: bool) -> Colours:
    ground = _hex(hue, 0.23 if dark else 0.91, 0.45 if dark else 0.85)
    steps = [step / 100 for step in (range(60, 101) if dark else range(40, -1, -1))]
    ink = _first((_hex(hue, light, 0.75) for light in steps), ground, TEXT_CONTRAST)
    steps = [step / 100 for step in (range(45, 101) if dark else range(55, -1, -1))]
    bar = _first((_hex(hue, light, 0.6) for light in steps), DARK if dark else LIGHT, BAR_CONTRAST)
    return Colours(ground, ink, bar)


def _first(colours: Iterable[str], ground: str, least: float) -> str:
    return next(colour for colour in colours if contrast(colour, ground) >= least)


def _hex(hue: float, light: float, saturation: float) -> str:
    return "#" + "".join(
        f"{round(part * 255):02x}" for part in colorsys.hls_to_rgb(hue, light, saturation)
    )


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
