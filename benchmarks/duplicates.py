"""How surely near-duplicates are found, against comparing all shingles; and what it costs.

    python benchmarks/duplicates.py --data FOLDER [--cost DOCUMENTS]

FOLDER holds ``multi_dev.parquet`` (pages in many languages, with their text) and
``debris_dev.jsonl`` (scraped documents with their junk). Each text of enough words is
copied with a share of its words replaced, from 0 to 8 in 100: a word replaced breaks up to
five shingles, so that some copies stay above the threshold and some fall below. Beside
them stands every third text cut short, and scraped documents with and without their junk.

*Truth*: the exact Jaccard index over all shingles, of all pairs that share one; for each
text whether any text before it reaches the threshold, and the nearest one. *Recall*: of
the texts that have such a one before them, those marked; *precision*: of those marked,
those that have one. *Nearest*: of those rightly marked, those for which the text named is
within 0.05 of the nearest in truth. Scripts without spaces are counted apart.

The cost is CPU time, medians of interleaved rounds, as a ratio to copying the same
documents into Parquet; the corpus is that of ``benchmarks/speed.py``.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import re
import statistics
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow.parquet as pq

sys.path.insert(0, str(Path(__file__).parent))
import speed
from copying import copy

from archiver.dedup.index import THRESHOLD, Index, Near
from archiver.dedup.shingles import SHINGLE
from archiver.dedup.signature import encode, signatures
from archiver.document import Source

#: Of a hundred words, so many are replaced in the copies.
RATES = (0, 1, 2, 3, 4, 5, 6, 8)
#: Texts of fewer tokens are too short for copies at such rates.
LEAST = 60

#: Tokens written out in another way than the product does it: words, and single
#: characters of scripts without spaces.
_TOKEN = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30fa\u30fc-\u312f\u3400-\u9fff]"
    r"|[^\W_\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u312f\u3400-\u9fff]+"
)
_ALONE = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u312f\u3400-\u9fff]")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Recall, precision and cost of near-duplicates.")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--cost", type=int, default=2000)
    given = parser.parse_args()
    groups: dict[str, list[str]] = {"words": [], "characters": []}
    for text in _texts(given.data):
        tokens = _TOKEN.findall(text.lower())
        if len(tokens) >= LEAST:
            alone = sum(1 for token in tokens if _ALONE.match(token))
            groups["characters" if alone * 2 > len(tokens) else "words"].append(text)
    print(f"threshold {THRESHOLD}, shingles of {SHINGLE} tokens")
    print("tokens        texts  in truth  marked  recall  precision  nearest  mean error")
    for name, texts in groups.items():
        print(f"{name:12} {_quality(_with_copies(texts))}")
    _costs(given.cost)


def _texts(folder: Path) -> Iterator[str]:
    pages = pq.read_table(folder / "multi_dev.parquet", columns=["main_content"])
    yield from map(str, pages["main_content"].to_pylist())
    with (folder / "debris_dev.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            yield "\n".join(item["text"] for item in row["lines"])
            yield "\n".join(item["text"] for item in row["lines"] if item["label"] == "keep")


def _with_copies(texts: Sequence[str]) -> list[str]:
    """The texts and their copies, in an order that mixes them; the same ones every time."""
    chance = random.Random(0)
    made = list(texts)
    for number, text in enumerate(texts):
        pieces = re.split(r"(\s+)", text) if " " in text else list(text)
        words = [at for at, piece in enumerate(pieces) if _TOKEN.search(piece)]
        copy = list(pieces)
        rate = RATES[number % len(RATES)]
        for at in chance.sample(words, round(len(words) * rate / 100)):
            other = pieces[chance.choice(words)]
            copy[at] = other if other != pieces[at] else other[::-1]
        made.append("".join(copy))
        if number % 3 == 0:
            made.append(text[: round(len(text) * chance.uniform(0.6, 0.95))])
    chance.shuffle(made)
    return made


def _quality(texts: Sequence[str]) -> str:
    truth = _exact(texts)
    index = Index()
    found: list[Near | None] = []
    for at, signature in enumerate(signatures(texts)):
        known = [] if signature is None else [signature]
        found += index.nearest(known, [_name(at)] * len(known), [False] * len(known)) or [None]
    places = {_name(at): at for at in range(len(texts))}
    wanted = {at for at, shared in truth.items() if max(shared.values()) >= THRESHOLD}
    marked = {at for at, near in enumerate(found) if near is not None}
    right = wanted & marked
    nearest, errors = 0, []
    for at, near in enumerate(found):
        if near is not None:
            exact = truth.get(at, {}).get(places[near.document], 0.0)
            errors.append(abs(near.similarity - exact))
            nearest += at in right and exact >= max(truth[at].values()) - 0.05
    return (
        f"{len(texts):6} {len(wanted):9} {len(marked):7}  {100 * len(right) / len(wanted):5.1f}%"
        f"     {100 * len(right) / len(marked):5.1f}%   {100 * nearest / len(right):5.1f}%"
        f"       {statistics.fmean(errors):.3f}"
    )


def _name(at: int) -> bytes:
    return hashlib.sha256(str(at).encode()).digest()


def _exact(texts: Sequence[str]) -> dict[int, dict[int, float]]:
    """Text -> texts before it that share a shingle -> their Jaccard index."""
    holders: dict[int, list[int]] = defaultdict(list)
    sizes: list[int] = []
    found: dict[int, dict[int, float]] = {}
    for at, text in enumerate(texts):
        tokens = _TOKEN.findall(text.lower())
        mine = {
            hash(tuple(tokens[start : start + SHINGLE]))
            for start in range(max(1, len(tokens) - SHINGLE + 1))
        }
        shared: Counter[int] = Counter()
        for shingle in mine:
            shared.update(holders[shingle])
            holders[shingle].append(at)
        sizes.append(len(mine))
        if shared:
            found[at] = {
                other: both / (len(mine) + sizes[other] - both) for other, both in shared.items()
            }
    return found


def _written(sources: Sequence[Source], folder: Path) -> Path:
    """The folder, with a file for each source."""
    folder.mkdir()
    for at, source in enumerate(sources):
        (folder / f"{at:06}.txt").write_bytes(source.data)
    return folder


def _costs(documents: int) -> None:
    sources = speed.corpus(documents)
    texts = [source.data.decode() for source in sources]
    names = [_name(at) for at in range(documents)]

    def sign() -> None:
        for start in range(0, documents, 500):
            for signature in signatures(texts[start : start + 500]):
                encode(signature)

    signed = [signature for signature in signatures(texts) if signature is not None]

    def look() -> None:
        index = Index()
        for start in range(0, len(signed), 500):
            part = signed[start : start + 500]
            index.nearest(part, names[start : start + len(part)], [False] * len(part))

    def rebuild() -> None:
        Index().add(signed, names[: len(signed)], [False] * len(signed))

    with TemporaryDirectory() as name:
        pages = _written(sources, Path(name, "pages"))
        jobs: dict[str, Callable[[], None]] = {
            "copy": lambda: copy(pages, Path(name, "copy.parquet")),
            "signatures": sign,
            "look-ups": look,
            "rebuilding the index": rebuild,
        }
        times: dict[str, list[float]] = defaultdict(list)
        for _ in range(5):
            for job, work in jobs.items():
                begun = time.process_time()
                work()
                times[job].append(time.process_time() - begun)
    size = sum(map(len, texts))
    base = statistics.median(times["copy"])
    print(f"\n{documents:,} documents, {size / 1e6:.1f} MB, medians of {len(times['copy'])} rounds")
    for job, spent in times.items():
        middle = statistics.median(spent)
        print(f"{job:21} {1e6 * middle / documents:8.0f} µs a document  {middle / base:5.2f}x copy")


if __name__ == "__main__":
    main()
