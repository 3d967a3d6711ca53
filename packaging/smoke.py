"""Install a wheel in a new environment, with core dependencies only, and try it as a user would.

    python packaging/smoke.py dist/NAME.whl                 the core, and each extra's absence
    python packaging/smoke.py dist/NAME.whl --extras        then install each extra and try it
    python packaging/smoke.py dist/NAME.whl --python PROG   in an environment of that Python

Without an extra, what needs it ends with a message that names the extra. Uses uv where it is on
the path, else pip. Status 1 where anything is not as it should be.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email import message_from_bytes
from pathlib import Path

ROOT = Path(__file__).parents[1]
#: Extras for those who work on the program: there is nothing to try in an installed one.
FOR_DEVELOPERS = {"bench", "dev", "docs", "test"}

PAGE = "The summit was held in Vladivostok.\n[ad_1]\nIt ended at noon.\n"
WARC = (
    "WARC/1.0\r\nWARC-Type: conversion\r\n"
    "WARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-000000000000>\r\n"
    "WARC-Date: 2026-01-01T00:00:00Z\r\nWARC-Target-URI: https://example.org/\r\n"
    "Content-Type: text/plain\r\nContent-Length: 36\r\n\r\n"
    "The summit was held in Vladivostok.\n\r\n\r\n"
)


@dataclass(frozen=True, slots=True)
class Try:
    """A command, and what it ends with: its status, and words in what it prints."""

    command: str
    status: int = 0
    says: str = ""


CORE = (
    Try("archiver --version", says="archiver "),
    Try("archiver --help", says="archiver ingest"),
    Try("archiver explain page.txt", says="ad-marker.shortcode"),
    Try("archiver ingest page.txt", says="version 1"),
    Try("archiver validate", says="Sound"),
    Try("archiver show --text page", says="Vladivostok"),
    Try("archiver schema", says="record_sha256"),
    Try("archiver rules check", says=""),
    Try("archiver completion bash", says="_ARCHIVER_COMPLETE"),
    Try("archiver explian page.txt", 2, "explain"),
)


@dataclass(frozen=True, slots=True)
class Extra:
    """A command that needs an extra; how it ends without, and with it."""

    command: str
    without: int
    with_it: int = 0
    says: str = ""


EXTRAS = {
    "dask": Extra("archiver ingest page.txt --engine dask --archive {new}", 2, 0, "version 1"),
    "report": Extra("archiver report -o {new}.html", 6),
    "s3": Extra("archiver validate s3://bucket/archive", 7, 7),
    "warc": Extra("archiver ingest crawl.warc --archive {new}", 3, 0, "version 1"),
}


def extras_of(wheel: Path) -> list[str]:
    """The extras that a wheel offers to users, sorted."""
    with zipfile.ZipFile(wheel) as opened:
        (name,) = (name for name in opened.namelist() if name.endswith(".dist-info/METADATA"))
        metadata = message_from_bytes(opened.read(name))
    return sorted(set(metadata.get_all("Provides-Extra") or ()) - FOR_DEVELOPERS)


class Place:
    """A new environment, and a folder to work in."""

    def __init__(self, folder: Path, python: str) -> None:
        """Make both. Raises: CalledProcessError where that cannot be done."""
        self.work = folder / "work"
        self.work.mkdir()
        (self.work / "page.txt").write_text(PAGE, encoding="utf-8")
        (self.work / "crawl.warc").write_bytes(WARC.encode("ascii"))
        self.venv = folder / "venv"
        self.scripts = self.venv / ("Scripts" if os.name == "nt" else "bin")
        self.python = str(self.scripts / "python")
        if uv := shutil.which("uv"):
            self._install = [uv, "pip", "install", "-q", "--python", self.python]
            subprocess.run([uv, "venv", "-q", "--python", python, str(self.venv)], check=True)
        else:
            self._install = [self.python, "-m", "pip", "install", "-q"]
            subprocess.run([python, "-m", "venv", str(self.venv)], check=True)

    def install(self, what: str) -> None:
        """Install a wheel, with extras in brackets. Raises: CalledProcessError."""
        subprocess.run([*self._install, what], check=True)

    def run(self, command: str) -> tuple[int, str]:
        """Status and both streams of a command of the environment."""
        words = command.split()
        found = shutil.which(words[0], path=str(self.scripts))
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("AWS_", "PYTHON"))
        }
        done = subprocess.run(
            [found or words[0], *words[1:]],
            cwd=self.work,
            env={
                **kept,
                "PYTHONUTF8": "1",
                "AWS_ACCESS_KEY_ID": "none",
                "AWS_SECRET_ACCESS_KEY": "none",
                "AWS_REGION": "nowhere",
                "AWS_ENDPOINT_URL": "http://127.0.0.1:9",  # where nothing listens
                "AWS_ALLOW_HTTP": "true",
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        return done.returncode, done.stdout.decode("utf-8", "replace")


def missing(place: Place, trials: Sequence[Try]) -> Iterator[str]:
    """What is not as it should be, a paragraph each."""
    for trial in trials:
        status, printed = place.run(trial.command)
        trace = "Traceback" in printed
        if status != trial.status or trial.says not in printed or trace:
            wanted = f"status {trial.status}" + (f" and {trial.says!r}" if trial.says else "")
            yield f"$ {trial.command}\nstatus {status}, but {wanted} was wanted\n{printed}"


def trial(name: str, *, installed: bool) -> Try:
    """What an extra is tried by."""
    extra = EXTRAS[name]
    command = extra.command.format(new=f"{name}-{'with' if installed else 'without'}")
    if installed:
        return Try(command, extra.with_it, extra.says)
    return Try(command, extra.without, f"archiver-toolkit[{name}]")


def main(words: list[str]) -> int:
    """Try a wheel."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("wheel", type=Path)
    parser.add_argument("--extras", action="store_true", help="Install each extra and try it.")
    parser.add_argument("--python", default=sys.executable, help="The Python to install for.")
    asked = parser.parse_args(words)
    wheel = asked.wheel.resolve()
    extras = extras_of(wheel)
    found = [f"smoke.py has no try for the extra {name}" for name in extras if name not in EXTRAS]
    known = [name for name in extras if name in EXTRAS]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        place = Place(Path(folder), asked.python)
        place.install(str(wheel))
        found += missing(place, CORE)
        for name in known:
            found += missing(place, [trial(name, installed=False)])
        for name in known if asked.extras else ():
            place.install(f"{wheel}[{name}]")
            found += missing(place, [trial(name, installed=True)])
    print("\n\n".join(found), end="\n" if found else "")
    shown = re.sub(r"-py3.*", "", wheel.name)
    tried = "with each" if asked.extras else "without"
    print(f"{shown}: {'FAILED' if found else 'works'}, {tried} extra: {', '.join(known) or 'none'}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
