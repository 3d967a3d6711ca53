"""The network that reads a document line by line: numpy alone, no training code.

Each line is its figures and the mean of its words' vectors. Six layers let it
look at lines further and further off, up to 63 on either side; on the way it is
told of the document as a whole, and twice of the lines that are like it. Each
line gets two answers, and the document one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO

import numpy as np
from numpy.typing import NDArray

from archiver.model import WEIGHTS
from archiver.model.features import Features, Floats

#: How far each layer looks, in lines.
REACH = (1, 2, 4, 8, 16, 32)

#: After this layer, every line is told of the document as a whole.
WHOLE_AFTER = 2

#: After these layers, every line is told of the lines that are like it.
ALIKE_AFTER = (2, 4)

#: Columns of the answers: that a line is the text which a reader came for, and that
#: an archive would keep it: captions, bylines and datelines too.
TEXT, WORTH_KEEPING = 0, 1

#: The names of the networks, by the answer they were trained for. Each gives both.
NAMES = tuple(WEIGHTS)

#: Keeps rows without any spread from division by nothing.
TINY = np.float32(1e-5)

Arrays = dict[str, NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class Network:
    """Weights, by the names that training gave them."""

    arrays: Arrays

    def run(self, seen: Features) -> tuple[Floats, float]:
        """Log-odds of each line's two answers, and that the document holds boilerplate.

        Returns: an array of (lines, 2), see ``TEXT`` and ``WORTH_KEEPING``; a number.
        """
        a = self.arrays
        if len(seen.index) == 0:
            return np.zeros((0, 2), np.float32), 0.0
        first = self._enter(seen)
        state = first
        weight = np.log1p(seen.words).astype(np.float32)
        for layer, reach in enumerate(REACH):
            state = state + self._look(state, layer, reach)
            told = np.zeros((), np.float32)
            if layer == WHOLE_AFTER:
                whole = self._pool(state, weight) @ a["glob.weight"] + a["glob.bias"]
                told = np.maximum(whole, 0)
            if layer in ALIKE_AFTER:
                told = told + self._hear(state, ALIKE_AFTER.index(layer), seen)
            state = state + told
        lines = np.concatenate([state, first], axis=1) @ a["out.weight"] + a["out.bias"]
        hidden = np.maximum(self._pool(state, weight) @ a["g1.weight"] + a["g1.bias"], 0)
        return lines, float((hidden @ a["g2.weight"] + a["g2.bias"])[0])

    def _enter(self, seen: Features) -> Floats:
        a = self.arrays
        sums = np.add.reduceat(a["emb.weight"][seen.tokens], seen.starts, axis=0)
        counts = np.diff(seen.starts, append=len(seen.tokens)).astype(np.float32)
        both = np.concatenate([seen.dense, sums / counts[:, None]], axis=1)
        return np.maximum(self._level(both @ a["inp.weight"] + a["inp.bias"], "n0"), 0)

    def _look(self, state: Floats, layer: int, reach: int) -> Floats:
        a = self.arrays
        beside = np.zeros((len(state), 3 * state.shape[1]), np.float32)
        width = state.shape[1]
        beside[:, width : 2 * width] = state
        if reach < len(state):
            beside[reach:, :width] = state[:-reach]
            beside[:-reach, 2 * width :] = state[reach:]
        mixed = beside @ a[f"convs.{layer}.weight"] + a[f"convs.{layer}.bias"]
        return np.maximum(self._level(mixed, f"norms.{layer}"), 0)

    def _hear(self, state: Floats, turn: int, seen: Features) -> Floats:
        """What the lines that are like each line have in common, in every way of likeness."""
        a = self.arrays
        said = state @ a[f"gp.{turn}.weight"] + a[f"gp.{turn}.bias"]
        means: list[Floats] = []
        for alike in seen.alike:
            sums: Floats = np.add.reduceat(said[alike.order], alike.starts, axis=0)
            sizes: Floats = np.diff(alike.starts, append=len(said)).astype(np.float32)
            mean: Floats = sums / sizes[:, None]
            means.append(mean[alike.group])
        heard: Floats = (
            np.concatenate(means, axis=1) @ a[f"gl.{turn}.weight"] + a[f"gl.{turn}.bias"]
        )
        return np.maximum(self._level(heard, f"gnorm.{turn}"), 0)

    def _pool(self, state: Floats, weight: Floats) -> Floats:
        """A document as means of its lines and their peaks.

        The plain mean, the mean by length, and the means that learned queries ask for.
        """
        asked = np.exp(
            np.clip(state @ self.arrays["query.weight"] + self.arrays["query.bias"], -15, 15)
        )
        asked *= np.maximum(weight, np.float32(0.01))[:, None]
        asked /= np.maximum(asked.sum(axis=0), np.float32(1e-6))
        heavy = weight @ state / max(float(weight.sum()), 1e-3)
        pooled: Floats = np.concatenate(
            [state.mean(axis=0), heavy, state.max(axis=0), (asked.T @ state).ravel()]
        )
        return pooled

    def _level(self, state: Floats, name: str) -> Floats:
        """Layer normalisation."""
        state = state - state.mean(axis=1, keepdims=True)
        spread = np.sqrt((state * state).mean(axis=1, keepdims=True) + TINY)
        weight, bias = self.arrays[f"{name}.weight"], self.arrays[f"{name}.bias"]
        level: Floats = state / spread * weight + bias
        return level


def pack(arrays: Arrays) -> bytes:
    """Weights as they are shipped: the word table in whole bytes, the rest in halves.

    An ``.npz`` without pickles; the same arrays give the same bytes.
    """
    table = arrays["emb.weight"]
    scale = np.maximum(np.abs(table).max(axis=0), 1e-9) / 127
    packed: dict[str, NDArray[np.generic]] = {
        name: array.astype(np.float16) for name, array in arrays.items() if name != "emb.weight"
    }
    packed["emb.weight"] = np.round(table / scale).astype(np.int8)
    packed["emb.scale"] = scale.astype(np.float32)
    buffer = BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **packed)
    return buffer.getvalue()


def unpack(data: bytes) -> Network:
    """The network from what ``pack`` made."""
    with np.load(BytesIO(data), allow_pickle=False) as packed:
        arrays = {name: packed[name].astype(np.float32) for name in packed.files}
    arrays["emb.weight"] *= arrays.pop("emb.scale")
    return Network(arrays)


@lru_cache(maxsize=len(NAMES))
def shipped(answer: int = TEXT) -> Network:
    """The network in the package that was trained for an answer; read once."""
    return unpack(WEIGHTS[NAMES[answer]].read_bytes())
