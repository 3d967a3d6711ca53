from __future__ import annotations

import contextlib
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.errors import SettingsError
from archiver.settings import Settings, load_settings, parse_size


def write(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text, encoding="utf-8")


def test_without_file_and_environment_the_defaults_hold(tmp_path):
    assert load_settings(tmp_path, {}) == Settings()
    assert Settings().archive == "output/archive"
    assert Settings().sources == ("seeds",)


def test_flags_beat_environment_beats_file_beats_default(tmp_path):
    write(tmp_path, "archiver.toml", 'archive = "a"\nprofile = "safe"\nrules = "r"\n')
    found = load_settings(tmp_path, {"ARCHIVER_ARCHIVE": "b", "ARCHIVER_PROFILE": "strict"})
    assert (found.archive, found.profile, found.rules) == ("b", "strict", "r")
    assert found.with_flags(archive="c", profile=None).archive == "c"
    assert found.with_flags(archive="c", profile=None).profile == "strict"


def test_pyproject_is_read_where_there_is_no_file_of_our_own(tmp_path):
    write(tmp_path, "pyproject.toml", '[tool.archiver]\nrequire-index = true\nsources = "x"\n')
    found = load_settings(tmp_path, {})
    assert found.require_index is True
    assert found.sources == ("x",)
    write(tmp_path, "archiver.toml", 'sources = ["y", "z"]\n')
    found = load_settings(tmp_path, {})
    assert found.sources == ("y", "z")
    assert found.require_index is False


def test_a_pyproject_of_others_is_let_be(tmp_path):
    write(tmp_path, "pyproject.toml", '[tool.other]\nx = 1\n[project]\nname = "n"\n')
    assert load_settings(tmp_path, {}) == Settings()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('archvie = "x"', "did you mean 'archive'"),
        ("profile = 'bold'", "safe, standard, strict"),
        ("max_bytes = true", "max_bytes"),
        ("max_bytes = 0", "zero"),
        ("max_bytes = '64 parsecs'", "64MiB"),
        ("sources = []", "sources"),
        ("sources = [1]", "sources"),
        ("archive = 1", "archive"),
        ("require_index = 'maybe'", "neither true nor false"),
        ("= what", "no valid TOML"),
    ],
)
def test_what_is_wrong_is_named_with_its_file(tmp_path, text, words):
    write(tmp_path, "archiver.toml", text)
    with pytest.raises(SettingsError) as caught:
        load_settings(tmp_path, {})
    assert words in caught.value.message
    assert "archiver.toml" in caught.value.message
    assert caught.value.exit_status == 5


def test_a_file_that_is_no_utf8_is_a_settings_error(tmp_path):
    (tmp_path / "archiver.toml").write_bytes(b'archive = "\xff"')
    with pytest.raises(SettingsError, match=r"archiver\.toml"):
        load_settings(tmp_path, {})


def test_a_section_that_is_no_table_is_refused(tmp_path):
    write(tmp_path, "pyproject.toml", "[tool]\narchiver = 3\n")
    with pytest.raises(SettingsError, match="not a table"):
        load_settings(tmp_path, {})


def test_the_environment_speaks_in_words(tmp_path):
    found = load_settings(
        tmp_path,
        {
            "ARCHIVER_SOURCES": os.pathsep.join(["a", "b c"]),
            "ARCHIVER_REQUIRE_INDEX": "Yes",
            "ARCHIVER_MAX_BYTES": "2MiB",
            "ARCHIVER_INDEX": "i.md",
            "ARCHIVER_PROFILE": "",
        },
    )
    assert found == Settings(
        sources=("a", "b c"), require_index=True, max_bytes=2 << 20, index="i.md"
    )


def test_a_slip_in_the_environment_is_told_and_a_stranger_is_let_be(tmp_path):
    with pytest.raises(SettingsError, match="ARCHIVER_ARCHIVE"):
        load_settings(tmp_path, {"ARCHIVER_ARCHIV": "x"})
    assert load_settings(tmp_path, {"ARCHIVER_HOME": "x", "ARCHIVER_DEBUG": "1"}) == Settings()


def test_a_bad_value_in_the_environment_names_the_variable(tmp_path):
    with pytest.raises(SettingsError, match="ARCHIVER_PROFILE"):
        load_settings(tmp_path, {"ARCHIVER_PROFILE": "best"})


@pytest.mark.parametrize(
    ("text", "size"),
    [("1", 1), ("1048576", 1 << 20), ("64MiB", 64 << 20), ("10 MB", 10_000_000), ("2g", 2 * 10**9),
     ("3 KiB", 3072), ("5b", 5)],
)  # fmt: skip
def test_sizes_as_people_write_them(text, size):
    assert parse_size(text) == size


@given(st.text(max_size=20))
def test_any_text_is_a_size_or_a_value_error(text):
    with contextlib.suppress(ValueError):
        assert parse_size(text) > 0
