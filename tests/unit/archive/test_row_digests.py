"""Many rows at once give what the plain way gives row by row."""

import numpy as np
import pyarrow as pa
import pytest
from archive_support import NOW, document
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.archive.rows.canonical import OddError, rows_json
from archiver.archive.rows.columns import DOCUMENTS
from archiver.archive.rows.digests import FEW, sound_rows
from archiver.archive.rows.received import CodePoints, raw_pieces
from archiver.archive.rows.records import LATER, OUTSIDE, raw_text, record_sha256, records_from_rows
from archiver.digest import canonical_json, sha256, sha256_text
from archiver.errors import DamageError

HOSTILE = '"\\/\x00\x01\x08\t\n\x0b\x0c\r\x1f\x7f\x85\u2028\ud7ff\uffff\U0001f600aé'
words = st.text(st.sampled_from(HOSTILE) | st.characters(exclude_categories=["Cs"]), max_size=12)
maybe = st.none() | words
scores = st.none() | st.floats(allow_nan=False, allow_infinity=False) | st.just(-0.0)
edits = st.lists(
    st.fixed_dictionaries(
        {
            "start": st.integers(-2, 40),
            "end": st.integers(-2, 40),
            "before": words,
            "after": st.just("") | words,
            "rule": words,
            "score": scores,
        }
    ),
    max_size=4,
)
moments = st.none() | st.datetimes().map(lambda moment: moment.replace(tzinfo=NOW.tzinfo))
rows = st.fixed_dictionaries(
    {
        "id_": words,
        "text": words,
        "title": maybe,
        "edits": edits,
        "facts": st.dictionaries(words, words, max_size=3),
        "metadata": st.dictionaries(words, words, max_size=3),
        "language_score": scores,
        "date": moments,
        "revision": st.integers(-(2**31), 2**31 - 1),
    }
)


def batch_of(changes):
    return records_from_rows([document(**change) for change in changes])


@settings(deadline=None)
@given(st.lists(rows, min_size=1, max_size=4), st.integers(0, 2))
def test_json_is_the_plain_ones_byte_for_byte(changes, cut):
    batch = batch_of(changes)
    batch = batch.slice(min(cut, batch.num_rows - 1))
    names = [name for name in DOCUMENTS.names if name not in OUTSIDE | LATER]
    kept = pa.array(["true"] * batch.num_rows)
    found = rows_json(batch, names, {"raw_kept": kept}).to_pylist()
    digests = [record_sha256({**row, "raw": b""}) for row in batch.to_pylist()]
    assert [sha256(text.encode()) for text in found] == digests


@settings(deadline=None)
@given(st.lists(rows, min_size=1, max_size=4), st.integers(0, 2))
def test_raw_pieces_are_the_plain_ones_and_misfits_are_told(changes, cut):
    batch = batch_of(changes)
    batch = batch.slice(min(cut, batch.num_rows - 1))
    found, fits = raw_pieces(batch.column("text"), batch.column("edits"))
    for row, pieces, fit in zip(batch.to_pylist(), found, fits, strict=True):
        if fit:
            assert b"".join(pieces).decode() == raw_text(row)
        else:
            with pytest.raises(DamageError):
                plainly(row)


def plainly(row):
    """The plain way, or DamageError where an edit reaches beyond the text too."""
    raw = raw_text(row)
    end = len(raw)
    if any(edit["end"] > end or edit["start"] < 0 for edit in row["edits"]):
        raise DamageError("beyond")
    lag = 0
    for edit in row["edits"]:
        if edit["start"] - lag + len(edit["after"]) > len(row["text"]):
            raise DamageError("beyond")
        lag += edit["end"] - edit["start"] - len(edit["after"])


@given(words.map(lambda text: text * 9))
def test_code_points_are_found_and_counted(text):
    data = np.frombuffer(text.encode(), np.uint8)
    starts = np.array([len(text[:at].encode()) for at in range(len(text) + 1)])
    points = CodePoints(data)
    assert points.find(np.arange(len(text) + 1)).tolist() == starts.tolist()
    assert points.count(starts).tolist() == list(range(len(text) + 1))


def many(**changes):
    """Enough rows for the quick way, each with an edit; ``changes`` are of the third."""
    made = [document(f"d{at}", f"Täxt {at}.\n", cut="play_arrow\n") for at in range(FEW)]
    made[2] |= changes
    return records_from_rows(made)


def replaced(batch, column, value):
    at = batch.schema.get_field_index(column)
    values = batch.column(at).to_pylist()
    values[2] = value
    return batch.set_column(at, batch.schema.field(at), pa.array(values, batch.schema.types[at]))


def test_sound_rows_are_proven():
    assert sound_rows(many()).all()


@pytest.mark.parametrize("newline", ["crlf", "cr"])
@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-16-le"])
def test_other_encodings_and_line_ends_are_proven(newline, encoding):
    text, cut = "Täxt.\n", "play_arrow\n"
    end = {"crlf": "\r\n", "cr": "\r"}[newline]
    raw = (cut + text).replace("\n", end).encode(encoding)
    changes = {"text": text, "text_sha256": sha256_text(text), "raw_sha256": sha256(raw)}
    assert sound_rows(many(newline=newline, encoding=encoding, **changes)).all()


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("text", "Other.\n"),
        ("title", "Other"),
        ("raw", b"other"),
        ("raw_sha256", "0" * 64),
        ("encoding", "no such codec"),
        ("language_score", float("nan")),
        ("edits", []),
        ("edits", [{"start": 0, "end": 99, "before": "x", "after": "", "rule": "r"}]),
        ("facts", [("b", "1"), ("a", "1")]),
        ("facts", None),
    ],
)
def test_what_is_not_as_its_digests_say_is_not_proven(column, value):
    sound = sound_rows(replaced(many(), column, value))
    assert not sound[2]


def test_bytes_that_are_no_utf8_are_not_proven():
    batch = many()
    at = batch.schema.get_field_index("title")
    broken = pa.array([b"\xff"] * batch.num_rows).cast(pa.binary())
    column = pa.StringArray.from_buffers(len(broken), *broken.buffers()[1:])
    names = [name for name in DOCUMENTS.names if name not in OUTSIDE]
    batch = batch.set_column(at, batch.schema.field(at), column)
    assert set(names) <= set(batch.schema.names)
    assert not sound_rows(batch).any()


def test_values_that_json_does_not_know_are_odd():
    batch = replaced(many(), "language_score", float("inf"))
    with pytest.raises(OddError):
        rows_json(batch, ["language_score"], {})
    with pytest.raises(ValueError, match="JSON"):
        canonical_json(float("inf"))
