import archive_support as support
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.archive.bag import bag, tags
from archiver.archive.bag.payload import payload_files
from archiver.digest import sha256
from archiver.errors import DamageError, StorageError


def test_the_manifest_covers_the_payload(archive):
    lines = bag.read_manifest((archive.path / bag.MANIFEST).read_bytes())
    assert sorted(lines) == sorted(payload_files(archive.path))
    for path, digest in lines.items():
        assert sha256((archive.path / path).read_bytes()) == digest


def test_sealing_reads_no_part_again(archive):
    path = support.part_paths(archive)[0]
    before = (archive.path / bag.MANIFEST).read_bytes()
    path.write_bytes(b"\0" * path.stat().st_size)
    bag.seal(archive.path)
    assert (archive.path / bag.MANIFEST).read_bytes() == before  # the damage stays visible


def test_sealing_twice_changes_nothing(archive):
    names = [bag.DECLARATION, bag.INFO, bag.MANIFEST, bag.TAG_MANIFEST, bag.README]
    before = [(archive.path / name).read_bytes() for name in names]
    bag.seal(archive.path)
    assert [(archive.path / name).read_bytes() for name in names] == before


def test_a_broken_archive_is_not_sealed_over(archive):
    support.part_paths(archive)[0].unlink()
    with pytest.raises(StorageError, match="missing"):
        bag.seal(archive.path)
    support.entry_path(archive, 1).write_bytes(b"")
    with pytest.raises(DamageError):
        bag.seal(archive.path)


def test_a_foreign_file_is_covered_too(archive):
    (archive.path / "data/note 100%.txt").write_text("x")
    bag.seal(archive.path)
    text = (archive.path / bag.MANIFEST).read_text()
    assert "data/note 100%25.txt" in text
    assert bag.read_manifest(text.encode())["data/note 100%.txt"] == sha256(b"x")


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
def test_escaped_paths_come_back(path):
    escaped = tags.escape(path)
    assert tags.unescape(escaped) == path
    assert "\n" not in escaped
    assert "\r" not in escaped


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_a_manifest_or_refused(data):
    try:
        lines = bag.read_manifest(data)
    except ValueError:
        return
    assert all(not path.startswith("/") and ".." not in path.split("/") for path in lines)
