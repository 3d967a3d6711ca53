"""Charts of the overview: geometry only; the template draws them as SVG, and as tables too."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from archiver.report.corpus import Step
from archiver.report.family import family_of, mark_of

#: Width of all charts, in their own units: they stay legible on a window of 360 pixels.
WIDTH = 380

#: Bars shown; what is left over is one bar more.
MOST_BARS = 10

#: Versions shown, the newest; a bar narrower than this could not be told apart.
MOST_VERSIONS = 20

#: Height of the columns, and the least height that has room for two letters.
HEIGHT, LETTERS = 180, 13

#: Longer labels are cut.
MAX_LABEL = 40


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar on a row of its own: label and value above, the bar below."""

    label: str
    value: int
    width: float
    family: int | None = None
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Segment:
    """A family's part of a version's column."""

    family: int
    mark: str
    value: int
    y: float
    height: float

    @property
    def has_room(self) -> bool:
        """Whether its letters fit in."""
        return self.height >= LETTERS


@dataclass(frozen=True, slots=True)
class Column:
    """What one version removed, by family, the most at the bottom."""

    version: int
    total: int
    x: float
    width: float
    segments: tuple[Segment, ...]


def bars(counts: Mapping[str, int], *, unknown: str = "unknown") -> list[Bar]:
    """The largest counts as bars, and the rest as one."""
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    rows = [(clip(label) or unknown, value) for label, value in ranked[:MOST_BARS]]
    if rest := ranked[MOST_BARS:]:
        rows.append((f"{len(rest):,} others", sum(value for _, value in rest)))
    return _scaled(rows)


def share_bars(shares: Sequence[int]) -> list[Bar]:
    """Documents by the share that was removed, in tenths."""
    names = [f"{10 * at} to {10 * at + 10} %" for at in range(len(shares))]
    return _scaled(list(zip(names, shares, strict=True)))


def family_bars(counts: Mapping[str, int], families: Sequence[str]) -> list[Bar]:
    """Every family with its mark, the largest first."""
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    most = max(counts.values(), default=0) or 1
    return [
        Bar(clip(name), value, WIDTH * value / most, families.index(name), mark_of(name))
        for name, value in ranked
    ]


def columns(steps: Sequence[Step], families: Sequence[str]) -> list[Column]:
    """The newest versions as columns of one scale."""
    shown = [(step.version, by_family(step.dropped)) for step in steps if step.dropped]
    shown = shown[-MOST_VERSIONS:]
    most = max((sum(counts.values()) for _, counts in shown), default=0)
    if not most:
        return []
    pitch = min(48.0, WIDTH / len(shown))
    return [
        Column(
            version,
            sum(counts.values()),
            round(place * pitch, 1),
            round(pitch * 0.8, 1),
            tuple(_segments(counts, families, most)),
        )
        for place, (version, counts) in enumerate(shown)
    ]


def by_family(rules: Mapping[str, int]) -> Counter[str]:
    """Counts of rules added up by family."""
    found: Counter[str] = Counter()
    for rule, count in rules.items():
        found[family_of(rule)] += count
    return found


def clip(text: str) -> str:
    """A label short enough for its chart."""
    return text if len(text) <= MAX_LABEL else text[: MAX_LABEL - 1] + "…"


def _scaled(rows: Sequence[tuple[str, int]]) -> list[Bar]:
    most = max((value for _, value in rows), default=0) or 1
    return [Bar(label, value, round(WIDTH * value / most, 1)) for label, value in rows]


def _segments(counts: Mapping[str, int], families: Sequence[str], most: int) -> list[Segment]:
    found = []
    y = float(HEIGHT)
    for name, value in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        height = HEIGHT * value / most
        y -= height
        place = families.index(name)
        found.append(Segment(place, mark_of(name), value, round(y, 2), round(height, 2)))
    return found
