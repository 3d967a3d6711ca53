"""The network on a block of documents at once: what ``Network.run`` gives, up to float noise.

One matrix product serves all lines of a block; means that a layer takes away are taken out
of its weights beforehand, and what depends on a line alone is looked up in ``Lines``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from archiver.model.context import Block, Context
from archiver.model.features import Floats
from archiver.model.figures import OWN, WIDTH
from archiver.model.lines import Lines
from archiver.model.network import ALIKE_AFTER, REACH, TINY, WHOLE_AFTER, Arrays, Network, shipped
from archiver.model.segment import Ints


@dataclass(frozen=True, slots=True)
class Fused:
    """Weights of a network, those of each layer before its levelling centred."""

    arrays: Arrays

    def lines(self) -> Lines:
        """An empty store of lines, as this network sees them."""
        a = self.arrays
        weight = a["inp.weight"]
        own = np.concatenate([weight[:OWN], weight[WIDTH:]])
        return Lines(a["emb.weight"], own, a["inp.bias"])

    def run(self, lines: Lines, block: Block, seen: Context) -> tuple[Floats, Floats]:
        """Log-odds of each line's two answers, and of each document's, as ``Network.run``."""
        a = self.arrays
        first = lines.entry[block.number]
        first += seen.figures @ a["inp.weight"][OWN:WIDTH]
        self._level(first, "n0")
        weight = np.log1p(lines.words[block.number]).astype(np.float32)
        edges = [_edges(block, reach) for reach in REACH]
        beside = np.empty((len(block), 3, first.shape[1]), np.float32)
        state = first.copy()
        for layer, reach in enumerate(REACH):
            state += self._look(state, layer, reach, edges[layer], beside)
            told = None
            if layer in ALIKE_AFTER:
                told = self._hear(state, ALIKE_AFTER.index(layer), seen)
            if layer == WHOLE_AFTER:
                pooled = self._pool(state, weight, block)
                whole = np.maximum(pooled @ a["glob.weight"] + a["glob.bias"], 0)
                state += whole[block.document]
            if told is not None:
                state += told
        width = state.shape[1]
        answers = state @ a["out.weight"][:width]
        answers += first @ a["out.weight"][width:]
        answers += a["out.bias"]
        pooled = self._pool(state, weight, block)
        hidden = np.maximum(pooled @ a["g1.weight"] + a["g1.bias"], 0)
        return answers, (hidden @ a["g2.weight"] + a["g2.bias"])[:, 0]

    def _look(
        self, state: Floats, layer: int, reach: int, edges: tuple[Ints, Ints], beside: Floats
    ) -> Floats:
        beside[:, 1] = state
        beside[reach:, 0] = state[:-reach]
        beside[:-reach, 2] = state[reach:]
        beside[edges[0], 0] = 0
        beside[edges[1], 2] = 0
        mixed: Floats = beside.reshape(len(state), -1) @ self.arrays[f"convs.{layer}.weight"]
        mixed += self.arrays[f"convs.{layer}.bias"]
        return self._level(mixed, f"norms.{layer}")

    def _hear(self, state: Floats, turn: int, seen: Context) -> Floats:
        a = self.arrays
        said = state @ a[f"gp.{turn}.weight"]
        said += a[f"gp.{turn}.bias"]
        means = seen.alike.sums(said)
        means /= seen.sizes[:, None]
        heard = means[seen.group].reshape(len(state), -1) @ a[f"gl.{turn}.weight"]
        heard += a[f"gl.{turn}.bias"]
        return self._level(heard, f"gnorm.{turn}")

    def _pool(self, state: Floats, weight: Floats, block: Block) -> Floats:
        """As ``Network._pool``, a row a document."""
        a = self.arrays
        asked = np.exp(np.clip(state @ a["query.weight"] + a["query.bias"], -15, 15)).T
        sizes = (block.end - block.start).astype(np.float32)
        columns = np.stack([weight, *(asked * np.maximum(weight, np.float32(0.01)))])
        sums = np.add.reduceat(columns, block.start, axis=1)
        sums[0] = np.maximum(sums[0], 1e-3)
        sums[1:] = np.maximum(sums[1:], 1e-6)
        shares = np.empty((len(sums) + 1, len(state)), np.float32)
        shares[0] = (1 / sizes)[block.document]
        shares[1:] = columns / sums[:, block.document]
        pooled = np.empty((len(sizes), len(shares) + 1, state.shape[1]), np.float32)
        for row, start, end in zip(pooled, block.start, block.end, strict=True):
            means = shares[:, start:end] @ state[start:end]
            row[:2] = means[:2]
            row[2] = state[start:end].max(axis=0)
            row[3:] = means[2:]
        return pooled.reshape(len(sizes), -1)

    def _level(self, state: Floats, name: str) -> Floats:
        """Layer normalisation of centred rows, and what is below nothing made nothing; in place."""
        spread = np.einsum("ij,ij->i", state, state) / np.float32(state.shape[1])
        spread += TINY
        np.sqrt(spread, out=spread)
        np.divide(1, spread, out=spread)
        state *= spread[:, None]
        state *= self.arrays[f"{name}.weight"]
        state += self.arrays[f"{name}.bias"]
        np.maximum(state, 0, out=state)
        return state


def _edges(block: Block, reach: int) -> tuple[Ints, Ints]:
    """The lines that have none of their document ``reach`` above, and ``reach`` below."""
    sizes = np.minimum(block.end - block.start, reach)
    offset = np.arange(int(sizes.sum())) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return np.repeat(block.start, sizes) + offset, np.repeat(block.end, sizes) - 1 - offset


def fuse(network: Network) -> Fused:
    """The same network, made for blocks."""
    a = dict(network.arrays)
    levelled = [("inp", "n0")]
    levelled += [(f"convs.{layer}", f"norms.{layer}") for layer in range(len(REACH))]
    levelled += [(f"gl.{turn}", f"gnorm.{turn}") for turn in range(len(ALIKE_AFTER))]
    for name, _ in levelled:
        weight, bias = a[f"{name}.weight"], a[f"{name}.bias"]
        a[f"{name}.weight"] = weight - weight.mean(axis=1, keepdims=True)
        a[f"{name}.bias"] = bias - bias.mean()
    return Fused(a)


@lru_cache(maxsize=2)
def shipped_fused(answer: int) -> Fused:
    """The network in the package that was trained for an answer, made for blocks; once."""
    return fuse(shipped(answer))
