"""What is known of a document's lines once the network has answered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archiver.model.features import Floats
from archiver.model.network import TEXT, WORTH_KEEPING
from archiver.model.signed import is_signed
from archiver.model.tabular import tabular

#: A line of so many words with the end of a sentence in it reads like prose.
PROSE_WORDS = 12

#: The text begins with a line of so many words that is taken for it.
TEXT_WORDS = 10

#: So many lines above the text may be its masthead: headline, kicker, date and byline.
#: A headline has so many words, and this share of them in common with the text.
MASTHEAD_LINES = 6
HEADLINE_WORDS = 2, 25
HEADLINE_SHARE = 0.4
DATELINE_WORDS = 12


@dataclass(frozen=True, slots=True)
class Scores:
    """Probabilities: that each line (of those not blank) is content, and the gate.

    ``worth`` is the probability that an archive would keep the line, ``gate`` the
    one that the document holds boilerplate at all. ``prose`` tells which lines read
    like prose, ``signed`` which like a byline or a credit, ``fact`` which are a key
    with a value or a row of a table, and ``masthead`` which stand above the text as a
    headline does. ``text`` tells whether there is a text: a line of some length that is
    taken for it.
    """

    index: NDArray[np.int64]
    content: NDArray[np.float64]
    worth: NDArray[np.float64]
    words: NDArray[np.signedinteger]
    prose: NDArray[np.bool_]
    signed: NDArray[np.bool_]
    fact: NDArray[np.bool_]
    masthead: NDArray[np.bool_]
    text: bool
    gate: float


@dataclass(frozen=True, slots=True)
class Look:
    """What is asked of a document's lines, those not blank, beside the network's answers.

    ``index``: their numbers; ``words``: how many; ``sentence`` and ``dated``: whether a
    sentence ends with them, whether they hold a date; ``repeated`` and ``topical`` are
    figures of ``archiver.model.figures``.
    """

    index: NDArray[np.int64]
    words: NDArray[np.signedinteger]
    sentence: NDArray[np.bool_]
    dated: NDArray[np.bool_]
    repeated: Floats
    topical: Floats


def scored(
    look: Look,
    lines: Sequence[str],
    answers: Floats,
    gate: float,
    *,
    answer: int,
    most: float = 1.0,
    signs: Callable[[str], bool] = is_signed,
) -> Scores:
    """The scores of a document from the network's answers.

    most: lines whose content is at least this are no candidates: they are not looked
    at for bylines, facts and mastheads, which only keep lines. signs: ``is_signed``, for
    callers who remember what it said.
    """
    found = probability(answers)
    body = np.flatnonzero((found[:, TEXT] > 0.5) & (look.words >= TEXT_WORDS))
    asked = np.flatnonzero(found[:, answer] < most)
    signed, fact = np.zeros(len(look.index), bool), np.zeros(len(look.index), bool)
    candidates = [lines[number] for number in look.index[asked].tolist()]
    signed[asked] = [*map(signs, candidates)]
    if any("|" in line or "\t" in line for line in candidates):
        fact[:] = tabular([lines[number] for number in look.index.tolist()])
    return Scores(
        index=look.index,
        content=found[:, answer],
        worth=found[:, WORTH_KEEPING],
        words=look.words,
        prose=(look.words >= PROSE_WORDS) & look.sentence,
        signed=signed,
        fact=fact,
        masthead=_masthead(look, int(body[0]) if len(body) else 0, signed),
        text=len(body) > 0,
        gate=float(probability(gate)),
    )


def _masthead(look: Look, start: int, signed: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Lines above the start of the text that look like its headline, date or byline."""
    above = np.zeros(len(look.index), bool)
    above[max(0, start - MASTHEAD_LINES) : start] = True
    least, most = HEADLINE_WORDS
    headline = (
        (look.topical >= HEADLINE_SHARE)
        & (look.words >= least)
        & (look.words <= most)
        & (look.repeated == 0)
    )
    masthead: NDArray[np.bool_] = above & (
        headline | signed | (look.dated & (look.words <= DATELINE_WORDS))
    )
    return masthead


def probability(log_odds: NDArray[np.float32] | float) -> NDArray[np.float64]:
    """From log-odds."""
    return 1 / (1 + np.exp(-np.clip(np.asarray(log_odds, np.float64), -30, 30)))


def log_odds(probability: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of probabilities, none of them 0 or 1."""
    found: NDArray[np.float64] = np.log(probability / (1 - probability))
    return found
