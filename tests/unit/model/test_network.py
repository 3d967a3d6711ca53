"""The network: what torch computes with the same weights, and the shipped weights."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from archiver.model.features import features
from archiver.model.network import Network, pack, shipped, unpack

#: Written by ``training/train_line_model.py`` with torch, on invented lines.
REFERENCE = json.loads(Path(__file__).with_name("reference.json").read_text(encoding="utf-8"))

#: The most that the weights may take in the wheel.
MOST_BYTES = 3_000_000


@pytest.mark.parametrize("case", REFERENCE, ids=lambda case: case["label"])
def test_as_torch_computes_it(case):
    answers, gate = shipped().run(features(case["lines"]))
    assert answers == pytest.approx(np.array(case["answers"]), abs=1e-3)
    assert gate == pytest.approx(case["gate"], abs=1e-3)


def test_packing_twice_is_packing_once():
    once = pack(shipped().arrays)
    assert once == pack(shipped().arrays)
    assert len(once) < MOST_BYTES
    again = unpack(once)
    for name, array in shipped().arrays.items():
        assert again.arrays[name] == pytest.approx(array, abs=1e-2)


def test_no_lines_no_answer():
    answers, gate = shipped().run(features(["", "  "]))
    assert answers.shape == (0, 2)
    assert gate == 0.0


def test_the_same_answer_each_time():
    seen = features(REFERENCE[0]["lines"])
    first, second = shipped().run(seen), Network(shipped().arrays).run(seen)
    assert (first[0] == second[0]).all()
    assert first[1] == second[1]
    assert first[0].dtype == np.float32
