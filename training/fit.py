"""Fit one network, the same one every time on one machine and number of threads."""

from __future__ import annotations

import random
import sys
from collections.abc import Sequence

import numpy as np
import torch
from by_hand import Labelled, cuts
from corpus import Example
from torch import nn
from torch_network import TorchNetwork, Weights, batch_of, loss_of

#: Share of the examples seen in an epoch, anew each time.
SHARE = 0.5
EPOCHS = 9
BATCH_LINES = 4000
RATE = 3e-3
DECAY = 0.02
WORD_DROP = 0.45
BLIND = 0.2

#: Longer documents are left out of training: few, and each would fill a batch.
MAX_LINES = 4000


def fit(examples: Sequence[Example], by_hand: Sequence[Labelled], seed: int) -> TorchNetwork:
    """A network fitted to the examples, and to cuts of documents labelled by hand."""
    chance, order = np.random.default_rng(seed), random.Random(seed)
    torch.manual_seed(seed)
    torch.use_deterministic_algorithms(mode=True)
    examples = [example for example in examples if len(example.text) < MAX_LINES]
    network = TorchNetwork()
    optimizer = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=DECAY)
    steps = int(len(_plan(examples, by_hand, random.Random(seed))) * EPOCHS * 1.1) + 20
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, RATE, total_steps=steps, pct_start=0.15
    )
    network.train()
    for epoch in range(EPOCHS):
        total, batches = 0.0, _plan(examples, by_hand, order)
        for chosen in batches:
            batch = batch_of(chosen, chance, WORD_DROP, BLIND)
            loss = loss_of(network(batch), batch, Weights())
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            total += loss.item()
        print(f"  epoch {epoch + 1}: loss {total / len(batches):.4f}", file=sys.stderr, flush=True)
    return network.eval()


def _plan(
    examples: Sequence[Example], by_hand: Sequence[Labelled], order: random.Random
) -> list[list[Example]]:
    """The batches of one epoch."""
    chosen = [example for example in examples if order.random() < SHARE]
    for document in by_hand:
        chosen += cuts(document, order)
    order.shuffle(chosen)
    batches: list[list[Example]] = [[]]
    lines = 0
    for example in chosen:
        if batches[-1] and lines + len(example.text) > BATCH_LINES:
            batches.append([])
            lines = 0
        batches[-1].append(example)
        lines += len(example.text)
    return batches
