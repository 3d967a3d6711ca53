"""The nearest before: as if all had been compared, whatever the batches."""

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.dedup import index
from archiver.dedup.index import THRESHOLD, Index, Near
from archiver.dedup.signature import SLOTS


def id_(number):
    return hashlib.sha256(str(number).encode()).digest()


def corpus(seed, size):
    """Signatures, some of them like ones before; and the number of each one's document."""
    numbers = np.random.default_rng(seed)
    made, names = [], []
    for _ in range(size):
        fresh = numbers.integers(0, 65536, SLOTS).astype(np.uint16)
        if made and numbers.random() < 0.6:
            kept = numbers.random(SLOTS) < numbers.choice([0.5, 0.8, 0.9, 1.0])
            fresh = np.where(kept, made[numbers.integers(len(made))], fresh)
        made.append(fresh)
        again = int(numbers.integers(size))
        names.append(again if numbers.random() < 0.5 else size + len(names))
    return made, names


def by_comparing_all(made, names):
    found = []
    for at, name in enumerate(names):
        best = None
        for other in range(at):
            replaced = names[other] in names[other + 1 : at + 1]
            agreed = float((made[other] == made[at]).mean())
            fits = names[other] != name and not replaced and agreed >= THRESHOLD
            if fits and (best is None or agreed > best.similarity):
                best = Near(id_(names[other]), agreed)
        found.append(best)
    return found


def asked(made, names, cuts):
    one, found = Index(), []
    for start, end in zip([0, *cuts], [*cuts, len(made)], strict=True):
        again = [names[at] in names[:at] for at in range(start, end)]
        found += one.nearest(made[start:end], [id_(name) for name in names[start:end]], again)
    assert len(one) == len(made)
    return found


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10**6), st.lists(st.integers(0, 60), max_size=6))
def test_it_finds_what_comparing_all_finds(seed, cuts):
    made, names = corpus(seed, 60)
    assert asked(made, names, sorted(cuts)) == by_comparing_all(made, names)


def test_what_was_added_without_asking_is_found():
    made, names = corpus(7, 300)
    whole = asked(made, names, [200])
    one = Index()
    again = [names[at] in names[:at] for at in range(300)]
    one.add(made[:200], [id_(name) for name in names[:200]], again[:200])
    assert one.nearest(made[200:], [id_(name) for name in names[200:]], again[200:]) == whole[200:]
    assert one.nearest([], [], []) == []


@pytest.mark.parametrize("step", [7, 100, 1000])
def test_a_page_that_stands_there_very_often(step):
    made = [np.arange(SLOTS, dtype=np.uint16)] * 500
    found = asked(made, list(range(500)), list(range(step, 500, step)))
    assert found == [None] + [Near(id_(0), 1.0)] * 499


def test_candidates_are_bounded_the_same_way_whatever_the_batches(monkeypatch):
    monkeypatch.setattr(index, "MOST", 3)
    made, names = corpus(3, 400)
    made = [np.where(np.arange(SLOTS) < 64, 1, item).astype(np.uint16) for item in made]
    whole = asked(made, names, [])
    assert any(whole)
    assert whole == asked(made, names, list(range(1, 400, 13)))
