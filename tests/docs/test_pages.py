"""What the README and the docs must hold, whatever they say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import archiver
from archiver.cli.main import ENTRIES
from archiver.findings import CATALOGUE

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "schemas").glob("*.md")]
)

_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`[^`\n]+`")
_CONSOLE = re.compile(r"^```console.*?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def read(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def anchors(page: Path) -> set[str]:
    """The names that headings get: lower case, no punctuation, dashes for blanks."""
    heads = re.findall(r"^#+ (.+)$", _FENCED.sub("", read(page)), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    for link in _LINK.findall(_CODE.sub("", _FENCED.sub("", read(page)))):
        if re.match(r"https?://", link):
            continue
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_page_of_the_docs_is_linked(page: Path) -> None:
    name = page.relative_to(ROOT).as_posix()
    if name.startswith("docs/"):
        assert f"]({name}" in read(ROOT / "README.md") + read(ROOT / "INDEX.md")


@pytest.mark.parametrize("command", ENTRIES)
def test_every_command_has_an_example_that_runs(command: str) -> None:
    shown = "".join("".join(_CONSOLE.findall(read(page))) for page in PAGES)
    assert re.search(rf"^\$ (.*\| )?archiver {command}\b", shown, re.MULTILINE)


def test_every_code_in_the_docs_is_in_the_catalogue() -> None:
    said = {code for page in PAGES for code in re.findall(r"\b[EW][1-4]\d\d\b", read(page))}
    assert said <= set(CATALOGUE)


def test_the_version_has_its_heading_in_the_changelog() -> None:
    assert f"\n## [{archiver.__version__}] - 20" in read(ROOT / "CHANGELOG.md")


def test_readme_begins_with_two_commands_that_set_everything_up() -> None:
    first_screen = "\n".join(read(ROOT / "README.md").splitlines()[:40])
    commands = re.findall(r"^python3 -m venv \.venv && .*$", first_screen, re.MULTILINE)
    assert [command.rsplit("/", 1)[-1].split()[0] for command in commands] == ["archiver", "python"]
    assert commands[0].endswith("/archiver ingest")
    assert " -m pytest" in commands[1]
