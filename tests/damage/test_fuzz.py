"""Damage anywhere in an archive: none is missed, what is not hit is still readable."""

import importlib.util
import sys
from pathlib import Path

import pytest

spec = importlib.util.spec_from_file_location("fuzz", Path(__file__).with_name("fuzz.py"))
fuzz = sys.modules["fuzz"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(fuzz)


def test_damage_anywhere_is_found_and_named():
    tally = fuzz.run(16, "quick")
    assert tally.told == []
    assert sum(tally.tried.values()) >= 16
    assert tally.records_read > 25


@pytest.mark.slow
def test_damage_anywhere_a_thousand_times():
    tally = fuzz.run(1000, "full")
    print("\n".join(tally.table()))
    assert tally.told == []
    assert len(tally.tried) >= 12
