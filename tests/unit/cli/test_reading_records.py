"""``archiver ingest`` over files of many records: options, settings, pipes, a second run."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path


def run(folder: Path, *words: str, stdin: bytes = b"", **environ: str):
    done = subprocess.run(
        [sys.executable, "-m", "archiver", "ingest", *words, "--workers", "1", "--json"],
        cwd=folder,
        input=stdin,
        capture_output=True,
        check=False,
        env={**os.environ, **environ},
    )
    return done.returncode, json.loads(done.stdout)


LINES = b'{"body": "Some text.", "link": "https://example.org/", "n": 1}\nbroken\n'


def test_fields_by_option_by_setting_and_by_environment(tmp_path):
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(LINES))
    options = ("--text-field", "body", "--field", "url=link")
    status, told = run(tmp_path, "a.jsonl.gz", *options)
    assert (status, told["added"], told["quarantined"]) == (3, 1, 1)
    (bad,) = (found for found in told["findings"] if found["code"] == "E230")
    assert (bad["where"], bad["line"]) == ("a.jsonl.gz", 2)
    (tmp_path / "archiver.toml").write_text('[fields]\ntext = "body"\nurl = "link"\n')
    status, told = run(tmp_path, "a.jsonl.gz")
    assert (status, told["unchanged"], told["quarantined_before"]) == (0, 1, 1)
    (tmp_path / "archiver.toml").unlink()
    status, told = run(tmp_path, "a.jsonl.gz", ARCHIVER_FIELDS="text=body,url=link")
    assert (status, told["unchanged"]) == (0, 1)


def test_a_pipe_takes_a_format(tmp_path):
    status, told = run(
        tmp_path, "-", "--format", "jsonl", "--text-field", "body", stdin=gzip.compress(LINES)
    )
    assert (status, told["added"], told["quarantined"]) == (3, 1, 1)


def test_a_field_that_is_none_of_ours_is_a_clear_error(tmp_path):
    status, told = run(tmp_path, "-", "--field", "txet=body")
    assert status == 5
    assert "did you mean 'text'?" in told["error"]["message"]
