"""A page's own lines, chosen by all that is known of each; loads numpy and lxml."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from archiver.model.features import features
from archiver.model.network import TEXT
from archiver.model.network import shipped as network
from archiver.page.combine import chosen, joined
from archiver.page.figures import Floats, bags_of, figures
from archiver.page.render import Line, render
from archiver.page.trees import Trees, shipped
from archiver.text.markup import harmless


def lines_of(page: str, extracted: str, trees: Trees | None = None) -> str | None:
    """The text as lines of the whole page; None where the extractor's is as good.

    trees: others than those that ship, to be measured.
    """
    rendering = render(harmless(page))
    if not rendering.lines:
        return None
    judges = trees or shipped()
    bags = bags_of(rendering.lines)
    log_odds = _by_model(rendering.lines) if judges.ask_model else None
    columns = figures(rendering, bags, extracted, log_odds)
    lines = chosen(bags, judges.log_odds(columns), extracted)
    return None if lines is None else joined(rendering.lines, lines)


def _by_model(lines: Sequence[Line]) -> Floats:
    answers, _ = network().run(features([line.text for line in lines]))
    return np.asarray(answers[:, TEXT], np.float64)
