import os
from dataclasses import replace

import archive_support
import crash_support
import pytest

from archiver.archive.archive import open_archive

if os.name == "nt":
    collect_ignore_glob = ["test_*.py"]  # neither fork nor SIGKILL


@pytest.fixture
def archive(tmp_path):
    return archive_support.small_archive(tmp_path / "archive")


@pytest.fixture(scope="session")
def runner(tmp_path_factory):
    runner = crash_support.Runner(tmp_path_factory.mktemp("runner") / "folder")
    yield runner
    runner.close()


@pytest.fixture(scope="session")
def template(tmp_path_factory, runner):
    """Nine versions, as the command line makes them: the next one writes a checkpoint."""
    folder = tmp_path_factory.mktemp("template")
    old = crash_support.write_sources(folder / "old", ["o1", "o2"])
    new = crash_support.write_sources(folder / "new", ["n1", "n2", "n3"])
    path = folder / "archive"
    assert runner("ingest", old, "--archive", path, "--json").status == 3
    for number in range(2, 10):
        extra = folder / f"extra{number}.txt"
        extra.write_text(f"Text number {number}.\n", encoding="utf-8")
        assert runner("ingest", extra, "--archive", path, "--json").status == 0
    unhurt = folder / "unhurt"
    assert runner("ingest", new, "--archive", unhurt, "--json").status == 3
    return crash_support.World(
        runner,
        template=path,
        sources=new,
        folder=folder,
        head=open_archive(path).head(),
        old=tuple(open_archive(path).ids()),
        new=tuple(open_archive(unhurt).ids()),
    )


@pytest.fixture
def world(template, tmp_path):
    """The template, with a folder of the test's own."""
    return replace(template, folder=tmp_path)
