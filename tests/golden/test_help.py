"""The help texts, word by word: a change of them is seen in review."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from archiver.cli.main import ENTRIES, archiver

INNER = [
    "rules list",
    "rules show",
    "rules check",
    "rules learn",
    "rules new",
    "rules test",
    "index init",
    "index check",
    "index update",
]


@pytest.mark.parametrize("words", ["", *ENTRIES, *INNER])
def test_help_text(words, snapshot):
    done = CliRunner(env={"COLUMNS": "80"}).invoke(
        archiver, [*words.split(), "--help"], terminal_width=80
    )
    assert done.exit_code == 0
    assert done.stdout == snapshot
    assert max(map(len, done.stdout.splitlines())) <= 80
