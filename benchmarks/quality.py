"""How well lines are cleaned, beside other tools; and the gate that holds it.

    python benchmarks/quality.py --data FOLDER [--peers] [--update] [--sets NAME ...]
                                 [--every N] [--networks FOLDER]

FOLDER holds the labelled sets and their scorers: ``debris_dev.jsonl`` (every line
of scraped documents labelled), ``wcxb_dev.parquet`` and ``multi_dev.parquet``
(whole pages as text, with the text a reader came for). The digests of the sets
are checked, so that figures of different sets are never compared.

``--every`` measures each Nth page only. ``--networks`` is for figures to publish: the
line model was trained on these sets, so that each page and document is cleaned by the
networks that have not seen its site, ``text-K.npz`` and ``worth-K.npz`` of
``training/train_line_model.py --work``. Such figures are printed, and not compared with floors.

Exit status 1 where a figure falls below its floor in ``benchmarks/floors.json``.
``--update`` raises floors to what was measured; it never lowers one.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import os
import sys
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from statistics import fmean
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).parent))  # also in the workers
from peers import PEERS

FLOORS = Path(__file__).with_name("floors.json")
PROFILES = ("safe", "standard", "strict")
PAGE_SETS = ("wcxb_dev", "multi_dev")
RENDERINGS = ("inscriptis", "resiliparse", "residue")
#: Documents handed to a worker at a time.
CHUNK = 64
#: As in training: sites are spread over so many folds.
FOLDS = 5
#: Groups of fewer pages are not printed.
SMALLEST = 10

#: A clean text and the facts saved from it.
Text = tuple[str, dict[str, str]]
Figures = dict[str, float]


def main() -> int:
    """Measure, print, compare with the floors."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # the workers are threads enough
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="the folder of labelled sets")
    parser.add_argument("--peers", action="store_true", help="run the other tools too")
    parser.add_argument("--update", action="store_true", help="raise the floors")
    parser.add_argument("--sets", nargs="*", default=["debris_dev", *PAGE_SETS])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--every", type=int, default=1, help="each Nth page only")
    parser.add_argument("--networks", type=Path, help="networks of the folds, to be honest")
    options = parser.parse_args()
    floors: dict[str, Any] = json.loads(FLOORS.read_text(encoding="utf-8"))
    problems = _wrong_sets(options.data, options.sets, floors["sha256"])
    measured: Figures = {}
    # A fresh interpreter each: the archive's libraries do not survive a fork.
    with ProcessPoolExecutor(options.workers, mp_context=get_context("spawn")) as pool:
        clean = partial(_clean_all, pool, options.networks)
        if "debris_dev" in options.sets:
            measured |= debris(options.data, clean, peers=options.peers)
        for name in PAGE_SETS:
            if name in options.sets:
                measured |= pages(
                    options.data, name, clean, peers=options.peers, every=options.every
                )
    if options.networks:
        return 1 if problems else 0
    problems += _below(measured, floors["floors"])
    if options.update and not problems:
        raise_floors(floors, measured)
    for problem in problems:
        print(f"BELOW THE FLOOR: {problem}")
    print(f"{len(measured)} figures, {len(problems)} below their floors")
    return 1 if problems else 0


def raise_floors(floors: dict[str, Any], measured: Figures) -> None:
    """Write the floors with what was measured, where that is higher."""
    raised = floors["floors"] | {
        name: max(floors["floors"].get(name, 0.0), int(value * 1000) / 1000)
        for name, value in measured.items()
    }
    floors["floors"] = dict(sorted(raised.items()))
    FLOORS.write_text(json.dumps(floors, indent=2) + "\n", encoding="utf-8")


def debris(data: Path, clean: Callable[..., list[Text]], *, peers: bool) -> Figures:
    """Lines labelled by hand: what is lost, what is found."""
    scorer = _module(data / "score_debris.py")
    documents = [json.loads(line) for line in _lines(data / "debris_dev.jsonl")]
    texts = ["\n".join(line["text"] for line in document["lines"]) for document in documents]
    context = [(document["lang"], _fold(document["domain"])) for document in documents]
    measured: Figures = {}
    print(f"\ndebris_dev: {len(documents)} documents, every line labelled")
    head = ("no loss", "words lost", "mission", "all", "precision", "facts", "spans")
    print(_row("cleaner", head))
    for name in _cleaners(peers=peers):
        outputs = clean(name, texts, context)
        answers = {
            document["id"]: {"id": document["id"], "text": text, "facts": facts}
            for document, (text, facts) in zip(documents, outputs, strict=True)
        }
        found = scorer.summary(scorer.score(documents, answers))
        figures = {
            "zero_loss": found["zero_loss"],
            "kept": 1 - found["content_loss_macro"],
            "mission": found["recall_mission"],
            "all": found["recall_micro"],
            "precision": found["precision"],
            "facts": found["facts_kept"],
            "spans": found["spans_removed"] or 0.0,
        }
        shown = {**figures, "kept": found["content_loss_macro"]}
        print(_row(name, [f"{value:.3f}" for value in shown.values()]))
        if name in PROFILES:
            measured |= {f"debris_dev/{name}/{key}": value for key, value in figures.items()}
    return measured


def pages(
    data: Path, name: str, clean: Callable[..., list[Text]], *, peers: bool, every: int = 1
) -> Figures:
    """Whole pages as text, and their clean text fed in again: word F1, and harm done."""
    import pyarrow.parquet as pq

    scorer = _module(data / "score.py")
    rows = pq.read_table(data / f"{name}.parquet").to_pylist()[::every]
    context = [(row["language"], _fold(_site(row))) for row in rows]
    measured: Figures = {}
    print(f"\n{name}: {len(rows)} pages in {len(RENDERINGS)} renderings, and their clean texts")
    head = (*RENDERINGS, "mean F1", "words lost", "untouched", "over half")
    print(_row("cleaner", head))
    groups: dict[str, dict[str, float]] = {}
    worst: list[tuple[float, str]] = []
    for cleaner in _cleaners(peers=peers):
        scores: list[list[float]] = []
        for rendering in RENDERINGS:
            texts = [row[f"text_{rendering}"] or "" for row in rows]
            outputs = clean(cleaner, texts, context)
            pairs = zip(rows, texts, outputs, strict=True)
            scores.append(
                [scorer.score_page(row, text, out)["f1"] for row, text, (out, _) in pairs]
            )
        golds = [row["main_content"] or "" for row in rows]
        again = zip(rows, clean(cleaner, golds, context), strict=True)
        harm = [
            scorer.score_harm(row, out) for row, (out, _) in again if row["main_content"].strip()
        ]
        by_rendering = [fmean(found) for found in scores]
        by_page = [fmean(found) for found in zip(*scores, strict=True)]
        mean = fmean(by_page)
        lost = fmean(item["lost"] for item in harm)
        untouched = fmean(item["untouched"] for item in harm)
        ruined = sum(item["lost"] > 0.5 for item in harm)
        shown = [f"{score:.3f}" for score in (*by_rendering, mean)]
        print(_row(cleaner, [*shown, f"{lost:.4f}", f"{untouched:.3f}", str(ruined)]))
        groups[cleaner] = _groups(rows, by_page)
        if cleaner in PROFILES:
            base = f"{name}/{cleaner}" if every == 1 else f"{name}/{every}/{cleaner}"
            measured |= {
                f"{base}/f1": mean,
                f"{base}/kept": 1 - lost,
                f"{base}/untouched": untouched,
                f"{base}/not_ruined": 1.0 if ruined == 0 else 0.0,
            }
            worst = sorted(zip(by_page, (row["file_id"] for row in rows), strict=True))[:10]
    print(_row("mean F1", list(groups)))
    for group in groups["strict"]:
        print(_row(group, [f"{found[group]:.3f}" for found in groups.values()]))
    print("  worst ten, strict: " + ", ".join(f"{page} {score:.2f}" for score, page in worst))
    return measured


def _groups(rows: Sequence[Mapping[str, Any]], scores: Sequence[float]) -> dict[str, float]:
    """Means by page type and by language, and the means of those means."""
    found: dict[str, list[float]] = defaultdict(list)
    for row, score in zip(rows, scores, strict=True):
        found[row["page_type"]].append(score)
        found[row["language"] or "no language"].append(score)
    large = {name: fmean(own) for name, own in sorted(found.items()) if len(own) >= SMALLEST}
    types = {row["page_type"] for row in rows}
    for name, macro in (("all types", True), ("all languages", False)):
        own = [mean for group, mean in large.items() if (group in types) == macro]
        large[name] = fmean(own) if own else 0.0
    return large


def _site(row: Mapping[str, Any]) -> str:
    host = row.get("host") or urlsplit(row["url"] or "").hostname or row["file_id"]
    return ".".join(host.split(".")[-2:])


def _fold(site: str) -> int:
    """The fold of a site, as ``training/corpus.py`` has it."""
    return zlib.crc32(site.encode()) % FOLDS


def _cleaners(*, peers: bool) -> Iterator[str]:
    if peers:
        yield from PEERS
    yield from PROFILES


def _clean_all(
    pool: ProcessPoolExecutor,
    networks: Path | None,
    name: str,
    texts: Sequence[str],
    context: Sequence[tuple[str, int]],
) -> list[Text]:
    """All texts, each with its language and fold, through one cleaner: in order."""
    chunks: list[list[int]] = []
    for fold in range(FOLDS) if networks else (None,):
        own = [at for at in range(len(texts)) if fold is None or context[at][1] == fold]
        chunks += [own[start : start + CHUNK] for start in range(0, len(own), CHUNK)]
    jobs = [
        pool.submit(
            _clean_some,
            name,
            [texts[at] for at in chunk],
            [context[at][0] for at in chunk],
            (networks, context[chunk[0]][1]) if networks else None,
        )
        for chunk in chunks
    ]
    done: list[Text] = [("", {})] * len(texts)
    for chunk, job in zip(chunks, jobs, strict=True):
        for at, text in zip(chunk, job.result(), strict=True):
            done[at] = text
    return done


def _clean_some(
    name: str, texts: list[str], languages: list[str], unseen_by: tuple[Path, int] | None
) -> list[Text]:
    """In a worker. Ours is given no language: it must do without, as a pipe does."""
    if name in PEERS:
        return [
            (PEERS[name](text, language), {})
            for text, language in zip(texts, languages, strict=True)
        ]
    from archiver.batch import clean_texts
    from archiver.rules.load import builtin

    if unseen_by:
        from archiver.model import score
        from archiver.model.network import NAMES, unpack

        folder, fold = unseen_by
        unseen = [unpack((folder / f"{name}-{fold}.npz").read_bytes()) for name in NAMES]
        vars(score)["shipped"] = lambda answer: unseen[answer]
    done = clean_texts(texts, builtin(), profile=name)  # type: ignore[arg-type]  # of PROFILES
    return [(cleaning.text, dict(cleaning.facts)) for cleaning in done]


def _wrong_sets(data: Path, names: Sequence[str], known: Mapping[str, str]) -> list[str]:
    problems = []
    for file, digest in sorted(known.items()):
        if file.partition(".")[0] in names:
            found = hashlib.sha256((data / file).read_bytes()).hexdigest()
            if found != digest:
                problems.append(f"{file} is another set: sha256 {found}")
    return problems


def _below(measured: Figures, floors: Mapping[str, float]) -> list[str]:
    return [
        f"{name}: {measured[name]:.4f}, the floor is {floor:.4f}"
        for name, floor in sorted(floors.items())
        if name in measured and measured[name] < floor
    ]


def _row(name: str, cells: Sequence[str]) -> str:
    return f"  {name:<14}" + "".join(f"{cell:>13}" for cell in cells)


def _lines(path: Path) -> Iterator[str]:
    yield from filter(None, path.read_text(encoding="utf-8").split("\n"))


def _module(path: Path) -> ModuleType:
    """A scorer that lies beside its set."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    sys.exit(main())
