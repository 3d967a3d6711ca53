"""``bag-info.txt``: stated fields, folding, and values that would forge others."""

import archive_support as support
import bagit
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.archive.archive import create_archive
from archiver.archive.bag.about import STATED, about, bag_info, one_line, stated
from archiver.archive.bag.bag import INFO
from archiver.archive.checks.validate import validate
from archiver.archive.log.entry import Entry
from archiver.archive.write.writer import Writer
from archiver.errors import SettingsError
from archiver.settings import Settings

LONG = "Pages of four sites, cleaned for reading and kept with all that was received. " * 3


def commit(archive, name, **fields):
    with Writer(archive, batch_id=name, ingested_at=support.NOW, tool=support.TOOL) as writer:
        writer.commit(
            ruleset_digest=support.RULESET_DIGEST,
            ruleset_json=support.RULESET,
            profile="standard",
            index_sha256=None,
            counts={},
            about=stated(Settings().with_flags(**fields)),
        )


def info(archive):
    return (archive.path / INFO).read_text("utf-8")


def entry(**known):
    return Entry(1, "a" * 64, {"committed_at": "2026-03-01T12:30:00Z", **known}, (), (), ())


def test_what_settings_state_stands_in_the_bag(tmp_path):
    archive = create_archive(tmp_path / "archive", support.NOW, tool=support.TOOL)
    assert not any(name in info(archive) for name in STATED)
    commit(archive, "one", organization="A Library", contact_email="a@example.org")
    assert info(archive).startswith(
        "Source-Organization: A Library\nContact-Email: a@example.org\n"
    )
    commit(archive, "two")
    assert "Source-Organization: A Library\n" in info(archive)  # nothing stated takes nothing back
    commit(archive, "three", description=LONG)
    assert about(archive.entries()) == {"External-Description": LONG.strip()}
    assert validate(archive.path).findings == ()


def test_long_values_are_folded_as_the_rfc_says(tmp_path):
    archive = create_archive(tmp_path / "archive", support.NOW, tool=support.TOOL)
    commit(archive, "one", description=LONG, identifier="https://example.org/" + "x" * 90)
    text = info(archive)
    described = text[: text.index("External-Identifier")].splitlines()
    assert len(described) == 4
    assert all(len(line) <= 79 for line in described)
    assert all(line.startswith("  ") for line in described[1:])
    lines = text.splitlines()
    assert "External-Identifier: https://example.org/" + "x" * 90 in lines
    bag = bagit.Bag(str(archive.path))
    bag.validate()
    assert bag.info["External-Description"].split() == LONG.split()
    assert bag.info["Archiver-Head"] == str(archive.head())


def test_a_value_cannot_forge_a_field():
    lie = f"x)\nArchiver-Head: 9:{'b' * 64}\r\nPayload-Oxum: 0.0\u2028\x85\x1c\x00"
    made = bag_info([entry(tool=lie, about={"Contact-Name": lie, "Payload-Oxum": "1.1"})], 7, 2)
    lines = made.decode().split("\n")
    assert sum(line.startswith("Archiver-Head:") for line in lines) == 1
    assert f"Archiver-Head: 1:{'a' * 64}" in lines
    assert [line for line in lines if line.startswith("Payload-Oxum")] == ["Payload-Oxum: 7.2"]


def test_what_is_no_map_states_nothing():
    assert about([entry(about=["Contact-Name"])]) == {}
    assert about([entry(about={"Contact-Name": {"a": 1}})]) == {"Contact-Name": "{'a': 1}"}


@given(st.text())
def test_any_value_is_one_line(value):
    line = one_line(value)
    assert line.isprintable()
    assert len(line.splitlines()) <= 1
    assert one_line(line) == line
    line.encode()


@pytest.mark.parametrize("value", ["two\nlines", "\x1b[31m", "x" * 2_001, 7])
def test_a_setting_is_one_line_that_can_be_seen(value):
    with pytest.raises(SettingsError, match="organization"):
        Settings().with_flags(organization=value)


def test_sizes_in_words():
    sizes = {7: "7 bytes", 1_234: "1.2 KB", 5_600_000: "5.6 MB", 10**16: "10.0 PB"}
    for octets, words in sizes.items():
        assert f"\nBag-Size: {words}\n" in bag_info([entry()], octets, 1).decode()
