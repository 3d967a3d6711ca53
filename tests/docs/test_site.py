"""The documentation site: what its checker finds, that it lists every page, and that it builds."""

import os
import subprocess
import sys
from importlib import util
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PARTS = ("tutorial", "how-to", "reference", "explanation")
HEAD = "<!doctype html><html lang='en'><head></head><body id='top'>"


@pytest.fixture(scope="module")
def build():
    spec = util.spec_from_file_location("docs_build", DOCS / "build.py")
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def site(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b.html").write_text(HEAD + "<h1 id='here'>b</h1>", "utf-8")
    (tmp_path / "p.svg").write_text("<svg/>", "utf-8")
    return tmp_path


def write(site, body):
    (site / "index.html").write_text(HEAD + body, "utf-8")


@pytest.mark.parametrize(
    "body",
    [
        "<a href='a/b.html#here'>b</a> <a href='#top'>up</a> <a href='a/b.html'>b</a>",
        "<a href='https://example.org/x?y#z'>out</a> <a href='mailto:a@example.org'>mail</a>",
        "<img src='p.svg' alt='a picture'> <img src='data:image/png;base64,AA==' alt='inside'>",
        "<link rel='next' href='a/b.html'>",
    ],
)
def test_a_sound_page_has_no_problems(build, site, body):
    write(site, body)
    assert list(build.problems(site)) == []


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("<a href='a/c.html'>c</a>", "a/c.html: does not exist"),
        ("<a href='a/b.html#there'>b</a>", "a/b.html#there: no such anchor"),
        ("<a href='#there'>x</a>", "#there: no such anchor"),
        ("<a href='http://example.org/'>x</a>", "http://example.org/: is not https, or malformed"),
        ("<a href='https://localhost'>x</a>", "https://localhost: is not https, or malformed"),
        ("<img src='p.svg'>", "p.svg: a picture without words"),
        ("<img src='q.svg' alt='x'>", "q.svg: does not exist"),
        ("<script src='https://example.org/x.js'></script>", "is loaded from elsewhere"),
        ("<link rel='stylesheet' href='//example.org/x.css'>", "is loaded from elsewhere"),
    ],
)
def test_a_problem_is_found(build, site, body, problem):
    write(site, body)
    (found,) = build.problems(site)
    assert found.startswith("index.html: ")
    assert found.endswith(problem)


@pytest.mark.parametrize("part", PARTS)
def test_every_page_is_listed_in_its_part(part):
    listed = (DOCS / part / "index.md").read_text("utf-8")
    pages = [path.name for path in (DOCS / part).glob("*.md") if path.name != "index.md"]
    assert pages
    assert [name for name in sorted(pages) if f"]({name})" not in listed] == []


def test_pictures_say_what_they_show():
    pictures = sorted(DOCS.rglob("*.svg"))
    assert len(pictures) >= 3
    for picture in pictures:
        text = picture.read_text("utf-8")
        assert "<title" in text, picture
        assert "<desc" in text, picture
        assert "aria-labelledby=" in text, picture
        assert 'href="http' not in text, picture


def test_the_recording_is_what_the_commands_print():
    script = DOCS / "record_terminal.py"
    done = subprocess.run(
        [sys.executable, script, "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_the_site_builds_without_a_warning(tmp_path):
    pytest.importorskip("sphinx")
    pytest.importorskip("furo")
    pytest.importorskip("myst_parser")
    done = subprocess.run(
        [sys.executable, DOCS / "build.py", tmp_path / "site"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "site" / "index.html").is_file()
