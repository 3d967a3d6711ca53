"""Rulesets are kept packed, and read from the older layout too."""

import gzip
import hashlib
import zlib
from contextlib import suppress

import archive_support as support
import pytest

from archiver.archive.bag.bag import seal
from archiver.archive.checks.validate import validate
from archiver.archive.files import rulesets
from archiver.archive.files.disk import STAGING
from archiver.archive.rows.columns import RULESETS
from archiver.errors import DamageError

DIGEST = support.RULESET_DIGEST


def packed(archive):
    return archive.path / RULESETS / f"{DIGEST}.json.gz"


def older(archive):
    """The archive as 0.1.0 wrote it."""
    path = packed(archive)
    path.with_suffix("").write_bytes(support.RULESET)
    path.unlink()
    seal(archive.path)
    return path.with_suffix("")


def test_a_ruleset_is_kept_packed_and_any_gunzip_reads_it(archive):
    assert gzip.decompress(packed(archive).read_bytes()) == support.RULESET
    assert rulesets.read_ruleset(archive.path, DIGEST) == support.RULESET
    assert [path.name for path in (archive.path / RULESETS).iterdir()] == [f"{DIGEST}.json.gz"]


def test_the_same_ruleset_gives_the_same_bytes(archive, tmp_path):
    (tmp_path / STAGING).mkdir()
    rulesets.keep_ruleset(tmp_path, DIGEST, support.RULESET, tmp_path / STAGING)
    kept = tmp_path / rulesets.ruleset_path(DIGEST)
    assert kept.read_bytes() == packed(archive).read_bytes()


def test_an_archive_of_the_older_layout_is_sound_and_goes_on(archive):
    plain = older(archive)
    assert validate(archive.path).findings == ()
    assert rulesets.read_ruleset(archive.path, DIGEST) == support.RULESET
    support.commit(archive, [support.document("new")], batch_id="later")
    assert [path.name for path in (archive.path / RULESETS).iterdir()] == [plain.name]
    assert validate(archive.path).findings == ()


def test_what_is_wrong_in_the_older_layout_is_found(archive):
    older(archive).write_bytes(b'{"rules":[2]}')
    assert [item.code for item in validate(archive.path).findings] == ["E117"]
    with pytest.raises(DamageError, match="not those of its name"):
        rulesets.read_ruleset(archive.path, DIGEST)


def test_a_missing_ruleset_is_named(archive):
    packed(archive).unlink()
    with pytest.raises(DamageError, match=f"{DIGEST}.json.gz: the ruleset is missing"):
        rulesets.read_ruleset(archive.path, DIGEST)


def longer(data):
    return data + gzip.compress(b"more")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda data: data[:-9], "one gzip file"),
        (longer, "one gzip file"),
        (lambda data: b"\0" + data[1:], "cannot be unpacked"),
        (lambda data: b"", "one gzip file"),
        (lambda data: gzip.compress(b"{}"), "not those of its name"),
    ],
    ids=["cut", "two members", "no gzip", "empty", "others"],
)
def test_damage_is_told(archive, change, words):
    path = packed(archive)
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(DamageError, match=words):
        rulesets.read_ruleset(archive.path, DIGEST)
    assert [(item.code, item.where) for item in validate(archive.path).findings] == [
        ("E117", f"{RULESETS}/{path.name}")
    ]


def test_every_flipped_bit_is_found(archive):
    path = packed(archive)
    whole = path.read_bytes()
    silent = []
    for bit in range(8 * len(whole)):
        at = bit // 8
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << bit % 8]) + whole[at + 1 :])
        with suppress(DamageError):
            assert rulesets.read_ruleset(archive.path, DIGEST) == support.RULESET
            silent.append(path.read_bytes())
    # Bits of gzip's header that change no rule are the manifest's to find.
    assert 0 < len(silent) < 8 * 10
    for data in (silent[0], silent[-1]):
        path.write_bytes(data)
        assert [item.code for item in validate(archive.path).findings] == ["E114"]


def test_a_bomb_is_refused_before_it_unfolds(archive, monkeypatch):
    monkeypatch.setattr(rulesets, "MAX_RULESET_BYTES", 1 << 20)
    bomb = b" " * (2 << 20)
    name = hashlib.sha256(bomb).hexdigest()
    path = archive.path / RULESETS / f"{name}.json.gz"
    path.write_bytes(gzip.compress(bomb))
    assert path.stat().st_size < 1 << 20
    with pytest.raises(DamageError, match="of a size that rules have"):
        rulesets.read_ruleset(archive.path, name)
    path.write_bytes(zlib.compress(bomb) * 1000)
    with pytest.raises(DamageError, match="more than the"):
        rulesets.read_ruleset(archive.path, name)
