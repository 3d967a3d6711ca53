"""The bag's own files are believed where the tag manifest vouches for them."""

import pytest

from archiver.archive.bag import tags
from archiver.archive.bag.grown import sealed_before
from archiver.archive.bag.payload import vouched_checkpoints
from archiver.archive.write.noted import noted_digests, noted_head
from archiver.digest import sha256


def flip(path):
    data = bytearray(path.read_bytes())
    data[-2] ^= 1
    path.write_bytes(data)


def believed(root):
    """Who believes what: the head noted, the lines listed, what a seal goes on from."""
    return noted_head(root), noted_digests(root), sealed_before(root), tags.tags_hold(root)


def test_a_sealed_bag_is_believed(archive):
    root, head = archive.path, archive.head()
    noted, lines, before, hold = believed(root)
    assert noted == head
    assert lines == tags.payload_lines(root) != {}
    assert before.head == head
    assert (before.octets, before.files) == tags.read_oxum(tags.read_info(root))
    assert before.files == len(lines)
    assert hold
    info, manifest = tags.vouched(root, tags.INFO, tags.MANIFEST)
    assert info == (root / tags.INFO).read_bytes()
    assert manifest == tags.write_manifest(lines)


def test_without_a_tag_manifest_a_seal_was_interrupted(archive):
    """Its files are whole and name what was acknowledged; no seal goes on from them."""
    (archive.path / tags.TAG_MANIFEST).unlink()
    noted, lines, before, hold = believed(archive.path)
    assert noted == archive.head()
    assert lines
    assert before is None
    assert not hold
    assert vouched_checkpoints(archive.path) == {}


@pytest.mark.parametrize("name", [tags.INFO, tags.MANIFEST])
def test_a_changed_file_is_not_believed(archive, name):
    flip(archive.path / name)
    noted, lines, before, hold = believed(archive.path)
    assert (noted is None) == (name == tags.INFO)
    assert (lines == {}) == (name == tags.MANIFEST)
    assert before is None
    assert not hold
    assert tags.vouched(archive.path, name) is None
    assert tags.vouched(archive.path, name, unsealed=True) is None


@pytest.mark.parametrize("damage", [b"", b"\xff", b"no line\n"])
def test_a_damaged_tag_manifest_vouches_for_nothing(archive, damage):
    (archive.path / tags.TAG_MANIFEST).write_bytes(damage)
    assert believed(archive.path) == (None, {}, None, False)


def test_a_tag_manifest_must_cover_what_every_bag_has(archive):
    path = archive.path / tags.TAG_MANIFEST
    lines = tags.manifest_lines(archive.path, tags.TAG_MANIFEST)
    del lines[tags.DECLARATION]
    path.write_bytes(tags.write_manifest(lines))
    assert not tags.tags_hold(archive.path)


@pytest.mark.parametrize(
    "info",
    [
        b"",
        b"Archiver-Head: 1:short\nPayload-Oxum: 1\n",
        b" Archiver-Head: 1:" + b"a" * 64 + b"\n Payload-Oxum: 1.1\n",
        b"Archiver-Head: " + b"9" * 19 + b":" + b"a" * 64 + b"\nPayload-Oxum: 1.x\n",
    ],
)
def test_what_is_no_head_and_no_size(archive, info):
    with pytest.raises(ValueError, match="lacks Archiver-Head"):
        tags.read_head(info)
    with pytest.raises(ValueError, match="lacks Payload-Oxum"):
        tags.read_oxum(info)
    (archive.path / tags.INFO).write_bytes(info)
    lines = tags.manifest_lines(archive.path, tags.TAG_MANIFEST) | {tags.INFO: sha256(info)}
    (archive.path / tags.TAG_MANIFEST).write_bytes(tags.write_manifest(lines))
    assert noted_head(archive.path) is None
    assert sealed_before(archive.path) is None


def test_a_huge_file_is_not_read(archive):
    with (archive.path / tags.INFO).open("r+b") as stream:
        stream.truncate(tags.MAX_INFO_BYTES + 1)
    with pytest.raises(ValueError, match="more than the"):
        tags.read_info(archive.path)
    assert tags.vouched(archive.path, tags.INFO, unsealed=True) is None
