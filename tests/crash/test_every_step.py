"""SIGKILL at every step of a commit, and before every single change to the disk.

The default run takes some of the steps, ``pytest -m slow`` the others.
"""

import crash_support as support
import pytest

from archiver.archive import create
from archiver.archive.archive import open_archive
from archiver.archive.mend import recover
from archiver.archive.write.writer import STEPS

#: One of each kind of place: staged, noted, named, visible, durable, half sealed.
QUICK = {
    "documents-part-staged",
    "parts-noted",
    "quarantine-part-named",
    "documents-part-durable",
    "quarantine-entry-visible",
    "quarantine-entry-durable",
    "documents-entry-staged",
    "documents-entry-visible",
    "documents-entry-durable",
    "seal-manifest-durable",
    "swept",
}


def quick_or_slow(steps, quick):
    """Each step; those that are not among the quick ones are left to the slow run."""
    assert set(quick) <= set(steps)
    return [pytest.param(step, marks=() if step in quick else pytest.mark.slow) for step in steps]


@pytest.mark.parametrize("step", quick_or_slow(STEPS, QUICK))
def test_killed_at_a_step(world, step):
    path = world.fresh()
    killed = world.ingest(path, step=step)
    assert killed.status == support.KILLED, killed
    head = support.check_killed(path, world.head)
    visible = STEPS.index(step) >= STEPS.index("documents-entry-visible")
    assert head.version == world.head.version + visible
    again = world.ingest(path)
    support.check_complete(path, again, world.after, quarantined=2)
    assert again.json["committed"] is not visible
    assert open_archive(path).head().version == world.head.version + 1


@pytest.mark.parametrize(
    "step",
    quick_or_slow(
        [*create.STEPS, "seal-opened", "seal-closed"],
        {"folder-made", "quarantine-entry-durable", "documents-entry-visible", "seal-opened"},
    ),
)
def test_killed_while_the_archive_is_made(world, step):
    path = world.folder / "new"
    killed = world.ingest(path, step=step)
    assert killed.status == support.KILLED, killed
    support.check_killed(path, None)
    support.check_complete(path, world.ingest(path), world.new)


def test_every_step_is_passed(world):
    made = world.ingest(world.folder / "new").told["steps"]
    assert set(made) == {*create.STEPS, *STEPS}
    assert world.ingest(world.fresh()).told["steps"] == list(STEPS)


@pytest.mark.slow
@pytest.mark.parametrize("fate", [{}, {"no_links": True}, {"no_locks": "ENOLCK"}], ids=str)
def test_killed_before_every_change_to_the_disk(world, fate, capsys):
    changes = world.ingest(world.fresh(), **fate).told["events"]
    assert changes > 50
    for event in range(1, changes + 1):
        path = world.fresh()
        killed = world.ingest(path, event=event, **fate)
        assert killed.status == support.KILLED
        support.check_killed(path, world.head)
        support.check_complete(path, world.ingest(path), world.after, quarantined=2)
    with capsys.disabled():
        print(f"\n{changes} kills, one before each change to the disk ({fate or 'plain'}): 0 lost")


@pytest.mark.parametrize("step", [*recover.STEPS, "seal-opened", "seal-manifest-durable"])
def test_a_killed_recovery_is_done_again(world, step):
    path = world.fresh()
    world.ingest(path, step="documents-part-durable")
    entry = path / "data/documents/_delta_log" / f"{world.head.version + 1:020d}.json"
    entry.write_bytes(b"")
    (path / "tagmanifest-sha256.txt").unlink()
    args = ("recover", path, "--orphans", "--json")
    assert world.run(*args, step=step).status == support.KILLED
    done = world.run(*args)
    assert done.status == 0, done
    assert done.head == world.head
    support.check_complete(path, world.ingest(path), world.after, quarantined=2)
