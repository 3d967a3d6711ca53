"""The batch path gives what the plain path gives, on every document."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import archiver.batch as batch_module
from archiver.archive.rows.records import restore_bytes
from archiver.batch import clean_batch, source_batch
from archiver.clean import clean_source
from archiver.digest import sha256_text
from archiver.document import Finding, Provenance, Source
from archiver.rules.load import builtin
from archiver.rules.rule import Rule, Ruleset
from archiver.settings import PROFILES

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
SEEDS = sorted(Path(__file__).parents[2].glob("seeds/*.txt"))

PAGE = b"""<!doctype html><html lang="en"><head><title>A long walk</title></head><body><article>
<h1>A long walk</h1>
<p>The first paragraph says what the walk was about, and who went along with the author.</p>
<p>The second paragraph tells of the hills, the rain, and of the dog that would not turn back.</p>
<p>The third one ends the walk at an inn by the river, where soup was served to all of them.</p>
</article></body></html>"""


def run(sources, profile="standard", ruleset=None):
    batch = source_batch([(source, 1) for source in sources], NOW)
    return clean_batch(batch, ruleset or builtin(), profile=profile, tool_version="test")


def test_the_seeds_become_records_that_give_their_bytes_back() -> None:
    sources = [Source(path.stem, path.name, path.read_bytes()) for path in SEEDS]
    result = run(sources)
    assert result.rejects == ()
    for source, row in zip(sources, result.records.to_pylist(), strict=True):
        assert row["raw"] is None  # rebuilt, not stored twice
        assert restore_bytes(row) == source.data
        assert row["text_sha256"] == sha256_text(row["text"])
        assert row["ingested_at"] == NOW


@pytest.mark.parametrize(
    "data",
    [
        b"line\r\nSource link\r\n",
        "\ufeffBOM\n".encode(),
        b"caf\xe9 cr\xe8me br\xfbl\xe9e et th\xe9 glac\xe9\n" * 5,
    ],
)
def test_line_ends_marks_and_legacy_bytes_are_rebuilt(data: bytes) -> None:
    (row,) = run([Source("x", "x.txt", data)]).records.to_pylist()
    assert row["raw"] is None
    assert restore_bytes(row) == data
    assert "\r" not in row["text"]
    assert "\ufeff" not in row["text"]


def test_a_page_keeps_its_bytes_and_says_what_extracted_it() -> None:
    source = Source("p", "p.html", PAGE, "text/html", Provenance(title="Given"))
    (row,) = run([source]).records.to_pylist()
    assert row["raw"] == PAGE
    assert row["extractor"].startswith("trafilatura ")
    assert "would not turn back" in row["text"]
    assert row["title"] == "Given"  # what is given is never overwritten


def test_what_cannot_be_worked_on_is_rejected_with_its_bytes_and_the_rest_goes_on() -> None:
    bad = Source("b", "b.txt", b"\x89PNG\r\n\x1a\n" + bytes(range(256)))
    result = run([Source("a", "a.txt", b"fine\n"), bad, Source("c", "c.txt", b"")])
    assert [row["id"] for row in result.records.to_pylist()] == ["a"]
    assert [(r.id, r.finding.code) for r in result.rejects] == [("b", "E202"), ("c", "E201")]
    assert result.rejects[0].data == bad.data


def test_rules_for_hosts_act_as_on_the_plain_path() -> None:
    """Line verdicts are remembered by host: what one host's rule takes stays on another."""
    bound = [
        Rule(f"navigation.{name}", "drop", "w", "s", literals=("menu",), hosts=(host,))
        for name, host in (("a", "a.example"), ("b", "b.a.example"))
    ]
    ruleset = Ruleset((*builtin().rules, *bound), builtin().engine)
    urls = [
        None,
        "https://a.example/1",
        "https://c.example/2",
        "https://b.a.example/3",
        "https://x.a.example/4",
        "https://www.A.example/5",
    ]
    sources = [
        Source(f"d{n}", f"d{n}.txt", b"menu\n\nIce again.\n", provenance=Provenance(url=url))
        for n, url in enumerate([*urls, *reversed(urls)])
    ]
    result = run(sources, ruleset=ruleset)
    for source, row in zip(sources, result.records.to_pylist(), strict=True):
        plain = clean_source(source, ruleset)
        assert not isinstance(plain, Finding)
        assert row["text"] == plain[1].text
        is_there = (source.provenance.url or "").lower().count("a.example") > 0
        assert (row["text"] == "Ice again.\n") == is_there
    assert result.unplaced == 2


def test_a_defect_on_one_document_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(source: Source, profile: str) -> None:
        message = f"boom on {source.id}"
        raise RuntimeError(message)

    monkeypatch.setattr("archiver.batch.open_source", broken)
    (reject,) = run([Source("a", "a.txt", b"fine\n")]).rejects
    assert reject.finding.code == "E211"
    assert "boom on a" in reject.finding.message


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.one_of(st.binary(max_size=60), st.text(max_size=40).map(str.encode)), max_size=6),
    st.sampled_from(PROFILES),
)
def test_the_batch_path_equals_the_plain_path(blobs: list[bytes], profile) -> None:
    sources = [Source(f"d{i}", f"d{i}.txt", blob) for i, blob in enumerate(blobs)]
    result = run(sources, profile)
    records = {row["id"]: row for row in result.records.to_pylist()}
    rejects = {reject.id: reject.finding.code for reject in result.rejects}
    for source in sources:
        plain = clean_source(source, profile=profile)
        if isinstance(plain, Finding):
            assert rejects[source.id] == plain.code
            continue
        document, cleaning = plain
        row = records[source.id]
        assert row["text"] == cleaning.text
        assert [item["rule"] for item in row["edits"]] == [e.rule for e in cleaning.edits]
        assert row["encoding"] == document.encoding
        assert restore_bytes(row) == source.data


def test_records_do_not_depend_on_the_shares_that_a_batch_is_cleaned_in(monkeypatch) -> None:
    sources = [Source(path.stem, path.name, path.read_bytes()) for path in SEEDS]
    sources += [Source("e", "e.txt", b""), Source("p", "p.html", PAGE, "text/html")]
    whole = run(sources)
    for size in (1, 4000):
        monkeypatch.setattr(batch_module, "SHARE_BYTES", size)
        shared = run(sources)
        assert shared.records.equals(whole.records)
        assert shared.rejects == whole.rejects
        assert (shared.notes, shared.unplaced) == (whole.notes, whole.unplaced)
        assert run([]).records.num_rows == 0
