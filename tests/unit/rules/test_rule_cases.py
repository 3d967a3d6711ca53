"""Short texts in many languages, and what the built-in rules make of them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from archiver.clean import clean_text
from archiver.rules.label import bare
from archiver.rules.load import BUILTIN
from archiver.text.lines import fold

CASES = Path(__file__).parents[2] / "cases"
DIGESTS = Path(__file__).parents[3] / "training" / "rules" / "digests.json"


def cases(name: str) -> list[dict[str, str]]:
    return json.loads((CASES / f"rules-{name}.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", cases("in-the-wild"), ids=lambda case: case["label"])
def test_debris_goes_and_the_text_stays(case: dict[str, str]) -> None:
    cleaning = clean_text(case["text"], profile="standard")
    assert cleaning.text == case["expected"]
    assert case["family"] in {edit.rule.partition(".")[0] for edit in cleaning.edits}
    assert cleaning.raw() == case["text"]


@pytest.mark.parametrize("case", cases("must-not-change"), ids=lambda case: case["label"])
@pytest.mark.parametrize("profile", ["safe", "standard"])
def test_what_looks_alike_stays(case: dict[str, str], profile: str) -> None:
    assert clean_text(case["text"], profile=profile).edits == ()


@pytest.mark.parametrize("case", cases("known-failures"), ids=lambda case: case["label"])
def test_a_known_failure_still_fails(case: dict[str, str]) -> None:
    cleaned = clean_text(case["text"], profile="standard")
    assert cleaned.text != case["expected"], "mended: move it to in-the-wild"


@pytest.mark.parametrize("path", sorted(BUILTIN.glob("*.generated.toml")), ids=lambda p: p.name)
def test_a_generated_pack_is_as_it_was_generated(path: Path) -> None:
    digests = json.loads(DIGESTS.read_text(encoding="utf-8"))
    assert hashlib.sha256(path.read_bytes()).hexdigest() == digests[path.name]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("» Kommentare (12):", "kommentare"),
        ("Loading ...", "loading"),
        ("o Blog", "blog"),
        ("Share 1.2k", "share"),
        ("| Share |", "| share"),
        ("The war is over.", "the war is over."),
        ("***", ""),
    ],
)
def test_a_bare_line_has_lost_its_dress(line: str, expected: str) -> None:
    assert bare(fold(line)) == expected


@pytest.mark.parametrize("mark", [".", ". ", "(", " (", "1", "1,", ":", "opens "])
def test_a_hostile_line_is_bared_in_one_pass(mark: str) -> None:
    # Were it looked at anew from each of its characters, this would take hours.
    assert bare("a " + mark * 500_000 + "x").endswith("x")
