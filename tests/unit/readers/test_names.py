"""Names are storable, reversible and never confused; hostile paths are refused."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from archiver.readers.names import original, path_problem, storable

pieces = st.sampled_from(["%", "%%", "25", "E9", "\udce9", "\udcff", "a", "%E9", "ü", "\udc80"])
names = st.lists(pieces, max_size=12).map("".join)


@given(names)
@example("%%\udce9%25")
@example("%\udce9")
def test_a_name_comes_back(name):
    stored = storable(name)
    stored.encode("utf-8")
    assert original(stored) == name


@given(names, names)
def test_two_names_never_become_one(one, two):
    assert (storable(one) == storable(two)) == (one == two)


def test_a_lone_surrogate_of_windows_is_storable_too():
    assert storable("a\ud800").encode("utf-8") == b"a%%ED%%A0%%80"


@pytest.mark.parametrize("path", ["a.txt", "a/b.txt", "..a.txt", "a..b/c", "%2e%2e/x", "a b|c"])
def test_paths_that_stay(path):
    assert path_problem(path) is None


@pytest.mark.parametrize(
    "path", ["..", "../a", "a/..", "a/../b", "/a", "//a", "a//b", ".", "a/.", "C:a", "a\\b", "a\0",
     ""]
)  # fmt: skip
def test_paths_that_do_not(path):
    assert path_problem(path) is not None
