"""What the model says of a document's lines, and which of them go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archiver.model.features import Features, features
from archiver.model.figures import DATED, ENDS_SENTENCE, REPEATED, TOPICAL
from archiver.model.network import TEXT, WORTH_KEEPING, Network, shipped
from archiver.model.scores import Look, Scores, log_odds, scored
from archiver.settings import Profile

#: A text of fewer words whose expected word F1 is below this is as likely a list that
#: someone made as a page around a text: over half of its words never go.
SHORT, DOUBTFUL = 400, 0.6

#: The probability that an edit notes is one of a ladder, whose steps are so far apart in
#: log-odds: 0.9798, 0.9842, 0.9877 and so on. Float noise hardly ever decides between two
#: of them, so that machines agree; and who may be wrong about it need hardly ever ask again.
SCORE_STEP, SCORE_DIGITS = 0.25, 4


@dataclass(frozen=True, slots=True)
class Bounds:
    """How sure the model must be, of the document and of a line.

    ``answer``: which answer of the network is asked, ``TEXT`` or ``WORTH_KEEPING``.
    ``document``: below this probability that it holds boilerplate, nothing goes.
    ``line``: a line goes below this probability that it is content, times the
    expected best word F1 of the document to the power of ``doubt``: where the text
    is hard to make out, less goes.
    ``prose``: the same for lines that read like prose. ``signed``: whether bylines
    and credits stay, whatever the network says. ``masthead``: what looks like the
    masthead of the text stays from this probability on that it is worth keeping.
    ``text``: whether something must be taken for the text, for anything to go.
    ``most``: if more than this share of the words would go, the document must be
    as sure as ``document_if_most``.
    """

    answer: int
    document: float
    line: float
    doubt: int
    most: float
    document_if_most: float
    masthead: float
    prose: float = 1.0
    signed: bool = False
    text: bool = False


#: Measured out of fold; ``safe`` never asks the model.
BOUNDS: dict[Profile, Bounds] = {
    "standard": Bounds(
        WORTH_KEEPING,
        0.998,
        0.02,
        0,
        0.4,
        0.9998,
        masthead=0.0,
        prose=0.005,
        signed=True,
        text=True,
    ),
    "strict": Bounds(TEXT, 0.995, 0.45, 3, 0.3, 0.9995, masthead=0.09),
}


def score_document(
    lines: Sequence[str],
    network: Network | None = None,
    answer: int = TEXT,
    most: float = 1.0,
) -> Scores:
    """Score the lines of a document for one of the answers. Pure; linear in the text.

    network: another than the one that ships for this answer. most: see ``scored``.
    """
    seen: Features = features(lines)
    answers, gate = (network or shipped(answer)).run(seen)
    return scored(
        Look(
            index=seen.index,
            words=seen.words,
            sentence=seen.dense[:, ENDS_SENTENCE] > 0,
            dated=np.any(seen.dense[:, DATED] > 0, axis=1),
            repeated=seen.dense[:, REPEATED],
            topical=seen.dense[:, TOPICAL],
        ),
        lines,
        answers,
        gate,
        answer=answer,
        most=most,
    )


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

    One look: what goes changes the neighbours of what stays, so that a caller who
    wants cleaning twice to be cleaning once asks again until nothing goes.
    """
    bounds = BOUNDS.get(profile)
    if bounds is None:
        return {}
    scores = score_document(lines, network, bounds.answer, bounds.line)
    return reasons(scores, falling(scores, bounds))


def reasons(scores: Scores, gone: NDArray[np.bool_]) -> dict[int, float]:
    """The lines that go, by number, each with its probability of being boilerplate."""
    steps = np.round(log_odds(scores.content[gone]) / SCORE_STEP)
    noted = np.round(1 / (1 + np.exp(steps * SCORE_STEP)), SCORE_DIGITS)
    return dict(zip(scores.index[gone].tolist(), noted.tolist(), strict=True))


def falling(scores: Scores, bounds: Bounds) -> NDArray[np.bool_]:
    """Which of the scored lines go."""
    none = np.zeros(len(scores.index), bool)
    words = int(scores.words.sum())
    if not words or scores.gate < bounds.document or (bounds.text and not scores.text):
        return none
    best = best_f1(scores)
    gone: NDArray[np.bool_] = (
        (scores.content < limits_of(scores, bounds, best)) & (scores.words > 0) & ~scores.fact
    )
    gone &= ~(scores.masthead & (scores.worth >= bounds.masthead))
    if bounds.signed:
        gone &= ~scores.signed
    share = scores.words[gone].sum() / words
    unsure = share > bounds.most and scores.gate < bounds.document_if_most
    unsure |= share > 0.5 and words < SHORT and best < DOUBTFUL
    if unsure or share == 1:
        return none
    return gone


def limits_of(scores: Scores, bounds: Bounds, best: float) -> NDArray[np.float64]:
    """Below which probability of being content each line goes; ``best``: see ``best_f1``."""
    limit = bounds.line * best**bounds.doubt
    return np.where(scores.prose, min(limit, bounds.prose), limit)


def best_f1(scores: Scores) -> float:
    """The word F1 to expect when the cut stands where it is highest."""
    order = np.argsort(-scores.content, kind="stable")
    words = scores.words[order].astype(np.float64)
    content = np.cumsum(words * scores.content[order])
    return float(np.max(2 * content / (np.cumsum(words) + content[-1] + 1e-9)))
