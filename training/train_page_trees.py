#!/usr/bin/env python3
"""Train the trees that choose the lines of a page, and say out of fold what they are worth.

    python training/train_page_trees.py --data FOLDER [--networks FOLDER]

``--data`` holds ``wcxb_dev_html.parquet``. ``--networks`` holds ``text-0.npz`` to
``text-4.npz``, line models that have not seen a fold, as ``train_line_model.py
--work`` leaves them; without, the trees do not ask the line model. Writes
``archiver/page/trees.npz``, and with ``--work`` the trees of each fold too.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from statistics import mean
from typing import Any

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")
ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(Path(__file__).resolve().parent)]

import lightgbm  # noqa: E402
import numpy as np  # noqa: E402
from corpus import FOLDS  # noqa: E402
from evaluate import word_f1  # noqa: E402
from labels import CONTENT, UNKNOWN, words  # noqa: E402
from page_corpus import HtmlPage, read_html_pages  # noqa: E402

from archiver.model.network import unpack as network_from  # noqa: E402
from archiver.page import TREES  # noqa: E402
from archiver.page.combine import chosen, joined  # noqa: E402
from archiver.page.trees import Trees, pack  # noqa: E402

#: Small trees, each shown a part of the lines and of the figures.
SETTINGS: dict[str, Any] = {
    "objective": "binary",
    "num_leaves": 15,
    "max_depth": 6,
    "learning_rate": 0.08,
    "min_data_in_leaf": 50,
    "feature_fraction": 0.4,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "max_bin": 63,
    "num_threads": 1,
    "deterministic": True,
    "seed": 1,
    "verbose": -1,
}
ROUNDS = 150


def fit(pages: Sequence[HtmlPage]) -> Trees:
    """Trees for lines; every page counts the same, and a line by its words."""
    seen = [page for page in pages if page.columns and page.gold.strip()]
    names = tuple(seen[0].columns)
    table = np.concatenate([table_of(page, names) for page in seen])
    labels = np.concatenate([page.labels for page in seen])
    weights = np.concatenate([_weights(page) for page in seen])
    known = labels != UNKNOWN
    data = lightgbm.Dataset(table[known], labels[known] == CONTENT, weight=weights[known])
    return trees_of(lightgbm.train(SETTINGS, data, ROUNDS).dump_model(), names)


def table_of(page: HtmlPage, names: Sequence[str]) -> np.ndarray:
    """The figures as the trees are asked about them."""
    return np.stack([page.columns[name] for name in names], axis=1).astype(np.float32)


def _weights(page: HtmlPage) -> np.ndarray:
    size = np.array([len(bag) for bag in page.bags]) + 0.5
    return size / size.sum() * 100


def trees_of(model: dict[str, Any], names: tuple[str, ...]) -> Trees:
    """The trees in the form that numpy runs."""
    figure: list[int] = []
    limit: list[float] = []
    left: list[int] = []
    right: list[int] = []
    value: list[float] = []
    depths = [0]

    def add(node: dict[str, Any], depth: int) -> int:
        at = len(figure)
        is_leaf = "leaf_value" in node
        figure.append(0 if is_leaf else node["split_feature"])
        # Rounded down: as wide as the figures are, no figure changes sides.
        limit.append(0.0 if is_leaf else _below(node["threshold"]))
        value.append(node["leaf_value"] if is_leaf else 0.0)
        left.append(at)
        right.append(at)
        if not is_leaf:
            left[at] = add(node["left_child"], depth + 1)
            right[at] = add(node["right_child"], depth + 1)
        depths.append(depth)
        return at

    roots = [add(tree["tree_structure"], 0) for tree in model["tree_info"]]
    return Trees(
        names,
        np.array(roots, np.int32),
        np.array(figure, np.int32),
        np.array(limit, np.float32),
        np.array(left, np.int32),
        np.array(right, np.int32),
        np.array(value, np.float32),
        max(depths),
    )


def _below(limit: float) -> np.float32:
    narrow = np.float32(limit)
    return narrow if narrow <= limit else np.nextafter(narrow, np.float32(-np.inf))


def judge(page: HtmlPage, trees: Trees) -> tuple[float, float, bool]:
    """Word F1 of the extractor and of ours, and whether ours are chosen lines."""
    gold = Counter(words(page.gold))
    alone = word_f1(Counter(words(page.extracted)), gold)
    if not page.columns or not page.extracted:
        return alone, alone, False
    odds = trees.log_odds(page.columns)
    lines = chosen(page.bags, odds, page.extracted)
    if lines is None:
        return alone, alone, False
    text = joined(page.rendering.lines, lines)
    return alone, word_f1(Counter(words(text)), gold), True


def main(arguments: Sequence[str] | None = None) -> None:
    """Read, train, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--networks", type=Path)
    parser.add_argument("--work", type=Path, help="keep the trees of the folds here")
    args = parser.parse_args(arguments)
    networks = None
    if args.networks:
        paths = [args.networks / f"text-{fold}.npz" for fold in range(FOLDS)]
        networks = [network_from(path.read_bytes()) for path in paths]
    pages = read_html_pages(args.data, networks)
    if args.work:
        args.work.mkdir(parents=True, exist_ok=True)
    groups: dict[str, list[tuple[float, float, bool]]] = defaultdict(list)
    for fold in range(FOLDS):
        trees = fit([page for page in pages if page.fold != fold])
        if args.work:
            (args.work / f"trees-{fold}.npz").write_bytes(pack(trees))
        for page in pages:
            if page.fold == fold:
                figures = judge(page, trees)
                groups[page.page_type].append(figures)
                groups["all"].append(figures)
    print(f"{'':<16}{'pages':>6}{'extractor':>11}{'ours':>8}{'lines chosen':>14}")
    for name, rows in sorted(groups.items()):
        alone, ours, lines = (mean(column) for column in zip(*rows, strict=True))
        print(f"{name:<16}{len(rows):>6}{alone:>11.4f}{ours:>8.4f}{lines:>14.2f}")
    data = pack(fit(pages))
    Path(str(TREES)).write_bytes(data)
    print(f"\n{TREES.name}: {len(data)} bytes, sha256 {hashlib.sha256(data).hexdigest()}")


if __name__ == "__main__":
    main()
