"""How many processes, how large a version, and what a terminal shows of it."""

from functools import partial

import pytest
from click.testing import CliRunner

from archiver.cli.engine import engine_of
from archiver.cli.main import archiver
from archiver.cli.progress import run_bar
from archiver.cli.screen import Screen
from archiver.engines.pool import Pool
from archiver.ingest.engine import InProcess


@pytest.fixture
def sources(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("archiver.ingest.run.BATCH_DOCUMENTS", 2)
    (tmp_path / "in").mkdir()
    for at in range(6):
        (tmp_path / "in" / f"{at}.txt").write_text(f"Text number {at}.\n", encoding="utf-8")


def ingest(*options):
    return CliRunner().invoke(archiver, ["ingest", "in", "--json", *options])


@pytest.mark.usefixtures("sources")
@pytest.mark.parametrize(
    ("options", "versions"),
    [
        ([], 1),
        (["--commit-every", "2"], 3),
        (["--commit-every", "40B"], 2),
        (["--commit-every", "1GiB"], 1),
        (["--atomic"], 1),
    ],
)
def test_when_a_version_is_made(options, versions):
    done = ingest("--workers", "1", *options)
    assert (done.exit_code, f'"versions": {versions}' in done.stdout) == (0, True), done.output


@pytest.mark.parametrize(
    "options",
    [
        ["--workers", "0"],
        ["--workers", "many"],
        ["--commit-every", "0"],
        ["--commit-every", "often"],
        ["--commit-every", "5", "--atomic"],
    ],
    ids=" ".join,
)
@pytest.mark.usefixtures("sources")
def test_words_that_mean_nothing(options):
    done = ingest(*options)
    assert (done.exit_code, '"usage"' in done.stdout) == (2, True), done.output


def test_one_worker_is_this_process():
    assert engine_of(1) is InProcess
    made = engine_of(3)
    assert isinstance(made, partial)
    assert (made.func, made.keywords["workers"]) == (Pool, 3)


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ((5, 2_000, 10, 4_000), ["5/10 documents", "2.0 kB/4.0 kB"]),
        ((5, 2_000, 20, None), ["5/20 documents", "2.0 kB"]),
        ((5, 2_000, None, None), ["5 documents", "2.0 kB"]),
    ],
    ids=["files", "archive", "stdin"],
)
def test_what_a_terminal_shows(monkeypatch, capsys, told, shown):
    monkeypatch.setattr(Screen, "show_progress", lambda _: True)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "160")
    with run_bar(Screen(), "cleaning") as reach:
        reach(*told)
        reach(*told)
    seen = capsys.readouterr().err
    assert all(words in seen for words in [*shown, "cleaning", "/s"]), seen
