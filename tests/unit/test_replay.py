import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from archiver.batch import clean_batch, source_batch
from archiver.document import Provenance, Source
from archiver.errors import SettingsError
from archiver.replay import replay_record, ruleset_from_json
from archiver.rules.load import builtin
from archiver.rules.rule import Ruleset

NOW = datetime(2026, 1, 1, tzinfo=UTC)
PAGE = (
    b"<html lang=en><head><title>On storks</title></head><body><nav>Home</nav><article>"
    + b"<p>Storks came back to the village in March, and the people were glad to see them.</p>" * 5
    + b"</article></body></html>"
)


def record(data=b"[ad_1]\nThe summit was held in Vladivostok.\r\n", **changes):
    source = Source("a", "a.txt", data, **changes)
    batch = source_batch([(source, 1)], NOW)
    made = clean_batch(batch, builtin(), profile="standard", tool_version="1")
    return made.records.to_pylist()[0]


def replayed(row, ruleset=None, tool_version="1"):
    return replay_record((ruleset or builtin()).to_json(), row, tool_version=tool_version)


def test_a_ruleset_comes_back_from_its_json():
    assert ruleset_from_json(builtin().to_json()).digest == builtin().digest


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"rules":[{"id":1}]}', b"[" * 9000])
def test_what_is_no_ruleset_is_told(data):
    with pytest.raises(SettingsError):
        ruleset_from_json(data)
    assert not replay_record(data, record(), tool_version="1").same


@pytest.mark.parametrize(
    "row",
    [
        record(),
        record("[ad_1]\nCafé, déjà vu, œuvre.\n".encode("cp1252")),
        record("One\u2028line.\n".encode("utf-16")),
        record(b"Text [edit] here.\n", provenance=Provenance(url="https://example.org/a")),
        record(PAGE, media_type="text/html"),
    ],
    ids=["plain", "cp1252", "utf-16", "host", "page"],
)
def test_a_record_comes_out_again(row):
    assert replayed(row) == type(replayed(row))(same=True)


@pytest.mark.parametrize(
    "change",
    [{"text": "Other.\n"}, {"edits": [{}]}, {"facts": [("k", "v")]}, {"language": "xx-none"}],
)
def test_another_text_without_a_reason(change):
    row = record(PAGE, media_type="text/html")
    found = replayed({**row, **change})
    assert found.reasons == ()
    assert found.same == ("language" in change)  # the page says its language itself


def test_another_version_is_a_reason():
    row = {**record(), "facts": [("k", "v")]}
    engine = {**json.loads(builtin().to_json())["engine"], "ftfy": "1.0"}
    found = replayed(row, Ruleset(builtin().rules, engine), tool_version="2")
    assert not found.same
    assert "archiver is recorded as 1, here it is 2" in found.reasons
    assert any("ftfy is recorded as 1.0" in reason for reason in found.reasons)


def test_another_extractor_is_a_reason():
    row = {**record(PAGE, media_type="text/html"), "extractor": "trafilatura 0.1"}
    found = replayed(row)
    assert not found.same
    assert "the extractor is recorded as trafilatura 0.1" in found.reasons[0]


def test_rules_of_the_archive_decide_not_those_of_today():
    fewer = replace(builtin(), rules=())
    assert not replayed(record(), fewer).same
