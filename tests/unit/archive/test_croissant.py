"""``croissant.json``: made from what the archive holds, the same each time."""

import json

import archive_support as support
import pytest

from archiver.archive.bag import described as module
from archiver.archive.bag.bag import TAG_MANIFEST, seal
from archiver.archive.bag.croissant import NAME
from archiver.archive.bag.described import described
from archiver.archive.checks.validate import validate
from archiver.archive.log.summary import CACHE
from archiver.archive.log.widths import schema_at


def croissant(archive):
    return json.loads((archive.path / NAME).read_text("utf-8"))


@pytest.fixture
def licensed(archive):
    rows = [
        support.document("l1", license="CC BY 4.0", source="Gazette", language="de"),
        support.document("l2", license="CC0\n1.0", source="Gazette", language="en"),
    ]
    support.commit(archive, rows, batch_id="licensed")
    return archive


def test_it_names_licences_sources_and_languages(licensed):
    found = croissant(licensed)
    assert found["license"] == ["CC BY 4.0", "CC0 1.0"]
    assert found["inLanguage"] == ["de", "en"]
    assert found["rai:dataCollection"] == "Sources: Example; Gazette"
    assert found["description"].endswith(
        "5 documents in 6 revisions. Licences: CC BY 4.0, CC0 1.0."
    )
    assert (found["version"], found["datePublished"]) == ("3.0.0", "2026-03-01")


def test_it_has_a_field_for_every_column(archive):
    fields = croissant(archive)["recordSet"][0]["field"]
    assert [field["name"] for field in fields] == [
        f"documents/{name}" for name in schema_at("documents", 1).names
    ]
    assert all("dataType" in field or field["subField"] for field in fields)


def test_nothing_unknown_is_said(archive):
    assert not {"license", "creator", "url"} & croissant(archive).keys()


def test_the_bag_covers_it_and_a_flip_is_found(archive):
    assert f"  {NAME}\n" in (archive.path / TAG_MANIFEST).read_text()
    path = archive.path / NAME
    path.write_bytes(path.read_bytes().replace(b"1.0", b"1.1", 1))
    assert [(item.code, item.where) for item in validate(archive.path).findings] == [("E114", NAME)]


@pytest.mark.parametrize(
    "cache", [None, b"", b"[1]", b'{"x":{"license":[1]}}', b"\xff", b"[" * 9999]
)
def test_the_same_archive_gives_the_same_bytes_whatever_the_cache_holds(licensed, cache):
    before = (licensed.path / NAME).read_bytes()
    path = licensed.path / CACHE / "described.json"
    assert path.is_file()
    path.unlink()
    if cache is not None:
        path.write_bytes(cache)
    seal(licensed.path)
    assert (licensed.path / NAME).read_bytes() == before


def test_a_part_is_read_once(licensed, monkeypatch):
    def no_reading(*_):
        raise AssertionError("read again")

    monkeypatch.setattr(module, "read_part", no_reading)
    assert described(licensed.path, licensed.entries())["license"] == ["CC BY 4.0", "CC0 1.0"]


def test_an_unreadable_part_is_left_out(licensed):
    (licensed.path / CACHE / "described.json").unlink()
    path = support.part_paths(licensed)[-1]
    path.write_bytes(b"\0" * path.stat().st_size)
    assert described(licensed.path, licensed.entries()) == {
        "license": [],
        "source": ["Example"],
        "language": ["en"],
    }


def test_values_are_bounded(archive):
    rows = [support.document(f"m{number}", license=f"L{number:04}") for number in range(150)]
    support.commit(archive, rows, batch_id="many")
    assert len(croissant(archive)["license"]) == module.MAX_VALUES
