"""Make a corpus like the scraped web, the same one every time, as large as is asked for.

    python benchmarks/corpus.py FOLDER --size 100MB [--data SETS] [--html 0.1] [--jsonl]
    python benchmarks/corpus.py FOLDER --size 10GB --data SETS --count-only

Files go to FOLDER/pages, a thousand a folder; what was made, its digest and its
statistics beside those of the pages it was made from to FOLDER/corpus.json and to
stdout. SETS is a folder with the labelled sets; without it the four seeds are all
there is, and variety is small. Document n is a function of n, the seed, the shares
and the sets alone, so a larger corpus begins with a smaller one. ``--jsonl`` also
writes FOLDER/decoded.jsonl: the same documents with their right text, for programs that
cannot decode. Nothing that this writes belongs into a repository: the texts are others'.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path
from typing import TextIO

from corpus_statistics import Tally, of_pages
from pages import Page, Pages, load

#: Shares of all documents. Crawls differ; these are chosen, not measured.
ENGLISH_SHARE = 0.5
MOJIBAKE = 0.03
LEGACY = 0.04
#: What the web used before UTF-8, by language; for the others it is Windows-1252.
LEGACIES = {
    "ar": "cp1256", "bg": "cp1251", "cs": "cp1250", "el": "cp1253", "fa": "cp1256",
    "he": "cp1255", "hr": "cp1250", "hu": "iso8859-2", "ja": "shift_jis", "ko": "euc_kr",
    "lt": "cp1257", "lv": "cp1257", "pl": "iso8859-2", "ru": "cp1251", "sk": "cp1250",
    "th": "tis-620", "tr": "cp1254", "uk": "koi8-u", "vi": "cp1258", "zh": "gb18030",
}  # fmt: skip
FILES_A_FOLDER = 1000
UNITS = {"kb": 10**3, "mb": 10**6, "gb": 10**9}


@dataclass(frozen=True, slots=True)
class Shares:
    """How many documents, from 0 to 1, are of a kind."""

    english: float = ENGLISH_SHARE
    mojibake: float = MOJIBAKE
    legacy: float = LEGACY
    html: float = 0.0


@dataclass(frozen=True, slots=True)
class Made:
    """One document: its file, its bytes, and the text that they should be read as."""

    name: str
    data: bytes
    text: str
    kind: str
    language: str


def document(pages: Pages, number: int, seed: int, shares: Shares) -> Made:
    """Document ``number`` of the corpus of a seed."""
    chance = random.Random(f"{seed}/{number}")
    folder = f"{number // FILES_A_FOLDER:06}"
    kind = _kind(chance.random(), shares)
    if kind == "html":
        language, html = _any_html(pages, shares, chance)
        text = pages.html_text(language, html, chance)
        return Made(f"{folder}/{number:09}.html", text.encode(), text, kind, language)
    page = _any_page(pages, shares, chance)
    text = pages.text(page, chance)
    name = f"{folder}/{number:09}.txt"
    data = text.encode()
    if kind == "mojibake":
        data = _mojibake(text, chance).encode()
    elif kind == "legacy":
        codec = LEGACIES.get(page.language, "cp1252")
        data = text.encode(codec, "replace")
        text = data.decode(codec)
    if data == text.encode():
        kind = "plain"  # ASCII is the same however it is read
    return Made(name, data, text, kind, page.language)


def _kind(draw: float, shares: Shares) -> str:
    for kind in ("html", "mojibake", "legacy"):
        draw -= getattr(shares, kind)
        if draw < 0:
            return kind
    return "plain"


def _any_page(pages: Pages, shares: Shares, chance: random.Random) -> Page:
    english = chance.random() < shares.english
    group = (pages.english if english else pages.others) or pages.all
    return group[int(chance.random() * len(group))]


def _any_html(pages: Pages, shares: Shares, chance: random.Random) -> tuple[str, str]:
    if pages.html:
        return pages.html[int(chance.random() * len(pages.html))]
    page = _any_page(pages, shares, chance)
    body = "\n".join(f"<p>{line}</p>" for line in page.lines if line.strip())
    title = page.lines[0]
    return page.language, f"<html><head><title>{title}</title></head><body>{body}</body></html>"


def _mojibake(text: str, chance: random.Random) -> str:
    """UTF-8 read as Windows-1252, as browsers do: all of it, or here and there a line."""
    share = 1.0 if chance.random() < 0.5 else 0.3
    lines = text.split("\n")
    return "\n".join(_misread(line) if chance.random() < share else line for line in lines)


def _misread(line: str) -> str:
    if line.isascii():
        return line
    return "".join(
        bytes([byte]).decode("cp1252") if byte not in _UNDEFINED else chr(byte)
        for byte in line.encode()
    )


_UNDEFINED = frozenset({0x81, 0x8D, 0x8F, 0x90, 0x9D})


def documents(pages: Pages, size: int, seed: int, shares: Shares) -> Iterator[Made]:
    """Documents until they have so many bytes together."""
    made = 0
    for number in count():
        if made >= size:
            return
        one = document(pages, number, seed, shares)
        made += len(one.data)
        yield one


def write(
    folder: Path | None, pages: Pages, size: int, *, seed: int, shares: Shares, jsonl: bool = False
) -> dict[str, object]:
    """Write the corpus, or with no folder only count it; what was made comes back.

    Raises: FileExistsError where the folder has pages already.
    """
    digest, tally = hashlib.sha256(), Tally()
    kinds: Counter[str] = Counter()
    languages: Counter[str] = Counter()
    lines = _jsonl(folder) if folder and jsonl else None
    if folder:
        (folder / "pages").mkdir(parents=True)
    number = 0
    for made in documents(pages, size, seed, shares):
        digest.update(f"{made.name}\0{hashlib.sha256(made.data).hexdigest()}\n".encode())
        kinds[made.kind] += 1
        languages[made.language] += 1
        number += 1
        tally.add("" if made.kind == "html" else made.text, len(made.data))
        if folder:
            path = folder / "pages" / made.name
            if number % FILES_A_FOLDER == 1:
                path.parent.mkdir()
            path.write_bytes(made.data)
        if lines:
            # Some programs fall over half of a surrogate pair; there are none here.
            lines.write(json.dumps({"id": made.name, "text": made.text, "source": "web"}) + "\n")
    if lines:
        lines.close()
    return {
        "digest": digest.hexdigest(),
        "documents": number,
        "bytes": tally.bytes,
        "seed": seed,
        "shares": asdict(shares),
        "kinds": dict(sorted(kinds.items())),
        "languages": dict(languages.most_common()),
        "statistics": {"corpus": tally.figures(), "pages": of_pages(pages, shares.english)},
    }


def _jsonl(folder: Path) -> TextIO:
    folder.mkdir(parents=True, exist_ok=True)
    return (folder / "decoded.jsonl").open("w", encoding="utf-8", newline="\n")


def size_of(words: str) -> int:
    """Bytes, of ``10MB`` or ``2GB``. Raises: ValueError."""
    unit = words[-2:].lower()
    return int(float(words[:-2]) * UNITS[unit]) if unit in UNITS else int(words)


def table(told: dict[str, object]) -> str:
    """The statistics of a corpus beside those of the pages, as Markdown."""
    figures = told["statistics"]
    if not isinstance(figures, dict):
        raise TypeError("statistics are a mapping")
    rows = [
        f"| {name} | {figures['pages'][name]:,.6g} | {value:,.6g} |"
        for name, value in figures["corpus"].items()
    ]
    return "\n".join(["| | pages | corpus |", "| --- | ---: | ---: |", *rows])


def main() -> None:
    """Write or count a corpus, and print what it is."""
    ask = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    ask.add_argument("folder", type=Path)
    ask.add_argument("--size", type=size_of, default=size_of("10MB"))
    ask.add_argument("--data", type=Path, help="folder of the labelled sets")
    ask.add_argument("--seed", type=int, default=0)
    ask.add_argument("--html", type=float, default=0.0, help="share of pages as HTML, 0 to 1")
    ask.add_argument("--english", type=float, default=ENGLISH_SHARE)
    ask.add_argument("--jsonl", action="store_true", help="also write decoded.jsonl")
    ask.add_argument("--count-only", action="store_true", help="write no file, only the figures")
    given = ask.parse_args()
    shares = Shares(english=given.english, html=given.html)
    target = None if given.count_only else given.folder
    told = write(
        target, load(given.data), given.size, seed=given.seed, shares=shares, jsonl=given.jsonl
    )
    if target:
        (target / "corpus.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    print(f"{told['documents']:,} documents, {told['bytes']:,} bytes, sha256 {told['digest']}")
    print(f"kinds {told['kinds']}\nlanguages {told['languages']}\n\n{table(told)}")


if __name__ == "__main__":
    main()
