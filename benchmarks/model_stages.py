"""Where the line model's time goes: one look at every document, by stage, in CPU time.

    python benchmarks/model_stages.py PAGES [--profile standard] [--rounds 3]

PAGES is a folder of text files, such as ``benchmarks/corpus.py`` writes. The documents are
decoded beforehand and asked about once, in shares as ``archiver ingest`` cuts them; a run
asks again about those that lost lines. Set OPENBLAS_NUM_THREADS=1, as workers do. Times are
medians; the table goes to stdout.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any, ParamSpec, TypeVar

from archiver.batch import SHARE_BYTES
from archiver.document import Document, Source
from archiver.model import lines, many
from archiver.model.fused import Fused
from archiver.model.lines import Lines
from archiver.model.many import Decider
from archiver.settings import Profile
from archiver.text.decode import decode

P = ParamSpec("P")
R = TypeVar("R")

#: Functions that are timed: where they are looked up, their name, and the stage they are.
STAGES: tuple[tuple[Any, str, str], ...] = (
    (Lines, "numbers", "lines: look up, and look at new ones"),
    (lines, "segment", "- of it cutting them into words"),
    (lines, "own_figures", "- of it their figures"),
    (lines, "tokens_of", "- of it their words' rows"),
    (lines, "group_sums", "- of it sums of word vectors"),
    (many, "context", "context: places, repeats, topic, likeness"),
    (Fused, "run", "network"),
    (Fused, "_look", "- of it looking at lines around"),
    (Fused, "_hear", "- of it hearing lines that are alike"),
    (many, "scored", "scores: bylines, facts, mastheads"),
    (many, "decide", "asked again in the plain way"),
)


def main() -> None:
    """Time the stages and print them."""
    ask = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    ask.add_argument("pages", type=Path)
    ask.add_argument("--profile", choices=("standard", "strict"), default="standard")
    ask.add_argument("--rounds", type=int, default=3)
    args = ask.parse_args()
    texts = [*_texts(args.pages)]
    size = sum(len(text.encode("utf-8", "surrogatepass")) for text in texts) / 1e6
    shares = [*_shares(texts)]
    Decider(args.profile).decide(shares[0][:1])  # reads weights and makes tables
    spent: dict[str, list[float]] = defaultdict(list)
    for _ in range(args.rounds):
        for stage, seconds in _timed(shares, args.profile).items():
            spent[stage].append(seconds)
    count = sum(len(share) for share in shares)
    print(f"{count:,} documents, {size:.1f} MB, {args.profile}, medians of {args.rounds}\n")
    print("| stage | CPU, s | s a MB |\n| --- | ---: | ---: |")
    for stage, rounds in spent.items():
        seconds = median(rounds)
        print(f"| {stage} | {seconds:.2f} | {seconds / size:.3f} |")


def _texts(folder: Path) -> Iterator[str]:
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        found = decode(Source(path.stem, path.name, path.read_bytes()))
        if isinstance(found, Document):
            yield found.text


def _shares(texts: Sequence[str]) -> Iterator[list[list[str]]]:
    share: list[list[str]] = []
    size = 0
    for text in texts:
        share.append(text.split("\n"))
        size += len(text)
        if size >= SHARE_BYTES:
            yield share
            share, size = [], 0
    if share:
        yield share


def _timed(shares: Sequence[list[list[str]]], profile: Profile) -> dict[str, float]:
    spent = {"all": 0.0} | dict.fromkeys((stage for _, _, stage in STAGES), 0.0)
    plain = [(owner, name, getattr(owner, name)) for owner, name, _ in STAGES]
    for (owner, name, function), (_, _, stage) in zip(plain, STAGES, strict=True):
        setattr(owner, name, _clocked(function, stage, spent))
    try:
        for share in shares:
            start = time.process_time()
            Decider(profile).decide(share)
            spent["all"] += time.process_time() - start
    finally:
        for owner, name, function in plain:
            setattr(owner, name, function)
    return spent


def _clocked(function: Callable[P, R], stage: str, spent: dict[str, float]) -> Callable[P, R]:
    def clocked(*args: P.args, **named: P.kwargs) -> R:
        start = time.process_time()
        try:
            return function(*args, **named)
        finally:
            spent[stage] += time.process_time() - start

    return clocked


if __name__ == "__main__":
    main()
