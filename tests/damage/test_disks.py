"""Disks that are full, read-only or not there; two writers at once."""

import subprocess
import threading

import archive_support as support
import pytest

from archiver.archive.archive import Archive, create_archive, open_archive
from archiver.archive.checks.validate import validate
from archiver.archive.files.lock import locked
from archiver.archive.write.writer import MovedOnError, Writer
from archiver.digest import sha256
from archiver.errors import InputError, LockedError, StorageError


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 2 MiB of its own."""
    path = tmp_path / "disk"
    path.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(path)]
    try:
        done = subprocess.run(command, capture_output=True, check=False)
    except OSError as problem:
        pytest.skip(f"cannot mount: {problem}")
    if done.returncode:
        pytest.skip(f"cannot mount a small disk here: {done.stderr.decode().strip()}")
    yield path
    subprocess.run(["umount", "-l", str(path)], check=True)


def remount(path, how):
    subprocess.run(["mount", "-o", f"remount,{how}", str(path)], check=True)


def test_a_disk_that_fills_up(small_disk):
    archive = create_archive(small_disk / "archive", support.NOW)
    acknowledged = archive.head()
    text = "".join(sha256(f"{number}".encode()) for number in range(5_000))  # 160 kB packed
    refusal = ""
    for number in range(1000):
        rows = [support.document(f"d{number}", f"{number} {text}")]
        try:
            acknowledged = support.commit(archive, rows, batch_id=f"run-{number}").head
        except StorageError as problem:
            refusal = problem.message
            break
    assert "the disk is full" in refusal
    assert acknowledged.version > 2
    archive = open_archive(archive.path)
    assert archive.head() == acknowledged
    report = validate(archive.path, expect_head=acknowledged)
    assert {item.code for item in report.findings} <= {"W101"}, report.findings
    remount(small_disk, "size=8m")
    assert support.commit(archive, [support.document("more")], batch_id="more").sealed
    assert validate(archive.path).findings == ()


def test_a_read_only_disk_can_be_read_and_not_written(small_disk):
    archive = support.small_archive(small_disk / "archive")
    remount(small_disk, "ro")
    try:
        archive = open_archive(archive.path)
        assert archive.ids() == ["a", "b", "c"]
        assert validate(archive.path).findings == ()
        with pytest.raises(StorageError, match="read-only"):
            support.commit(archive, [support.document("d")], batch_id="run-3")
        with pytest.raises(StorageError, match="read-only"):
            create_archive(small_disk / "other", support.NOW)
    finally:
        remount(small_disk, "rw")


def test_an_archive_below_a_file(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(StorageError, match="new archive"):
        create_archive(tmp_path / "file" / "archive", support.NOW)
    with pytest.raises(InputError, match="not a folder"):
        create_archive(tmp_path / "file", support.NOW)


def test_a_held_lock_is_an_error_after_a_while(archive):
    with locked(archive.path, 1), pytest.raises(LockedError, match="another process"):
        support.commit(archive, [support.document("d")], batch_id="run-3", lock_timeout=0.1)
    assert archive.head().version == 2
    assert validate(archive.path).findings == ()


def test_a_run_that_planned_on_an_older_head(archive):
    planned = archive.head()
    support.commit(archive, [support.document("d")], batch_id="first")
    with pytest.raises(MovedOnError, match="version 3"):
        support.commit(archive, [support.document("e")], batch_id="second", expected_head=planned)
    assert archive.ids() == ["a", "b", "c", "d"]
    assert validate(archive.path).findings == ()


def test_many_writers_each_make_one_version(archive):
    failures = []

    def work(number):
        try:
            mine = Archive(archive.path)
            support.commit(mine, [support.document(f"w{number}")], batch_id=f"w{number}")
        except Exception as problem:  # noqa: BLE001 - told to the test below
            failures.append(problem)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert archive.head().version == 8
    assert len(archive.ids()) == 9
    assert validate(archive.path).findings == ()


def test_the_same_run_twice_makes_one_version(archive):
    first = support.commit(archive, [support.document("d")], batch_id="run-3")
    again = support.commit(archive, [support.document("d")], batch_id="run-3")
    assert again.head == first.head == archive.head()


def test_without_locks_a_version_is_still_made_once(archive, monkeypatch):
    """Both writers read the same head; the second finds the name taken."""

    def no_locks(_handle):
        raise NotImplementedError

    monkeypatch.setattr("archiver.archive.files.lock.lock_file", no_locks)

    def other(step):
        if step == "documents-entry-staged":
            monkeypatch.undo()
            support.commit(Archive(archive.path), [support.document("o")], batch_id="other")

    with pytest.raises(MovedOnError):
        support.commit(archive, [support.document("d")], batch_id="run-3", checkpoint=other)
    assert archive.ids() == ["a", "b", "c", "o"]
    assert validate(archive.path).is_sound


def test_leaving_without_commit_leaves_nothing(archive):
    before = sorted(archive.path.rglob("*"))
    with Writer(archive, batch_id="n", ingested_at=support.NOW, tool="t") as writer:
        writer.stage_documents(support.records_from_rows([support.document("n")]))
        assert len(sorted(archive.path.rglob("*.parquet"))) == 4
    assert [path for path in sorted(archive.path.rglob("*")) if path not in before] == [
        path for path in sorted(archive.path.rglob("*")) if path.is_dir() and path not in before
    ]
    assert validate(archive.path).findings == ()


def test_batches_that_fit_no_table(archive):
    batch = support.records_from_rows([support.document("n")])
    with Writer(archive, batch_id="n", ingested_at=support.NOW, tool="t") as writer:
        for wrong in (batch.slice(0, 0), batch.drop_columns(["url"])):
            with pytest.raises(ValueError, match="columns"):
                writer.stage_documents(wrong)
        writer.stage_documents(batch)
        with pytest.raises(ValueError, match="staged twice"):
            writer.stage_documents(batch)
        with pytest.raises(ValueError, match="ruleset"):
            writer.commit(
                ruleset_digest="0" * 64,
                ruleset_json=b"{}",
                profile="safe",
                index_sha256=None,
                counts={},
            )
