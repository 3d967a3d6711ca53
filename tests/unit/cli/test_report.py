"""`archiver report` as a command; the page itself is tried in a browser, in tests/interop."""

import json
import sys
from html import unescape

import pytest
from click.testing import CliRunner
from report_support import write_pages

from archiver.cli.main import archiver

pytest.importorskip("jinja2", reason="the extra `report` is not installed")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    write_pages(tmp_path / "pages")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*words):
    return CliRunner().invoke(archiver, words)


def test_files_become_a_page_and_nothing_else(folder):
    done = run("report", "pages", "-o", "r.html")
    assert done.exit_code == 0, done.output
    assert sorted(path.name for path in folder.iterdir()) == ["pages", "r.html"]
    page = unescape((folder / "r.html").read_text(encoding="utf-8"))
    assert page.startswith("<!doctype html>")
    assert "default-src 'none'" in page
    assert "unsafe-" not in page


def test_the_same_is_written_again_and_nothing_else_is(folder):
    for _ in range(2):
        assert run("report", "pages", "-o", "r.html").exit_code == 0
    (folder / "mine.html").write_text("<p>Mine.", encoding="utf-8")
    done = run("report", "pages", "-o", "mine.html")
    assert (done.exit_code, (folder / "mine.html").read_text(encoding="utf-8")) == (6, "<p>Mine.")
    assert run("report", "pages", "-o", "mine.html", "--force").exit_code == 0


def test_the_same_files_make_the_same_page(folder, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1767225600")
    assert run("report", "pages", "-o", "a.html").exit_code == 0
    assert run("report", "pages", "-o", "b.html").exit_code == 0
    assert (folder / "a.html").read_bytes() == (folder / "b.html").read_bytes()


def test_an_archive_is_reported_and_never_written_into(folder):
    assert run("ingest", "pages", "--archive", "kept", "-q").exit_code == 0
    done = run("report", "kept", "--json")
    told = json.loads(done.stdout)
    assert (told["output"], told["documents"], told["texts"]) == ("report.html", 2, 2)
    assert told["bytes"] == (folder / "report.html").stat().st_size
    done = run("report", "kept", "-o", "kept/report.html")
    assert (done.exit_code, (folder / "kept" / "report.html").exists()) == (6, False)
    assert run("validate", "kept", "-q", "--no-event").exit_code == 0


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("report", "nothing-here"), 6),
        (("report", "--archive-that-is-not"), 2),
        (("report", "pages", "-o", "pages"), 6),
        (("report", "pages", "-o", "-", "--json"), 2),
        (("report",), 10),
        (("report", "pages", "-o", "no/such/folder/r.html"), 7),
    ],
)
def test_what_cannot_be_done_is_told(folder, words, status):
    assert run(*words).exit_code == status


def test_an_archive_and_files_do_not_go_together(folder):
    assert run("ingest", "pages", "--archive", "kept", "-q").exit_code == 0
    assert run("report", "kept", "pages").exit_code == 2
    assert run("report", "kept", "--profile", "strict").exit_code == 2


def test_without_the_extra_it_says_what_to_install(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "jinja2", None)
    done = run("report", "pages")
    assert done.exit_code == 6
    assert "archiver-toolkit[report]" in done.output
    assert not (folder / "report.html").exists()


def test_what_could_not_be_read_is_told_beside_the_page(folder):
    (folder / "pages" / "third.txt").write_bytes(b"\x00\x01\x02" * 50)
    done = run("report", "pages", "-o", "r.html")
    assert done.exit_code == 3
    assert "third.txt" in done.output
    assert (folder / "r.html").exists()


def test_on_stdout(folder):
    done = run("report", "pages", "-o", "-", "-q")
    assert done.exit_code == 0
    assert done.stdout.startswith("<!doctype html>")
    assert done.stdout.endswith("</html>\n")
