"""`archiver recover`: what it puts in order, and what it refuses to touch."""

import json

import archive_support
import crash_support as support
import pytest

from archiver.archive.archive import open_archive
from archiver.archive.checks.validate import validate
from archiver.archive.mend.recover import recover
from archiver.errors import DamageError, LockedError, NoArchiveError

LOG = "data/documents/_delta_log"
CHECKPOINT = f"{LOG}/{10:020d}.checkpoint.parquet"


def entry(path, version, table="documents"):
    return path / "data" / table / "_delta_log" / f"{version:020d}.json"


@pytest.fixture
def long(tmp_path):
    """Eleven versions, with a checkpoint of the tenth."""
    return archive_support.long_archive(tmp_path / "archive", 11)


def put_in_order(path, **options):
    done = recover(path, name="now", **options)
    assert done.refused == (), done.refused
    codes = {item.code for item in validate(path, expect_head=done.head).findings}
    assert codes <= ({"W102"} if options.get("expect_head") else set())
    return done


def refuse(path, **options):
    files = {item: item.read_bytes() for item in path.rglob("*") if item.is_file()}
    done = recover(path, name="now", **options)
    assert {item.code for item in done.refused} == {"E124"}
    for item, data in files.items():
        assert item.read_bytes() == data
    assert not (path / "aside").exists()
    return " ".join(item.message for item in done.refused)


@pytest.mark.parametrize("left", [0, 1, 100, -1])
@pytest.mark.parametrize("table", ["documents", "quarantine"])
def test_w107_a_torn_entry_that_nobody_acknowledged(archive, left, table):
    head = archive.head()
    data = entry(archive.path, 1, table).read_bytes()
    version = archive.entries(table)[-1].version + 1
    torn = entry(archive.path, version, table)
    torn.write_bytes(data[:left])
    with pytest.raises(DamageError):
        open_archive(archive.path)
    plan = recover(archive.path, name="now", dry_run=True)
    assert torn.exists()
    done = put_in_order(archive.path)
    assert (plan.found, plan.aside) == (done.found, done.aside)
    assert [item.code for item in done.found] == ["W107"]
    where = torn.relative_to(archive.path).as_posix()
    assert done.aside == {where: f"aside/now/{where}"}
    assert (archive.path / done.aside[where]).read_bytes() == data[:left]
    assert open_archive(archive.path).head() == head == done.head


def test_a_torn_entry_in_the_middle_is_refused(archive):
    entry(archive.path, 1).write_bytes(b"")
    assert "later ones build on it" in refuse(archive.path)


def test_a_missing_entry_in_the_middle_is_refused(archive):
    entry(archive.path, 1).unlink()
    assert "missing" in refuse(archive.path)


def test_e124_a_torn_entry_that_was_acknowledged(archive):
    first, left, newest = (item.head for item in archive.entries())
    entry(archive.path, 2).write_bytes(b"")
    assert "acknowledged" in refuse(archive.path)
    assert "expected head" in refuse(archive.path, expect_head=str(newest))
    assert "acknowledged" in refuse(archive.path, expect_head=str(first))
    # Without a copy, whoever says what is left takes the loss upon himself.
    assert put_in_order(archive.path, expect_head=str(left), orphans=True).head == left
    assert recover(archive.path, name="now", orphans=True).left == ()
    assert validate(archive.path, expect_head=left).findings == ()


def test_a_lost_newest_entry_is_refused_by_recover_and_by_ingest(archive):
    entry(archive.path, 2).unlink()
    assert "does not hold" in refuse(archive.path)
    lesser = open_archive(archive.path)
    with pytest.raises(DamageError, match="sealed at version 2"):
        archive_support.commit(lesser, [archive_support.document("d")], batch_id="run-3")
    assert not entry(archive.path, 2).exists()


def test_a_quarantine_entry_that_documents_name_is_refused(archive):
    entry(archive.path, 1, "quarantine").write_bytes(b"")
    assert "names" in refuse(archive.path)


@pytest.mark.parametrize("hurt", [CHECKPOINT, f"{LOG}/_last_checkpoint"])
@pytest.mark.parametrize("left", [0, 20])
def test_w108_a_torn_checkpoint(long, hurt, left):
    path = long.path / hurt
    path.write_bytes(path.read_bytes()[:left])
    done = put_in_order(long.path)
    assert [item.code for item in done.found] == ["W108"]
    assert f"{LOG}/_last_checkpoint" in done.aside
    assert (long.path / CHECKPOINT).is_file()
    assert done.head == long.head()


@pytest.mark.parametrize(
    "name", ["tagmanifest-sha256.txt", "manifest-sha256.txt", "bag-info.txt", "bagit.txt"]
)
@pytest.mark.parametrize("left", [None, 0, 40])
def test_missing_and_torn_manifests(archive, name, left):
    path = archive.path / name
    if left is None:
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:left])
    done = put_in_order(archive.path)
    assert done.sealed
    assert done.aside == {}
    assert done.head == archive.head()


def test_w109_orphans_go_when_asked(world):
    path = world.fresh()
    world.ingest(path, step="documents-part-durable")
    lost = support.orphans(path)
    assert len(lost) == 2
    foreign = path / lost[0].replace("parts", "parts/of-somebody-else")
    foreign.parent.mkdir(parents=True)
    foreign.write_bytes(b"not ours")
    done = recover(path, name="now")
    assert {item.code for item in done.found} == {"W109"}
    assert set(lost) < set(done.left)
    assert support.orphans(path) == lost
    done = recover(path, name="now", orphans=True)
    assert set(lost) < set(done.removed)
    assert support.orphans(path) == []
    assert support.staging(path) == []
    assert foreign.read_bytes() == b"not ours"
    assert validate(path, expect_head=world.head).is_sound


def test_a_sound_archive_is_left_alone(archive):
    files = {item: item.read_bytes() for item in archive.path.rglob("*") if item.is_file()}
    done = put_in_order(archive.path, orphans=True)
    assert (done.found, done.aside, done.removed, done.sealed) == ((), {}, (), False)
    now = {item: item.read_bytes() for item in archive.path.rglob("*") if item.is_file()}
    assert now == {**files, archive.path / ".lock": b""}


def test_without_locks_somebody_must_say_that_he_is_alone(archive, monkeypatch):
    def no_locks(_handle):
        raise NotImplementedError

    monkeypatch.setattr("archiver.archive.files.lock.lock_file", no_locks)
    with pytest.raises(LockedError, match="knows no locks"):
        recover(archive.path, name="now")
    assert put_in_order(archive.path, alone=True).head == archive.head()


def test_no_archive(tmp_path):
    with pytest.raises(NoArchiveError):
        recover(tmp_path, name="now")


def test_the_command(world):
    path = world.fresh()
    entry(path, world.head.version + 1).write_bytes(b"{")
    assert world.ingest(path).status == 4
    tried = world.run("recover", path, "--dry-run")
    assert (tried.status, "would be moved" in tried.out) == (0, True)
    done = world.run("recover", path, "--json")
    assert (done.status, done.head) == (0, world.head)
    assert json.loads(done.out)["findings"][0]["code"] == "W107"
    assert "nothing to recover" in world.run("recover", path).out
    entry(path, 3).write_bytes(b"")
    refused = world.run("recover", path)
    assert (refused.status, refused.out) == (4, "")
    assert "E124" in refused.err
    assert "Traceback" not in refused.err
