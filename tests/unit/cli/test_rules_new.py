"""``archiver rules new`` and ``rules test``: a rule is seen at work before it is used."""

from __future__ import annotations

import json
import os
import sys
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from archiver.cli.main import archiver

INVITES = "Get the Harbour Times in your inbox every morning."
PROSE = "12 people like this photograph of the harbour at dawn, which we printed."
PAGE = f"The harbour is frozen for the first time since 1998.\n{INVITES}\n4 people like this\n"
GIVEN = ("--family", "newsletter", "--why", "An invitation.")
LIKES = ("4 people like this", "--family", "share-bar", "--why", "Likes.")

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    pages = tmp_path / "seeds"
    pages.mkdir()
    (pages / "a.txt").write_text(PAGE, encoding="utf-8")
    (pages / "b.txt").write_text(f"{PAGE}{PROSE}\n", encoding="utf-8")
    return tmp_path


def run(*words: str, status: int = 0, stdin: str | None = None) -> Result:
    done = CliRunner().invoke(archiver, ["rules", *words], input=stdin)
    assert "Traceback" not in done.output
    assert done.exit_code == status, done.output
    return done


def pack(path: str = "my-rules/own.toml") -> list[dict]:
    return tomllib.loads(Path(path).read_text(encoding="utf-8"))["rule"]


def test_a_rule_is_tried_on_sources_and_saved_with_its_examples():
    done = run("new", INVITES, *GIVEN)
    assert "It would remove 2 lines in 2 documents of seeds" in done.stdout
    assert "Saved newsletter.get-the-harbour-times in my-rules" in done.stdout
    (rule,) = pack()
    assert rule["seen"] == "seeds/a.txt"
    assert rule["removes"] == [INVITES]
    assert rule["keeps"] == [f"{INVITES} – a sentence may say this and go on."]
    run("check", "my-rules")
    # A second one goes into the same pack; what stands in it stays.
    run("new", *LIKES, "--pattern", "--host", "example.org", "--language", "en")
    assert [rule["id"] for rule in pack()] == [
        "newsletter.get-the-harbour-times",
        "share-bar.4-people-like-this",
    ]
    assert pack()[1]["hosts"] == ["example.org"]
    # The line like its example that stays is what it must keep from now on.
    assert pack()[1]["keeps"] == [PROSE]
    run("check", "my-rules")


def test_what_reads_like_the_text_is_shown_and_asked_about():
    wide = (*LIKES, "--regex", r"\d+ people like this.*", "-o", "wide")
    done = run("new", *wide, status=5)
    assert "It would remove 3 lines in 2 documents" in done.stdout
    assert f"seeds/b.txt:4: {PROSE}" in done.stderr
    assert "--yes" in done.stderr
    assert not Path("wide").exists()
    assert run("new", *wide, "--keeps", PROSE, status=5).stderr.startswith("error: rule share-bar")
    assert not Path("wide").exists()
    found = json.loads(run("new", *wide, "--yes", "--json").stdout)
    assert found["prose"] == [PROSE]
    assert found["lines"] == {"more": 3, "fewer": 0, "otherwise": 0}
    assert found["pack"] == str(Path("wide/own.toml"))
    assert pack("wide/own.toml")[0]["pattern"] == r"\d+ people like this.*"


def test_a_dry_run_saves_nothing():
    done = run("new", INVITES, *GIVEN, "--dry-run")
    assert "It would remove 2 lines" in done.stdout
    assert not Path("my-rules").exists()


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        ((), 2, "a line that should go is missing"),
        ((INVITES,), 2, "its family is missing"),
        ((INVITES, "--family", "newsletter"), 2, "a reason is missing"),
        (("two\nlines", *GIVEN), 2, "one line"),
        (("Read this", "--pattern", *GIVEN), 2, "nothing in it varies"),
        ((INVITES, *GIVEN, "--id", "other.name"), 2, "is no id"),
        ((INVITES, *GIVEN, "--id", "newsletter"), 2, "is no id"),
        ((INVITES, *GIVEN, "--host", "no host"), 2, "is no host"),
        ((INVITES, *GIVEN, "--regex", "("), 2, "no RE2 syntax"),
        ((INVITES, *GIVEN, "--on", "nowhere"), 6, "nowhere"),
        (("[ad_1]", *GIVEN), 6, "ad-marker.shortcode takes this line already"),
    ],
)
def test_what_cannot_become_a_rule_is_said(words, status, said):
    done = run("new", *words, status=status)
    assert said in done.stderr
    assert "hint:" in done.stderr
    assert not Path("my-rules").exists()


def test_a_pack_that_would_not_load_is_left_as_it_is():
    folder = Path("my-rules")
    folder.mkdir()
    (folder / "own.toml").write_text("no TOML", encoding="utf-8")
    run("new", INVITES, *GIVEN, status=5)
    assert (folder / "own.toml").read_text(encoding="utf-8") == "no TOML"


def test_a_pack_is_tested_on_an_archive_and_nothing_is_written():
    done = CliRunner().invoke(archiver, ["ingest", "--quiet"])
    assert done.exit_code == 0, done.output
    run("new", INVITES, *GIVEN, "--quiet")
    before = sorted(path.stat().st_mtime_ns for path in Path("output").rglob("*"))
    done = run("test", "my-rules")
    assert f"2 - {INVITES}" in done.stdout
    assert done.stdout.endswith("2 lines more and no lines fewer would go, in 2 of 2 documents\n")
    assert max(map(len, done.stdout.splitlines())) <= 80
    found = json.loads(run("test", "my-rules/own.toml", "--limit", "1", "--json").stdout)
    assert found["rules"] == {"newsletter.get-the-harbour-times": {"documents": 2, "more": 2}}
    assert found["left_out"] == 1
    assert found["changes"][0]["changes"] == [
        {
            "how": "more", "line": 2, "text": INVITES, "left": "",
            "rule": "newsletter.get-the-harbour-times",
        }
    ]  # fmt: skip
    assert sorted(path.stat().st_mtime_ns for path in Path("output").rglob("*")) == before


def test_a_pack_may_take_less_and_otherwise():
    text = "He agreed.[14] She did not.\n[ad_1]\nMore text.\n"
    Path("seeds/a.txt").write_text(text, encoding="utf-8")
    Path("seeds/b.txt").unlink()
    Path("less").mkdir()
    Path("less/less.toml").write_text(
        'schema = "archiver-rules/1"\ndisable = ["ad-marker.shortcode", "citation-mark.number"]\n',
        encoding="utf-8",
    )
    found = json.loads(run("test", "less", "--on", "seeds", "--json").stdout)
    told = {change["how"]: change["text"] for change in found["changes"][0]["changes"]}
    assert told == {"otherwise": "He agreed.[14] She did not.", "fewer": "[ad_1]"}
    shown = run("test", "less", "--on", "seeds").stdout
    assert "+ [ad_1]" in shown
    assert "= He agreed.[14] She did not." in shown


def test_packs_of_the_settings_act_on_both_sides():
    run("new", INVITES, *GIVEN, "--quiet")
    Path("archiver.toml").write_text('rules = "my-rules"\n', encoding="utf-8")
    # Tested is what is not in force without it: the folder of the settings is left out once.
    assert json.loads(run("test", "my-rules", "--json").stdout)["lines"]["more"] == 2
    Path("more").mkdir()
    Path("more/more.toml").write_text('schema = "archiver-rules/1"\n', encoding="utf-8")
    assert json.loads(run("test", "more", "--json").stdout)["lines"]["more"] == 0
    assert "Nothing changes in 2 documents." in run("test", "more").stdout


def test_no_pack_and_no_texts_are_said():
    assert "no such folder" in run("test", "nowhere", status=5).stderr
    Path("empty").mkdir()
    run("new", INVITES, *GIVEN, "--quiet")
    run("test", "my-rules", "--on", "empty", status=6)


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals")
def test_at_a_terminal_what_is_missing_is_asked_for(terminal):
    done = terminal(
        ["rules", "new"],
        [
            ("A line that should go", "4 people like this"),
            ("Take this pattern", "y"),
            ("What kind of line it is", "share-bar"),
            ("Why it should go", "A count of likes."),
            ("Save it?", ""),
        ],
    )
    assert done.status == 0, done.screen
    assert pack()[0]["pattern"].endswith(" people like this")
    assert "navigation" in done.screen
    assert os.linesep not in pack()[0]["why"]
