"""The generated corpus: the same one every time, and like the pages it is made from."""

import json
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"
#: Words that carry letters beyond ASCII, so that mojibake and legacy encodings show.
WORDS = {
    "en": "naïve café the river under bridges carries coal toward every harbour",
    "de": "Straße über möglich heute größer werden Häuser Brücken während später",
    "ru": "город река мост снова начали строить после долгой зимы люди",
    "ja": "京都の新しい図書館は来年の春に開く予定です",
}
RENDERINGS = ("text_inscriptis", "text_resiliparse", "text_residue")
#: How far figures of a corpus may lie from those of its pages.
NEAR = 0.15


def run(*words):
    command = [sys.executable, str(BENCHMARKS / "corpus.py"), *map(str, words)]
    return subprocess.run(command, check=True, capture_output=True, text=True, encoding="utf-8")


def made(folder, *words):
    run(folder, *words)
    return json.loads((folder / "corpus.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def sets(tmp_path_factory):
    """Labelled sets as small as can be, of the shape of the real ones."""
    folder = tmp_path_factory.mktemp("sets")
    for name in ("wcxb_dev", "multi_dev"):
        rows = [_page(name, number) for number in range(120)]
        pq.write_table(pa.Table.from_pylist(rows), folder / f"{name}.parquet")
    html = [
        {
            "file_id": str(number),
            "language": "de",
            "html": f"<html><script>var Straße = {number};</script><p class='lead'>"
            f"Die alte Straße wird heute größer</p></html>".encode(),
        }
        for number in range(5)
    ]
    pq.write_table(pa.Table.from_pylist(html), folder / "wcxb_dev_html.parquet")
    return folder


def _page(name, number):
    language = sorted(WORDS)[number % len(WORDS)]
    words = WORDS[language].split(" ")
    lines = ["Share this page", "", "Privacy policy"]
    for at in range(10):
        turned = words[(number + at) % len(words) :] + words[: (number + at) % len(words)]
        lines += ["", f"{name} {number} {at} " + " ".join(turned * (1 + number % 3))]
    text = "\n".join(lines)
    return {"file_id": f"{number:04}", "language": language, **dict.fromkeys(RENDERINGS, text)}


def files(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted((folder / "pages").rglob("*.*"))
    }


def test_the_same_words_give_the_same_bytes(sets, tmp_path):
    first = made(tmp_path / "first", "--size", "150kB", "--data", sets, "--html", "0.1")
    again = made(tmp_path / "again", "--size", "150kB", "--data", sets, "--html", "0.1")
    assert first == again
    assert files(tmp_path / "first") == files(tmp_path / "again")
    other = made(tmp_path / "other", "--size", "150kB", "--data", sets, "--seed", "1")
    assert other["digest"] != first["digest"]


def test_a_larger_corpus_begins_with_the_smaller_one(sets, tmp_path):
    made(tmp_path / "small", "--size", "30kB", "--data", sets)
    made(tmp_path / "large", "--size", "60kB", "--data", sets)
    small, large = files(tmp_path / "small"), files(tmp_path / "large")
    assert small.items() <= large.items()
    assert len(small) < len(large)


def test_figures_are_those_of_the_pages(sets, tmp_path):
    told = made(tmp_path / "corpus", "--size", "600kB", "--data", sets)
    figures = told["statistics"]
    for name, expected in figures["pages"].items():
        assert figures["corpus"][name] == pytest.approx(expected, rel=NEAR), name
    assert 600_000 <= told["bytes"] < 610_000
    assert told["bytes"] == sum(map(len, files(tmp_path / "corpus").values()))
    share = told["languages"]["en"] / told["documents"]
    assert share == pytest.approx(0.5, abs=0.1)


def test_legacy_and_mojibake_are_what_they_are_called(sets, tmp_path):
    told = made(tmp_path / "corpus", "--size", "600kB", "--data", sets, "--jsonl")
    lines = (tmp_path / "corpus" / "decoded.jsonl").read_text(encoding="utf-8").splitlines()
    texts = {row["id"]: row["text"] for row in map(json.loads, lines)}
    held = {name.removeprefix("pages/"): data for name, data in files(tmp_path / "corpus").items()}
    assert texts.keys() == held.keys()
    broken = [name for name, data in held.items() if data != texts[name].encode()]
    assert len(broken) == told["kinds"]["legacy"] + told["kinds"]["mojibake"]
    legacy = [name for name in broken if not _is_utf8(held[name])]
    assert len(legacy) == told["kinds"]["legacy"] > 0
    spoiled = [held[name].decode() for name in broken if _is_utf8(held[name])]
    assert any("Ã" in text or "Ð" in text for text in spoiled)


def _is_utf8(data):
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def test_html_changes_between_the_tags_only(sets, tmp_path):
    made(tmp_path / "corpus", "--size", "20kB", "--data", sets, "--html", "1")
    pages = [data.decode() for data in files(tmp_path / "corpus").values()]
    assert all("<script>var Straße" in page and "<p class='lead'>" in page for page in pages)


def test_without_sets_the_seeds_do(tmp_path):
    told = made(tmp_path / "corpus", "--size", "50kB")
    texts = [data.decode("cp1252", "replace") for data in files(tmp_path / "corpus").values()]
    assert len(set(texts)) == told["documents"] > 5


def test_a_folder_that_holds_a_corpus_is_left_alone(tmp_path):
    made(tmp_path / "corpus", "--size", "10kB")
    with pytest.raises(subprocess.CalledProcessError):
        run(tmp_path / "corpus", "--size", "10kB")
