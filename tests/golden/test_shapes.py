"""The shapes of what ``--json`` prints: scripts rely on them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from archiver.cli.main import archiver

SEEDS = Path(__file__).parents[2] / "seeds"

COMMANDS = [
    "ingest --json",
    "log --json",
    "show --json",
    "show seeds/000 --json",
    "validate --json",
    "log --fixity --json",
    "restore seeds/000 -o out.txt --json",
    "clean seeds/000_7dd4a68956925bc8.txt --json",
    "explain seeds/000_7dd4a68956925bc8.txt --json",
    "rules list --json",
    "rules show citation-mark.number --json",
    "rules check --json",
    "index init other --json",
    "index check other --json",
    "quarantine --json",
    "show nonsense --json",
]


def shape(value: object) -> object:
    """The value with types in place of leaves; of a list, its first item stands for all."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    if isinstance(value, list):
        return [shape(item) for item in value[:1]]
    return type(value).__name__


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(SEEDS, tmp_path / "seeds", ignore=shutil.ignore_patterns("INDEX.md"))
    shutil.copytree(tmp_path / "seeds", tmp_path / "other")
    (tmp_path / "seeds" / "empty.txt").touch()


@pytest.mark.usefixtures("home")
def test_shapes(snapshot):
    found = {}
    for command in COMMANDS:
        done = CliRunner().invoke(archiver, command.split())
        value = shape(json.loads(done.stdout))
        for name in ("facts", "metadata", "dropped"):  # maps: their keys are data
            if isinstance(value, dict) and isinstance(value.get(name), dict):
                value[name] = {"*": "*"}
        found[command] = value
    assert found == snapshot
