"""The network of ``archiver.model.network``, as torch trains it: same layers, same names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from corpus import WHOLE, Example
from torch import Tensor, nn
from torch.nn import functional

from archiver.model.features import BUCKETS_BITS
from archiver.model.figures import WIDTH
from archiver.model.network import ALIKE_AFTER, REACH, TEXT, WHOLE_AFTER, WORTH_KEEPING, Arrays

WORD_VECTOR = 24
HIDDEN = 64
GATE_HIDDEN = 32
LIKENESSES, SAID = 5, 32
QUERIES = 4

#: What a page is, asked in training only: it makes the network see pages as wholes.
PAGE_TYPES = (
    "article", "service", "product", "collection", "forum", "listing", "documentation", "recipe",
)  # fmt: skip

#: A document with more boilerplate than this share of its words is no clean one.
CLEAN_SHARE = 0.01

_DEEP = -30.0


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each part of the loss counts, beside the cross entropy of the text."""

    f1: float = 0.5
    worth: float = 0.7
    gate: float = 0.2
    page_type: float = 0.1


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
    text: Tensor  # labels of each line
    worth: Tensor
    alike: tuple[tuple[Tensor, Tensor], ...]  # the group of each line; the groups' sizes
    page_type: Tensor


def batch_of(
    examples: Sequence[Example], chance: np.random.Generator | None = None, drop: float = 0.0,
    blind: float = 0.0,
) -> Batch:  # fmt: skip
    """A batch; with ``chance``, words are dropped, and in some documents all of them."""
    sizes = [len(example.text) for example in examples]
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
        text=torch.from_numpy(np.concatenate([e.text for e in examples])).float(),
        worth=torch.from_numpy(np.concatenate([e.worth for e in examples])).float(),
        alike=tuple(_alike(examples, way) for way in range(LIKENESSES)),
        page_type=torch.tensor([_page_type(e) for e in examples]),
    )


def _alike(examples: Sequence[Example], way: int) -> tuple[Tensor, Tensor]:
    groups = [example.seen.alike[way] for example in examples]
    ends = np.cumsum([len(group.starts) for group in groups])
    numbers = [
        group.group + end - len(group.starts) for group, end in zip(groups, ends, strict=True)
    ]
    group = torch.from_numpy(np.concatenate(numbers))
    return group, torch.bincount(group, minlength=int(ends[-1])).float()


def _page_type(example: Example) -> int:
    """The number of the page's type, where the example is the whole page; or -1."""
    known = example.kind in WHOLE and example.page.page_type in PAGE_TYPES
    return PAGE_TYPES.index(example.page.page_type) if known else -1


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
        pooled = (3 + QUERIES) * width
        self.glob = nn.Linear(pooled, width)
        self.query = nn.Linear(width, QUERIES)
        self.gl = nn.ModuleList([nn.Linear(LIKENESSES * SAID, width) for _ in ALIKE_AFTER])
        self.gp = nn.ModuleList([nn.Linear(width, SAID) for _ in ALIKE_AFTER])
        self.gnorm = nn.ModuleList([nn.LayerNorm(width) for _ in ALIKE_AFTER])
        self.out = nn.Linear(2 * width, 2)
        self.g1 = nn.Linear(pooled, GATE_HIDDEN)
        self.g2 = nn.Linear(GATE_HIDDEN, 1)
        self.typ = nn.Linear(pooled, len(PAGE_TYPES))
        self.drop = nn.Dropout(0.15)

    def forward(self, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
        """Log-odds of every line's two answers, of every document, and of its page type."""
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
            state = row.index_select(0, place)
            told = []
            if layer == WHOLE_AFTER:
                whole = functional.relu(self.glob(self._pool(state, batch)))
                told.append(whole.index_select(0, batch.document))
            if layer in ALIKE_AFTER:
                told.append(self._hear(state, ALIKE_AFTER.index(layer), batch))
            if told:
                row = row + row.new_zeros(shape).index_copy(0, place, torch.stack(told).sum(0))
        state = row.index_select(0, place)
        pooled = self._pool(state, batch)
        gate = self.g2(functional.relu(self.g1(pooled)))
        lines = self.out(torch.cat([self.drop(state), first], 1))
        return lines, gate.squeeze(1), self.typ(pooled)

    def _hear(self, state: Tensor, turn: int, batch: Batch) -> Tensor:
        said = self.gp[turn](state)
        means = [
            (said.new_zeros(len(sizes), SAID).index_add(0, group, said) / sizes[:, None])[group]
            for group, sizes in batch.alike
        ]
        return functional.relu(self.gnorm[turn](self.gl[turn](torch.cat(means, 1))))

    def _pool(self, state: Tensor, batch: Batch) -> Tensor:
        zeros = state.new_zeros(len(batch.lines), state.shape[1])
        weight = torch.log1p(batch.words)
        mean = zeros.index_add(0, batch.document, state) / batch.lines[:, None]
        total = _per_document(weight, batch).clamp(min=1e-3)
        heavy = zeros.index_add(0, batch.document, state * weight[:, None]) / total[:, None]
        at = batch.document[:, None].expand(-1, state.shape[1])
        peak = (zeros + _DEEP).scatter_reduce(0, at, state, "amax")
        asked = self.query(state).clamp(-15, 15).exp() * weight.clamp(min=0.01)[:, None]
        sums = state.new_zeros(len(batch.lines), QUERIES).index_add(0, batch.document, asked)
        share = asked / sums.clamp(min=1e-6)[batch.document]
        answers = [
            zeros.index_add(0, batch.document, state * share[:, [query]])
            for query in range(QUERIES)
        ]
        return torch.cat([mean, heavy, peak, *answers], 1)


def _per_document(values: Tensor, batch: Batch) -> Tensor:
    return torch.zeros(len(batch.lines)).index_add(0, batch.document, values)


def loss_of(answers: tuple[Tensor, Tensor, Tensor], batch: Batch, weights: Weights) -> Tensor:
    """Cross entropy of all answers, and a soft word F1 by document."""
    lines, gate, page_type = answers
    judged = _per_document((batch.text >= 0).float(), batch) > 0
    labels = torch.where(judged[batch.document], batch.text, batch.worth)
    words = batch.words * (labels >= 0)
    total = _per_document(words, batch).clamp(min=1)
    dirt = _per_document((1 - labels.clamp(min=0)) * words, batch) / total
    loss = (
        _entropy(lines[:, TEXT], batch.text, batch)
        + weights.f1 * _missed(lines[:, TEXT], batch)
        + weights.worth * _entropy(lines[:, WORTH_KEEPING], batch.worth, batch)
        + weights.gate
        * functional.binary_cross_entropy_with_logits(gate, (dirt > CLEAN_SHARE).float())
    )
    known = batch.page_type >= 0
    if known.any():
        types = functional.cross_entropy(page_type[known], batch.page_type[known])
        loss = loss + weights.page_type * types
    return loss


def _entropy(lines: Tensor, labels: Tensor, batch: Batch) -> Tensor:
    """Half by words and half by lines; long documents weigh more, by the root."""
    known = ((labels >= 0) & (batch.words > 0)).float()
    words = batch.words * known
    total = _per_document(words, batch).clamp(min=1)
    count = _per_document(known, batch).clamp(min=1)
    share = known * (words / total[batch.document] + 1 / count[batch.document]) / 2
    weight = count.clamp(max=400).sqrt()
    entropy = functional.binary_cross_entropy_with_logits(
        lines, labels.clamp(min=0), reduction="none"
    )
    return (entropy * share * weight[batch.document]).sum() / weight.sum()


def _missed(lines: Tensor, batch: Batch) -> Tensor:
    """What a soft word F1 lacks to 1, in the mean of the documents that have a gold text."""
    words = batch.words * (batch.text >= 0)
    content = batch.text.clamp(min=0)
    kept = torch.sigmoid(lines) * words
    gold = _per_document(content * words, batch)
    some = gold > 0
    if not some.any():
        return lines.new_zeros(())
    both = _per_document(kept * content, batch)[some]
    return (1 - 2 * both / (_per_document(kept, batch) + gold)[some].clamp(min=1)).mean()


def arrays_of(network: TorchNetwork) -> Arrays:
    """The weights as ``archiver.model.network`` holds them."""
    return {
        name: (
            tensor.numpy().copy()
            if tensor.dim() == 1 or name == "emb.weight"
            else np.ascontiguousarray(tensor.numpy().T)
        )
        for name, tensor in network.state_dict().items()
        if not name.startswith("typ.")
    }
