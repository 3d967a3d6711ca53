#!/usr/bin/env python3
"""Train the line model, and say out of fold what it is worth.

    python training/train_line_model.py --data FOLDER [--jobs 2]

FOLDER holds ``wcxb_dev.parquet``, ``multi_dev.parquet`` and ``debris_dev.jsonl``.
Writes ``archiver/model/weights.npz``. Each network is fitted on one thread, so the
weights do not depend on the number of jobs. ``--work`` keeps the networks of the
folds; with ``--reuse`` they are taken from there and only measured.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
from collections.abc import Sequence
from multiprocessing import get_context
from pathlib import Path

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")
ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(Path(__file__).resolve().parent)]

from corpus import FOLDS, Example, Page, examples, read_pages, without_guesses  # noqa: E402
from evaluate import Result, debris, judge, report  # noqa: E402

from archiver.model.network import pack, unpack  # noqa: E402

WEIGHTS = ROOT / "archiver" / "model" / "weights.npz"
REFERENCE = ROOT / "tests" / "unit" / "model" / "reference.json"
SEED = 1

#: Stands for "hold nothing out": the network that is shipped.
ALL = FOLDS

_pages: list[Page] = []
_examples: list[Example] = []


def train(task: tuple[int, Path, bool, str]) -> list[Result]:
    """Fit the network that has not seen a fold; measure it on the fold."""
    fold, work, reuse, only = task
    path = work / f"fold-{fold}.npz" if fold < ALL else work / "all.npz"
    if not (reuse and path.exists()):
        import torch
        from fit import fit
        from torch_network import arrays_of

        torch.set_num_threads(1)
        seen = [
            without_guesses(example)
            for example in _examples
            if example.page.fold != fold
            and not example.page.copyleft
            and (not only or example.page.language == only)
        ]
        print(f"fold {fold}: {len(seen)} examples", file=sys.stderr, flush=True)
        path.write_bytes(pack(arrays_of(fit(seen, SEED))))
    network = unpack(path.read_bytes())
    return judge([page for page in _pages if page.fold == fold], network)


def main(arguments: Sequence[str] | None = None) -> None:
    """Read, train, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, default=ROOT / "training" / "work")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--reuse", action="store_true", help="measure networks already fitted")
    parser.add_argument("--folds", type=int, nargs="*", help="these folds only; no weights written")
    parser.add_argument(
        "--only-language", default="", help="train on one language, to see what carries over"
    )
    args = parser.parse_args(arguments)
    args.work.mkdir(parents=True, exist_ok=True)
    _pages.extend(read_pages(args.data, labelled=not args.reuse))
    print(f"{len(_pages)} pages", file=sys.stderr, flush=True)
    if not args.reuse:
        _examples.extend(examples(_pages, SEED))
    folds = [ALL, *range(FOLDS)] if args.folds is None else args.folds
    tasks = [(fold, args.work, args.reuse, args.only_language) for fold in folds]
    with get_context("fork").Pool(args.jobs, maxtasksperchild=1) as pool:
        results = [result for part in pool.imap(train, tasks, chunksize=1) for result in part]
    print(report(results))
    if ALL in folds:
        weights = (args.work / "all.npz").read_bytes()
        WEIGHTS.write_bytes(weights)
        from reference import write

        write(REFERENCE, unpack(weights))
        print(debris(args.data / "debris_dev.jsonl", unpack(weights)))
        print(
            f"\n{WEIGHTS.name}: {len(weights)} bytes, sha256 {hashlib.sha256(weights).hexdigest()}"
        )


if __name__ == "__main__":
    main()
