"""Lines remembered by number: each is looked at once, and found again."""

from __future__ import annotations

import numpy as np
import pytest

import archiver.model.lines as lines_module
from archiver.model.features import features
from archiver.model.fused import shipped_fused
from archiver.model.lines import LOT
from archiver.model.network import shipped
from archiver.model.own import OWN


def test_a_line_keeps_its_number_and_is_looked_at_once(monkeypatch):
    store = shipped_fused(0).lines()
    first = store.numbers(["Home", "", "  Home", "Home"])
    assert first.tolist() == [0, 1, 2, 0]
    monkeypatch.setattr(lines_module, "segment", None)  # whoever looks at a line fails
    assert store.numbers(["  Home", "Home"]).tolist() == [2, 0]
    with pytest.raises(TypeError):
        store.numbers(["News"])


def test_lines_that_are_blank_are_known():
    store = shipped_fused(0).lines()
    numbers = store.numbers(["a", "", " \t\u3000", "\u200b", "."])
    assert store.visible[numbers].tolist() == [True, False, False, True, True]
    assert store.words[numbers].tolist() == [1, 0, 0, 0, 0]


def test_what_is_known_of_a_line_does_not_depend_on_the_lot_it_came_in():
    lines = [f"Line {number} of the text, with a few words." for number in range(2000)]
    lines[5] = "a long line " * (LOT // 10)
    store = shipped_fused(1).lines()
    store.numbers(lines)
    for number in (0, 5, 6, 1999):
        alone = shipped_fused(1).lines()
        alone.numbers([lines[number]])
        for name in ("words", "weight", "shape_row", "marks_row", "first_row", "indent"):
            assert getattr(store, name)[number] == getattr(alone, name)[0]
        assert np.allclose(store.entry[number], alone.entry[0], atol=1e-5)


def test_the_entry_is_the_first_layer_of_the_network_but_for_the_document():
    lines = ["By Ann Lee", "  • Home page 2024", "The river rose by 12 cm, they said."]
    store = shipped_fused(1).lines()
    numbers = store.numbers(lines)
    entry = store.entry[numbers]
    seen, arrays = features(lines), shipped(1).arrays
    table = arrays["emb.weight"]
    ends = [*seen.starts[1:], len(seen.tokens)]
    means = [
        table[seen.tokens[at:end]].mean(axis=0) for at, end in zip(seen.starts, ends, strict=True)
    ]
    weight = np.concatenate([arrays["inp.weight"][:OWN], arrays["inp.weight"][-len(means[0]) :]])
    plain = np.concatenate([seen.dense[:, :OWN], means], axis=1) @ weight + arrays["inp.bias"]
    assert np.allclose(entry, plain - plain.mean(axis=1, keepdims=True), atol=1e-5)


def test_lines_that_come_in_turns_are_known_as_if_they_came_at_once():
    lines = [
        f"Line {number % 7} of {number} words, or  of none?" * (number % 4) for number in range(99)
    ]
    once, turns = shipped_fused(1).lines(), shipped_fused(1).lines()
    once.numbers(lines)
    for start in range(0, 99, 20):
        turns.numbers(lines[start : start + 20])
    for name in ("entry", "digests", "vocabulary", "vocabulary_at", "own", "key", "indent"):
        assert np.allclose(getattr(once, name), getattr(turns, name), atol=1e-5)
