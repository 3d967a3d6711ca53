"""What a person meets first: ``archiver`` alone, and guesses at what a mistyped word meant."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from archiver.cli.main import archiver


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")


def run(*words: str, status: int = 0) -> str:
    done = CliRunner().invoke(archiver, list(words))
    assert done.exit_code == status, done.output
    return done.output


def commands(shown: str) -> list[str]:
    """What is told to be done next."""
    steps = shown.partition("Next:\n")[2].partition("\n\n")[0].splitlines()
    return [step.strip().partition("  ")[0] for step in steps]


def test_alone_it_says_what_to_do_next_in_each_state_of_things():
    shown = run()
    assert "seeds does not exist" in shown
    assert commands(shown)[0] == "archiver init my-archive"
    Path("seeds").mkdir()
    shown = run()
    assert "sources in seeds (0 files)" in shown
    assert commands(shown)[0] == "archiver index update seeds"
    Path("seeds/a.txt").write_text("The harbour is frozen.\n", encoding="utf-8")
    shown = run()
    assert "sources in seeds (1 file)" in shown
    assert "no archive yet" in shown
    assert commands(shown) == ["archiver ingest --dry-run", "archiver ingest", "archiver validate"]
    for step in commands(shown):
        run(*step.split()[1:])
    shown = run()
    assert "an archive in output/archive, version 1" in shown
    for step in commands(shown):
        run(*step.split()[1:])
    assert max(map(len, shown.splitlines())) <= 80
    Path("archiver.toml").write_text("= broken", encoding="utf-8")
    shown = run()
    assert "archiver.toml is no valid TOML" in shown
    assert commands(shown) == ["archiver doctor"]


def test_a_file_is_a_source_too():
    Path("archiver.toml").write_text('sources = ["a.txt", "nowhere"]\n', encoding="utf-8")
    Path("a.txt").write_text("a", encoding="utf-8")
    shown = run()
    assert "sources in a.txt (1 file)" in shown
    assert "nowhere does not exist" in shown
    assert "archiver ingest" in commands(shown)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (["ingets"], "'ingest'"),
        (["verify"], "'validate'"),
        (["status"], "'doctor'"),
        (["rules", "lsit"], "'list'"),
        (["index", "chekc"], "'check'"),
        (["ingest", "--profile", "saef"], "'safe'"),
        (["schedule", "systmd"], "'systemd'"),
        (["validate", "--metrisc", "x"], "'--metrics'"),
        (["rules", "new", "A line", "--family", "newsleter"], "'newsletter'"),
    ],
)
def test_a_mistyped_word_is_guessed(typed, meant):
    shown = run(*typed, status=2)
    assert f"Did you mean {meant}" in shown
    assert "hint:" in shown


def test_an_unknown_word_is_not_guessed():
    assert "Did you mean" not in run("rules", "xyzzy", status=2)
    assert "Did you mean" not in run("ingest", "--profile", "xyzzy", status=2)


def test_names_of_rules_and_settings_are_guessed():
    assert "Did you mean ad-marker.shortcode" in run(
        "rules", "show", "ad-marker.shortcod", status=6
    )
    assert "Did you mean newsletter" in run("rules", "list", "--family", "newsleter", status=6)
    Path("archiver.toml").write_text('profile = "saef"\n', encoding="utf-8")
    assert "did you mean 'safe'" in run("ingest", status=5)
