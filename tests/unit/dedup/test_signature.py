"""Signatures: the same for years, on every platform, however texts are handed over."""

import hashlib
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.dedup.shingles import CHUNK
from archiver.dedup.signature import SLOTS, decode, encode, signatures

TEXTS = [
    "All human beings are born free and equal in dignity and rights. " * 3,
    "Все люди рождаются свободными и равными в своем достоинстве и правах.",
    "人人生而自由，在尊严和权利上一律平等。他们赋有理性和良心，并应以兄弟关系的精神相对待。",
    "มนุษย์ทั้งหลายเกิดมามีอิสระและเสมอภาคกันในเกียรติศักดิ์และสิทธิ",
    "ok",
    "",
    " \n?!\ud800",
    "x" * 50,
    " ".join(map(str, range(5000))),
]

ANY_TEXT = st.text() | st.text(alphabet=st.characters(codec=None))


def similarity(one, other):
    first, second = signatures([one, other])
    return float((first == second).mean())


def words(first, last):
    return " ".join(f"word{number}" for number in range(first, last))


def shingles(first, last):
    return {tuple(range(at, at + 5)) for at in range(first, last - 4)}


def test_they_are_those_that_archives_hold():
    # Never to be mended by changing the digest: old archives could not be compared any more.
    digest = hashlib.sha256("\n".join(map(encode, signatures(TEXTS))).encode()).hexdigest()
    assert digest == "397d0de4ca8587089a303447ab8f472fa991be985f1c427f31f5a6cb17a62b9e"


@pytest.mark.parametrize(("shift", "size"), [(5, 100), (60, 1200), (200, 1200), (900, 5000)])
def test_they_estimate_the_jaccard_index(shift, size):
    one, other = shingles(0, size), shingles(shift, size + shift)
    exact = len(one & other) / len(one | other)
    # Four standard errors.
    error = 4 * (exact * (1 - exact) / SLOTS) ** 0.5
    assert abs(similarity(words(0, size), words(shift, size + shift)) - exact) < error


def test_case_and_what_stands_between_words_do_not_matter():
    assert similarity("One, two; THREE — four (five) six!", "one two three\nfour FIVE: six") == 1
    assert similarity("one two three four five six", "one two three four five seven") < 0.8


def test_the_order_of_words_matters():
    assert similarity(words(0, 50), " ".join(reversed(words(0, 50).split()))) < 0.1


def test_a_script_without_spaces_is_taken_by_characters():
    text = "人人生而自由在尊严和权利上一律平等他们赋有理性和良心并应以兄弟关系的精神相对待"
    assert similarity(text, "。".join(text)) == 1
    assert 0.5 < similarity(text, text[:-4]) < 1


def test_what_has_no_word_has_no_signature():
    assert signatures(["", " \n", "?!…", "\ud800", "🙂"]) == [None] * 5
    assert encode(None) == ""
    assert decode("") is None


@given(st.lists(ANY_TEXT, max_size=8))
def test_each_text_is_signed_alone(texts):
    together = [encode(item) for item in signatures(texts)]
    assert together == [encode(item) for text in texts for item in signatures([text])]


@given(ANY_TEXT)
def test_what_is_stored_is_what_was_signed(text):
    (found,) = signatures([text])
    again = decode(encode(found))
    assert (found is None and again is None) or np.array_equal(found, again)


@pytest.mark.parametrize("text", ["x", "AAAA", "=" * 684, "ä" * 684])
def test_what_is_no_signature_is_refused(text):
    with pytest.raises(ValueError, match=r".+"):
        decode(text)


def test_a_long_text_is_signed_in_bounded_memory():
    text = words(0, 600_000)  # 6 MB
    signatures(["warm"])
    tracemalloc.start()
    (found,) = signatures([text])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 120 << 20  # its words as a string, and one piece
    assert len(text) > 20 * CHUNK
    (near,) = signatures([words(0, 580_000)])
    assert (found == near).mean() > 0.9


def test_a_long_text_that_says_one_thing():
    (found,) = signatures(["x" * 600_000])
    assert len(set(found.tolist())) > 100
