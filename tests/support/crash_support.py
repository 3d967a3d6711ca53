"""Rounds of kill and run again, and what must hold after each."""

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from archiver.archive.archive import open_archive
from archiver.archive.checks.validate import validate
from archiver.archive.files.staging import PART
from archiver.archive.log.entry import Head
from archiver.errors import NoArchiveError

PROGRAM = Path(__file__).with_name("crash_process.py")

KILLED = -9


@dataclass(frozen=True)
class Ended:
    """How a run ended: its status, what it printed, and what it passed on the way."""

    status: int
    out: str
    err: str
    told: dict

    @property
    def json(self):
        return json.loads(self.out)

    @property
    def head(self):
        """The head that was acknowledged, if any was."""
        try:
            version, _, digest = (self.json.get("head") or "").partition(":")
        except ValueError:  # killed before or while it printed
            return None
        return Head(int(version), digest) if digest else None


class Runner:
    """Starts runs of the command line; see ``crash_process``."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        environ = {name: value for name, value in os.environ.items() if "ARCHIVER" not in name}
        environ["OPENBLAS_NUM_THREADS"] = "1"  # a fork takes no threads along
        environ["PYTHONPATH"] = str(PROGRAM.parents[2])
        self.process = subprocess.Popen(
            [sys.executable, str(PROGRAM)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=folder,
            env=environ,
        )

    def together(self, *runs):
        """Run several side by side; each is (arguments, what befalls it)."""
        asked = [
            {"args": [str(arg) for arg in args], "out": str(self.folder / f"out-{at}"), **fate}
            for at, (args, fate) in enumerate(runs)
        ]
        for item in asked:
            Path(item["out"] + ".told").unlink(missing_ok=True)
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()
        statuses = json.loads(self.process.stdout.readline())
        return [
            self._ended(item["out"], status) for item, status in zip(asked, statuses, strict=True)
        ]

    def __call__(self, *args, **fate):
        return self.together((args, fate))[0]

    def _ended(self, out, status):
        told = Path(out + ".told")
        return Ended(
            status,
            Path(out).read_text("utf-8"),
            Path(out + ".err").read_text("utf-8"),
            _told(told),
        )

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


def _told(path):
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):  # killed, or not allowed to write so much
        return {}


def write_sources(folder, names, text="A sentence about {name}, and one more.\n"):
    """One document a name, and one source that goes to quarantine."""
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / f"{name}.txt").write_text(text.format(name=name), encoding="utf-8")
    (folder / "bad.txt").write_bytes(b"\x00\x01\x02 not text " + folder.name.encode())
    return folder


def orphans(path):
    """Parts that no version names."""
    archive = open_archive(path)
    named = {
        f"data/{table}/{part.path}"
        for table in ("documents", "quarantine")
        for _, part in archive.parts(table)
    }
    found = (item.relative_to(path).as_posix() for item in path.rglob("*.parquet"))
    return sorted(name for name in found if PART.fullmatch(name) and name not in named)


def staging(path):
    """What lies among the unfinished files."""
    return sorted(item.name for item in (path / ".staging").glob("*"))


def check_killed(path, before):
    """After a kill: what was acknowledged is there, and nothing is damaged. Returns: the head."""
    try:
        archive = open_archive(path)
    except NoArchiveError:
        assert before is None
        return None
    if before is not None:
        assert archive.entries()[before.version].head == before, "an acknowledged version is lost"
    report = validate(path)
    assert report.is_sound, report.findings
    assert {item.code for item in report.findings} <= {"W101", "W102"}, report.findings
    lost = set(orphans(path))
    assert lost <= {item.where for item in report.findings if item.code == "W102"}
    return archive.head()


def check_complete(path, ended, names, quarantined=1):
    """After the run that completes: each document once, nothing left over, all sealed."""
    assert ended.status in {0, 3}, (ended.status, ended.out, ended.err)
    archive = open_archive(path)
    assert archive.head() == ended.head
    rows = Counter(id_ for table in archive.scan(["id"]) for id_ in table["id"].to_pylist())
    assert rows == Counter(names)
    if quarantined is not None:
        assert archive.quarantine(["id"]).num_rows == quarantined
    assert not archive.unfinished()
    assert orphans(path) == []
    assert staging(path) == []
    report = validate(path, expect_head=archive.head())
    assert report.findings == (), report.findings


@dataclass(frozen=True)
class World:
    """An archive of nine versions, and sources that the run to be hurt brings."""

    run: Runner
    template: Path
    sources: Path
    folder: Path
    head: Head
    old: tuple
    new: tuple

    @property
    def after(self):
        """The ids that are there when all is done."""
        return (*self.old, *self.new)

    def fresh(self):
        """A copy of the archive to hurt."""
        path = self.folder / "archive"
        shutil.rmtree(path, ignore_errors=True)
        shutil.copytree(self.template, path)
        return path

    def ingest(self, path, **fate):
        return self.run("ingest", self.sources, "--archive", path, "--json", **fate)
