"""Many documents at once: the same figures, answers and decisions as one after the other."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.model import fused, many
from archiver.model.context import Block, context
from archiver.model.features import features
from archiver.model.fused import Fused, shipped_fused
from archiver.model.many import DOCUMENT_DOUBT, DOUBT, Decider
from archiver.model.network import shipped
from archiver.model.own import OWN
from archiver.model.score import BOUNDS, decide

ROOT = Path(__file__).parents[3]
CASES = [
    case["lines"]
    for case in json.loads(Path(__file__).with_name("reference.json").read_text(encoding="utf-8"))
]
SEEDS = [
    path.read_text(encoding="utf-8").split("\n") for path in sorted((ROOT / "seeds").glob("*.txt"))
]
ODD = [
    [],
    [""],
    ["word"],
    ["", "  ", "\t"],
    ["— —", "***", "* * *"],
    ["a\ud800b c", "\U0001f600 \U00020000\U00020001", "中文字符。", "中文字符。"],
    ["one two", "three\nfour", "one two", ""],
    ["x" * 100_000 + " end of it."],
]
PAGES = [*CASES, *SEEDS, *ODD]
POOL = sorted({line for lines in [*CASES, *SEEDS[:40]] for line in lines})
DOCUMENTS = st.lists(
    st.one_of(
        st.lists(st.sampled_from(POOL), max_size=60),
        st.builds(lambda page, cut: page[cut:], st.sampled_from(CASES), st.integers(0, 20)),
        st.lists(st.text(st.characters(codec=None), max_size=40), max_size=8),
    ),
    max_size=6,
)


def together(pages: list[list[str]], fused: Fused):
    """Those of the pages that have lines, their block, its context and the answers."""
    store = fused.lines()
    numbers = [store.numbers(lines) for lines in pages]
    index = [np.flatnonzero(store.visible[own]) for own in numbers]
    some = [at for at, found in enumerate(index) if len(found)]
    sizes = np.array([len(index[at]) for at in some])
    end = np.cumsum(sizes)
    block = Block(
        np.concatenate([numbers[at][index[at]] for at in some]),
        np.concatenate([index[at] for at in some]),
        np.repeat(np.arange(len(some)), sizes),
        end - sizes,
        end,
    )
    seen = context(store, block)
    return some, block, seen, fused.run(store, block, seen)


def test_figures_and_groups_are_those_of_each_document_alone():
    some, block, seen, _ = together(PAGES, shipped_fused(0))
    assert len(some) > len(CASES) + len(SEEDS)
    sums = seen.alike.sums(np.arange(len(block), dtype=np.float32)[:, None])[:, 0]
    for number, at in enumerate(some):
        own = slice(block.start[number], block.end[number])
        alone = features(PAGES[at])
        assert np.array_equal(alone.index, block.index[own])
        assert np.array_equal(alone.dense[:, OWN:], seen.figures[own])
        for way, groups in enumerate(alone.alike):
            of_group = np.bincount(groups.group, np.arange(own.start, own.stop))[groups.group]
            assert np.allclose(sums[seen.group[own, way]], of_group)


@pytest.mark.parametrize("answer", [0, 1])
def test_answers_are_those_of_the_network_up_to_float_noise(answer):
    some, block, _, (answers, gates) = together(PAGES, shipped_fused(answer))
    for number, at in enumerate(some):
        lines, gate = shipped(answer).run(features(PAGES[at]))
        own = slice(block.start[number], block.end[number])
        assert np.abs(lines - answers[own]).max() < DOUBT / 2
        assert abs(gate - gates[number]) < DOCUMENT_DOUBT / 2


@pytest.mark.parametrize("profile", ["safe", "standard", "strict"])
def test_decisions_and_scores_are_those_of_each_document_alone(profile):
    alone = [decide(lines, profile) for lines in PAGES]
    decider = Decider(profile)
    assert decider.decide(PAGES) == alone
    assert decider.decide(PAGES[::-1]) == alone[::-1]  # met before, and in other company
    assert [Decider(profile).decide([lines])[0] for lines in PAGES[:20]] == alone[:20]
    assert any(alone) == (profile != "safe")


@given(DOCUMENTS)
@settings(max_examples=40, deadline=None)
def test_decisions_do_not_depend_on_the_company(pages):
    for profile in BOUNDS:
        assert Decider(profile).decide(pages) == [decide(lines, profile) for lines in pages]


@pytest.mark.parametrize("profile", ["standard", "strict"])
def test_what_noise_could_decide_is_asked_again(profile, monkeypatch):
    """Noise and the care that is taken for it, both a thousand times and more what they are."""
    pages = [page[cut:] for page in CASES + SEEDS for cut in range(12)]
    alone = [decide(lines, profile) for lines in pages]
    chance = np.random.default_rng(1)
    clear, again = Fused.run, []

    def noisy(*args):
        answers, gates = clear(*args)
        noise = chance.choice([-0.01, 0.01], answers.shape).astype(np.float32)
        return answers + noise, gates + chance.choice([-0.04, 0.04], gates.shape)

    def counted(lines, profile):
        again.append(lines)
        return decide(lines, profile)

    monkeypatch.setattr(Fused, "run", noisy)
    monkeypatch.setattr(many, "decide", counted)
    assert Decider(profile).decide(pages) != alone  # so far, noise does decide
    monkeypatch.setattr(many, "DOUBT", 0.05)
    monkeypatch.setattr(many, "DOCUMENT_DOUBT", 0.05)
    assert Decider(profile).decide(pages) == alone
    assert again


def test_a_document_too_long_for_a_block_is_decided_alone(monkeypatch):
    page = next(lines for lines in CASES if decide(lines, "strict"))
    monkeypatch.setattr(many, "LINE_BITS", 2)
    assert Decider("strict").decide([page, page[:3]]) == [
        decide(page, "strict"),
        decide(page[:3], "strict"),
    ]


def test_more_documents_than_a_block_can_number_are_spread_over_blocks():
    page = next(lines for lines in CASES if decide(lines, "strict"))
    pages = [["A line.", f"Line {number}"] for number in range(2100)] + [page]
    assert Decider("strict").decide(pages)[-1] == decide(page, "strict")


@pytest.mark.parametrize("piece", [1, 7, 50])
def test_answers_do_not_depend_on_the_pieces_that_lines_are_worked_on_in(piece, monkeypatch):
    wanted = together(PAGES, shipped_fused(1))[3]
    monkeypatch.setattr(fused, "PIECE", piece)
    for found, want in zip(together(PAGES, shipped_fused(1))[3], wanted, strict=True):
        assert np.abs(found - want).max() < DOUBT
