"""How often bytes without a declaration are decoded right, beside single detectors.

    python benchmarks/encodings.py --data FOLDER [--cases 12] [--alone] [--misses] [--check]

FOLDER holds ``encodings_dev.parquet`` and ``multi_dev.parquet``. Two sets are
decoded: the first file as it is, and legacy web texts made from the second one's
articles, in the encodings that the web had for each language, cut to 60 bytes,
200 bytes, 1 kB and 10 kB, as plain text and as a page without a declaration.
Right means: the decoded text equals the encoded one, to the code point (a byte
order mark aside). A detector's label is read as generously as our own labels are.
The texts are cut the same way every time; no lot is drawn.

``--alone`` leaves the other detectors out, ``--misses`` prints what ours got
wrong, ``--check`` ends with status 1 where a floor is not held, or where a file is
not the one that the floors were set for.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import sys
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import pyarrow.parquet as pq

from archiver.document import Document, Source
from archiver.text.decode import decode
from archiver.text.labels import codecs_for

#: Floors that only go up: right share of encodings_dev and of the legacy web texts.
FLOORS = {"encodings_dev": 0.98, "legacy web texts": 0.98}

#: The sets that the floors are for: figures of others are not compared with them.
DIGESTS = {
    "encodings_dev.parquet": "63ca956e8f93c9b4b15050d4e1bbedba1b28f5452f1fe2167e946c0bdc67494c",
    "multi_dev.parquet": "bd7d415e2746db6e0190ae28a709b15ad84343c55e3ac2e98fb07be68761ddc9",
}

LENGTHS = (60, 200, 1_000, 10_000)

#: The encodings of the legacy web, and whose texts were written in them.
LANGUAGES: dict[str, str] = {
    "cp1252": "de fr es pt it nl sv da no fi is",
    "iso8859-1": "de fr es pt it nl sv da no",
    "iso8859-15": "de fr es fi nl",
    "cp1250": "pl cs hu hr sk",
    "iso8859-2": "pl cs hu hr sk",
    "cp1251": "ru uk bg",
    "koi8-r": "ru",
    "koi8-u": "uk",
    "iso8859-5": "ru bg",
    "cp1253": "el",
    "iso8859-7": "el",
    "cp1254": "tr",
    "iso8859-9": "tr",
    "cp1255": "he",
    "iso8859-8": "he",
    "cp1256": "ar fa",
    "cp1257": "lt lv",
    "cp1258": "vi",
    "tis-620": "th",
    "cp874": "th",
    "gb18030": "zh",
    "gbk": "zh",
    "big5": "zh",
    "shift_jis": "ja",
    "euc_jp": "ja",
    "euc_kr": "ko",
}
_ANY = "en de fr ru zh ja ko ar el th he hi"
WIDE = ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")

_PLAIN = str.maketrans(dict(zip("“”„‘’‚–—…•−\u00a0", "\"\"\"'''--.*- ", strict=True)))
#: Languages that multi_dev lacks, and where encodings_dev has them.
_BORROWED = {"he": "windows-1255", "th": "TIS-620", "ar": "windows-1256"}


@dataclass(frozen=True, slots=True)
class Case:
    """Bytes, the text they were made from, and the cell of the table they count in."""

    data: bytes
    text: str
    group: str
    column: str
    is_page: bool = False


def archive_cases(folder: Path) -> list[Case]:
    """Chardet's own test data, encoding by encoding."""
    rows = pq.read_table(folder / "encodings_dev.parquet").to_pylist()
    return [Case(row["raw"], row["text"], row["encoding"], "all") for row in rows]


def legacy_cases(folder: Path, cases: int) -> list[Case]:
    """Articles in the encodings of the legacy web, ``cases`` for each cell."""
    pools = _pools(folder)
    made: list[Case] = []
    for codec, spoken in LANGUAGES.items():
        made += _cell(codec, codec, [pools[name] for name in spoken.split()], cases)
    for codec in WIDE:
        texts = [pools[name] for name in _ANY.split()]
        made += _cell(codec, codec, texts, cases)
        mark = codec.replace("-le", " le, mark").replace("-be", " be, mark")
        for case in _cell(codec, mark, texts, max(1, cases // 3)):
            data = "\ufeff".encode(codec) + case.data
            made.append(Case(data, case.text, case.group, case.column, case.is_page))
    return made


def _pools(folder: Path) -> dict[str, list[str]]:
    """The paragraphs of each language's articles."""
    pools: dict[str, list[str]] = defaultdict(list)
    table = pq.read_table(folder / "multi_dev.parquet", columns=["language", "main_content"])
    for row in table.to_pylist():
        for line in (row["main_content"] or "").split("\n"):
            if line.strip():
                pools[row["language"]].append(_tidy(line))
    for row in pq.read_table(folder / "encodings_dev.parquet").to_pylist():
        for language, encoding in _BORROWED.items():
            if row["encoding"] == encoding and "<" not in row["text"][:200]:
                pools[language] += [_tidy(x) for x in row["text"].split("\n") if x.strip()]
    return pools


def _tidy(line: str) -> str:
    return " ".join(unicodedata.normalize("NFC", line).split())


def _cell(codec: str, group: str, pools: list[list[str]], cases: int) -> list[Case]:
    """One encoding's texts at every length, from each language in turn."""
    made: list[Case] = []
    for length in LENGTHS:
        streams = [_stretches(pool, codec, length, cases) for pool in pools if pool]
        found: list[str] = list(islice(_in_turn(streams), cases))
        for text in found:
            column = f"{length} B" if length < 1000 else f"{length // 1000} kB"
            made.append(Case(text.encode(codec), text, group, column))
            page = _page(text)
            made.append(Case(page.encode(codec), page, group, column + " page", is_page=True))
    return made


def _in_turn(streams: list[Iterator[str]]) -> Iterator[str]:
    while streams:
        for stream in list(streams):
            text = next(stream, None)
            if text is None:
                streams.remove(stream)
            else:
                yield text


def _stretches(pool: list[str], codec: str, length: int, cases: int) -> Iterator[str]:
    """Texts of about ``length`` bytes, from places spread over the pool."""
    seen: set[str] = set()
    for step in range(4 * cases):
        at, size, lines = step * len(pool) // (4 * cases), 0, []
        while size < length and at < len(pool):
            line = _encodable(pool[at], codec)
            at += 1
            if line:
                lines.append(line)
                size += len(line.encode(codec)) + 1
        text = _cut("\n".join(lines), codec, length)
        text_is_usable = text not in seen and _tells(text, codec) and size >= length
        if text_is_usable:
            seen.add(text)
            yield text


def _tells(text: str, codec: str) -> bool:
    return codec in WIDE or not text.isascii()


def _cut(text: str, codec: str, length: int) -> str:
    """The text up to ``length`` bytes, at a word's end where the script has words."""
    kept = text.encode(codec)[:length].decode(codec, "ignore")
    head, gap, _ = kept.rpartition(" ")
    return (head if gap and len(head) > len(kept) * 0.7 else kept).strip()


def _encodable(line: str, codec: str) -> str:
    """The line as its author would have typed it in that encoding, or nothing."""
    if codec in WIDE or codec == "gb18030":
        return line
    out: list[str] = []
    lost = 0
    for char in line:
        form = _form(char, codec)
        lost += form is None
        out.append(form or "")
    if lost > len(line) * 0.02:
        return ""
    return "".join(out)


def _form(char: str, codec: str) -> str | None:
    options = [char, char.translate(_PLAIN)]
    if codec == "cp1258":  # Vietnamese: one letter, then its tone
        parts = unicodedata.normalize("NFD", char)
        options += [unicodedata.normalize("NFC", parts[:n]) + parts[n:] for n in (2, 1)]
        if len(parts) == 3:
            options.append(unicodedata.normalize("NFC", parts[0] + parts[2]) + parts[1])
    for form in options:
        try:
            if form.encode(codec).decode(codec) == form:
                return form
        except UnicodeError:
            continue
    return None


def _page(text: str) -> str:
    lines = text.split("\n")
    body = "\n".join(f"<p>{line}</p>" for line in lines)
    return (
        f"<!DOCTYPE html>\n<html>\n<head>\n<title>{lines[0][:60]}</title>\n"
        '<link rel="stylesheet" href="/style.css" type="text/css">\n</head>\n'
        f'<body class="page">\n<div id="content">\n{body}\n</div>\n</body>\n</html>\n'
    )


def ours(case: Case) -> str | None:
    """The text that ``archiver`` takes the bytes for."""
    media = "text/html" if case.is_page else "text/plain"
    found = decode(Source("x", "x", case.data, media))
    if not isinstance(found, Document):
        return None
    return found.text if found.newline == "\n" else found.text.replace("\n", found.newline)


def _by_label(label: str | None, data: bytes) -> str | None:
    has_mark = data.startswith(("\ufeff".encode("utf-16-le"), "\ufeff".encode("utf-16-be")))
    known = codecs_for(label) if label else ()
    if has_mark and "utf-16-le" in known:
        known = ("utf-16", *known)
    for codec in known:
        try:
            return data.decode(codec)
        except (UnicodeError, ValueError):
            continue
    return None


def peers() -> dict[str, Callable[[Case], str | None]]:
    """The single detectors that are installed; a line is printed for the others."""
    found: dict[str, Callable[[Case], str | None]] = {}
    try:
        from chardetng_py import EncodingDetector
    except ImportError:
        print("chardetng_py is not installed: left out")
    else:

        def chardetng(case: Case) -> str | None:
            detector = EncodingDetector()
            detector.feed(case.data, last=True)
            return _by_label(detector.guess(tld=None, allow_utf8=True), case.data)

        found["chardetng"] = chardetng
    import chardet

    found["chardet"] = lambda case: _by_label(chardet.detect(case.data)["encoding"], case.data)
    try:
        from charset_normalizer import from_bytes
    except ImportError:
        print("charset_normalizer is not installed: left out")
    else:

        def normalizer(case: Case) -> str | None:
            best = from_bytes(case.data).best()
            return None if best is None else _by_label(best.encoding, case.data)

        found["charset-n."] = normalizer
    try:
        cchardet = importlib.import_module("cchardet")
    except ImportError:
        print("faust-cchardet is not installed: left out")
    else:
        found["cchardet"] = lambda case: _by_label(
            cchardet.detect(case.data)["encoding"], case.data
        )
    return found


def table(
    name: str, cases: list[Case], readers: dict[str, Callable[[Case], str | None]], *, misses: bool
) -> float:
    """Print one set's table; return the share that ours got right."""
    right: dict[tuple[str, str, str], list[bool]] = defaultdict(list)
    for case in cases:
        wanted = case.text.removeprefix("\ufeff")
        for reader, read in readers.items():
            got = read(case)
            hit = got is not None and got.removeprefix("\ufeff") == wanted
            for group in {case.group, "all"}:
                for column in {case.column, "all"}:
                    right[reader, group, column].append(hit)
            if misses and reader == "ours" and not hit:
                _show_miss(case, wanted, got)
    groups = [*dict.fromkeys(case.group for case in cases), "all"]
    columns = [c for c in dict.fromkeys(case.column for case in cases) if c != "all"]
    print(f"\n## {name}: {len(cases)} texts")
    if columns:
        _print_rows("ours", columns, {g: [right["ours", g, c] for c in columns] for g in groups})
        _print_rows("all", columns, {r: [right[r, "all", c] for c in columns] for r in readers})
    _print_rows("by", list(readers), {g: [right[r, g, "all"] for r in readers] for g in groups})
    hits = right["ours", "all", "all"]
    return sum(hits) / len(hits)


def _print_rows(corner: str, columns: list[str], rows: dict[str, list[list[bool]]]) -> None:
    print(f"\n| {corner} | " + " | ".join(columns) + " | texts |")
    print("| --- |" + " ---: |" * (len(columns) + 1))
    for name, cells in rows.items():
        count = max(len(hits) for hits in cells)
        print(f"| {name} | " + " | ".join(_percent(hits) for hits in cells) + f" | {count} |")


def _percent(hits: list[bool]) -> str:
    return f"{100 * sum(hits) / len(hits):.1f}" if hits else "-"


def _show_miss(case: Case, wanted: str, got: str | None) -> None:
    kind = "page" if case.is_page else "text"
    print(f"miss: {case.group} {case.column} ({kind}, {len(case.data)} bytes)")
    if got is None:
        print("   refused:", ascii(case.data[:60]))
        return
    at = next((i for i, (a, b) in enumerate(zip(wanted, got, strict=False)) if a != b), 0)
    found = decode(Source("x", "x", case.data, "text/html" if case.is_page else "text/plain"))
    print("   wanted:", wanted[max(0, at - 30) : at + 30].replace("\n", " "))
    print("   got:   ", got[max(0, at - 30) : at + 30].replace("\n", " "))
    print("   ", getattr(found, "evidence", ""))


def _are_known(folder: Path) -> bool:
    others = [
        name
        for name, digest in sorted(DIGESTS.items())
        if hashlib.sha256((folder / name).read_bytes()).hexdigest() != digest
    ]
    for name in others:
        print(f"{name} is not the set that the floors are for", file=sys.stderr)
    return not others


def main() -> int:
    """Read the arguments, decode both sets, print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the two Parquet files")
    parser.add_argument("--cases", type=int, default=12, help="texts for each cell (default: 12)")
    parser.add_argument("--alone", action="store_true", help="leave the other detectors out")
    parser.add_argument("--misses", action="store_true", help="print what ours got wrong")
    parser.add_argument("--check", action="store_true", help="status 1 where a floor is not held")
    given = parser.parse_args()
    readers = {"ours": ours} | ({} if given.alone else peers())
    sets = {
        "encodings_dev": archive_cases(given.data),
        "legacy web texts": legacy_cases(given.data, given.cases),
    }
    failed = given.check and not _are_known(given.data)
    for name, cases in sets.items():
        share = table(name, cases, readers, misses=given.misses)
        failed |= share < FLOORS[name]
        print(f"\n{name}: ours {100 * share:.2f} % right, floor {100 * FLOORS[name]:.0f} %")
    return 1 if failed and given.check else 0


if __name__ == "__main__":
    sys.exit(main())
