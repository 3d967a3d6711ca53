"""The commands end to end, as a person or a script calls them."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from archiver.cli.main import archiver

SEEDS = Path(__file__).parents[3] / "seeds"
EPOCH = "1556186400"  # 2019-04-25 10:00 UTC


pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A folder of one's own with the seeds in it, and an environment without settings."""
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith("ARCHIVER_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", EPOCH)
    monkeypatch.setenv("COLUMNS", "80")
    shutil.copytree(SEEDS, tmp_path / "seeds")
    return tmp_path


def run(*words: str, stdin: bytes | None = None) -> Result:
    done = CliRunner().invoke(archiver, list(words), input=stdin)
    assert "Traceback" not in done.output
    return done


def as_json(*words: str, status: int = 0, stdin: bytes | None = None):
    done = run(*words, "--json", stdin=stdin)
    assert done.exit_code == status, done.output
    assert done.stderr == ""
    return json.loads(done.stdout)


def seeds() -> list[Path]:
    return sorted(Path("seeds").glob("*.txt"))


def damage_a_part() -> Path:
    (part,) = Path("output/archive/data/documents/parts").rglob("*.parquet")
    data = bytearray(part.read_bytes())
    data[len(data) // 2] ^= 1
    part.write_bytes(data)
    return part


def test_without_arguments_the_seeds_are_archived():
    done = run("ingest")
    assert done.exit_code == 0
    assert "output/archive is now at version 1" in done.stdout
    log = as_json("log")["versions"]
    assert log[0]["head"] in done.stdout
    assert log[0]["documents_added"] == len(seeds())
    assert log[0]["committed_at"].startswith("2019-04-25T10:00")
    assert [row["version"] for row in log] == [1, 0]


def test_a_second_run_says_that_nothing_changed():
    first = as_json("ingest")
    done = run("ingest")
    assert done.exit_code == 0
    assert "Nothing changed: output/archive stays at version 1" in done.stdout
    second = as_json("ingest")
    assert second["head"] == first["head"]
    assert (second["added"], second["unchanged"]) == (0, len(seeds()))


def test_every_source_comes_back_bit_for_bit(home):
    run("ingest")
    (home / "odd.txt").write_bytes("Ünïcode\r\nlatin\r\n".encode("cp1252"))
    run("ingest", "odd.txt")
    rows = as_json("show")["documents"]
    assert len(rows) == len(seeds()) + 1
    for row in rows:
        path = as_json("show", row["id"])["file_path"]
        source = Path(path) if Path(path).exists() else home / Path(path).name
        done = run("restore", row["id"])
        assert done.stdout_bytes == source.read_bytes()


def test_restore_into_a_file_keeps_what_is_there(home):
    run("ingest")
    name = seeds()[0].name
    (home / "out.txt").write_text("mine", encoding="utf-8")
    refused = run("restore", name, "-o", "out.txt")
    assert refused.exit_code == 2
    assert "--force" in refused.stderr
    assert (home / "out.txt").read_text(encoding="utf-8") == "mine"
    told = as_json("restore", name, "-o", "out.txt", "--force")
    data = seeds()[0].read_bytes()
    assert (home / "out.txt").read_bytes() == data
    assert told["sha256"] == hashlib.sha256(data).hexdigest()
    assert not list(home.glob(".out.txt*"))
    assert run("restore", name, "-o", "new.txt").exit_code == 0
    assert run("restore", name, "-o", "no/such/folder.txt").exit_code == 7


def test_older_revisions_stay_in_reach():
    Path("a.txt").write_text("first text\n", encoding="utf-8")
    run("ingest", "a.txt")
    Path("a.txt").write_text("second text\n", encoding="utf-8")
    assert as_json("ingest", "a.txt")["revised"] == 1
    (row,) = as_json("show")["documents"]
    assert row["revision"] == 2
    assert run("restore", row["id"]).stdout == "second text\n"
    assert run("restore", row["id"], "--revision", "1").stdout == "first text\n"
    assert run("restore", row["id"], "--version", "1").stdout == "first text\n"
    assert run("show", row["id"], "--version", "1", "--text").stdout == "first text\n"
    missing = run("restore", row["id"], "--revision", "9")
    assert missing.exit_code == 6
    assert "1, 2" in missing.stderr
    assert run("show", row["id"], "--version", "77").exit_code == 6


def test_an_unknown_document_is_told_with_what_comes_near():
    run("ingest")
    name = seeds()[0].name
    done = run("show", "seeds/" + name.replace("0", "O", 1))
    assert done.exit_code == 6
    assert seeds()[0].stem in done.stderr
    error = as_json("restore", "nonsense", "-o", "x", status=6)["error"]
    assert error["code"] == "input"


def test_show_tells_text_facts_and_what_went():
    run("ingest")
    done = run("show", seeds()[0].name)
    for words in ("Facts", "Vladivostok, Russia", "Removed: ", "Text", "raw sha256"):
        assert words in done.stdout
    record = as_json("show", seeds()[0].name)
    assert record["raw_sha256"] == hashlib.sha256(seeds()[0].read_bytes()).hexdigest()
    assert record["facts"]["Date"] == "25 April 2019"
    assert run("show", seeds()[0].name, "--text").stdout == record["text"]


def test_what_cannot_be_used_is_quarantined_and_told():
    Path("seeds/noise.txt").write_bytes(b"\x00\x01\x02\xff" * 100)
    Path("seeds/void.txt").write_bytes(b"")
    done = run("ingest")
    assert done.exit_code == 3
    assert "seeds/noise.txt: E202" in done.stderr
    assert "hint:" in done.stderr
    again = run("ingest")
    assert again.exit_code == 0  # nothing new was put aside
    assert "2 in earlier runs" in again.stdout
    error = as_json("show", "seeds/void.txt", status=6)["error"]
    assert "quarantine" in error["message"]
    assert "E201" in error["message"]


def test_a_dry_run_writes_nothing():
    told = as_json("ingest", "--dry-run")
    assert told["added"] == len(seeds())
    assert told["dry_run"] is True
    assert not Path("output").exists()
    assert "Dry run: nothing was written" in run("ingest", "--dry-run").stdout


def test_globs_are_resolved_here_too():
    assert as_json("ingest", "seeds/000*.txt", "seeds/00[12]*")["added"] == 3
    Path("odd[1].txt").write_text("A text.\n", encoding="utf-8")
    assert as_json("ingest", "odd[1].txt")["added"] == 1
    missing = run("ingest", "none*.txt")
    assert missing.exit_code == 6
    assert "none*.txt" in missing.stderr


def test_stdin_is_a_source():
    told = as_json("ingest", "-", stdin=b"One sentence of text.\n")
    assert told["added"] == 1
    (row,) = as_json("show")["documents"]
    assert row["id"].startswith("stdin-")


def test_without_sources_the_first_step_is_named():
    shutil.rmtree("seeds")
    done = run("ingest")
    assert done.exit_code == 6
    assert "seeds" in done.stderr
    assert "hint:" in done.stderr
    assert not Path("output").exists()


def test_settings_of_the_folder_hold_and_flags_beat_them():
    Path("archiver.toml").write_text('archive = "kept"\nprofile = "safe"\n', encoding="utf-8")
    assert as_json("ingest")["archive"] == "kept"
    (row, *_) = as_json("show")["documents"]
    assert as_json("show", row["id"])["profile"] == "safe"
    assert as_json("ingest", "--archive", "other")["archive"] == "other"
    Path("archiver.toml").write_text('archvie = "kept"\n', encoding="utf-8")
    wrong = run("log")
    assert wrong.exit_code == 5
    assert "did you mean 'archive'" in wrong.stderr


def test_a_sound_archive_is_called_sound():
    head = as_json("ingest")["head"]
    for words in ([], ["--quick"], ["--expect-head", head], ["--expect-head", head.split(":")[1]]):
        done = run("validate", *words)
        assert done.exit_code == 0, done.output
        assert "Sound: output/archive" in done.stdout
    report = as_json("validate")
    assert report["sound"] is True
    assert report["checked"]["documents"] == len(seeds())
    assert report["head"] == head
    assert run("validate", "--quiet").output == ""


def test_damage_is_told_with_file_layer_and_documents():
    run("ingest")
    part = damage_a_part()
    done = run("validate")
    assert done.exit_code == 4
    assert part.name in done.stdout
    assert "Damaged: output/archive" in done.stdout
    report = as_json("validate", status=4)
    assert report["sound"] is False
    assert "files" in {found["layer"] for found in report["findings"]}
    assert run("validate", "--quick", "--quiet").exit_code == 4


def test_another_head_is_damage_and_a_malformed_one_a_usage_error():
    run("ingest")
    assert run("validate", "--expect-head", "1:" + "0" * 64).exit_code == 4
    assert run("validate", "--expect-head", "nonsense").exit_code == 2
    assert run("validate", "--expect-head-or-newer", "nonsense").exit_code == 2


def test_a_reclean_states_whose_the_archive_is(monkeypatch):
    run("ingest")
    monkeypatch.setenv("ARCHIVER_ORGANIZATION", "A Library")
    assert as_json("ingest", "--reclean", "--profile", "strict")["committed"]
    info = Path("output/archive/bag-info.txt").read_text(encoding="utf-8")
    assert info.startswith("Source-Organization: A Library\n")


def test_an_older_head_is_damage_only_where_the_newest_is_expected():
    run("ingest")
    (old,) = [item["head"] for item in as_json("log")["versions"] if item["version"] == 0]
    assert run("validate", "--expect-head", old).exit_code == 4
    assert run("validate", "--expect-head-or-newer", old).exit_code == 0
    assert run("validate", "--expect-head-or-newer", "0:" + "0" * 64).exit_code == 4


@pytest.mark.parametrize(
    "words", [["validate"], ["log"], ["show"], ["show", "x"], ["restore", "x"]]
)
def test_where_there_is_no_archive_that_is_said(words):
    done = run(*words)
    assert done.exit_code == 10
    assert "archiver ingest" in done.stderr


def test_clean_is_a_pipe():
    done = run("clean", stdin=b"[ad_1]\nThe summit was held.\n")
    assert done.stdout == "The summit was held.\n"
    assert "1 edit" in done.stderr
    told = as_json("clean", stdin=b"[ad_1]\nThe summit was held.\n")
    assert told["text"] == "The summit was held.\n"
    assert told["edits"][0]["rule"] == "ad-marker.shortcode"


def test_clean_gives_a_file_s_very_characters():
    Path("t.txt").write_text("\u202ea\u200bb “日本語”\n", encoding="utf-8")
    assert run("clean", "t.txt").stdout_bytes.decode() == "\u202ea\u200bb “日本語”\n"


@pytest.mark.parametrize(
    ("data", "code"), [(b"", "E201"), (b"\x89PNG\r\n\x1a\n" + b"\x00" * 50, "E202")]
)
def test_clean_says_why_it_cannot(data, code):
    done = run("clean", stdin=data)
    assert done.exit_code == 6
    assert code in done.stderr
    assert done.stdout == ""


def test_clean_refuses_what_is_too_long_or_no_file():
    assert "longer than" in run("clean", "--max-bytes", "10", stdin=b"x" * 11).stderr
    assert "folder" in run("clean", "seeds").stderr
    assert run("clean", "missing.txt").exit_code == 6


def test_clean_takes_jsonl():
    data = b'{"id": 7, "text": "[ad_1]\\nA text.\\n", "x": 1.0}\nbad\n{"text": "Fine."}\n'
    done = run("clean", "--jsonl", stdin=data)
    assert done.exit_code == 3
    assert done.stdout.splitlines() == [
        '{"id": 7, "text": "A text.\\n", "x": 1.0, "facts": {}}',
        '{"text": "Fine.", "facts": {}}',
    ]
    assert "stdin:2: E212" in done.stderr
    done = run("clean", "--jsonl", "--edits", stdin=data.splitlines()[0])
    assert done.exit_code == 0
    assert json.loads(done.stdout)["edits"][0]["before"] == "[ad_1]\n"


def test_options_that_do_not_go_together_are_refused():
    assert run("clean", "--jsonl", "--json", stdin=b"").exit_code == 2
    assert run("clean", "--edits", stdin=b"x").exit_code == 2
    assert run("restore", "x", "--json").exit_code == 2
    assert run("index", "init", "seeds", "--stdout", "--json").exit_code == 2


def test_explain_shows_what_goes_where_and_why():
    done = run("explain", str(seeds()[0]))
    assert done.exit_code == 0
    for words in ("-[1]-]", "citation-mark.number", "Why", "footnote", "Facts saved", " - Patrons"):
        assert words in done.stdout
    assert "\x1b" not in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
    told = as_json("explain", str(seeds()[0]))
    assert told["edits"][0]["line"] == 1
    assert all(edit["why"] for edit in told["edits"])
    assert sum(told["dropped"].values()) == len(told["edits"])


def test_explain_has_colour_where_wanted_and_says_the_same(monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    plain = run("explain", str(seeds()[1])).stdout
    monkeypatch.setenv("FORCE_COLOR", "1")
    coloured = run("explain", str(seeds()[1])).stdout
    import click

    assert "\x1b[31m" in coloured
    assert click.unstyle(coloured) == plain


def test_explain_of_a_clean_text_says_so():
    assert "Nothing goes" in run("explain", stdin=b"A clean sentence.\n").stdout


def test_explain_takes_a_page():
    body = "<p>" + "The summit was held in Vladivostok on Thursday, they said. " * 5 + "</p>"
    Path("page.html").write_text(f"<html><body>{body * 3}</body></html>", encoding="utf-8")
    done = run("explain", "page.html", "--all")
    assert done.exit_code == 0
    assert "trafilatura" in done.stdout
    assert "<p>" not in done.stdout


def test_hostile_text_is_shown_escaped():
    Path("e.txt").write_bytes("A text\u202e with \x1b[2J controls, all of it kept.\n".encode())
    done = run("explain", "e.txt")
    assert "\x1b" not in done.stdout
    assert "\u202e" not in done.stdout
    assert "\\u202e" in done.stdout
    run("ingest", "e.txt")
    assert "\u202e" not in run("show", "e.txt").stdout
    assert "\u202e" in run("show", "e.txt", "--text").stdout


@pytest.mark.parametrize("table", ["documents", "quarantine"])
@pytest.mark.parametrize("form", ["json", "arrow"])
def test_schemas_are_json(table, form):
    assert "id" in json.dumps(json.loads(run("schema", table, "--format", form).stdout))


def test_rules_are_listed_shown_and_checked():
    told = as_json("rules", "list")
    assert told["rules"] == sorted(told["rules"], key=lambda rule: rule["id"])
    rule = told["rules"][0]
    listed = run("rules", "list").stdout
    assert all(item["id"] in listed for item in told["rules"])
    assert " ".join(rule["why"].split()[:3]) in listed
    shown = run("rules", "show", rule["id"]).stdout
    assert "Removes" in shown
    assert "Keeps" in shown
    near = run("rules", "show", rule["id"][:-1])
    assert near.exit_code == 6
    assert rule["id"] in near.stderr
    assert run("rules", "list", "--family", "nonsense").exit_code == 6
    sound = run("rules", "check")
    assert sound.exit_code == 0
    assert "agrees with its examples" in sound.stdout
    assert run("rules", "check", "-q").output == ""


PACK = """\
schema = "archiver-rules/1"
[[rule]]
id = "{family}.mine"
action = "drop"
literals = ["my own junk"]
why = "Seen on my site."
seen = "example.org"
removes = [{{ before = "my own junk\\nText.", after = "{after}" }}]
keeps = ["My own junk is here."]
"""


def test_a_pack_of_one_s_own_is_loaded_and_checked():
    Path("packs").mkdir()
    pack = Path("packs/mine.toml")
    pack.write_text(PACK.format(family="navigation", after="Text."), encoding="utf-8")
    assert run("rules", "check", "packs").exit_code == 0, run("rules", "check", "packs").output
    done = run("clean", "--rules", "packs", stdin=b"my own junk\nText.\n")
    assert done.stdout == "Text.\n"
    pack.write_text(PACK.format(family="navigation", after="Other."), encoding="utf-8")
    wrong = run("rules", "check", "packs")
    assert wrong.exit_code == 5
    assert "navigation.mine" in wrong.stderr
    assert as_json("rules", "check", "packs", status=5)["sound"] is False
    assert run("clean", "--rules", "packs", stdin=b"x").exit_code == 5


def test_an_index_is_drafted_checked_and_used():
    Path("seeds/INDEX.md").unlink(missing_ok=True)
    assert run("index", "init", "seeds").exit_code == 0
    assert run("index", "check", "seeds").exit_code == 0
    assert run("index", "init", "seeds").exit_code == 2  # never over another
    assert run("index", "init", "seeds", "--force").exit_code == 0
    assert run("ingest", "--require-index").exit_code == 0
    seeds()[0].write_text("other bytes now\n", encoding="utf-8")
    wrong = run("index", "check", "seeds/INDEX.md")
    assert wrong.exit_code == 5
    assert "E303" in wrong.stderr
    told = as_json("index", "check", "seeds", status=5)
    assert told["findings"][0]["code"] == "E303"
    assert "| " in run("index", "init", "seeds", "--stdout").stdout


def test_an_index_that_is_not_there_is_said():
    Path("bare").mkdir()
    done = run("index", "check", "bare")
    assert done.exit_code == 6
    assert "index init" in done.stderr
    assert run("index", "check", "nowhere").exit_code == 6


def test_a_moment_that_is_none_is_a_setting_gone_wrong(monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "noon")
    done = run("ingest")
    assert done.exit_code == 5
    assert "SOURCE_DATE_EPOCH" in done.stderr


def test_the_tab_key_knows_ids():
    run("ingest")
    name = as_json("show")["documents"][0]["id"]
    done = CliRunner(
        env={"_ARCHIVER_COMPLETE": "bash_complete", "COMP_WORDS": f"archiver show {name[:8]}",
             "COMP_CWORD": "2"}
    ).invoke(archiver, [], prog_name="archiver")  # fmt: skip
    assert f"plain,{name}" in done.stdout


def test_what_is_in_quarantine_is_listed_and_given_back(home):
    bad = bytes(range(256)) * 300
    (home / "in").mkdir()
    (home / "in" / "bad.txt").write_bytes(bad)
    assert run("ingest", "in").exit_code == 3
    (row,) = as_json("quarantine")["quarantined"]
    assert (row["id"], row["code"], row["size"]) == ("in/bad.txt", "E202", len(bad))
    assert "the source is not text" in run("quarantine").stdout
    assert row["raw_sha256"] in run("quarantine", "in/bad.txt").stdout
    assert run("quarantine", "in/bad.txt", "-o", "-").stdout_bytes == bad
    assert run("quarantine", "in/bad.txt", "-o", "back").exit_code == 0
    assert (home / "back").read_bytes() == bad
    assert run("quarantine", "in/bad.txt", "-o", "back").exit_code == 2
    assert run("quarantine", "nothing").exit_code == 6
