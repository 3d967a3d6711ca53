"""``archiver init``: a project that works at once, and never replaces anything."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

import jsonschema
import pytest
import yaml
from click.testing import CliRunner, Result

from archiver.cli.main import archiver
from archiver.cli.project_files import project_files


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    return tmp_path


def run(*words: str, status: int = 0) -> Result:
    done = CliRunner().invoke(archiver, list(words))
    assert done.exit_code == status, done.output
    return done


def test_a_new_project_works_at_once(monkeypatch):
    listed = run("init", "corpus").stdout.splitlines()
    assert all(Path(name).is_file() for name in listed)
    assert "corpus/seeds/INDEX.md" in listed
    monkeypatch.chdir("corpus")
    run("index", "check", "seeds")
    run("rules", "check", "my-rules")
    Path("seeds/frozen.txt").write_text("The harbour is frozen.\n[ad_1]\n", encoding="utf-8")
    run("index", "update", "seeds")
    done = json.loads(run("ingest", "--json").stdout)
    assert (done["archive"], done["added"], done["findings"]) == ("output/archive", 1, [])
    run("validate")
    # The pack that it laid out is the one that `rules new` adds to, beside what stands in it.
    run("rules", "new", "The harbour is frozen.", "--family", "navigation", "--why", "w", "-y")
    text = Path("my-rules/own.toml").read_text(encoding="utf-8")
    assert text.startswith(project_files("0", workflow=False)["my-rules/own.toml"])
    run("rules", "check", "my-rules")


def test_the_example_of_the_index_is_a_row_as_it_stands(monkeypatch):
    run("init", "--no-timer", "--no-workflow", "--quiet")
    index = Path("seeds/INDEX.md")
    text = index.read_text(encoding="utf-8")
    (example,) = [line[2:] for line in text.splitlines() if line.startswith("# |")]
    index.write_text(f"{text}{example}\n", encoding="utf-8")
    Path("seeds/frozen.txt").write_text("The harbour is frozen.\n", encoding="utf-8")
    run("index", "check", "seeds")
    assert json.loads(run("ingest", "--json").stdout)["findings"] == []
    assert json.loads(run("show", "frozen", "--json").stdout)["url"].startswith("https://harbour")


@pytest.mark.parametrize("there", ["archiver.toml", "seeds/INDEX.md"])
def test_what_exists_is_never_replaced(there):
    Path(there).parent.mkdir(exist_ok=True)
    Path(there).write_text("mine", encoding="utf-8")
    before = sorted(Path().rglob("*"))
    done = run("init", status=2)
    assert there in done.stderr
    assert "nothing was written" in done.stderr
    assert sorted(Path().rglob("*")) == before
    assert Path(there).read_text(encoding="utf-8") == "mine"


def test_a_second_time_names_one_file_and_counts_the_rest():
    run("init", "--no-timer")
    assert "and 5 more of its files" in run("init", "--no-timer", status=2).stderr


def test_files_around_are_no_trouble_and_a_file_as_folder_is_told():
    Path("seeds").mkdir()
    Path("seeds/a.txt").write_text("a", encoding="utf-8")
    found = json.loads(run("init", "--no-timer", "--no-workflow", "--json").stdout)
    assert found["files"] == [
        ".gitignore", "README.md", "archiver.toml", "my-rules/own.toml", "seeds/INDEX.md",
    ]  # fmt: skip
    assert "could not be made" in run("init", "seeds/a.txt", status=7).stderr


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="units of systemd")
def test_the_timer_is_for_the_archive_to_come(home):
    run("init", "a b", "--every", "weekly")
    unit = Path("a b/units/archiver-validate.service").read_text(encoding="utf-8")
    assert os.fspath(home / "a b" / "output" / "archive") in unit.replace("\\x20", " ")
    assert "Sun" in Path("a b/units/archiver-validate.timer").read_text(encoding="utf-8")


def test_the_workflow_is_one_that_github_reads(tmp_path):
    vendored = pytest.importorskip("check_jsonschema").__file__
    schemas = Path(vendored).parent / "builtin_schemas" / "vendor"
    schema = json.loads((schemas / "github-workflows.json").read_text(encoding="utf-8"))
    text = project_files("1.2.3", workflow=True)[".github/workflows/archiver.yml"]
    assert "@V" not in text
    workflow = yaml.safe_load(text)
    workflow["on"] = workflow.pop(True)  # a word of YAML 1.1, which GitHub does not read
    check = jsonschema.Draft7Validator(schema).is_valid
    assert check(workflow)
    steps = workflow["jobs"]["archive"]["steps"]
    steps[-1]["using"] = steps[-1].pop("uses")
    assert not check(workflow)


@pytest.mark.skipif(shutil.which("bash") is None, reason="GitHub runs the steps in bash")
def test_the_steps_of_the_workflow_run(monkeypatch, home):
    import subprocess

    run("init", "--no-timer", "--quiet")
    Path("seeds/frozen.txt").write_text("The harbour is frozen.\n", encoding="utf-8")
    run("index", "update", "seeds")
    workflow = yaml.safe_load(Path(".github/workflows/archiver.yml").read_text(encoding="utf-8"))
    steps = [step["run"] for step in workflow["jobs"]["archive"]["steps"] if "run" in step]
    program = home / "bin"
    program.mkdir()
    (program / "archiver").write_text(
        f'#!/bin/sh\nexec "{sys.executable}" -m archiver "$@"\n', encoding="utf-8"
    )
    (program / "archiver").chmod(0o755)
    environ = {
        **os.environ,
        "PATH": f"{program}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(Path(__file__).parents[3]),
    }
    script = "\n".join(step for step in steps if "pip install" not in step)
    done = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", script], env=environ, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert b"every byte is what was written" in done.stdout
