"""Bytes flipped, cut off and emptied anywhere: nothing passes unseen, nothing raises."""

import shutil
from contextlib import suppress

import archive_support as support
import pytest
from archive_support import entry_path, part_paths, where
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archiver.archive.archive import open_archive
from archiver.archive.checks.validate import validate
from archiver.errors import ArchiverError, DamageError


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    return support.small_archive(tmp_path_factory.mktemp("flips") / "archive")


@pytest.fixture(scope="module")
def truth(sound):
    return sound.latest().to_pylist()


COVERED = [
    "data/documents/_delta_log/00000000000000000000.json",
    "data/documents/_delta_log/00000000000000000001.json",
    "data/documents/_delta_log/00000000000000000002.json",
    "data/quarantine/_delta_log/00000000000000000001.json",
    "manifest-sha256.txt",
    "tagmanifest-sha256.txt",
    "bag-info.txt",
    "bagit.txt",
]

once_a_module = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def damaged(path, data, check):
    """Run ``check`` while the file holds other bytes."""
    before = path.read_bytes()
    path.write_bytes(data)
    try:
        check()
    finally:
        path.write_bytes(before)


@once_a_module
@given(name=st.sampled_from(COVERED), place=st.floats(0, 1), bit=st.integers(0, 7))
def test_a_flipped_bit_of_the_log_or_the_bag_is_found(sound, name, place, bit):
    path = sound.path / name
    data = bytearray(path.read_bytes())
    data[min(int(place * len(data)), len(data) - 1)] ^= 1 << bit

    def check():
        findings = validate(sound.path, quick=True, expect_head=sound.head()).findings
        assert any(item.is_error for item in findings)
        if "manifest" not in name:  # a wrong line there is laid to the file it names
            assert name in {item.where for item in findings}, findings

    damaged(path, bytes(data), check)


@once_a_module
@given(place=st.floats(0, 1), bit=st.integers(0, 7))
def test_a_flipped_bit_of_a_part_is_found_and_never_read(sound, truth, place, bit):
    path = part_paths(sound)[0]
    data = bytearray(path.read_bytes())
    data[min(int(place * len(data)), len(data) - 1)] ^= 1 << bit

    def check():
        findings = validate(sound.path).findings
        assert (where(sound, path), "E107") in {(item.where, item.code) for item in findings}
        named = {id_ for item in findings for id_ in item.documents}
        assert named <= {"a", "b"}

    damaged(path, bytes(data), check)


@once_a_module
@given(place=st.floats(0, 1), bit=st.integers(0, 7))
def test_reading_a_flipped_page_gives_the_right_record_or_an_error(sound, place, bit):
    path = part_paths(sound)[0]
    right = sound.record("a")
    data = bytearray(path.read_bytes())
    data[min(int(place * len(data)), len(data) - 1)] ^= 1 << bit

    def check():
        with suppress(DamageError):
            assert open_archive(sound.path).record("a") == right

    damaged(path, bytes(data), check)


@once_a_module
@given(data=st.binary(max_size=300), name=st.sampled_from(COVERED))
def test_any_bytes_in_place_of_a_file_are_found(sound, data, name):
    def check():
        findings = validate(sound.path, quick=True, expect_head=sound.head()).findings
        assert any(item.is_error for item in findings), data

    damaged(sound.path / name, data, check)


@pytest.mark.parametrize("keep", [0, 1, 4, 0.5, -1])
@pytest.mark.parametrize("which", [0, 1])
def test_a_part_cut_short(sound, which, keep):
    path = part_paths(sound)[which]
    data = path.read_bytes()
    cut = data[: int(len(data) * keep) if isinstance(keep, float) else keep]

    def check():
        findings = validate(sound.path).findings
        assert ("E107", where(sound, path)) in {(item.code, item.where) for item in findings}
        with pytest.raises(DamageError):
            sound.latest()

    damaged(path, cut, check)


@pytest.mark.parametrize("data", [b"", b"{", b"\n"])
@pytest.mark.parametrize("table", ["documents", "quarantine"])
def test_a_torn_newest_entry_is_never_an_older_archive(sound, table, data):
    newest = sound.entries(table)[-1].version

    def check():
        with pytest.raises(DamageError, match=f"{newest:020d}"):
            open_archive(sound.path)

    damaged(entry_path(sound, newest, table), data, check)


@pytest.mark.parametrize("version", [0, 1])
def test_a_missing_entry_stops_reading(sound, tmp_path, version):
    copy = tmp_path / "copy"
    shutil.copytree(sound.path, copy)
    entry_path(support.Archive(copy), version).unlink()
    with pytest.raises(ArchiverError):
        open_archive(copy).latest()


def test_validation_writes_nothing(sound):
    def state():
        return {
            path: (path.stat().st_mtime_ns, path.stat().st_size) for path in sound.path.rglob("*")
        }

    before = state()
    validate(sound.path)
    assert state() == before
