"""A few small decision trees whose answers add up to log-odds: numpy alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO

import numpy as np
from numpy.typing import NDArray

from archiver.page import TREES
from archiver.page.figures import Floats

#: Lines judged at a time, so that a page of many lines takes no more memory than others.
CHUNK = 1_000


@dataclass(frozen=True, slots=True)
class Trees:
    """All nodes of all trees in one row of arrays.

    A node asks whether a figure is at most its limit, and points to two nodes; a
    leaf points to itself, so that every line may take ``depth`` steps from each root.
    """

    names: tuple[str, ...]
    roots: NDArray[np.int32]
    figure: NDArray[np.int32]
    limit: NDArray[np.float32]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    value: NDArray[np.float32]
    depth: int

    @property
    def ask_model(self) -> bool:
        """Whether the figures of the line model are among those asked for."""
        return any(name.startswith("model") for name in self.names)

    def log_odds(self, columns: Mapping[str, Floats]) -> Floats:
        """Of each line being content. Cost: lines x trees x depth."""
        table = np.stack([columns[name] for name in self.names], axis=1).astype(np.float32)
        starts = range(0, len(table), CHUNK)
        parts = [self._sums(table[start : start + CHUNK]) for start in starts]
        return np.concatenate(parts) if parts else np.zeros(0)

    def _sums(self, table: NDArray[np.float32]) -> Floats:
        rows = np.arange(len(table))[:, None]
        node = np.broadcast_to(self.roots, (len(table), len(self.roots)))
        for _ in range(self.depth):
            stays = table[rows, self.figure[node]] <= self.limit[node]
            node = np.where(stays, self.left[node], self.right[node])
        sums: Floats = self.value[node].sum(axis=1, dtype=np.float64)
        return sums


def pack(trees: Trees) -> bytes:
    """The trees as they are shipped; the same trees give the same bytes."""
    buffer = BytesIO()
    np.savez_compressed(
        buffer,
        allow_pickle=False,
        names=np.array("\n".join(trees.names)),
        roots=trees.roots,
        figure=trees.figure,
        limit=trees.limit,
        left=trees.left,
        right=trees.right,
        value=trees.value,
        depth=np.array(trees.depth),
    )
    return buffer.getvalue()


def unpack(data: bytes) -> Trees:
    """The trees from what ``pack`` made."""
    with np.load(BytesIO(data), allow_pickle=False) as packed:
        return Trees(
            names=tuple(str(packed["names"]).split("\n")),
            roots=packed["roots"],
            figure=packed["figure"],
            limit=packed["limit"],
            left=packed["left"],
            right=packed["right"],
            value=packed["value"],
            depth=int(packed["depth"]),
        )


@lru_cache(maxsize=1)
def shipped() -> Trees:
    """The trees in the package; read once."""
    return unpack(TREES.read_bytes())
