"""Features: the same for the same line anywhere, finite for any text, and as they were."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.model.alphabet import CJK, UPPER, flags_of, rows_of, small_of
from archiver.model.features import BUCKETS_BITS, features
from archiver.model.figures import DATED, WIDTH
from archiver.model.segment import digests, segment

LINES = st.lists(st.text(st.characters(codec=None), max_size=60), max_size=12)


def codes(text: str) -> np.ndarray:
    return np.array([ord(char) for char in text], np.uint32)


def words_of(line: str) -> int:
    return int(features([line]).words[0])


def test_small_letters_come_one_for_one():
    assert small_of(rows_of(codes("AÉЖΣ9٣"))).tolist() == codes("aéжσ00").tolist()
    assert small_of(rows_of(codes("İ"))).size == 1


def test_code_points_beyond_the_plane_are_known_by_kind():
    flags = flags_of(rows_of(codes("𠀀😀𐐀A")))
    assert [bool(flag & CJK) for flag in flags] == [True, False, False, False]
    assert bool(flags[3] & UPPER)


@pytest.mark.parametrize(
    ("line", "count"),
    [
        ("Read the whole story", 4),
        ("don't", 2),
        ("你好世界。", 4),
        ("हिन्दी में", 2),  # vowel signs do not cut words
        ("한국어 문장", 2),
        ("* - |", 0),
        ("a_b", 2),
        ("x\ny", 2),  # a newline inside a line is a blank
    ],
)
def test_words_of_a_line(line, count):
    assert words_of(line) == count


def test_equal_words_have_equal_digests_wherever_they_stand():
    seg = segment(["one two", "two", "Two 2019 2024"])
    one, two, again, capital, year, other = seg.words.tolist()
    assert two == again == capital
    assert one != two
    assert year == other  # digits count as digits, not as numbers


def test_digests_of_stretches():
    values = np.array([5, 6, 7, 5, 6, 0, 0], np.uint64)
    start, end = np.array([0, 3, 5, 5, 1]), np.array([2, 5, 6, 7, 1])
    same, again, zero, zeros, nothing = digests(values, start, end).tolist()
    assert same == again
    assert len({same, zero, zeros, nothing}) == 4


def test_a_year_a_date_and_a_clock():
    clock, date, year = DATED
    dense = features(["at 12:30", "on 1/2/03", "in 2019", "no 3019"]).dense
    assert dense[:, clock].tolist() == [1, 0, 0, 0]
    assert dense[:, date].tolist() == [0, 1, 0, 0]
    assert dense[:, year].tolist() == [0, 0, 1, 0]


def test_golden_values():
    seen = features(["Home | News", "", "The river rose by 12 cm, the town said.", "Share"])
    assert seen.index.tolist() == [0, 2, 3]
    assert seen.words.tolist() == [2, 9, 1]
    assert seen.starts.tolist() == [0, 8, 30]
    assert seen.tokens[:4].tolist() == [13702, 5072, 29131, 8468]
    assert np.round(seen.dense[1, :8].astype(float), 3).tolist() == [
        0.615,
        0.461,
        0.3,
        0.026,
        0.051,
        0.051,
        0.111,
        0.0,
    ]


@given(LINES)
def test_any_text_gives_finite_features_of_one_shape(lines):
    seen = features(lines)
    n = len(seen.index)
    assert n == sum(1 for line in lines if line and not line.isspace())
    assert seen.dense.shape == (n, WIDTH)
    assert np.isfinite(seen.dense).all()
    assert len(seen.starts) == len(seen.words) == n
    assert (np.diff(seen.starts, append=len(seen.tokens)) > 0).all()
    assert ((seen.tokens >= 0) & (seen.tokens < 1 << BUCKETS_BITS)).all()


@given(LINES)
def test_how_many_blank_lines_stand_together_does_not_matter(lines):
    once, twice = [], []
    for line in lines:
        blank = not line or line.isspace()
        once.append(line)
        twice += [line, ""] if blank else [line]
    one, two = features(once), features([*twice, ""])
    assert (one.dense == two.dense).all()
    assert (one.tokens == two.tokens).all()
