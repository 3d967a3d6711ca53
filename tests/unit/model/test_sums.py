"""Sums of groups of rows are those of the plain way, whatever the sizes of the groups."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from archiver.model.sums import group_sums, plan


@given(st.lists(st.integers(1, 90), max_size=30), st.integers(2, 17), st.integers(0, 9))
def test_sums_of_groups(sizes, chunk, seed):
    chance = np.random.default_rng(seed)
    rows = chance.integers(-9, 9, (50, 3)).astype(np.float32)
    each = np.array(sizes, np.int64)
    members = chance.integers(0, 50, each.sum())
    starts = np.cumsum(each) - each
    wanted = [rows[members[at : at + n]].sum(axis=0) for at, n in zip(starts, each, strict=True)]
    found = plan(members, starts, each, chunk).sums(rows)
    assert found.shape == (len(sizes), 3)
    assert np.array_equal(found, np.array(wanted).reshape(-1, 3))
    assert np.array_equal(group_sums(rows, members, starts, each), found)
