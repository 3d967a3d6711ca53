"""Runs that a power cut befalls, recorded; see ``power_record``."""

from dataclasses import dataclass, replace

import crash_support as support
import power_support

from archiver.archive.log.entry import Head

#: How the id of the document ends that is taken down.
GONE = "old/o1.txt"


@dataclass(frozen=True)
class Story:
    """A run that was recorded, and what it promises.

    ``head`` is acknowledged before the run begins, ``made`` once ``step`` was
    passed ``nth`` times. ``ids``: of the documents when all is done.
    """

    world: support.World
    record: power_support.Record
    head: Head | None
    made: Head | None
    step: str
    nth: int
    ids: tuple
    quarantined: int

    def acknowledged(self, cut):
        return self.made if self.made and cut.passed[self.step] >= self.nth else self.head


def commit(world, disk, **fate):
    """The tenth version, with a checkpoint."""
    path = _copy(world, disk)
    ended = world.ingest(path, **_recorded(world, disk), **fate)
    return _story(world, world.head, ended.head, quarantined=2)


def commit_without_links(world, disk):
    """Entries get their names by a rename."""
    return commit(world, disk, no_links=True)


def commit_without_links_and_locks(world, disk):
    """Entries are written where they are to be: they may be torn."""
    return commit(world, disk, no_links=True, no_locks="ENOLCK")


def create(world, disk):
    """The archive itself, and its first version."""
    disk.mkdir()
    ended = world.ingest(disk / "archive", **_recorded(world, disk))
    return _story(world, None, ended.head, nth=2, ids=world.new)


def commit_after_a_kill(world, disk):
    """What a killed run left is swept."""
    path = _copy(world, disk)
    assert world.ingest(path, step="documents-part-durable").status == support.KILLED
    ended = world.ingest(path, **_recorded(world, disk))
    return _story(world, world.head, ended.head, quarantined=2)


def fixity_check(world, disk):
    """A second event goes to the log of fixity checks."""
    path = _copy(world, disk)
    assert world.run("validate", path, "--json").status == 0
    ended = world.run("validate", path, "--json", **_recorded(world, disk))
    assert ended.status == 0, ended
    return _story(world, world.head, None, quarantined=2)


def recovery(world, disk):
    """A torn entry, parts that no version names, a seal half done."""
    path = _copy(world, disk)
    assert world.ingest(path, step="documents-part-durable").status == support.KILLED
    torn = path / "data/documents/_delta_log" / f"{world.head.version + 1:020d}.json"
    torn.write_bytes(b"{")
    (path / "tagmanifest-sha256.txt").unlink()
    ended = world.run("recover", path, "--orphans", "--json", **_recorded(world, disk))
    assert ended.status == 0, ended
    return _story(world, world.head, None, quarantined=2)


def take_down(world, disk):
    """One of the first two documents goes, with the received bytes kept beside it."""
    path = _copy(world, disk)
    ended = take_down_again(world, path, **_recorded(world, disk))
    assert ended.status == 0, ended
    ids = tuple(id_ for id_ in world.after if not id_.endswith(GONE))
    return replace(_story(world, world.head, None, quarantined=2), ids=ids)


def take_down_again(world, path, **fate):
    """The command itself."""
    (id_,) = (id_ for id_ in world.old if id_.endswith(GONE))
    words = ("--reason", "case 7", "--archive", path, "--yes", "--json")
    return world.run("takedown", id_, *words, **fate)


STORIES = [
    commit,
    commit_without_links,
    commit_without_links_and_locks,
    create,
    commit_after_a_kill,
    fixity_check,
    recovery,
]


def _copy(world, disk):
    disk.mkdir()
    return world.fresh().rename(disk / "archive")


def _recorded(world, disk):
    return {"disk": str(disk), "record": str(world.folder / "record")}


def _story(world, head, made, *, nth=1, ids=None, quarantined=1):
    record = power_support.Record(world.folder / "record")
    step = "documents-entry-durable"
    return Story(world, record, head, made, step, nth, ids or world.after, quarantined)
