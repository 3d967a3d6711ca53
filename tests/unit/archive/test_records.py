from datetime import UTC, datetime, timedelta, timezone

import archive_support as support
import pytest
from archive_support import document
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.archive.rows.columns import DOCUMENTS, QUARANTINE, REQUIRED
from archiver.archive.rows.records import (
    quarantine_from_rows,
    quarantine_sha256,
    record_sha256,
    records_from_rows,
    restore_bytes,
)
from archiver.digest import sha256, sha256_text
from archiver.document import Cleaning, Edit
from archiver.errors import DamageError


def test_a_row_survives_the_batch():
    batch = records_from_rows([document("a", cut="ad\n")])
    assert batch.schema.equals(DOCUMENTS)
    row = batch.to_pylist()[0]
    assert row["metadata"] == [("a", "1"), ("b", "2")]
    assert row["record_sha256"] == record_sha256(row) == record_sha256(document("a", cut="ad\n"))


# What a changed value of each column looks like: all but those held by other digests.
OTHER = {
    "edits": [],
    "dropped": [],
    "facts": {"k": "v"},
    "metadata": {},
    "revision": 2,
    "language_score": 0.75,
    "date": support.NOW,
    "fetched_at": None,
    "ingested_at": support.NOW + timedelta(microseconds=1),
    "raw": b"now kept",
}


@pytest.mark.parametrize("column", sorted(set(DOCUMENTS.names) - {"record_sha256", "text"}))
def test_every_column_is_in_the_records_digest(column):
    row = document("a", cut="ad\n")
    assert record_sha256(row | {column: OTHER.get(column, "other")}) != record_sha256(row)


QUARANTINE_OTHER = OTHER | {
    "line": 7,
    "chunk": 5,
    "chunks": 9,
    "size": 1,
    "quarantined_at": support.NOW + timedelta(1),
    "fetched_at": support.NOW,
    "metadata": {"k": "v"},
}


@pytest.mark.parametrize("column", sorted(set(QUARANTINE.names) - {"record_sha256"}))
def test_every_column_is_in_the_quarantine_rows_digest(column):
    row = support.rejected("x")
    changed = row | {column: QUARANTINE_OTHER.get(column, "other")}
    assert quarantine_sha256(changed) != quarantine_sha256(row)


def test_the_digest_does_not_change_between_releases():
    """Old archives must stay valid: a new value here is a new format version."""
    assert record_sha256(document("a", cut="ad\n")) == GOLDEN
    assert quarantine_sha256(support.rejected("x")) == GOLDEN_QUARANTINE


GOLDEN = "a8ed32a02d19a876c3b0dc49f96702f2b8819a82f0e7619fd4b4273c451ce348"
GOLDEN_QUARANTINE = "306acf1ba11f3c413209e15ab925215e21e20e7a8ad268fb51119f4cbaebfaed"


def test_moments_are_digested_in_utc():
    east = datetime(2026, 1, 1, 2, tzinfo=timezone(timedelta(hours=2)))
    west = datetime(2026, 1, 1, 0, tzinfo=UTC)
    assert record_sha256(document("a", date=east)) == record_sha256(document("a", date=west))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"profile": None}, "profile must not be null"),
        ({"id": None}, "id must not be null"),
        ({"surplus": 1}, "surplus"),
        ({"date": datetime(2026, 1, 1)}, "date has no time zone"),  # noqa: DTZ001
        ({"language_score": float("nan")}, "JSON compliant"),
    ],
)
def test_rows_no_table_could_hold(changes, words):
    with pytest.raises(ValueError, match=words):
        records_from_rows([document("a") | changes])


def test_a_missing_column_is_named():
    row = document("a")
    del row["url"]
    with pytest.raises(ValueError, match="url"):
        records_from_rows([row])


def test_quarantine_rows_without_bytes():
    row = quarantine_from_rows([support.rejected("x", None)]).to_pylist()[0]
    assert row["raw"] is None
    assert row["record_sha256"] == quarantine_sha256(row)


def test_required_columns_exist():
    assert REQUIRED["documents"] <= set(DOCUMENTS.names)
    assert REQUIRED["quarantine"] <= set(QUARANTINE.names)


lines = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"), max_size=40)


@settings(deadline=None)
@given(
    kept=lines,
    gone=lines.filter(bool),
    encoding=st.sampled_from(["utf-8", "utf-16-le", "utf-16-be"]),
    newline=st.sampled_from([("lf", "\n"), ("crlf", "\r\n"), ("cr", "\r")]),
)
def test_text_edits_encoding_and_line_ends_give_the_bytes_back(kept, gone, encoding, newline):
    name, end = newline
    raw = (gone + kept).replace("\n", end).encode(encoding)
    cleaning = Cleaning(kept, (Edit(0, len(gone), gone, "", "t.cut"),))
    assert cleaning.raw() == gone + kept
    row = document(
        "a",
        kept,
        cut=gone,
        encoding=encoding,
        newline=name,
        raw_sha256=sha256(raw),
        text_sha256=sha256_text(kept),
    )
    stored = records_from_rows([row]).to_pylist()[0]
    assert restore_bytes(stored) == raw


@pytest.mark.parametrize("raw", [b"other", b""])
def test_kept_bytes_are_held_to_their_digest(raw):
    assert restore_bytes(document("a", raw=b"page", raw_sha256=sha256(b"page"))) == b"page"
    with pytest.raises(DamageError, match="'a'"):
        restore_bytes(document("a", raw=raw, raw_sha256=sha256(b"page")))
