"""The manifest of a bag that only grew: the same as a look at every file gives."""

from __future__ import annotations

import json

import archive_support as support
import pytest

from archiver.archive.archive import open_archive
from archiver.archive.bag import bag
from archiver.archive.bag import described as module
from archiver.archive.bag.described import described
from archiver.archive.checks.validate import validate
from archiver.archive.log.delta import CHECKPOINT_INTERVAL
from archiver.archive.log.entry import Head
from archiver.errors import StorageError

NAMES = (bag.DECLARATION, bag.INFO, bag.MANIFEST, bag.TAG_MANIFEST, bag.README, bag.CROISSANT)


def tag_files(archive):
    return {name: (archive.path / name).read_bytes() for name in NAMES}


def logs(archive):
    return {table: archive.entries(table) for table in ("documents", "quarantine")}


def commit(archive, name, **more):
    return support.commit(
        archive,
        [support.document(name)],
        [support.rejected(name, name.encode())],
        batch_id=name,
        **more,
    )


@pytest.fixture
def whole_seals(monkeypatch):
    """The versions at which every file was looked at."""
    seen = []
    real = bag.list_payload
    monkeypatch.setattr(bag, "list_payload", lambda *given: (seen.append(1), real(*given))[1])
    return seen


def test_each_version_is_sealed_as_a_whole_look_would(tmp_path, whole_seals):
    archive = support.long_archive(tmp_path / "archive", 1)
    del whole_seals[:]
    for number in range(2, CHECKPOINT_INTERVAL + 4):
        commit(archive, f"n{number}")
        grown = tag_files(archive)
        looked = len(whole_seals)
        bag.seal(archive.path)
        assert len(whole_seals) == looked + 1
        assert tag_files(archive) == grown, number
        del whole_seals[looked:]
    assert not whole_seals
    assert validate(archive.path).findings == ()


def test_a_version_that_was_not_sealed_is_caught_up_with(archive, whole_seals):
    before = tag_files(archive)
    for name in ("one", "two"):
        commit(archive, name)
    wanted = tag_files(archive)
    for name, data in before.items():
        (archive.path / name).write_bytes(data)
    bag.seal(archive.path, entries=logs(archive), before=bag.sealed_before(archive.path))
    assert not whole_seals
    assert tag_files(archive) == wanted


def unseal(archive):
    (archive.path / bag.TAG_MANIFEST).unlink()


def flip_manifest(archive):
    path = archive.path / bag.MANIFEST
    path.write_bytes(path.read_bytes().replace(b"0", b"1", 1))


def flip_info(archive):
    path = archive.path / bag.INFO
    path.write_bytes(path.read_bytes().replace(b"Payload-Oxum: ", b"Payload-Oxum: 9", 1))


def pointer(archive):
    path = archive.path / "data/documents/_delta_log/_last_checkpoint"
    path.write_text(json.dumps({"version": 0, "size": 1}), "utf-8")


@pytest.mark.parametrize("change", [unseal, flip_manifest, flip_info, pointer])
def test_a_bag_that_cannot_be_taken_at_its_word_is_made_anew(archive, whole_seals, change):
    change(archive)
    commit(archive, "next")
    assert whole_seals
    sealed = tag_files(archive)
    bag.seal(archive.path)
    assert tag_files(archive) == sealed


def test_what_leaves_is_not_named(archive, whole_seals):
    path = support.part_paths(archive)[0].relative_to(archive.path).as_posix()
    before = bag.read_manifest((archive.path / bag.MANIFEST).read_bytes())
    assert path in before
    bag.seal(
        archive.path, entries=logs(archive), leaving=[path], before=bag.sealed_before(archive.path)
    )
    after = bag.read_manifest((archive.path / bag.MANIFEST).read_bytes())
    assert before.keys() - after.keys() == {path}


def test_a_new_part_that_is_missing_is_not_sealed_over(archive):
    before = tag_files(archive)
    commit(archive, "next")
    for name, data in before.items():
        (archive.path / name).write_bytes(data)
    (archive.path / "data/documents" / archive.entries()[-1].added[0].path).unlink()
    with pytest.raises(StorageError, match="missing"):
        bag.seal(archive.path, entries=logs(archive), before=bag.sealed_before(archive.path))


def test_a_lost_old_part_is_named_still_and_found(archive):
    lost = support.part_paths(archive)[0]
    lost.unlink()
    assert commit(archive, "next").sealed
    found = validate(archive.path).findings
    assert (lost.relative_to(archive.path).as_posix(), "files") in {
        (item.where, item.layer) for item in found
    }


def test_a_head_of_another_log_is_not_gone_on_from(archive):
    before = bag.sealed_before(archive.path)
    assert before is not None
    assert before.head == archive.head()
    commit(archive, "next")
    assert bag.grown(archive.path, logs(archive), before, ()) is not None
    for head in (archive.head(), Head(2, "0" * 64), Head(99, before.head.sha256)):
        assert bag.grown(archive.path, logs(archive), before._replace(head=head), ()) is None


def test_only_new_parts_are_read_for_what_documents_say(archive, monkeypatch):
    read = []
    real = module.read_part
    monkeypatch.setattr(
        module, "read_part", lambda *given: (read.append(given[1]), real(*given))[1]
    )
    commit(archive, "next")
    assert read == list(archive.entries()[-1].added)
    (archive.path / module.CACHE / "described.json").unlink()
    again = described(archive.path, open_archive(archive.path).entries())
    assert again == described(archive.path, archive.entries())
    assert len(read) == 1 + len(archive.parts())
