"""The network of ``archiver.model.network``, as torch trains it: same layers, same names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from corpus import Example
from torch import Tensor, nn
from torch.nn import functional

from archiver.model.features import BUCKETS_BITS
from archiver.model.figures import WIDTH
from archiver.model.network import REACH, WHOLE_AFTER, Arrays

WORD_VECTOR = 24
HIDDEN = 64
GATE_HIDDEN = 32

#: A document with more boilerplate than this share of its words is no clean one.
CLEAN_SHARE = 0.01

_DEEP = -30.0


@dataclass(frozen=True, slots=True)
class Batch:
    """Documents laid one after another, with room between them for the layers' reach."""

    dense: Tensor
    tokens: Tensor
    starts: Tensor
    weights: Tensor  # of each token in its line's mean
    document: Tensor  # of each line
    lines: Tensor  # in each document
    place: Tensor  # of each line in the long row
    length: int  # of the long row
    words: Tensor
    labels: Tensor


def batch_of(
    examples: Sequence[Example], chance: np.random.Generator | None = None, drop: float = 0.0,
    blind: float = 0.0,
) -> Batch:  # fmt: skip
    """A batch; with ``chance``, words are dropped, and in some documents all of them."""
    sizes = [len(example.labels) for example in examples]
    document = np.repeat(np.arange(len(sizes)), sizes)
    starts, weights, base = [], [], 0
    for example in examples:
        tokens, at = example.seen.tokens, example.seen.starts
        keep = np.ones(len(tokens), np.float32)
        if chance is not None:
            rate = 1.0 if chance.random() < blind else 2 * drop * chance.random()
            keep = (chance.random(len(tokens)) >= rate).astype(np.float32)
        kept = np.maximum(np.add.reduceat(keep, at), 1)
        weights.append(keep / np.repeat(kept, np.diff(at, append=len(tokens))))
        starts.append(at + base)
        base += len(tokens)
    gap = max(REACH)
    return Batch(
        dense=torch.from_numpy(np.concatenate([e.seen.dense for e in examples])),
        tokens=torch.from_numpy(np.concatenate([e.seen.tokens for e in examples])),
        starts=torch.from_numpy(np.concatenate(starts)),
        weights=torch.from_numpy(np.concatenate(weights).astype(np.float32)),
        document=torch.from_numpy(document),
        lines=torch.tensor(sizes, dtype=torch.float32),
        place=torch.from_numpy(np.arange(len(document)) + gap * (document + 1)),
        length=len(document) + gap * (len(sizes) + 1),
        words=torch.from_numpy(np.concatenate([e.seen.words for e in examples])).float(),
        labels=torch.from_numpy(np.concatenate([e.labels for e in examples])).float(),
    )


class TorchNetwork(nn.Module):
    """See ``archiver.model.network.Network``."""

    def __init__(self) -> None:
        super().__init__()
        width = HIDDEN
        self.emb = nn.EmbeddingBag(1 << BUCKETS_BITS, WORD_VECTOR, mode="sum")
        nn.init.normal_(self.emb.weight, std=0.1)
        self.inp = nn.Linear(WIDTH + WORD_VECTOR, width)
        self.n0 = nn.LayerNorm(width)
        self.convs = nn.ModuleList([nn.Linear(3 * width, width) for _ in REACH])
        self.norms = nn.ModuleList([nn.LayerNorm(width) for _ in REACH])
        self.glob = nn.Linear(3 * width, width)
        self.out = nn.Linear(2 * width, 1)
        self.g1 = nn.Linear(3 * width, GATE_HIDDEN)
        self.g2 = nn.Linear(GATE_HIDDEN, 1)
        self.drop = nn.Dropout(0.15)

    def forward(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Log-odds of every line, and of every document."""
        vectors = self.emb(batch.tokens, batch.starts, per_sample_weights=batch.weights)
        first = functional.relu(self.n0(self.inp(torch.cat([batch.dense, vectors], 1))))
        place, shape = batch.place, (batch.length, HIDDEN)
        row = first.new_zeros(shape).index_copy(0, place, first)
        there = first.new_zeros(batch.length, 1)
        there[place] = 1
        for layer, reach in enumerate(REACH):
            edge = row.new_zeros(reach, HIDDEN)
            beside = [torch.cat([edge, row[:-reach]]), row, torch.cat([row[reach:], edge])]
            mixed = self.norms[layer](self.convs[layer](torch.cat(beside, 1)))
            row = (row + functional.relu(mixed)) * there
            if layer == WHOLE_AFTER:
                whole = functional.relu(self.glob(_pool(row.index_select(0, place), batch)))
                told = whole.index_select(0, batch.document)
                row = row + row.new_zeros(shape).index_copy(0, place, told)
        state = row.index_select(0, place)
        gate = self.g2(functional.relu(self.g1(_pool(state, batch))))
        lines = self.out(torch.cat([self.drop(state), first], 1))
        return lines.squeeze(1), gate.squeeze(1)


def _pool(state: Tensor, batch: Batch) -> Tensor:
    zeros = state.new_zeros(len(batch.lines), state.shape[1])
    weight = torch.log1p(batch.words)
    mean = zeros.index_add(0, batch.document, state) / batch.lines[:, None]
    total = _per_document(weight, batch).clamp(min=1e-3)
    heavy = zeros.index_add(0, batch.document, state * weight[:, None]) / total[:, None]
    at = batch.document[:, None].expand(-1, state.shape[1])
    peak = (zeros + _DEEP).scatter_reduce(0, at, state, "amax")
    return torch.cat([mean, heavy, peak], 1)


def _per_document(values: Tensor, batch: Batch) -> Tensor:
    return torch.zeros(len(batch.lines)).index_add(0, batch.document, values)


def loss_of(lines: Tensor, gate: Tensor, batch: Batch, f1_weight: float) -> Tensor:
    """Cross entropy by words and by lines, a soft word F1 by document, and the gate's."""
    known = ((batch.labels >= 0) & (batch.words > 0)).float()
    content = batch.labels.clamp(min=0)
    words = batch.words * known
    total = _per_document(words, batch).clamp(min=1)
    count = _per_document(known, batch).clamp(min=1)
    share = known * (words / total[batch.document] + 1 / count[batch.document]) / 2
    weight = count.clamp(max=400).sqrt()
    entropy = functional.binary_cross_entropy_with_logits(lines, content, reduction="none")
    entropy = (entropy * share * weight[batch.document]).sum() / weight.sum()
    kept = torch.sigmoid(lines) * words
    gold = _per_document(content * words, batch)
    some = gold > 0
    both = _per_document(kept * content, batch)[some]
    f1 = 2 * both / (_per_document(kept, batch) + gold)[some].clamp(min=1)
    sullied = (_per_document((1 - content) * words, batch) / total > CLEAN_SHARE).float()
    document = functional.binary_cross_entropy_with_logits(gate, sullied)
    return entropy + f1_weight * (1 - f1).mean() + 0.2 * document


def arrays_of(network: TorchNetwork) -> Arrays:
    """The weights as ``archiver.model.network`` holds them."""
    return {
        name: (
            tensor.numpy().copy()
            if tensor.dim() == 1 or name == "emb.weight"
            else np.ascontiguousarray(tensor.numpy().T)
        )
        for name, tensor in network.state_dict().items()
    }
