"""Mixed encodings: each stretch by its own, few characters lost, the risky ones refused."""

from __future__ import annotations

import pytest

from archiver.clean import clean_text
from archiver.document import Document, Finding, Provenance, Source
from archiver.record import rebuilds
from archiver.text.decode import decode
from archiver.text.mixed import ALONE, decode_mixed, is_mostly_utf8

RUSSIAN = "Встреча прошла во Владивостоке в четверг.\nСтороны договорились.\n"
GERMAN = "Für die Übergröße der Straße müßte man Maße wählen.\nÄpfel, Öl und Rüben.\n"
JAPANESE = "首脳会談は木曜日にウラジオストクで行われた。\n"


def good(data: bytes, label: str | None = None) -> Document:
    found = decode(Source("x", "x.txt", data, "text/plain", Provenance(encoding=label)))
    assert isinstance(found, Document), found
    return found


def test_feeds_joined_without_a_look_at_their_encodings():
    data = RUSSIAN.encode() + GERMAN.encode("cp1252") + RUSSIAN.encode()
    data += JAPANESE.encode("shift_jis") + RUSSIAN.encode()
    document = good(data)
    assert document.text == RUSSIAN + GERMAN + RUSSIAN + JAPANESE + RUSSIAN
    assert document.encoding == "utf-8"
    assert document.evidence == (
        "low confidence: mixed encodings: UTF-8, but lines 3-4 as cp1252, line 7 as shift_jis"
    )


def test_the_larger_part_may_be_the_other_encoding():
    assert good(GERMAN.encode() + (RUSSIAN * 4).encode("cp1251")).text == GERMAN + RUSSIAN * 4


@pytest.mark.parametrize(
    ("stray", "text"),
    [
        (b"it\x92s", "it’s"),
        (b"caf\xe9 noir", "café noir"),
        (b"10\xa0km", "10\u00a0km"),
        (b"\x93so\x94", "“so”"),
        (b"\xed\xa0\xbd\xed\xb8\x80", "😀"),  # surrogates, each on its own (CESU-8)
        (b"\xe2\x80", "\ufffd"),  # cut
        ("слово".encode() + b"\xff", "слово\ufffd"),
    ],
)
def test_stray_bytes_in_a_line_of_utf8(stray, text):
    line = "Разные слова, "
    document = good((RUSSIAN * 3 + line).encode() + stray + b" etc.\n")
    assert document.text == RUSSIAN * 3 + line + text + " etc.\n"
    assert document.evidence.startswith("low confidence: mixed encodings")


@pytest.mark.parametrize("cut", [1, 2])
def test_a_text_cut_inside_its_last_character(cut):
    document = good((RUSSIAN * 3 + "。").encode()[:-cut])
    assert document.text == RUSSIAN * 3 + "\ufffd"


def test_one_bad_byte_in_a_megabyte():
    half = (RUSSIAN * 4_500).encode()
    document = good(half + b"\xff" + half)
    assert document.text.replace("\ufffd", "яя"[:0]).startswith(RUSSIAN * 4_500)
    assert len(document.text) <= len(RUSSIAN) * 9_000 + 1


def test_a_wrong_declaration_does_not_turn_damaged_utf8_into_mojibake():
    document = good((GERMAN * 3).encode() + b"caf\xe9", "iso-8859-1")
    assert document.text == GERMAN * 3 + "café"


def test_the_record_keeps_the_bytes():
    data = RUSSIAN.encode() + GERMAN.encode("cp1252")
    source = Source("x", "x.txt", data)
    found = good(data)
    assert not rebuilds(source, found, clean_text(found.text))
    exact = Source("x", "x.txt", RUSSIAN.encode())
    assert rebuilds(exact, good(exact.data), clean_text(RUSSIAN))


def test_too_many_losses_are_refused():
    found = decode(Source("x", "x.txt", (RUSSIAN * 3).encode().replace("о".encode(), b"\xd0")))
    assert isinstance(found, Finding)
    assert found.code == "E203"


@pytest.mark.parametrize(
    ("text", "codec"),
    [(RUSSIAN * 50, "cp1251"), (RUSSIAN * 50, "koi8-r"), (JAPANESE * 50, "euc_jp"),
     (JAPANESE * 50, "shift_jis"), ("会谈于星期四举行。\n联通\n" * 50, "gbk"),
     (GERMAN * 50, "cp1252")],
)  # fmt: skip
def test_whole_legacy_texts_are_not_taken_apart(text, codec):
    assert not is_mostly_utf8(text.encode(codec))


def test_many_stretches_are_named_in_part_and_read_alike():
    data = (RUSSIAN.encode() + GERMAN.encode("cp1252")) * (ALONE + 10)
    mixed = decode_mixed(data)
    assert mixed is not None
    assert mixed.text == (RUSSIAN + GERMAN) * (ALONE + 10)
    assert "more such stretches" in mixed.why
    assert len(mixed.why) < 400
