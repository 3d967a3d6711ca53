from __future__ import annotations

import sys

import pytest

from archiver.cli.ids import as_meant, resolve
from archiver.errors import InputError

PATHS = {
    "seeds/000_aa.txt": "seeds/000_aa.txt",
    "seeds/001_bb.txt": "seeds/001_bb.txt",
    "krone-2019": "seeds/002_cc.txt",
    "krone-2019-b": "more/002_dd.txt",
}


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("seeds/000_aa.txt", "seeds/000_aa.txt"),
        ("seeds/000", "seeds/000_aa.txt"),
        ("001", "seeds/001_bb.txt"),
        ("krone-2019", "krone-2019"),  # exact, though it begins another
        ("seeds/002_cc.txt", "krone-2019"),
        ("more/", "krone-2019-b"),
        ("002_dd", "krone-2019-b"),
    ],
)
def test_an_id_a_path_or_a_unique_beginning_is_enough(wanted, found):
    assert resolve(wanted, PATHS) == found


def test_what_fits_several_names_them():
    with pytest.raises(InputError) as caught:
        resolve("seeds/00", PATHS)
    assert "3 documents" in caught.value.message
    assert "krone-2019, seeds/000_aa.txt, seeds/001_bb.txt" in caught.value.hint


def test_what_fits_none_is_told_with_what_comes_near():
    with pytest.raises(InputError) as caught:
        resolve("kron-2091", PATHS)
    assert "krone-2019" in caught.value.hint
    with pytest.raises(InputError) as caught:
        resolve("", PATHS)
    assert "archiver show" in caught.value.hint


@pytest.mark.skipif(sys.platform == "win32", reason="words are Unicode there")
def test_an_id_is_what_was_typed_whatever_the_locale_takes_it_for():
    assert as_meant("über") == "über"
    assert as_meant("über".encode().decode("ascii", "surrogateescape")) == "über"
    assert as_meant(b"\xff".decode("ascii", "surrogateescape")) == "\ufffd"
