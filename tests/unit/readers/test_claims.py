"""Ids and digests by the hundred thousand: each found again, in a few bytes."""

import random
import subprocess
import sys

import pytest

from archiver.document import Reject, Source
from archiver.readers.claims import Claims, Place
from archiver.readers.digests import SIZE, Digests

NUMBER = 100_000


def test_digests_keep_their_first_number():
    chance = random.Random(7)  # noqa: S311
    keys = [chance.randbytes(SIZE) for _ in range(NUMBER)]
    digests = Digests()
    assert [digests.put(key, at) for at, key in enumerate(keys)] == [None] * NUMBER
    assert [digests.put(key, 5) for key in keys] == list(range(NUMBER))
    assert [digests.get(key) for key in keys] == list(range(NUMBER))
    assert len(digests) == NUMBER
    assert all(key in digests for key in keys[:100])
    assert not any(chance.randbytes(SIZE) in digests for _ in range(NUMBER))


def test_digests_that_are_alike():
    """Halves that are equal, and every place: nothing is found by a half."""
    digests = Digests()
    keys = [
        bytes([first]) + bytes(7) + last.to_bytes(8, "big")
        for first in range(256)
        for last in range(40)
    ]
    for at, key in enumerate(keys):
        assert digests.put(key, at) is None
    assert [digests.get(key) for key in keys] == list(range(len(keys)))
    assert digests.get(bytes(7) + b"\1" + bytes(8)) is None


def claim(claims, id_, path, place=""):
    return claims.first(Source(id_, path, b"x"), Place(place), path)


def test_the_holder_of_an_id_is_named_however_many_there_are():
    claims = Claims()
    for at in range(5_000):  # named as they are, by rows of an index, and many to a file
        claim(claims, f"in/{at}.txt", f"in/{at}.txt")
        claim(claims, f"row-{at}", f"listed/{at}\udce9.txt")
        claim(claims, f"record-{at}", f"crawl-{at // 100}.jsonl", f"#{at}")
    told = {}
    for id_ in ("in/7.txt", "row-7", "row-4999", "record-1234", "record-4321"):
        again = claim(claims, id_, "late.txt")
        assert isinstance(again, Reject)
        assert again.finding.code == "E210"
        told[id_] = again.finding.message
    assert told["in/7.txt"].endswith("of in/7.txt")
    assert told["row-7"].endswith("of listed/7\udce9.txt")
    assert told["row-4999"].endswith("of listed/4999\udce9.txt")
    assert told["record-1234"].endswith("of crawl-12.jsonl")
    assert told["record-4321"].endswith("of crawl-43.jsonl")
    same = claim(claims, "record-4321", "crawl-43.jsonl", "#9")
    assert "two documents with the id" in same.finding.message


_GROWN = """
from archiver.document import Source
from archiver.readers.claims import Claims, Place

def held():
    with open("/proc/self/statm") as found:
        return int(found.read().split()[1]) * 4096

claims, sizes = Claims(), []
for at in range(150_000):
    if at in (50_000, 149_999):
        sizes.append(held())
    path = f"crawl/{at // 1000:06}/{at:09}.txt"
    claims.first(Source(f"https://example.org/{at}", path, b""), Place(""), path)
print((sizes[1] - sizes[0]) / 100_000)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_an_id_takes_forty_bytes_at_the_most():
    """One that is not its file's name, of which more is kept."""
    command = [sys.executable, "-c", _GROWN]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert float(done.stdout) < 40
