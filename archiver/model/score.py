"""What the model says of a document's lines, and which of them go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archiver.model.features import Features, features
from archiver.model.figures import DATED
from archiver.model.network import Network, shipped
from archiver.settings import Profile

#: A document is gone over again until nothing more goes, since what goes changes
#: the neighbours of what stays. The few that have not settled by then are left alone.
MAX_PASSES = 5


#: A line with at least so many words, when taken for content, is part of the text.
TEXT_WORDS = 6

#: A line with a date, a year or a clock and fewer words than this may be a dateline.
DATELINE_WORDS = 25

#: So many lines on either side have a say in ``Bounds.beside``.
BESIDE = 3


@dataclass(frozen=True, slots=True)
class Bounds:
    """How sure the model must be, of the document and of a line.

    ``document``: below this probability that it holds boilerplate, nothing goes.
    ``line``: a line goes below this probability that it is content, or below
    ``of_best`` times the expected best word F1 of the document, if that is less;
    and only if no line within ``BESIDE`` has more than ``beside``.
    ``above``, ``below``: lines so near above or below the text stay: headlines,
    datelines, bylines and captions stand there. ``datelines``: whether they stay.
    ``most``: if more than this share of the words would go, the document must be
    as sure as ``document_if_most``.
    """

    document: float
    line: float
    of_best: float
    most: float
    document_if_most: float
    beside: float = 1.0
    above: int = 0
    below: int = 0
    datelines: bool = False


#: Measured out of fold; ``safe`` never asks the model.
BOUNDS: dict[Profile, Bounds] = {
    "standard": Bounds(0.98, 0.01, 1.0, 0.3, 0.9975, beside=0.1, above=8, below=4, datelines=True),
    "strict": Bounds(0.96, 0.4, 0.35, 0.3, 0.9975),
}


@dataclass(frozen=True, slots=True)
class Scores:
    """Probabilities: that each line (of those not blank) is content, and the gate.

    ``gate`` is the probability that the document holds boilerplate at all.
    """

    index: NDArray[np.int64]
    content: NDArray[np.float64]
    words: NDArray[np.int64]
    dated: NDArray[np.bool_]
    gate: float


def score_document(lines: Sequence[str], network: Network | None = None) -> Scores:
    """Score the lines of a document. Pure; linear in the text, some MB a second."""
    seen: Features = features(lines)
    content, gate = (network or shipped()).run(seen)
    dated: NDArray[np.bool_] = np.any(seen.dense[:, DATED] > 0, axis=1, keepdims=False)
    return Scores(seen.index, _probability(content), seen.words, dated, float(_probability(gate)))


def score_lines(lines: Sequence[str], network: Network | None = None) -> list[float]:
    """Each line's probability of being boilerplate; a blank line has 0."""
    scores = score_document(lines, network)
    found = np.zeros(len(lines))
    found[scores.index] = 1 - scores.content
    return [float(value) for value in found]


def decide(
    lines: Sequence[str], profile: Profile, network: Network | None = None
) -> dict[int, float]:
    """The lines to drop, by number, each with its probability of being boilerplate.

    Deciding on what is left drops nothing more: so long as the caller takes only
    lines and blank lines beside them, cleaning twice is cleaning once.
    """
    bounds = BOUNDS.get(profile)
    dropped: dict[int, float] = {}
    if bounds is None:
        return dropped
    left = np.arange(len(lines))
    for _ in range(MAX_PASSES):
        scores = score_document([lines[number] for number in left.tolist()], network)
        gone = falling(scores, bounds)
        if not gone.any():
            return dropped
        at = scores.index[gone]
        dropped.update(
            (int(number), round(1 - float(content), 4))
            for number, content in zip(left[at], scores.content[gone], strict=True)
        )
        left = np.delete(left, at)
    return {}


def falling(scores: Scores, bounds: Bounds) -> NDArray[np.bool_]:
    """Which of the scored lines go, in one pass."""
    none = np.zeros(len(scores.index), bool)
    words = int(scores.words.sum())
    if not words or scores.gate < bounds.document:
        return none
    limit = min(bounds.line, bounds.of_best * _best(scores))
    gone: NDArray[np.bool_] = (scores.content < limit) & (scores.words > 0)
    gone &= _outside(scores, bounds)
    share = scores.words[gone].sum() / words
    unsure = share > bounds.most and scores.gate < bounds.document_if_most
    if unsure or share == 1:
        return none
    return gone


def _outside(scores: Scores, bounds: Bounds) -> NDArray[np.bool_]:
    """Lines that stand far enough from the text, among lines that are no text either."""
    n = len(scores.index)
    outside = np.ones(n, bool)
    if bounds.beside < 1:
        padded = np.pad(scores.content, BESIDE)
        outside &= (
            np.max([padded[at : at + n] for at in range(2 * BESIDE + 1)], axis=0) < bounds.beside
        )
    if bounds.above or bounds.below:
        at = np.arange(n)
        text = (scores.content > 0.5) & (scores.words >= TEXT_WORDS)
        last = np.maximum.accumulate(np.where(text, at, -bounds.below))
        following = np.minimum.accumulate(np.where(text, at, n + bounds.above)[::-1])[::-1]
        outside &= (at - last >= bounds.below) & (following - at >= bounds.above)
    if bounds.datelines:
        outside &= ~(scores.dated & (scores.words < DATELINE_WORDS))
    return outside


def _best(scores: Scores) -> float:
    """The word F1 to expect when the cut stands where it is highest.

    The cut that serves F1 best stands at half of it: where little content is
    expected, or all is doubtful, more must be kept.
    """
    order = np.argsort(-scores.content, kind="stable")
    words = scores.words[order].astype(np.float64)
    content = np.cumsum(words * scores.content[order])
    return float(np.max(2 * content / (np.cumsum(words) + content[-1] + 1e-9)))


def _probability(log_odds: NDArray[np.float32] | float) -> NDArray[np.float64]:
    return 1 / (1 + np.exp(-np.clip(np.asarray(log_odds, np.float64), -30, 30)))
