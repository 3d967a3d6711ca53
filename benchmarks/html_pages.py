"""How well pages are read as HTML, beside trafilatura alone in the same run; and the gate.

    python benchmarks/html_pages.py --data FOLDER [--update] [--every N]
                              [--trees FOLDER] [--networks FOLDER]

FOLDER holds ``wcxb_dev_html.parquet``, whole pages with the text a reader came for,
and ``score.py``. Ours is the way of an ingested page from bytes to clean text.

The trees and the line model were trained on this set. ``--trees`` and ``--networks``
are for figures to publish: each page is read by the trees and the network that have
not seen its site, ``trees-K.npz`` of ``training/train_page_trees.py --work`` and
``text-K.npz`` of ``training/train_line_model.py --work``. Figures are compared with
the floors in ``benchmarks/floors.json``; ``--update`` raises them, those of the whole
set to such honest figures only. With ``--every`` the mean has a floor of its own. A
page type that falls below trafilatura's is a failure too. Exit status 1 on a failure.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from types import ModuleType
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parent))
from quality import (
    FLOORS,
    FOLDS,
    PROFILES,
    _below,
    _fold,
    _module,
    _row,
    _site,
    _wrong_sets,
    raise_floors,
)

SET = "wcxb_dev_html"
ALONE = ("trafilatura", "no comments")

#: What a page type may lose to chance: the set has some 80 pages of each.
SLACK = 0.002

Scores = dict[str, list[float]]


def main() -> int:
    """Measure, print, compare."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="the folder of labelled sets")
    parser.add_argument("--update", action="store_true", help="raise the floors")
    parser.add_argument("--every", type=int, default=1, help="each Nth page only")
    parser.add_argument("--trees", type=Path, help="trees of the folds, to be honest")
    parser.add_argument("--networks", type=Path, help="networks of the folds, likewise")
    parser.add_argument("--folds", type=int, nargs="*", default=list(range(FOLDS)))
    options = parser.parse_args()
    floors: dict[str, Any] = json.loads(FLOORS.read_text(encoding="utf-8"))
    problems = _wrong_sets(options.data, [SET], floors["sha256"])
    groups = measure(options)
    measured = _table(groups)
    sample = options.every > 1
    if sample:  # of some pages only the mean says something
        groups = {"all": groups["all"]}
        measured = {
            name.replace(SET, f"{SET}/{options.every}"): value
            for name, value in measured.items()
            if name.endswith("/all")
        }
    if len(options.folds) == FOLDS:
        problems += _worse(groups) + _below(measured, floors["floors"])
        if options.update and (options.trees or sample) and not problems:
            raise_floors(floors, measured)
    for problem in problems:
        print(f"FAILED: {problem}")
    return 1 if problems else 0


def measure(options: argparse.Namespace) -> dict[str, Scores]:
    """Word F1 of every page, by page type and by reader."""
    import pyarrow.parquet as pq

    scorer = _module(options.data / "score.py")
    rows = pq.read_table(options.data / f"{SET}.parquet").to_pylist()[:: options.every]
    groups: dict[str, Scores] = {"all": defaultdict(list)}
    for fold in options.folds:
        _without(fold, options.trees, options.networks)
        for row in rows:
            if _fold(_site(row)) != fold:
                continue
            gold = scorer.bag(row["main_content"])
            for name, text in _texts(row).items():
                f1 = scorer.word_prf(scorer.bag(text), gold)[2]
                groups["all"][name].append(f1)
                groups.setdefault(row["page_type"], defaultdict(list))[name].append(f1)
    return groups


def _texts(row: Mapping[str, Any]) -> dict[str, str]:
    """The page as each reader gives it; empty where it gives nothing."""
    import trafilatura

    from archiver.clean import clean_source
    from archiver.document import Finding, Provenance, Source

    texts = {
        ALONE[0]: trafilatura.extract(row["html"]) or "",
        ALONE[1]: trafilatura.extract(row["html"], include_comments=False) or "",
    }
    _extract_once()
    known = Provenance(url=row["url"])
    source = Source(row["file_id"], row["file_id"], row["html"], "text/html", known)
    for profile in PROFILES:
        done = clean_source(source, profile=profile)  # type: ignore[arg-type]  # of PROFILES
        texts[profile] = "" if isinstance(done, Finding) else done[1].text
    return texts


def _extract_once() -> None:
    """Let the profiles of one page share the extractor's work, which is most of the time."""
    from archiver.page import read
    from archiver.text.extract import extract

    done: list[Any] = []

    def once(document: Any, *, url: str | None = None) -> Any:  # noqa: ANN401
        if not done:
            done.append(extract(document, url=url))
        return done[0]

    _replace(read, "extract", once)


def _replace(module: ModuleType, name: str, value: object) -> None:
    setattr(module, name, value)


def _without(fold: int, trees: Path | None, networks: Path | None) -> None:
    """Have pages read by the trees and the network that have not seen a fold."""
    from archiver.model import network, score
    from archiver.page import lines
    from archiver.page import trees as forest

    if trees:
        own_trees = forest.unpack((trees / f"trees-{fold}.npz").read_bytes())
        _replace(lines, "shipped", lambda: own_trees)
    if networks:
        own = network.unpack((networks / f"text-{fold}.npz").read_bytes())
        _replace(lines, "network", lambda: own)
        _replace(score, "shipped", lambda _: own)


def _table(groups: Mapping[str, Scores]) -> dict[str, float]:
    """Print the table; the figures that have floors."""
    print(_row(f"{SET}, word F1", [*ALONE, *PROFILES]))
    measured = {}
    for group, scores in sorted(groups.items()):
        means = {name: fmean(scores[name]) for name in (*ALONE, *PROFILES)}
        print(_row(f"{group} ({len(scores['strict'])})", [f"{f1:.4f}" for f1 in means.values()]))
        for profile in PROFILES:
            measured[f"{SET}/{profile}/{group}"] = means[profile]
    for profile in PROFILES:
        gain = _gains(groups["all"], profile)
        lost = sum(value < -0.05 for value in gain) / len(gain)
        won = sum(value > 0.05 for value in gain) / len(gain)
        print(f"  {profile}: {fmean(gain):+.4f}; better by 0.05 on {won:.0%}, worse on {lost:.0%}")
    return measured


def _gains(scores: Scores, profile: str) -> Sequence[float]:
    return [ours - alone for ours, alone in zip(scores[profile], scores[ALONE[0]], strict=True)]


def _worse(groups: Mapping[str, Scores]) -> list[str]:
    """Page types that come out worse than by trafilatura alone, in ``strict``; or all pages.

    Below ``strict`` the text is trafilatura's without comments: forums want them.
    """
    return [
        f"{profile} loses {-fmean(gain):.4f} to trafilatura on {group}"
        for group, scores in sorted(groups.items())
        for profile in (PROFILES if group == "all" else PROFILES[-1:])
        if fmean(gain := _gains(scores, profile)) < -SLACK
    ]


if __name__ == "__main__":
    sys.exit(main())
