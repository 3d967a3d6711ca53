"""Wheel, source archive and man pages: what is in them, and the same each time."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib import util
from pathlib import Path

import pytest
import yaml

import archiver

ROOT = Path(__file__).parents[2]
MAN = ROOT / "packaging" / "man"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def load(name):
    spec = util.spec_from_file_location(name, ROOT / "packaging" / f"{name}.py")
    module = util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


release, smoke = load("release"), load("smoke")


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    pytest.importorskip("hatchling")
    return release.build(ROOT, tmp_path_factory.mktemp("dist"))


def rewritten(wheel, folder, change):
    """A copy of a wheel whose files are those that ``change`` gives back."""
    other = folder / wheel.name
    with zipfile.ZipFile(wheel) as old, zipfile.ZipFile(other, "w") as new:
        for name, data in change({name: old.read(name) for name in old.namelist()}).items():
            new.writestr(name, data)
    return other


def test_the_release_holds_what_it_should_and_nothing_else(built):
    assert list(release.problems(*built)) == []


@pytest.mark.parametrize("name", ["archiver/model/text.npz", "archiver/py.typed"])
def test_a_file_that_the_wheel_lacks_is_missed(built, tmp_path, name):
    wheel, sdist = built
    less = rewritten(wheel, tmp_path, lambda files: {k: v for k, v in files.items() if k != name})
    assert list(release.problems(less, sdist)) == [f"wheel: lacks {name}"]


def test_a_stray_file_in_the_wheel_is_seen(built, tmp_path):
    wheel, sdist = built
    more = rewritten(wheel, tmp_path, lambda files: {**files, "tests/test_x.py": b""})
    assert list(release.problems(more, sdist)) == ["wheel: holds tests/test_x.py"]


@pytest.mark.slow
def test_two_builds_give_the_same_bytes(tmp_path):
    pytest.importorskip("hatchling")
    assert release.main([str(tmp_path / "dist")]) == 0


@pytest.mark.slow
def test_an_installed_wheel_works_without_extras_and_with_each(built):
    assert smoke.main([str(built[0]), "--extras"]) == 0


def test_the_moment_of_a_release_is_its_day_in_the_changelog(tmp_path):
    (tmp_path / "archiver").mkdir()
    (tmp_path / "archiver/__init__.py").write_text('__version__ = "1.2.3"\n', "utf-8")
    (tmp_path / "CHANGELOG.md").write_text("## [1.2.3] - 1970-01-02\n", "utf-8")
    assert release.release_moment(tmp_path) == 86_400
    (tmp_path / "CHANGELOG.md").write_text("## [1.2.4] - 1970-01-02\n", "utf-8")
    with pytest.raises(SystemExit, match="no dated heading"):
        release.release_moment(tmp_path)


def test_every_extra_is_tried_and_described():
    extras = set(PROJECT["optional-dependencies"]) - smoke.FOR_DEVELOPERS
    assert extras
    assert extras <= set(smoke.EXTRAS)
    described = (ROOT / "docs/how-to/install.md").read_text("utf-8")
    assert [name for name in sorted(extras) if f"| `{name}` |" not in described] == []


def test_a_try_that_fails_is_told(tmp_path):
    class Place:
        def run(self, command):
            return {"a": (0, "well"), "b": (1, "Traceback (most recent call last)")}[command]

    wrong = list(smoke.missing(Place(), [smoke.Try("a", 0, "well"), smoke.Try("b", 1)]))
    assert [line.splitlines()[0] for line in wrong] == ["$ b"]
    (wrong,) = smoke.missing(Place(), [smoke.Try("a", 3)])
    assert "status 0, but status 3 was wanted" in wrong


def test_the_citation_names_this_release():
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert cited["version"] == archiver.__version__
    changes = (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert f"## [{archiver.__version__}] - {cited['date-released']}" in changes


def test_the_matrix_tests_every_python_that_the_metadata_name():
    workflow = yaml.safe_load((ROOT / ".github/workflows/checks.yml").read_text("utf-8"))
    tested = set(workflow["jobs"]["tests"]["strategy"]["matrix"]["python"])
    named = re.findall(r"Python :: (3\.\d+)", "\n".join(PROJECT["classifiers"]))
    assert "3.11" in named
    assert set(named) <= tested


def test_workflow_and_forms_are_well_formed():
    pytest.importorskip("check_jsonschema")
    for schema, files in {
        "github-workflows": [".github/workflows/checks.yml"],
        "dependabot": [".github/dependabot.yml"],
        "github-issue-forms": sorted((ROOT / ".github/ISSUE_TEMPLATE").glob("*.yml")),
        "citation-file-format": ["CITATION.cff"],
    }.items():
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "check_jsonschema",
                "--builtin-schema",
                f"vendor.{schema}",
                *files,
            ],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "reader",
    [("mandoc", "-T", "lint", "-W", "warning"), ("groff", "-ww", "-man", "-T", "utf8", "-z")],
)
def test_man_pages_are_well_formed(reader):
    if shutil.which(reader[0]) is None:
        pytest.skip(f"{reader[0]} is not installed")
    pages = sorted(MAN.glob("*.1"))
    assert MAN / "archiver-ingest.1" in pages
    done = subprocess.run(
        [*reader, *pages],
        capture_output=True,
        text=True,
        env={**os.environ, "LC_ALL": "C"},
        check=False,
    )
    assert done.stdout + done.stderr == ""
    assert done.returncode == 0
