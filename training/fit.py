"""Fit one network, the same one every time on one machine and number of threads."""

from __future__ import annotations

import random
import sys
from collections.abc import Sequence

import numpy as np
import torch
from corpus import Example
from torch import nn
from torch_network import TorchNetwork, batch_of, loss_of

#: Share of the examples seen in an epoch, anew each time.
SHARE = 0.35
EPOCHS = 6
BATCH_LINES = 4000
RATE = 3e-3
DECAY = 0.02
WORD_DROP = 0.3
BLIND = 0.2
F1_WEIGHT = 0.5

#: Longer documents are left out of training: few, and each would fill a batch.
MAX_LINES = 4000


def fit(examples: Sequence[Example], seed: int) -> TorchNetwork:
    """A network fitted to the examples."""
    chance, order = np.random.default_rng(seed), random.Random(seed)
    torch.manual_seed(seed)
    torch.use_deterministic_algorithms(mode=True)
    examples = [example for example in examples if len(example.labels) < MAX_LINES]
    network = TorchNetwork()
    optimizer = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=DECAY)
    steps = int(len(_plan(examples, random.Random(seed))) * EPOCHS * 1.1) + 20
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, RATE, total_steps=steps, pct_start=0.15
    )
    network.train()
    for epoch in range(EPOCHS):
        total, batches = 0.0, _plan(examples, order)
        for chosen in batches:
            batch = batch_of(chosen, chance, WORD_DROP, BLIND)
            loss = loss_of(*network(batch), batch, F1_WEIGHT)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            total += loss.item()
        print(f"  epoch {epoch + 1}: loss {total / len(batches):.4f}", file=sys.stderr, flush=True)
    return network.eval()


def _plan(examples: Sequence[Example], order: random.Random) -> list[list[Example]]:
    """The batches of one epoch."""
    chosen = [example for example in examples if order.random() < SHARE]
    order.shuffle(chosen)
    batches: list[list[Example]] = [[]]
    lines = 0
    for example in chosen:
        if batches[-1] and lines + len(example.labels) > BATCH_LINES:
            batches.append([])
            lines = 0
        batches[-1].append(example)
        lines += len(example.labels)
    return batches
