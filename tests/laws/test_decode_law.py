"""Any bytes in: a document or a finding, never an exception; and the bytes come back."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from archiver.document import Document, Finding, Provenance, Source
from archiver.text.decode import decode

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
     b"<!--", b" ", b"\x81\x40"]
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
    if not found.encoding.startswith(SEVERAL_FORMS):
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
