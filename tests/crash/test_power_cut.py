"""The power goes: what was not synced is lost, torn or there, in any order.

A run is recorded, and for each moment of it the disks are made that a power cut may
leave then; see ``power_support``. On each of them every acknowledged version is there
and whole, `archiver recover` or the next run puts things in order, and a run again
completes exactly once. The default run takes a few disks, ``pytest -m slow`` all of
them; ``POWER_DISKS`` limits how many.
"""

import json
import os
import random
from contextlib import suppress
from functools import partial

import crash_support as support
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from power_stories import (
    GONE,
    STORIES,
    commit,
    commit_without_links_and_locks,
    create,
    take_down,
    take_down_again,
)

from archiver.archive.archive import open_archive
from archiver.archive.checks.fixity import read_log
from archiver.archive.checks.validate import validate
from archiver.errors import DamageError, NoArchiveError

DAMAGE, NO_ARCHIVE = 4, 10

#: Disks that the slow run makes of one story at most.
DISKS = int(os.environ.get("POWER_DISKS", "1000"))


def check(story, state, *, recover_first=False):
    """What must hold on one disk, now and when all is done. Returns: whether it needed recovery."""
    world, path = story.world, story.world.folder / "disk/archive"
    state.lay_out(path.parent)
    known = story.acknowledged(state.cut)
    _check_readable(path, known)
    needed = False
    if recover_first and known is not None:
        _recover(world, path, known)
    again = world.ingest(path)
    if again.status == DAMAGE:
        assert "archiver recover" in again.json["error"]["hint"], again
        _recover(world, path, known)
        again, needed = world.ingest(path), True
    assert again.status in {0, 3}, again
    if known is not None:
        assert open_archive(path).entries()[known.version].head == known
    if support.orphans(path) or support.staging(path):  # told, and taken away when asked
        _recover(world, path, again.head, "--orphans")
    if read_log(path).torn:  # the next event takes its place
        assert world.run("validate", path, "--json").status == 0
    support.check_complete(path, again, story.ids, story.quarantined)
    return needed


def _check_readable(path, known):
    """Readers see all that was acknowledged, or are told that something is torn."""
    try:
        archive = open_archive(path)
        head = archive.head()
    except NoArchiveError:
        assert known is None
        return
    except DamageError:  # told with a hint, see ``check``
        return
    if known is not None:
        assert archive.entries()[known.version].head == known, "an acknowledged version is lost"
    assert read_log(path).problems == ()
    report = validate(path, expect_head=head)
    errors = [item for item in report.findings if item.is_error]
    assert not errors, errors


def _recover(world, path, known, *words):
    done = world.run("recover", path, "--json", *words)
    if done.status == NO_ARCHIVE:
        assert known is None, done
        return
    assert done.status == 0, done
    if known is not None:
        assert done.head.version >= known.version, done


def played(story, states, check=check):
    """Check each disk. Returns: how many of them needed `archiver recover`."""
    failed, needed = [], 0
    for state in states:
        try:
            needed += check(story, state)
        except (AssertionError, KeyError, json.JSONDecodeError) as problem:
            failed.append(f"cut {state.cut.number} ({state.cut.op}), {state.label}: {problem!r}")
    assert not failed, f"{len(failed)} of the disks:\n" + "\n".join(failed[:20])
    return needed


def all_states(story, *, drawn=6):
    """Every disk that the model knows, each once."""
    chance, seen = random.Random(7), set()  # noqa: S311 - the same disks again
    for cut in story.record.cuts():
        for state in story.record.states(cut, chance, drawn=drawn):
            key = state.key, story.acknowledged(cut)
            if key not in seen:
                seen.add(key)
                yield state


def drawn(states):
    """As many as the run is to check."""
    found = list(states)
    return random.Random(11).sample(found, min(DISKS, len(found)))  # noqa: S311 - the same again


def some(story, *wanted):
    """The disks of these operations and labels."""
    return [story.record.state(op, label) for op, label in wanted]


NOTHING, NAMES = "nothing kept", "all names kept, bytes lost"


def test_a_power_cut_loses_nothing_acknowledged(world, tmp_path):
    """Before and after the moment from which a version counts as made."""
    story = commit(world, tmp_path / "disk")
    wanted = [
        ("step documents-entry-visible", "only 00000000000000000010.json is kept, bytes lost"),
        ("step documents-entry-durable", NOTHING),
        ("step documents-entry-durable", NAMES),
        ("end", NOTHING),
    ]
    assert played(story, some(story, *wanted)) == 0


def test_a_torn_entry_is_put_aside_after_a_power_cut(world, tmp_path):
    """Where there are neither links nor locks an entry is written where it is to be."""
    story = commit_without_links_and_locks(world, tmp_path / "disk")
    torn = "only 00000000000000000010.json is kept, bytes torn"
    assert played(story, some(story, ("fsync", torn))) == 1


def test_an_archive_whose_making_was_cut_off_is_made_again(world, tmp_path):
    story = create(world, tmp_path / "disk")
    wanted = [("fsync", NAMES), ("step seal-manifest-durable", NOTHING)]
    assert played(story, some(story, *wanted)) == 0


@pytest.mark.slow
@pytest.mark.parametrize("recover_first", [False, True], ids=["ingest", "recover"])
@pytest.mark.parametrize("tell", STORIES, ids=lambda tell: tell.__name__)
def test_every_disk_that_a_power_cut_may_leave(world, tmp_path, tell, recover_first, capsys):
    story = tell(world, tmp_path / "disk")
    states = drawn(all_states(story))
    needed = played(story, states, partial(check, recover_first=recover_first))
    with capsys.disabled():
        print(f"\n{tell.__name__}: {len(states)} disks, 0 lost; {needed} needed `recover` first")


def traces(path):
    """The files that hold the document: its id, or its text."""
    found = []
    for file in sorted(item for item in path.rglob("*") if item.is_file()):
        held = file.read_bytes()
        if file.suffix == ".parquet":
            with suppress(pa.ArrowException, OSError):
                held = str(pq.read_table(file).to_pylist()).encode()
        if GONE.encode() in held or b"A sentence about o1," in held:
            found.append(file.relative_to(path).as_posix())
    return found


def check_taken_down(story, state):
    """Once it was said to be gone it does not come back; until then it can be finished."""
    world, path = story.world, story.world.folder / "disk/archive"
    state.lay_out(path.parent)
    _check_readable(path, story.head)
    if state.cut.op == "end":
        assert traces(path) == [], "what was taken down is there again"
    _recover(world, path, story.head)
    if open_archive(path).head() == story.head:  # it had not begun
        assert take_down_again(world, path).status == 0
    assert traces(path) == []
    again = world.ingest(path)
    if support.orphans(path) or support.staging(path):
        _recover(world, path, again.head, "--orphans")
    support.check_complete(path, again, story.ids, story.quarantined)
    return False


def test_what_was_taken_down_stays_away_after_a_power_cut(world, tmp_path):
    story = take_down(world, tmp_path / "disk")
    assert played(story, some(story, ("end", NOTHING), ("end", NAMES)), check_taken_down) == 0


@pytest.mark.slow
def test_a_take_down_on_every_disk_that_a_power_cut_may_leave(world, tmp_path, capsys):
    story = take_down(world, tmp_path / "disk")
    states = drawn(all_states(story))
    played(story, states, check_taken_down)
    with capsys.disabled():
        print(f"\ntake_down: {len(states)} disks, nothing came back")
