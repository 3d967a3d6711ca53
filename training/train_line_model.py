#!/usr/bin/env python3
"""Train the line model, and say out of fold what it is worth.

    python training/train_line_model.py --data FOLDER [--jobs 2]

FOLDER holds ``wcxb_dev.parquet``, ``multi_dev.parquet``, ``wcxb_dev_html.parquet``
and ``debris_dev.jsonl``.
Writes ``archiver/model/text.npz`` and ``worth.npz``: a network for each question, each
fitted on one thread, so that the weights do not depend on the number of jobs. Only the
second learns from the stretches of ``windows.jsonl``, which say what an archive keeps.
``--work`` keeps the networks of the folds, ``text-0.npz`` to ``worth-4.npz``; with
``--reuse`` they are taken from there and only measured.
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

from by_hand import Labelled, read_labelled, read_stretches  # noqa: E402
from corpus import FOLDS, Example, Page, examples, read_pages  # noqa: E402
from evaluate import Debris, Result, debris, judge, report, sift  # noqa: E402

from archiver.model import WEIGHTS  # noqa: E402
from archiver.model.network import NAMES, TEXT, pack, unpack  # noqa: E402
from archiver.settings import Profile  # noqa: E402

REFERENCE = ROOT / "tests" / "unit" / "model" / "reference.json"
SEED = 1

#: Stands for "hold nothing out": the network that is shipped.
ALL = FOLDS

#: The profile that asks for each answer.
ASKED_BY: tuple[Profile, ...] = ("strict", "standard")

_pages: list[Page] = []
_examples: list[Example] = []
_by_hand: list[Labelled] = []
_stretches: list[Labelled] = []


def train(task: tuple[int, int, Path, bool, str]) -> tuple[list[Result], list[Debris]]:
    """Fit the network for an answer that has not seen a fold; measure it on the fold."""
    answer, fold, work, reuse, only = task
    path = network_of(answer, fold, work)
    if not (reuse and path.exists()):
        import torch
        from fit import fit
        from torch_network import arrays_of

        torch.set_num_threads(1)
        seen = [
            example if answer == TEXT else example.as_read()
            for example in _examples
            if example.page.fold != fold
            and not example.page.copyleft
            and (not only or example.page.language == only)
        ]
        labelled = _by_hand if answer == TEXT else _by_hand + _stretches
        read = [document for document in labelled if document.fold != fold and document.licensed]
        print(f"{path.stem}: {len(seen)} examples", file=sys.stderr, flush=True)
        path.write_bytes(pack(arrays_of(fit(seen, read, SEED))))
    network = unpack(path.read_bytes())
    profile = ASKED_BY[answer]
    return (
        judge([page for page in _pages if page.fold == fold], network, profile),
        sift([document for document in _by_hand if document.fold == fold], network, profile),
    )


def network_of(answer: int, fold: int, work: Path) -> Path:
    """Where the network for an answer is kept that has not seen a fold."""
    return work / f"{NAMES[answer]}-{fold if fold < ALL else 'all'}.npz"


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
    _by_hand.extend(read_labelled(args.data / "debris_dev.jsonl"))
    folds = [ALL, *range(FOLDS)] if args.folds is None else args.folds
    wanted = [(answer, fold) for fold in folds for answer in range(len(NAMES))]
    fitting = not (args.reuse and all(network_of(*one, args.work).exists() for one in wanted))
    _pages.extend(read_pages(args.data, labelled=fitting))
    _stretches.extend(read_stretches(_pages))
    print(f"{len(_pages)} pages", file=sys.stderr, flush=True)
    if fitting:
        _examples.extend(examples(_pages, SEED))
    tasks = [(*one, args.work, args.reuse, args.only_language) for one in wanted]
    with get_context("fork").Pool(args.jobs, maxtasksperchild=1) as pool:
        parts = list(pool.imap(train, tasks, chunksize=1))
    print(report([result for part, _ in parts for result in part]))
    print(debris([found for _, part in parts for found in part]))
    if ALL in folds:
        from reference import write

        for answer, name in enumerate(NAMES):
            weights = network_of(answer, ALL, args.work).read_bytes()
            Path(str(WEIGHTS[name])).write_bytes(weights)
            if answer == TEXT:
                write(REFERENCE, unpack(weights))
            digest = hashlib.sha256(weights).hexdigest()
            print(f"\n{name}.npz: {len(weights)} bytes, sha256 {digest}")


if __name__ == "__main__":
    main()
