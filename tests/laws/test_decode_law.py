"""Any bytes in: a document or a finding, never an exception; and the bytes come back."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from archiver.document import Cleaning, Document, Finding, Provenance, Source
from archiver.record import rebuilds
from archiver.text.decode import decode
from archiver.text.detect import is_doubtful

#: Codecs whose bytes may come in more than one form for a text: the record keeps them.
SEVERAL_FORMS = ("iso2022", "hz", "utf-7", "big5", "cp950", "euc_", "shift_jis", "cp932", "johab")

labels = st.sampled_from(
    ["utf-8", "utf-16", "utf-32", "cp1252", "koi8-r", "gb18030", "utf-7", "hz", "iso-2022-kr",
     "shift_jis", "big5", "euc-kr", "cp037", "johab", "rot13", "punycode", "nonsense", "\0",
     "cp720"]
)  # fmt: skip
pieces = st.sampled_from(
    [b"\0", b"\xef\xbb\xbf", b"\xff\xfe", b"\r\n", b"\r", b"\n", b"abc", b"\xc3\xa4", b"\xe4",
     b"\x1b$B", b"\x1b(B", b"\x82\xa0", b"~{", b"+AGE-", b"\x80", b"<meta charset=",
     b"<?xml encoding='",
     b"<!--", b" ", b"\x81\x40", b"\xd0\xbf\xd1\x80" * 4, b"\xed\xa0\xbd\xed\xb8\x80",
     b"\xf0\x9f", "\u043f".encode("utf-16-le") * 9]
)  # fmt: skip
some_bytes = st.binary(max_size=300) | st.lists(pieces, max_size=30).map(b"".join)


@given(some_bytes, st.none() | labels, st.sampled_from(["text/plain", "text/html"]))
@example(b"\xff\xfe\0\0", "utf-32", "text/plain")
@example(b"+2AA-" * 3, "utf-7", "text/plain")
@settings(max_examples=300, deadline=None)
def test_any_bytes_give_a_document_or_a_finding(data, label, media_type):
    found = decode(Source("x", "x", data, media_type, Provenance(encoding=label)))
    if isinstance(found, Finding):
        assert found.code in {"E201", "E202", "E203"}
        return
    assert found.text
    assert found.evidence
    found.text.encode("utf-8")  # storable: no lone surrogates
    is_mixed = "mixed encodings" in found.evidence
    if not is_mixed and not found.encoding.startswith(SEVERAL_FORMS):
        assert found.encode() == data
    again = decode(Source("x", "x", data, media_type, Provenance(encoding=label)))
    assert again == found


@given(
    st.lists(
        st.text(st.characters(codec="cp1252", categories=["L", "N", "P"]), min_size=1), min_size=1
    ),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from(["utf-8", "utf-16-le"]),
)
@settings(deadline=None)
def test_uniform_line_ends_come_back(lines, newline, codec):
    data = b"\xff\xfe" * (codec != "utf-8") + newline.join(lines).encode(codec)
    found = decode(Source("x", "x", data))
    assert isinstance(found, Document)
    assert found.newline == (newline if len(lines) > 1 else "\n")
    assert found.text.removeprefix("\ufeff") == "\n".join(lines)
    assert found.encode() == data


WORDS = {
    "cp1252": "Größere Maße für die Straße, Übergrößen müßten genügen.",
    "cp1251": "Встреча прошла во Владивостоке в четверг, двадцать пятого апреля.",
    "shift_jis": "首脳会談は木曜日にウラジオストクで行われた。",
    "euc_kr": "정상회담은 목요일 블라디보스토크에서 열렸다.",
}
UTF8_LINES = ("Стороны договорились о встрече.", "Les parties étaient d’accord.", "plain")


@given(
    st.lists(st.tuples(st.sampled_from(sorted(WORDS)), st.integers(1, 3)), min_size=1, max_size=3),
    st.sampled_from(["\n", "\r\n"]),
)
@settings(max_examples=60, deadline=None)
def test_each_stretch_is_read_by_its_own_encoding(foreign, newline):
    """And the record keeps the bytes, which the text alone does not give back."""
    data, text = b"", ""
    for codec, count in foreign:
        for line in (*UTF8_LINES, *UTF8_LINES):
            data += (line + newline).encode()
            text += line + "\n"
        for _ in range(count):
            data += (WORDS[codec] + newline).encode(codec)
            text += WORDS[codec] + "\n"
    source = Source("x", "x", data)
    found = decode(source)
    assert isinstance(found, Document)
    assert found.text == text
    assert found.newline == newline
    assert is_doubtful(found.evidence)
    assert not rebuilds(source, found, Cleaning(found.text))


@given(st.integers(0, 2_000), st.binary(min_size=1, max_size=2))
@settings(max_examples=100, deadline=None)
def test_a_stray_byte_changes_nothing_around_it(at, stray):
    """Outside a few characters beside it the text is the one that was written.

    A document with a null, or that begins as a compressed file does, is refused as no text.
    """
    text = "\n".join(UTF8_LINES * 20)
    data = text.encode()
    at = min(at, len(data))
    found = decode(Source("x", "x", data[:at] + stray + data[at:]))
    if isinstance(found, Finding):
        assert b"\0" in stray or (at == 0 and stray == b"\x1f\x8b")
        return
    got = found.text.replace("\r\n", "\n")
    head = data[:at].decode("utf-8", "ignore")
    tail = data[at:].decode("utf-8", "ignore")
    assert got.startswith(head[:-1])
    assert got.endswith(tail[2:])


@given(st.binary(max_size=400), st.sampled_from(["utf-16-le", "utf-16-be", "utf-32-le"]))
@settings(max_examples=100, deadline=None)
def test_wide_text_gives_its_bytes_back(noise, codec):
    for data in (noise, noise * 4, "Стороны договорились.\n".encode(codec) + noise):
        found = decode(Source("x", "x", data))
        if isinstance(found, Document) and found.encoding.startswith("utf-16"):
            assert found.encode() == data
