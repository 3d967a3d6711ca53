"""The seeds come out as a careful person would leave them."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from archiver.clean import clean_text
from archiver.model import RULE

ROOT = Path(__file__).parents[2]
SEEDS = sorted(ROOT.glob("seeds/*.txt"))
GOLD = ROOT.parent / "shared" / "eval" / "seeds_gold.json"

#: Lines dropped per rule family, counted by hand in the files.
FAMILIES = {
    "000": {"citation-mark": 9, "infobox": 9},
    "001": {"ad-marker": 1, "source-link": 1},
    "002": {
        "comment-chrome": 4, "icon-ligature": 9, "navigation": 1, "player-ui": 7,
        "related-links": 2, "source-link": 2,
    },
    "003": {"ad-marker": 3, "caption-repeat": 4, "source-link": 1},
}  # fmt: skip


def read(path: Path) -> str:
    return path.read_bytes().decode("utf-8")


def test_there_are_four() -> None:
    assert [path.name[:3] for path in SEEDS] == sorted(FAMILIES)


@pytest.mark.parametrize("profile", ["safe", "standard", "strict"])
@pytest.mark.parametrize("path", SEEDS, ids=lambda path: path.name[:3])
def test_each_loses_its_debris_and_nothing_else(path: Path, profile: str) -> None:
    cleaning = clean_text(read(path), profile=profile)
    counts: Counter[str] = Counter()
    for rule, count in cleaning.dropped().items():
        counts[rule.partition(".")[0]] += count
    # A section's name above the headline: fair people differ, and only strict takes it.
    by_model = [edit.before.strip() for edit in cleaning.edits if edit.rule == RULE]
    assert by_model in ([], ["Ausland"] if profile == "strict" else [])
    counts.pop(RULE.partition(".")[0], None)
    assert dict(sorted(counts.items())) == FAMILIES[path.name[:3]]
    assert cleaning.raw() == read(path)


def test_the_facts_of_the_infobox_are_saved() -> None:
    assert clean_text(read(SEEDS[0])).facts == (
        ("Date", "25 April 2019"),
        ("Location", "Vladivostok, Russia"),
        ("Participants", "Vladimir Putin (President) Kim Jong Un (Chairman)"),
    )


def test_the_german_page_ends_with_its_last_sentence_and_keeps_its_heading() -> None:
    text = clean_text(read(SEEDS[2])).text
    assert text.startswith("Einladung an Putin\n\nNordkorea und Russland vertiefen Beziehungen\n")
    assert text.endswith("auf der Koreanischen Halbinsel sprechen will.\n")
    assert "\nPutin als Vermittler im Atomstreit\n" in text


def test_each_caption_stays_once() -> None:
    lines = [line for line in map(str.strip, clean_text(read(SEEDS[3])).text.split("\n")) if line]
    assert lines.count("Kim Jong-un and Putin in Vladivostok. Photo: AFP.") == 1
    assert sum(line.endswith("Photo: EFE") for line in lines) == 1
    assert len(lines) == len(set(lines))


@pytest.mark.skipif(not GOLD.is_file(), reason="the shared gold labels are not here")
@pytest.mark.parametrize("profile", ["safe", "standard", "strict"])
def test_the_gold_labels_are_met_line_by_line(profile: str) -> None:
    for document in json.loads(GOLD.read_text(encoding="utf-8")):
        cleaning = clean_text(read(ROOT / "seeds" / document["id"]), profile=profile)
        left = Counter(cleaning.text.split("\n"))
        values = [value for _, value in cleaning.facts]
        for line in document["lines"]:
            if line["label"] == "keep":
                whole = re.sub(r"( ?\[\d+\])+", "", line["text"])
                assert left[whole], (document["id"], line)
                left[whole] -= 1
            elif line["label"] == "fact":
                assert line["text"].split("|")[1].strip() in values
        dropped = [line["text"] for line in document["lines"] if line["label"] == "drop"]
        assert [text for text in dropped if left[text]] == []
