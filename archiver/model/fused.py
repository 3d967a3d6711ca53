"""The network on a block of documents at once: what ``Network.run`` gives, up to float noise.

All lines of a block go through a layer together, in pieces that stay in the processor's
cache from the product to the levelling; means that a layer takes away are taken out of its
weights beforehand, and what depends on a line alone is looked up in ``Lines``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from archiver.model.context import Block, Context
from archiver.model.features import Floats
from archiver.model.figures import WIDTH
from archiver.model.lines import Lines
from archiver.model.network import ALIKE_AFTER, REACH, TINY, WHOLE_AFTER, Arrays, Network, shipped
from archiver.model.own import OWN
from archiver.model.segment import Ints

#: Lines whose products are made and levelled at a time: 0.4 MB of what stands beside them.
PIECE = 512


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
        state, told = first.copy(), np.empty_like(first)
        beside = np.empty((min(PIECE, len(block)), 3, first.shape[1]), np.float32)
        for layer, reach in enumerate(REACH):
            self._look(state, layer, _edges(block, reach), beside, told)
            state += told
            if layer in ALIKE_AFTER:
                self._hear(state, ALIKE_AFTER.index(layer), seen, told)
            if layer == WHOLE_AFTER:
                pooled = self._pool(state, weight, block)
                whole = np.maximum(pooled @ a["glob.weight"] + a["glob.bias"], 0)
                state += whole[block.document]
            if layer in ALIKE_AFTER:
                state += told
        width = state.shape[1]
        answers = state @ a["out.weight"][:width]
        answers += first @ a["out.weight"][width:]
        answers += a["out.bias"]
        pooled = self._pool(state, weight, block)
        hidden = np.maximum(pooled @ a["g1.weight"] + a["g1.bias"], 0)
        return answers, (hidden @ a["g2.weight"] + a["g2.bias"])[:, 0]

    def _look(
        self, state: Floats, layer: int, edges: tuple[Ints, Ints], beside: Floats, told: Floats
    ) -> None:
        """What each line makes of those ``REACH`` above and below it goes to ``told``.

        beside: room for the lines of a piece, and those above and below each.
        """
        weight, reach, n = self.arrays[f"convs.{layer}.weight"], REACH[layer], len(state)
        for start, end in _pieces(n):
            size = end - start
            some = beside[:size]
            none, all_but = min(max(reach - start, 0), size), max(min(end, n - reach) - start, 0)
            some[:, 1] = state[start:end]
            some[none:, 0] = state[start + none - reach : max(end - reach, 0)]
            some[:all_but, 2] = state[start + reach : start + reach + all_but]
            for side, edge in ((0, edges[0]), (2, edges[1])):
                some[edge[slice(*edge.searchsorted((start, end)))] - start, side] = 0
            mixed = told[start:end]
            np.matmul(some.reshape(size, -1), weight, out=mixed)
            mixed += self.arrays[f"convs.{layer}.bias"]
            self._level(mixed, f"norms.{layer}")

    def _hear(self, state: Floats, turn: int, seen: Context, told: Floats) -> None:
        """What lines that are alike have in common goes to ``told``."""
        a = self.arrays
        said = state @ a[f"gp.{turn}.weight"]
        said += a[f"gp.{turn}.bias"]
        means = seen.alike.sums(said)
        means /= seen.sizes[:, None]
        for start, end in _pieces(len(state)):
            heard = told[start:end]
            # All numbers are in range: "clip" only spares the check.
            of_all = means.take(seen.group[start:end], axis=0, mode="clip")
            np.matmul(of_all.reshape(end - start, -1), a[f"gl.{turn}.weight"], out=heard)
            heard += a[f"gl.{turn}.bias"]
            self._level(heard, f"gnorm.{turn}")

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


def _pieces(size: int) -> Iterator[tuple[int, int]]:
    return ((start, min(start + PIECE, size)) for start in range(0, size, PIECE))


def _edges(block: Block, reach: int) -> tuple[Ints, Ints]:
    """The lines that have none of their document ``reach`` above, and ``reach`` below."""
    sizes = np.minimum(block.end - block.start, reach)
    offset = np.arange(int(sizes.sum())) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return np.repeat(block.start, sizes) + offset, np.repeat(block.end - sizes, sizes) + offset


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
