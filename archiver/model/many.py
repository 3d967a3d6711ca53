"""Decisions on many documents at once: what ``score.decide`` says of each, some times cheaper.

A sum may come out otherwise in the last digits when documents are computed together.
So that no decision and no noted score ever depends on the company a document is in,
whatever comes close to a bound is asked again by itself, in the plain way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from archiver.model.context import DOCUMENT_BITS, LINE_BITS, Block, Context, context
from archiver.model.features import Floats
from archiver.model.fused import Fused, shipped_fused
from archiver.model.lines import Lines
from archiver.model.network import TEXT, WORTH_KEEPING
from archiver.model.score import (
    BOUNDS,
    DOUBTFUL,
    SCORE_STEP,
    Bounds,
    best_f1,
    decide,
    falling,
    limits_of,
    reasons,
)
from archiver.model.scores import TEXT_WORDS, Look, Scores, log_odds, scored
from archiver.model.segment import Ints
from archiver.model.signed import is_signed
from archiver.settings import Profile

#: Log-odds nearer than this to a bound are not trusted to be on their side of it: those of
#: a line, and those of a document. Of all lines measured, 99.9 % differ by less than a
#: fifth of it between the two ways, and none by as much as a third.
DOUBT, DOCUMENT_DOUBT = 2e-5, 2e-4

#: Documents are computed together until they have so many lines: arrays stay in the cache.
BLOCK_LINES = 2048

_NOTHING: dict[int, float] = {}


class Decider:
    """Decides on documents of one profile, and remembers their lines."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self._bounds = BOUNDS.get(profile)
        if self._bounds is not None:
            self._network: Fused = shipped_fused(self._bounds.answer)
            self._lines: Lines = self._network.lines()
            self._signs = _Signs()

    def decide(self, documents: Sequence[Sequence[str]]) -> list[dict[int, float]]:
        """For each document, what ``score.decide`` says of its lines.

        Pure but for the memory of lines, which changes nothing but the time. Cost: a few
        passes over lines not met before; then some microseconds a line.
        """
        decisions = [_NOTHING] * len(documents)
        if self._bounds is None:
            return decisions
        numbers = self._lines.numbers([line for lines in documents for line in lines])
        ends = np.cumsum([len(lines) for lines in documents])
        asked: list[tuple[int, Ints, Ints]] = []
        for at, (lines, end) in enumerate(zip(documents, ends, strict=True)):
            own = numbers[end - len(lines) : end]
            index = np.flatnonzero(self._lines.visible[own])
            own = own[index]
            if self._open(self._lines.words[own]):
                asked.append((at, own, index))
        for some in _blocks(asked):
            if len(some[0][1]) >> LINE_BITS:  # more lines than a block can number
                decisions[some[0][0]] = decide(documents[some[0][0]], self._profile)
                continue
            for at, decision in self._decided(some, documents):
                decisions[at] = decision
        return decisions

    def _open(self, words: NDArray[np.int32]) -> bool:
        """Could anything go? Not from one line alone, nor where nothing can be the text."""
        if np.count_nonzero(words) < 2:
            return False
        return not (self._bounds and self._bounds.text) or int(words.max()) >= TEXT_WORDS

    def _decided(
        self, some: Sequence[tuple[int, Ints, Ints]], documents: Sequence[Sequence[str]]
    ) -> Iterator[tuple[int, dict[int, float]]]:
        bounds = self._bounds
        assert bounds is not None  # noqa: S101 -- for the type checker
        sizes = np.array([len(index) for _, _, index in some])
        end = np.cumsum(sizes)
        block = Block(
            np.concatenate([numbers for _, numbers, _ in some]),
            np.concatenate([index for _, _, index in some]),
            np.repeat(np.arange(len(some)), sizes),
            end - sizes,
            end,
        )
        seen = context(self._lines, block)
        answers, gates = self._network.run(self._lines, block, seen)
        least = _log_odds(bounds.document) - DOCUMENT_DOUBT
        most = _probable(_log_odds(bounds.line) + DOUBT)
        signs = self._signs.__getitem__
        for number, (at, _, _) in enumerate(some):
            if gates[number] >= least:
                own = slice(int(block.start[number]), int(block.end[number]))
                look = self._look(block, seen, own)
                gate = float(gates[number])
                scores = scored(
                    look,
                    documents[at],
                    answers[own],
                    gate,
                    answer=bounds.answer,
                    most=most,
                    signs=signs,
                )
                sure = _sure(scores, answers[own], gate, bounds)
                yield at, decide(documents[at], self._profile) if sure is None else sure

    def _look(self, block: Block, seen: Context, own: slice) -> Look:
        numbers = block.number[own]
        return Look(
            index=block.index[own],
            words=self._lines.words[numbers],
            sentence=self._lines.sentence[numbers],
            dated=self._lines.dated[numbers],
            repeated=seen.repeated[own],
            topical=seen.topical[own],
        )


def _blocks(
    asked: Sequence[tuple[int, Ints, Ints]],
) -> Iterator[list[tuple[int, Ints, Ints]]]:
    some: list[tuple[int, Ints, Ints]] = []
    size = 0
    for document in asked:
        if some and (size + len(document[1]) > BLOCK_LINES or len(some) >> DOCUMENT_BITS):
            yield some
            some, size = [], 0
        some.append(document)
        size += len(document[1])
    if some:
        yield some


class _Signs(dict[str, bool]):
    """Which lines are signed, remembered."""

    def __missing__(self, line: str) -> bool:
        signed = self[line] = is_signed(line)
        return signed


def _sure(
    scores: Scores,
    answers: Floats,
    gate: float,
    bounds: Bounds,
) -> dict[int, float] | None:
    """What goes from a document; None where float noise could decide on it."""
    if _shaky(scores, answers, gate, bounds):
        return None
    gone = falling(scores, bounds)
    # Where the score that is noted lies between two steps.
    rest = np.abs(log_odds(scores.content[gone]) / SCORE_STEP % 1 - 0.5) * SCORE_STEP
    return None if np.any(rest < DOUBT) else reasons(scores, gone)


def _shaky(scores: Scores, answers: Floats, gate: float, bounds: Bounds) -> bool:
    """Does anything that is compared lie so near its bound that it could be otherwise?"""
    best = best_f1(scores)
    limits = limits_of(scores, bounds, best)
    content, text = answers[:, bounds.answer], answers[:, TEXT][scores.words >= TEXT_WORDS]
    return bool(
        abs(gate - _log_odds(bounds.document)) < DOCUMENT_DOUBT
        or abs(gate - _log_odds(bounds.document_if_most)) < DOCUMENT_DOUBT
        or abs(best - DOUBTFUL) < DOCUMENT_DOUBT
        or np.any(np.abs(text) < DOUBT)
        or np.any(np.abs(content - np.log(limits / (1 - limits))) < DOUBT)
        or np.any(
            (scores.content < limits)
            & (np.abs(answers[:, WORTH_KEEPING] - _log_odds(bounds.masthead)) < DOUBT)
        )
    )


def _log_odds(probability: float) -> float:
    return float(np.log(probability / (1 - probability))) if probability > 0 else -float("inf")


def _probable(log_odds: float) -> float:
    return float(1 / (1 + np.exp(-log_odds)))
