"""Decoding: the order of trust, the evidence, and what is refused."""

from __future__ import annotations

import builtins
import codecs
import gzip
import sys

import pytest

from archiver.document import Document, Finding, Provenance, Source
from archiver.text import detect as detect_module
from archiver.text.decode import decode
from archiver.text.detect import doubt, is_doubtful
from archiver.text.labels import codecs_for

GERMAN = "Für die Übergröße der Straße müßte man „größere“ Maße wählen.\nÄpfel, Öl und Rüben.\n"
RUSSIAN = (
    "Встреча прошла во Владивостоке в четверг, двадцать пятого апреля.\nСтороны договорились.\n"
)
JAPANESE = "首脳会談は木曜日にウラジオストクで行われた。\n両首脳は関係の強化を確認した。\n"
CHINESE = "会谈于星期四在符拉迪沃斯托克举行。\n双方确认加强两国关系。\n"
GREEK = "Η συνάντηση έγινε την Πέμπτη στο Βλαδιβοστόκ.\nΟι δύο πλευρές συμφώνησαν.\n"


def run(data: bytes, **known: str) -> Document | Finding:
    media = known.pop("media_type", "text/plain")
    return decode(Source("x", "x.txt", data, media, Provenance(**known)))


def good(data: bytes, **known: str) -> Document:
    document = run(data, **known)
    assert isinstance(document, Document), document
    return document


def code(data: bytes, **known: str) -> str:
    found = run(data, **known)
    assert isinstance(found, Finding), found
    return found.code


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", "E201"), (b" \n\t\r\n ", "E201"), (b"\xef\xbb\xbf", "E201"),
        (b"\xff\xfe", "E201"), (b"\xff\xfe \0\n\0", "E201"), ("\u00a0\u3000".encode(), None),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "E202"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3", "E202"),
        (gzip.compress(b"text", mtime=0), "E202"), (b"PK\x03\x04 whatever", "E202"),
        (b"text with a \0 in it", "E202"), (bytes(range(256)) * 4, "E202"),
        (b"\x01\x02\x03\x04\x05 ab", "E202"), (bytes(range(128, 256)) * 3, "E203"),
    ],
)  # fmt: skip
def test_empty_binary_and_undecodable(data, expected):
    found = run(data)
    assert (found.code if isinstance(found, Finding) else None) == expected
    if isinstance(found, Finding):
        assert "x.txt" in found.message
        assert found.where == "x.txt"


def test_the_message_names_what_it_is():
    found = run(b"\x89PNG\r\n\x1a\n\0")
    assert isinstance(found, Finding)
    assert "PNG" in found.message


def test_utf8_comes_first_whatever_is_declared():
    document = good(GERMAN.encode(), encoding="iso-8859-1")
    assert (document.text, document.encoding) == (GERMAN, "utf-8")
    assert good(b"plain").evidence == "ASCII"


@pytest.mark.parametrize("codec", ["utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_a_byte_order_mark_stays_in_the_text(codec):
    data = ("\ufeff" + GERMAN).encode(codec)
    document = good(data, encoding="cp1252")
    assert (document.text, document.encoding) == ("\ufeff" + GERMAN, codec)
    assert document.encode() == data
    assert "byte order mark" in document.evidence


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_zero_bytes_in_the_pattern_of_utf16_and_utf32(codec):
    data = GERMAN.encode(codec)
    document = good(data)
    assert (document.text, document.encoding) == (GERMAN, codec)


def test_utf16_of_other_scripts_is_known_by_what_it_spells():
    data = RUSSIAN.encode("utf-16-le")
    assert good(data, encoding="UTF-16").text == RUSSIAN
    assert good(data).text == RUSSIAN
    assert "no byte order mark" in good(data).evidence


@pytest.mark.parametrize(
    ("text", "codec"),
    [(GERMAN, "cp1252"), (RUSSIAN, "koi8-r"), (RUSSIAN, "cp1251"), (RUSSIAN, "cp866"),
     (JAPANESE, "shift_jis"), (JAPANESE, "euc_jp"), (CHINESE, "gbk"), (GREEK, "iso8859-7"),
     (RUSSIAN, "mac_cyrillic"), (JAPANESE, "iso2022_jp")],
)  # fmt: skip
def test_detection(text, codec):
    document = good(text.encode(codec))
    assert document.text == text
    assert document.encode() == text.encode(codec)
    assert document.evidence


def test_the_evidence_tells_agreement_from_disagreement():
    assert "agree" in good(RUSSIAN.encode("cp1251")).evidence
    doubtful = good(RUSSIAN.encode("cp866")[:60])
    assert "agree" in doubtful.evidence or is_doubtful(doubtful.evidence)
    assert not is_doubtful(good(RUSSIAN.encode("cp1251")).evidence)
    assert is_doubtful(good("Grüße".encode("cp1252")).evidence)  # few bytes tell


@pytest.mark.parametrize(
    ("label", "codec", "text"),
    [("windows-1251", "cp1251", RUSSIAN), ("ISO-8859-1", "cp1252", GERMAN),
     ("x-sjis", "shift_jis", JAPANESE), ("gb2312", "gbk", CHINESE)],
)  # fmt: skip
def test_declared_by_the_index(label, codec, text):
    document = good(text.encode(codec), encoding=label)
    assert (document.text, document.encoding) == (text, codec)
    assert document.evidence == f"declared by the index as {label}"


def test_declared_by_page_and_prolog():
    page = f'<html><head><meta charset="koi8-r"></head><p>{RUSSIAN}'.encode("koi8-r")
    assert good(page, media_type="text/html").evidence == "declared by the page as koi8-r"
    assert "declared" not in good(page).evidence  # a plain text is no page
    prolog = f'<?xml version="1.0" encoding="windows-1251"?>\n<a>{RUSSIAN}</a>'
    assert "the XML prolog" in good(prolog.encode("cp1251")).evidence
    old = f'<!-- <meta charset="utf-16"> --><META content="text/html; charset=koi8-r"><p>{RUSSIAN}'
    assert good(old.encode("koi8-r"), media_type="text/html").encoding == "koi8-r"


def test_a_declaration_that_does_not_fit_is_not_believed():
    wrong = good(RUSSIAN.encode("cp1251"), encoding="iso-8859-1")
    assert wrong.text == RUSSIAN
    assert "the index declares iso-8859-1, which does not fit" in wrong.evidence
    unknown = good(RUSSIAN.encode("cp1251"), encoding="klingon-1")
    assert unknown.text == RUSSIAN
    assert "'klingon-1', unknown" in unknown.evidence


def test_damaged_utf8_is_not_turned_into_mojibake():
    data = (RUSSIAN * 3).encode()
    found = run(data.replace("о".encode(), b"\xd0"))
    assert isinstance(found, Finding)
    assert found.code == "E203"
    assert "UTF-8 except for byte" in found.message


@pytest.mark.parametrize("label", ["rot13", "hex", "base64", "idna", "unicode_escape", "utf-8\0",
                                   "mbcs", "../../x", "", "zip", "undefined",
                                   "a" * 500])  # fmt: skip
def test_labels_that_are_no_charset(label):
    assert codecs_for(label) == ()
    assert good(RUSSIAN.encode("cp1251"), encoding=label).text == RUSSIAN


def test_every_codec_of_a_label_exists():
    from archiver.text import labels

    for name in [*labels._CHAINS, *labels._WEB]:
        for codec in codecs_for(name):
            assert codecs.lookup(codec)
    assert [key for key in labels._CHAINS if codecs.lookup(key).name != key] == []


@pytest.mark.parametrize(
    ("text", "newline", "kept"),
    [("a\r\nb\r\n", "\r\n", "a\nb\n"), ("a\rb\r", "\r", "a\nb\n"), ("a\nb\n", "\n", "a\nb\n"),
     ("a\r\nb\n", "\n", "a\r\nb\n"), ("a\r\nb\rc\n", "\n", "a\r\nb\rc\n"),
     ("a\r\r\nb", "\n", "a\r\r\nb"),
     ("a\n\rb", "\n", "a\n\rb"), ("a\r\n\rb", "\n", "a\r\n\rb")],
)  # fmt: skip
@pytest.mark.parametrize("codec", ["utf-8", "utf-16-le"])
def test_line_ends(text, newline, kept, codec):
    document = good(text.encode(codec))
    assert (document.text, document.newline) == (kept, newline)
    assert document.encode() == text.encode(codec)


def test_a_codec_that_does_not_map_back_is_still_read():
    data = b'\x1b$B\x1b$B$"\x1b(B'  # the same escape twice
    document = good(data, encoding="iso-2022-jp")
    assert document.text == "あ"
    assert document.encode() != data


def test_legacy_bytes_far_behind_ascii():
    data = b"plain words\n" * 30_000 + (RUSSIAN * 3).encode("cp1251")
    assert good(data).text.endswith(RUSSIAN)
    damaged = b"plain words\n" * 30_000 + (RUSSIAN * 3).encode()[:-3]
    assert good(damaged).text.endswith("Стороны договорилис\ufffd")


def test_without_chardetng(monkeypatch):
    true = builtins.__import__

    def without(name, *rest, **more):
        if name == "chardetng_py":
            raise ImportError(name)
        return true(name, *rest, **more)

    monkeypatch.delitem(sys.modules, "chardetng_py", raising=False)
    monkeypatch.setattr(builtins, "__import__", without)
    document = good((RUSSIAN * 3).encode("cp1251"))
    assert document.text == RUSSIAN * 3
    assert "chardet alone" in document.evidence
    assert "not installed" in document.evidence


def test_a_better_written_text_wins_over_a_preference(monkeypatch):
    monkeypatch.setattr(detect_module, "_chardetng", lambda _: "windows-1252")
    monkeypatch.setattr(detect_module, "_chardet", lambda _: ("KOI8-R", 0.1))
    guess = detect_module.detect(RUSSIAN.encode("koi8-r"))
    assert guess is not None
    assert guess.text == RUSSIAN
    monkeypatch.setattr(detect_module, "_chardetng", lambda _: "KOI8-R")
    monkeypatch.setattr(detect_module, "_chardet", lambda _: ("cp437", 0.9))
    guess = detect_module.detect(RUSSIAN.encode("koi8-r"))
    assert guess is not None
    assert guess.text == RUSSIAN


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (
            "Grüße".encode("cp1252"),
            "x.txt was read as cp1252: detected: chardetng says cp1252, chardet mac",
        ),
        (GERMAN.encode() * 3 + b"caf\xe9\n", "x.txt was read as utf-8: mixed encodings"),
    ],
)
def test_a_guess_is_a_finding(data: bytes, says: str) -> None:
    found = doubt(good(data), "x.txt")
    assert found is not None
    assert (found.code, found.where, found.is_error) == ("W213", "x.txt", False)
    assert found.message.startswith(says), found.message
    assert "INDEX.md" in found.hint


@pytest.mark.parametrize(
    "data",
    [
        b"plain ASCII",
        GERMAN.encode(),
        GERMAN.encode("utf-16"),
        RUSSIAN.encode("cp1251"),
        JAPANESE.encode("euc_jp"),
    ],
)
def test_knowledge_and_agreement_are_no_finding(data: bytes) -> None:
    assert doubt(good(data), "x.txt") is None


def test_a_declared_encoding_ends_the_doubt() -> None:
    assert doubt(good("Grüße".encode("cp1252"), encoding="cp1252"), "x.txt") is None
