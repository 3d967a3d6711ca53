"""Which language a text is in: byte n-grams, counted and weighed; numpy alone, offline.

The weights are those of py3langid 0.4.0 (BSD-3-Clause), reduced to the n-grams that
tell most; ``training/language_model.py`` makes them. A naive Bayes classifier over the
longest known n-gram that ends at each byte. Doubtful and short texts get no answer:
null in the archive is better than a guess.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

__all__ = ["detect", "detect_all"]

MODEL = Path(__file__).with_name("language.npz")

#: A text is judged by so many stretches of so many characters, spread evenly over it:
#: more of it changes the answer on no text of the measured sets, and costs more.
STRETCHES = 3
STRETCH = 300

#: Fewer bytes of letters say too little; below this score an answer is too often wrong.
#: Both from benchmarks/language.py; see docs/explanation/language.md.
MIN_BYTES = 20
MIN_SCORE = 0.5

#: What is no language (lists of numbers, code) by the model, and what is one by two models.
NO_LANGUAGE = "zxx"

#: Texts looked at together: bounds memory.
_BLOCK = 64

#: Bytes of ASCII that are no letters; those of other scripts all count.
_OTHER = bytes(byte for byte in range(128) if not chr(byte).isalpha())

SLOTS = 1 << 18
KEY_LENGTH_BIT = 56
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)  # 2**64 / golden ratio: spreads neighbours
_SHIFT = np.uint64(64 - 18)
#: Lengths of n-grams in bytes, longest first.
LENGTHS = (5, 4, 3, 2)

Keys = NDArray[np.uint64]


def detect(text: str) -> tuple[str, float] | None:
    """The language of one text as ``detect_all`` tells it."""
    return detect_all([text])[0]


def detect_all(texts: Iterable[str]) -> list[tuple[str, float] | None]:
    """(BCP 47 tag, score from 0 to 1) of each text; None where it is short or doubtful.

    The score is the model's share for the language, over all it knows, tempered by the
    length of what was read; rounded to thousandths, so that platforms agree.
    Raises: nothing; lone surrogates are passed over. Cost: linear in the texts up to
    900 characters each, the same beyond; the model is loaded once a process.
    """
    found: list[tuple[str, float] | None] = []
    block: list[bytes] = []
    for text in texts:
        block.append(_sample(text))
        if len(block) == _BLOCK:
            found += _answers(block)
            block = []
    found += _answers(block)
    return found


def slots_of(keys: Keys) -> Keys:
    """Where keys stand in the table. Shared with training, which takes one key a slot."""
    return (keys * _MULTIPLIER) >> _SHIFT


@dataclass(frozen=True, slots=True)
class _Model:
    """``table``: slot -> row, or the last row, which is no n-gram's; ``keys``: by row."""

    table: NDArray[np.uint16]
    keys: Keys
    levels: NDArray[np.uint8]
    step: np.float32
    prior: NDArray[np.float32]
    languages: tuple[str, ...]
    #: (column, column of the same language that came before it)
    twins: tuple[tuple[int, int], ...]


@lru_cache(maxsize=1)
def _model() -> _Model:
    with np.load(MODEL, allow_pickle=False) as stored:
        keys, prior = stored["keys"], stored["prior"]
        levels = np.ascontiguousarray(stored["levels"].T)
        languages = tuple(str(name) for name in stored["languages"])
        step = np.float32(stored["step"])
    table = np.full(SLOTS, len(keys), dtype=np.uint16)
    table[slots_of(keys)] = np.arange(len(keys), dtype=np.uint16)
    twins = tuple(
        (at, languages.index(name))
        for at, name in enumerate(languages)
        if languages.index(name) < at
    )
    return _Model(table, np.append(keys, np.uint64(0)), levels, step, prior, languages, twins)


def _sample(text: str) -> bytes:
    """The bytes that are looked at; empty where there are too few of letters."""
    if len(text) > STRETCHES * STRETCH:
        last = len(text) - STRETCH
        starts = [last * number // (STRETCHES - 1) for number in range(STRETCHES)]
        text = "\n".join(text[start : start + STRETCH] for start in starts)
    if text.isupper():
        text = text.lower()
    data = unicodedata.normalize("NFC", text).encode("utf-8", "ignore")
    return data if len(data.translate(None, _OTHER)) >= MIN_BYTES else b""


def _answers(samples: Sequence[bytes]) -> Iterator[tuple[str, float] | None]:
    if not any(samples):
        yield from [None] * len(samples)
        return
    model = _model()
    rows = _features(samples, model)
    start = 0
    for sample in samples:
        mine = rows[start : start + len(sample)]
        start += len(sample) + LENGTHS[0]
        yield _answer(mine, len(sample), model) if sample else None


def _features(samples: Sequence[bytes], model: _Model) -> NDArray[np.uint16]:
    """The row of the longest known n-gram that ends at each byte.

    Samples are kept apart by zero bytes, which stand in no n-gram.
    """
    gap = bytes(LENGTHS[0])
    joined = np.frombuffer(gap + gap.join(samples) + gap, dtype=np.uint8).astype(np.uint64)
    size = len(joined) - len(gap)
    values = {1: joined[len(gap) :]}
    for length in range(2, LENGTHS[0] + 1):
        before = joined[len(gap) - length + 1 : len(gap) - length + 1 + size]
        values[length] = values[length - 1] | before << np.uint64(8 * (length - 1))
    none = np.uint16(len(model.keys) - 1)
    found = np.full(size, none, dtype=np.uint16)
    for length in reversed(LENGTHS):  # the longer ones write over the shorter
        keys = values[length] | np.uint64(length << KEY_LENGTH_BIT)
        rows = model.table[slots_of(keys)]
        fits = model.keys[rows] == keys
        np.copyto(found, rows, where=fits)
    return found


def _answer(rows: NDArray[np.uint16], size: int, model: _Model) -> tuple[str, float] | None:
    rows = np.sort(rows[rows != len(model.keys) - 1])
    if not len(rows):
        return None
    ends = np.flatnonzero(np.append(rows[1:] != rows[:-1], True))
    features, counts = rows[ends], np.diff(ends, prepend=-1)
    weights = np.log1p(counts.astype(np.float32))
    scores = weights @ model.levels[features].astype(np.float32) * model.step + model.prior
    # Neighbouring n-grams are not independent: without this, every share would be 1.
    scores /= np.sqrt(size)
    shares = np.exp(scores - scores.max())
    shares /= shares.sum()
    for twin, first in model.twins:
        shares[first] += shares[twin]
        shares[twin] = 0
    best = int(shares.argmax())
    score = round(float(shares[best]), 3)
    language = model.languages[best]
    return None if language == NO_LANGUAGE or score < MIN_SCORE else (language, score)
