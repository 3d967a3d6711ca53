"""What cleaning costs beside copying and beside other programs: one run, jobs in turns, medians.

    python benchmarks/run.py --size 100MB --rounds 5 --data SETS --write \
        --peer datatrove=/path/to/its/python --peer dolma=/path/to/its/python

Each job is a command of its own, on files that were made before (see ``corpus.py``):
*copy* reads, digests and writes Parquet; *ingest* is the whole command, a profile and a
number of workers each; *validate* checks what ``standard`` made (where that is left out,
what the last profile made). A peer is run by ``adapters/with_NAME.py`` under the Python
that is named, on text that is decoded already. All jobs also run on the first 0.1 MB: what
that costs is taken off, and so are its bytes, before costs are compared. ``--write`` puts
table and picture into the docs. It needs psutil, and for the picture matplotlib. The
words go to stderr, the table to stdout (``--json``: all figures). It is no file that the
system runs by its name, since Windows has none of these.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import corpus
import speed_report as report
from measured import Cost, FailedError, measure
from pages import load

from archiver import __version__

HERE = Path(__file__).parent
PROFILES = ("safe", "standard", "strict")
#: Bytes of the small corpus: enough documents that all that is loaded late is loaded.
START = 100_000
#: ``archiver ingest`` ends with 3 where something went to quarantine.
INGESTED = (0, 3)


@dataclass(frozen=True)
class Job:
    """A command. ``words`` may name {pages}, {text} (decoded JSONL), {out} and {kept}.

    keeps: whether what it writes is {kept} for the rest of the round.
    """

    name: str
    words: tuple[str, ...]
    accepted: tuple[int, ...] = (0,)
    keeps: bool = False


def jobs(profiles: Sequence[str], workers: Sequence[int], peers: Mapping[str, str]) -> list[Job]:
    """All jobs of a round, in order."""
    archiver = (sys.executable, "-m", "archiver")
    made = [
        Job("copy", (sys.executable, str(HERE / "copying.py"), "{pages}", "{out}/copy.parquet"))
    ]
    validated = "standard" if "standard" in profiles else profiles[-1]
    for profile in profiles:
        for number in workers or (0,):
            share = ("--workers", str(number)) if number else ()
            name = f"ingest, {profile}" + (f", {number} workers" if number > 1 else "")
            words = (*archiver, "ingest", "{pages}", "--archive", "{out}/archive", "--quiet")
            kept = profile == validated and number == (workers or (0,))[0]
            made.append(Job(name, (*words, "--profile", profile, *share), INGESTED, kept))
    made.append(Job("validate", (*archiver, "validate", "{kept}/archive", "--quiet")))
    for peer, python in peers.items():
        adapter = str(HERE / "adapters" / f"with_{peer}.py")
        made.append(Job(f"peer: {peer}", (python, adapter, "{text}", "{out}", "1")))
    return made


def has_workers() -> bool:
    """Whether this version of ``archiver ingest`` shares its work out."""
    words = [sys.executable, "-m", "archiver", "ingest", "--help"]
    return "--workers" in subprocess.run(words, check=True, capture_output=True, text=True).stdout


def turn(chosen: Sequence[Job], made: Path, folder: Path) -> dict[str, Cost]:
    """Each job once, on the corpus in ``made``; what they write goes to ``folder``."""
    kept, costs = folder / "kept", {}
    shutil.rmtree(kept, ignore_errors=True)
    for job in chosen:
        out = kept if job.keeps else folder / "out"
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir(parents=True)
        places = {"pages": made / "pages", "text": made / "decoded.jsonl", "out": out, "kept": kept}
        words = [word.format(**places) for word in job.words]
        costs[job.name] = measure(words, folder, accepted=job.accepted)
        print(f"  {job.name}: {costs[job.name].cpu:.1f} s", file=sys.stderr)
    return costs


def run(
    chosen: Sequence[Job], whole: Path, few: Path, rounds: int, folder: Path
) -> list[report.Row]:
    """All rounds, and the medians of them. A first round on few documents warms up."""
    costs: dict[str, list[Cost]] = {job.name: [] for job in chosen}
    starts: dict[str, list[Cost]] = {job.name: [] for job in chosen}
    turn(chosen, few, folder)
    for number in range(rounds):
        print(f"round {number + 1} of {rounds}", file=sys.stderr)
        for name, cost in turn(chosen, few, folder).items():
            starts[name].append(cost)
        for name, cost in turn(chosen, whole, folder).items():
            costs[name].append(cost)
    return report.rows(costs, starts)


def about(peers: Mapping[str, str]) -> list[str]:
    """What each peer is and does, in its adapter's words."""
    told = []
    for peer, python in sorted(peers.items()):
        words = [python, str(HERE / "adapters" / f"with_{peer}.py"), "--about"]
        told.append(
            subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()
        )
    return told


def words(told: Mapping[str, object], found: Sequence[report.Row], notes: Sequence[str]) -> str:
    """What goes into the docs: conditions, table, picture, what is not equal."""
    size = int(str(told["bytes"]))
    conditions = (
        f"archiver {__version__}, Python {platform.python_version()} on {platform.machine()} "
        f"{platform.system()}, {os.cpu_count()} cores; {told['documents']:,} documents, "
        f"{size / 1e6:.1f} MB, corpus `{str(told['digest'])[:12]}`, "
        f"medians of {told['rounds']}."
    )
    parts = [
        conditions,
        report.table(found, size - int(str(told["start bytes"]))),
        "![CPU time of each job](benchmarks-speed.svg)",
    ]
    if notes:
        parts.append("The peers' work is not ours:\n\n" + "\n".join(f"- {note}." for note in notes))
    return "\n\n".join(parts)


def asked() -> argparse.Namespace:
    """The command line."""
    ask = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    ask.add_argument(
        "--size", type=corpus.size_of, default=corpus.size_of("20MB"), help="over 0.1 MB"
    )
    ask.add_argument("--rounds", type=int, default=3)
    ask.add_argument("--data", type=Path, help="folder of the labelled sets; without: the seeds")
    ask.add_argument("--html", type=float, default=0.0, help="share of pages as HTML, 0 to 1")
    ask.add_argument("--profiles", default=",".join(PROFILES))
    ask.add_argument("--workers", default="1,2", help="left out where there is no such option")
    ask.add_argument("--peer", action="append", default=[], metavar="NAME=PYTHON")
    ask.add_argument("--write", action="store_true", help="put table and picture into the docs")
    ask.add_argument("--json", action="store_true", help="all figures as one object on stdout")
    return ask.parse_args()


def main() -> None:
    """Make the corpus, run, print; exit status 1 where a job fails."""
    given = asked()
    if given.size < 2 * START:
        raise SystemExit("--size: at least 200kB, since what 100kB cost is taken off")
    peers = dict(item.split("=", 1) for item in given.peer)
    workers = [int(number) for number in given.workers.split(",")] if has_workers() else []
    chosen = jobs(given.profiles.split(","), workers, peers)
    pages, shares = load(given.data), corpus.Shares(html=given.html)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        whole, few = folder / "whole", folder / "few"
        told = corpus.write(whole, pages, given.size, seed=0, shares=shares, jsonl=bool(peers))
        start = corpus.write(few, pages, START, seed=0, shares=shares, jsonl=bool(peers))
        told |= {"rounds": given.rounds, "start bytes": start["bytes"]}
        try:
            notes = about(peers)
            found = run(chosen, whole, few, given.rounds, folder)
        except FailedError as problem:
            raise SystemExit(f"a job failed: {problem}") from problem
    if given.json:
        print(json.dumps({**told, "rows": [asdict(row) for row in found], "peers": notes}))
    else:
        print(words(told, found, notes))
    if report.copying(found) < report.LEAST:
        print("too small a corpus to compare with copying: take 50MB or more", file=sys.stderr)
    elif given.write:
        report.PICTURE.write_text(report.picture(found), encoding="utf-8", newline="\n")
        report.publish(words(told, found, notes))


if __name__ == "__main__":
    main()
