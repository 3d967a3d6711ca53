"""Disks that fail to sync, fill up or refuse: nothing acknowledged is lost, and words say why."""

import json
from collections import Counter

import crash_support as support
import pytest

from archiver.archive.archive import open_archive


def check_refused(ended, words):
    assert ended.status == 7, ended
    error = json.loads(ended.out)["error"]
    assert (error["code"], error["exit_status"]) == ("storage", 7)
    assert words in error["message"]
    assert error["hint"]
    assert "Traceback" not in ended.err


@pytest.mark.parametrize("first", [2, 6, 12, 16, 20])
def test_a_failing_fsync(world, first):
    """From the nth on each fails. What is said to be committed is what is there."""
    path = world.fresh()
    ended = world.ingest(path, fsync=first)
    if ended.status == 3:  # the version was safe before; only the seal is missing
        assert ended.json["sealed"] is False
        head = ended.head
    else:
        check_refused(ended, "input/output error")
        head = world.head
    assert support.check_killed(path, head).version >= head.version
    assert support.staging(path) == []
    support.check_complete(path, world.ingest(path), world.after, quarantined=2)


def test_each_fsync_before_the_version_counts(world):
    """A version is acknowledged only if every fsync before its seal went well."""
    steps = world.ingest(world.fresh()).told["steps"]
    assert steps.index("documents-entry-durable") < steps.index("seal-opened")
    statuses = [world.ingest(world.fresh(), fsync=number).status for number in (1, 3, 5, 8)]
    assert statuses == [7, 7, 7, 7]


def test_a_disk_that_fails_between_the_two_entries(world):
    """The quarantine's version is there and the documents' is not: their parts are taken back."""
    steps = Counter[bool]()
    for first in range(6, 40):
        path = world.fresh()
        ended = world.ingest(path, fsync=first)
        if ended.status == 3:
            break
        check_refused(ended, "input/output error")
        steps[open_archive(path).unfinished()] += 1
        assert support.orphans(path) == []
        assert support.staging(path) == []
    assert steps[True] >= 1
    assert steps[False] >= 1
    support.check_complete(path, world.ingest(path), world.after, quarantined=2)


@pytest.mark.parametrize("limit", [500, 3_000])
def test_a_limit_on_the_size_of_files(world, limit):
    path = world.fresh()
    check_refused(world.ingest(path, file_size=limit), "would exceed the size limit")
    assert support.check_killed(path, world.head) == world.head
    support.check_complete(path, world.ingest(path), world.after, quarantined=2)


def test_an_archive_that_cannot_be_made(world):
    path = world.folder / "new"
    check_refused(world.ingest(path, fsync=1), "input/output error")
    support.check_complete(path, world.ingest(path), world.new)


def test_recover_on_a_failing_disk(world):
    path = world.fresh()
    (path / "tagmanifest-sha256.txt").unlink()
    check_refused(world.run("recover", path, "--json", fsync=1), "input/output error")
    assert world.run("recover", path, "--json").head == open_archive(path).head() == world.head
