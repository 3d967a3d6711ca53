"""``archiver rules learn`` end to end: groups pages by site, writes packs that hold."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from archiver.cli.main import archiver

pytestmark = pytest.mark.usefixtures("home")

MENU = ["Home", "Harbour news", "Shipping", "Weather", "Classified ads"]
FOOT = "Get the Harbour Times in your inbox every morning."


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A folder with four pages of one site, and an environment without settings."""
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith("ARCHIVER_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("COLUMNS", "80")
    site("crawl")
    return tmp_path


def site(folder: str, menu: list[str] = MENU, foot: str = FOOT) -> None:
    Path(folder).mkdir()
    for n in range(4):
        text = "\n".join([*menu, f"Headline {n}", f"Town {n} is frozen in again.", foot])
        Path(folder, f"{n}.txt").write_text(text + "\n", encoding="utf-8")


def run(*words: str, status: int = 0) -> Result:
    done = CliRunner().invoke(archiver, ["rules", "learn", *words])
    assert "Traceback" not in done.output
    assert done.exit_code == status, done.output
    return done


BARE = "Headline 2\nTown 2 is frozen in again.\n"


def clean(*words: str, quiet: bool = True, status: int = 0) -> Result:
    given = ["clean", "crawl/2.txt", "--rules", "packs", *words, *["-q"] * quiet]
    done = CliRunner().invoke(archiver, given)
    assert done.exit_code == status, done.output
    return done


def test_a_pack_is_written_that_the_check_and_the_cleaning_take() -> None:
    told = run("crawl", "--host", "harbour.example", "-o", "packs").stdout
    assert "packs/harbour.example.toml" in told
    assert [path.name for path in Path("packs").iterdir()] == ["harbour.example.toml"]
    checked = CliRunner().invoke(archiver, ["rules", "check", "packs"])
    assert checked.exit_code == 0, checked.output
    assert 'hosts = ["harbour.example"]' in Path("packs/harbour.example.toml").read_text("utf-8")
    assert clean("--host", "harbour.example").stdout == BARE
    assert clean("--host", "https://www.harbour.example/2.html").stdout == BARE
    assert clean("--host", "notharbour.example").stdout.startswith("Home\n")


def test_where_no_host_is_given_the_rules_for_one_rest_and_that_is_said() -> None:
    run("crawl", "--host", "harbour.example", "-o", "packs")
    done = clean(quiet=False)
    assert done.stdout.startswith("Home\n")
    assert "W401" in done.stderr
    assert "the rules for harbour.example did not act" in done.stderr
    assert "--host" in done.stderr
    assert "W401" not in clean("--host", "see.example", quiet=False).stderr
    told = json.loads(clean("--json").stdout)
    assert [found["code"] for found in told["findings"]] == ["W401"]


def test_an_object_of_a_stream_tells_its_host_by_its_url() -> None:
    run("crawl", "--host", "harbour.example", "-o", "packs")
    text = Path("crawl/2.txt").read_text(encoding="utf-8")
    objects = [{"url": "https://harbour.example/2", "text": text}, {"text": text}]
    stream = "\n".join(map(json.dumps, objects))
    words = ["clean", "--jsonl", "--rules", "packs"]
    done = CliRunner().invoke(archiver, words, input=stream)
    texts = [json.loads(line)["text"] for line in done.stdout.splitlines()]
    assert texts == [BARE, text]
    assert "W401 the address is not known" in done.stderr
    both = CliRunner().invoke(archiver, [*words, "--host", "harbour.example"], input=stream)
    assert [json.loads(line)["text"] for line in both.stdout.splitlines()] == [BARE, BARE]
    assert "W401" not in both.stderr


def test_a_pack_without_an_address_acts_on_every_page_and_says_so() -> None:
    told = run("crawl", "-o", "packs").stdout
    assert "on every page" in told
    assert "hosts" not in Path("packs/crawl.toml").read_text("utf-8").replace("its hosts", "")
    done = clean(quiet=False)
    assert done.stdout == BARE
    assert "W401" not in done.stderr


def test_show_list_and_explain_name_the_hosts() -> None:
    run("crawl", "--host", "harbour.example", "-o", "packs")
    name = "navigation.site-harbour-example-menu"
    for words in (
        ["rules", "show", name, "--rules", "packs"],
        ["rules", "list", "--family", "navigation", "--rules", "packs"],
        ["explain", "crawl/2.txt", "--rules", "packs", "--host", "harbour.example"],
    ):
        done = CliRunner().invoke(archiver, words)
        assert done.exit_code == 0, done.output
        assert "harbour.example" in done.stdout.replace("pages of harbour.example", "")


def test_what_is_no_host_is_refused() -> None:
    assert "is no host" in run("crawl", "--dry-run", "--host", "a b", status=2).stderr
    run("crawl", "--host", "harbour.example", "-o", "packs")
    assert clean("--host", "*.example", status=2).stdout == ""


def test_a_dry_run_lists_the_lines_and_writes_nothing() -> None:
    before = sorted(Path().rglob("*"))
    told = run("crawl", "--dry-run").stdout
    assert sorted(Path().rglob("*")) == before
    for line in [*MENU, FOOT]:
        assert line in told
    assert "crawl/0.txt" in told


def test_json_has_the_counts_and_pages_of_each_line() -> None:
    told = json.loads(run("crawl", "--dry-run", "--json").stdout)
    (found,) = told["sites"]
    assert (found["host"], found["pages"], found["twins"], found["pack"]) == ("crawl", 4, 0, None)
    lines = {line["text"]: line for line in found["lines"]}
    assert lines[FOOT] == {
        "text": FOOT,
        "pages": 4,
        "examples": ["crawl/0.txt", "crawl/1.txt", "crawl/2.txt"],
        "place": "sentence",
    }
    assert {line["place"] for text, line in lines.items() if text != FOOT} == {"menu"}
    assert told["findings"] == []
    written = json.loads(run("crawl", "-o", "packs", "--json").stdout)
    assert written["sites"][0]["pack"] == "packs/crawl.toml"


def test_a_pack_is_never_written_over_without_force() -> None:
    run("crawl", "-o", "packs")
    pack = Path("packs/crawl.toml")
    pack.write_text(pack.read_text(encoding="utf-8") + "# mine\n", encoding="utf-8")
    done = run("crawl", "-o", "packs", status=6)
    assert "--force" in done.stderr
    assert pack.read_text(encoding="utf-8").endswith("# mine\n")
    run("crawl", "-o", "packs", "--force")
    assert "# mine" not in pack.read_text(encoding="utf-8")


def test_where_one_pack_is_in_the_way_none_is_written() -> None:
    run("crawl", "-o", "packs")
    site("another", [f"Label {word}" for word in "abcde"], "Another sentence at the very end.")
    run("crawl", "another", "-o", "packs", status=6)
    assert [path.name for path in Path("packs").iterdir()] == ["crawl.toml"]


def test_the_index_knows_the_hosts() -> None:
    rows = "".join(
        f"| {n}.txt | https://{'www.' if n % 2 else ''}harbour.example/{n} |\n" for n in range(4)
    )
    index = "---\nschema: archiver-index/1\n---\n\n| file | url |\n| --- | --- |\n" + rows
    Path("crawl/INDEX.md").write_text(index, encoding="utf-8")
    told = json.loads(run("crawl", "--dry-run", "--json", "--host", "other").stdout)
    assert [(found["host"], found["pages"]) for found in told["sites"]] == [("harbour.example", 4)]


def test_folders_are_sites_of_their_own() -> None:
    site("crawl/deep", [f"Label {word}" for word in "abcde"], "Another sentence at the very end.")
    told = json.loads(run("crawl", "--dry-run", "--json").stdout)
    assert [(found["host"], found["pages"]) for found in told["sites"]] == [
        ("crawl", 4),
        ("deep", 4),
    ]


def test_two_sites_with_one_template_give_packs_that_hold_beside_one_another() -> None:
    site("mirror")
    run("crawl", "mirror", "-o", "packs")
    assert [path.name for path in Path("packs").iterdir()] == ["crawl.toml"]
    site("third", [*MENU[:4], "Obituaries"], FOOT)
    told = run("third", "-o", "packs").stdout
    assert "packs/third.toml" in told
    assert CliRunner().invoke(archiver, ["rules", "check", "packs"]).exit_code == 0


def test_what_cannot_be_read_is_told_and_the_rest_is_learned() -> None:
    Path("crawl/bad.txt").write_bytes(b"\x00\x01\x02\xff\xfe\x00" * 99)
    done = run("crawl", "-o", "packs", status=3)
    assert "bad.txt" in done.stderr
    assert Path("packs/crawl.toml").exists()


def test_a_folder_to_write_to_must_be_named() -> None:
    assert "-o DIR" in run("crawl", status=2).stderr


def test_a_folder_that_cannot_be_made_is_told() -> None:
    Path("packs").write_text("a file", encoding="utf-8")
    assert "packs" in run("crawl", "-o", "packs", status=7).stderr


def test_thresholds_are_the_users() -> None:
    found = json.loads(run("crawl", "--dry-run", "--json", "--min-pages", "5").stdout)["sites"]
    assert found[0]["lines"] == []
    run("crawl", "--dry-run", "--min-pages", "1", status=2)
    run("crawl", "--dry-run", "--min-share", "1.5", status=2)
