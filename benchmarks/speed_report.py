"""The measured speeds as a Markdown table and as a picture, and both put into the docs."""

from __future__ import annotations

import io
import re
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from measured import Cost

DOCS = Path(__file__).parents[1] / "docs" / "explanation"
PAGE = DOCS / "benchmarks.md"
PICTURE = DOCS / "benchmarks-speed.svg"
BEGIN, END = "<!-- speed: written by benchmarks/run.py -->", "<!-- speed: end -->"
#: Below so many seconds of CPU for copying, a ratio to it would be chance.
LEAST = 0.1
#: The job that all others are compared with.
BASE = "copy"
#: A colour that nothing else has, which becomes the reader's own, light or dark.
_INK = "#010203"
_STYLE = (
    "<style>:root{--ink:#1f2328}@media(prefers-color-scheme:dark){:root{--ink:#e6edf3}}</style>"
)
_OURS, _OTHERS = "#1a7f8e", "#9a6b2f"


@dataclass(frozen=True, slots=True)
class Row:
    """Medians of one job. ``start`` is its CPU on the first 0.1 MB."""

    name: str
    cpu: float
    start: float
    wall: float
    memory: float
    ours: bool

    @property
    def work(self) -> float:
        """Seconds of CPU that all other documents cost."""
        return max(self.cpu - self.start, 1e-3)


def rows(costs: Mapping[str, Sequence[Cost]], starts: Mapping[str, Sequence[Cost]]) -> list[Row]:
    """Medians, in the order of the jobs. Jobs without ``:`` are ours."""
    return [
        Row(
            name,
            statistics.median(cost.cpu for cost in found),
            statistics.median(cost.cpu for cost in starts[name]),
            statistics.median(cost.wall for cost in found),
            max(cost.memory for cost in found),
            not name.startswith("peer"),
        )
        for name, found in costs.items()
    ]


def copying(found: Sequence[Row]) -> float:
    """Seconds of CPU that copying costs."""
    return next(row for row in found if row.name == BASE).work


def _times(work: float, base: float) -> str:
    return f"{work / base:.1f}" if base >= LEAST else "–"


def table(found: Sequence[Row], size: int) -> str:
    """A Markdown table. size: bytes of the corpus, but for the first 0.1 MB."""
    base = copying(found)
    lines = [
        "| job | CPU, s | of it for 0.1 MB, s | times copy | MB/s of CPU | wall, s | memory, MB |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    lines += [
        f"| {row.name} | {row.cpu:.2f} | {row.start:.2f} | {_times(row.work, base)} "
        f"| {size / 1e6 / row.work:.2f} | {row.wall:.2f} | {row.memory:,.0f} |"
        for row in found
    ]
    return "\n".join(lines)


def picture(found: Sequence[Row]) -> str:
    """Bars of the cost in copies, as SVG with a title, a description, and text as text.

    Raises: ImportError where matplotlib is not installed.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "speed", "font.size": 11})
    base = copying(found)
    shown = list(reversed(found))
    figure = Figure(figsize=(8, 0.9 + 0.36 * len(shown)), layout="constrained")
    axes = figure.subplots()
    ratios = [row.work / base for row in shown]
    colours = [_OURS if row.ours else _OTHERS for row in shown]
    bars = axes.barh([row.name for row in shown], ratios, color=colours, height=0.7)
    axes.bar_label(bars, [f"{ratio:.1f}" for ratio in ratios], padding=4, color=_INK)
    axes.set_xscale("log")
    axes.set_xlim(min(0.8, *ratios), max(ratios) * 2)
    axes.set_xlabel("CPU time, as a multiple of copying (log scale)", color=_INK)
    axes.tick_params(colors=_INK, which="both")
    for name, spine in axes.spines.items():
        spine.set_visible(name in {"left", "bottom"})
        spine.set_color(_INK)
    out = io.StringIO()
    figure.savefig(out, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    told = "; ".join(f"{row.name} {row.work / base:.1f}" for row in found)
    return _accessible(out.getvalue(), "CPU time of each job, in copies", f"In copies: {told}.")


def _accessible(svg: str, title: str, words: str) -> str:
    at = svg.index("<svg")
    tag_end = svg.index(">", at)
    tag = svg[at:tag_end].replace("<svg", '<svg role="img" aria-labelledby="title words"', 1)
    head = f'>\n <title id="title">{title}</title>\n <desc id="words">{words}</desc>\n {_STYLE}'
    whole = f"{tag}{head}{svg[tag_end + 1 :]}\n".replace(_INK, "var(--ink)")
    return re.sub(r"[ \t]+$", "", whole, flags=re.MULTILINE).rstrip() + "\n"


def publish(words: str) -> None:
    """Put the words between the two marks of the page. Raises: ValueError where they are gone."""
    page = PAGE.read_text(encoding="utf-8")
    if page.count(BEGIN) != 1 or page.count(END) != 1:
        raise ValueError(f"{PAGE.name} needs the lines {BEGIN} and {END} once each")
    head, rest = page.split(BEGIN)
    tail = rest.split(END)[1]
    PAGE.write_text(f"{head}{BEGIN}\n\n{words}\n\n{END}{tail}", encoding="utf-8", newline="\n")
