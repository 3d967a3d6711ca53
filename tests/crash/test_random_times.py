"""SIGKILL at a random moment, round after round, on one archive that grows.

``CRASH_ROUNDS`` and ``CRASH_SEED`` choose how many and which; the slow run does 200.
"""

import os
import random
import time
from collections import Counter

import crash_support as support
import pytest

from archiver.archive.archive import open_archive

ROUNDS = int(os.environ.get("CRASH_ROUNDS", "200"))
SEED = int(os.environ.get("CRASH_SEED", "1"))


def rounds(world, number, chance):
    """Kill and run again. Gives what was counted."""
    path = world.fresh()
    told = Counter()
    names, acknowledged, longest = list(world.old), world.head, 0.5
    for at in range(number):
        name = f"r{at}"
        folder = support.write_sources(world.folder / name, [f"{name}a", f"{name}b"])
        args = ("ingest", folder, "--archive", path, "--json")
        killed = world.run(*args, after=chance.uniform(0, longest))
        told["killed" if killed.status == support.KILLED else "done"] += 1
        if killed.head is not None:
            acknowledged = killed.head
        before = open_archive(path).head().version
        support.check_killed(path, acknowledged)
        told["committed"] += before > acknowledged.version
        told["orphans"] += bool(support.orphans(path))
        told["leftovers"] += bool(support.staging(path))
        began = time.monotonic()
        again = world.run(*args)
        longest = max(0.05, 0.8 * longest + 0.2 * 1.1 * (time.monotonic() - began))
        names += [f"{name}/{name}a.txt", f"{name}/{name}b.txt"]
        support.check_complete(path, again, names, quarantined=at + 2)
        acknowledged = again.head
    return told


def test_a_few_random_moments(world):
    told = rounds(world, 3, random.Random(SEED))  # noqa: S311 - the same kills again
    assert told["killed"] + told["done"] == 3


@pytest.mark.slow
def test_many_random_moments(world, capsys):
    told = rounds(world, ROUNDS, random.Random(SEED))  # noqa: S311 - the same kills again
    with capsys.disabled():
        print(f"\n{ROUNDS} rounds, seed {SEED}: {dict(told)}; 0 acknowledged versions lost")
    assert told["killed"] > ROUNDS / 2
