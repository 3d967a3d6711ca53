from __future__ import annotations

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.cli.pipe import Cleaned, clean_lines
from archiver.document import Cleaning, Edit, Finding


def cut_junk(text: str, url: str | None) -> Cleaning:
    """A cleaner for tests: takes the first JUNK out, and keeps a fact of it."""
    at = text.find("JUNK")
    if at < 0 or url == "https://kept.example/":
        return Cleaning(text)
    edit = Edit(at, at + 4, "JUNK", "", "test.junk")
    return Cleaning(text[:at] + text[at + 4 :], (edit,), (("Junk", str(at)),))


def run(data: bytes, *, max_bytes: int = 1000, field: str = "text", with_edits: bool = False):
    stream = io.BytesIO(data)
    return list(
        clean_lines(
            stream, cut_junk, where="in", max_bytes=max_bytes, field=field, with_edits=with_edits
        )
    )


def output(data: bytes, **options) -> list[str]:
    return [item.line for item in run(data, **options) if isinstance(item, Cleaned)]


def test_only_the_text_changes_and_facts_come_last():
    line = (
        b'{ "id": 1.50, "text":"aJUNKb" , "big": 123456789012345678901234567890, "u": "\\u00e9" }'
    )
    (made,) = output(line)
    assert made == line.decode().replace("JUNK", "").replace(
        '\\u00e9" }', '\\u00e9", "facts": {"Junk": "1"} }'
    )


def test_a_clean_text_keeps_its_very_escapes():
    assert output(b'{"text": "\\u00e9\\/"}') == ['{"text": "\\u00e9\\/", "facts": {}}']


def test_the_cleaner_is_told_where_the_text_is_from():
    line = b'{"url": "https://kept.example/", "text": "JUNK"}'
    assert json.loads(output(line)[0])["text"] == "JUNK"
    assert json.loads(output(b'{"url": 7, "text": "JUNK"}')[0])["text"] == ""


def test_earlier_facts_stay():
    line = b'{"text": "JUNK", "facts": {"A": "1", "Junk": "x"}, "n": 1}'
    assert output(line) == ['{"text": "", "facts": {"A": "1", "Junk": "x\\n0"}, "n": 1}']


def test_edits_are_added_where_wanted():
    (line,) = output(b'{"text": "aJUNK"}', with_edits=True)
    assert json.loads(line)["edits"] == [
        {"start": 1, "end": 5, "before": "JUNK", "after": "", "rule": "test.junk", "score": None}
    ]


def test_another_field_may_hold_the_text():
    assert json.loads(output(b'{"body": "JUNKx"}', field="body")[0])["body"] == "x"


def test_blank_lines_bom_crlf_and_a_missing_last_line_end_are_no_trouble():
    data = b'\xef\xbb\xbf{"text": "a"}\r\n\n  \r\n{"text": "b"}'
    assert [json.loads(line)["text"] for line in output(data)] == ["a", "b"]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"[1]", "no JSON object"),
        (b"nonsense", "no JSON object"),
        (b'{"text": "a"', "no JSON"),
        (b'{"text": "a" "b": 1}', "no comma"),
        (b'{"text": "a",}', "no key"),
        (b'{"text" "a"}', "no colon"),
        (b'{,"text": "a"}', "no key"),
        (b'{"text": "a"} x', "goes on"),
        (b'{"id": 1}', "has no field 'text'"),
        (b'{"text": null}', "holds no text"),
        (b'{"text": 5}', "holds no text"),
        (b'{"text": "\xff"}', "not UTF-8"),
        (b'{"text": "\\ud800"}', "half a character"),
        (b'{"text": "a", "facts": 3}', "no map of texts"),
        (b'{"text": "a", "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested"),
        (b'{"text": "' + b"a" * 300_000 + b'"}', "longer than"),
        (b'{"x": {1: 2}, "text": ""}', "no JSON"),
    ],
)
def test_a_bad_line_is_told_with_its_number_and_the_rest_goes_on(line, words):
    data = b'{"text": "a"}\n' + line + b'\n{"text": "c"}\n'
    first, bad, last = run(data, max_bytes=250_000)
    assert isinstance(first, Cleaned)
    assert isinstance(last, Cleaned)
    assert isinstance(bad, Finding)
    assert (bad.code, bad.where, bad.line) == ("E212", "in", 2)
    assert words in bad.message


def test_an_edits_field_of_others_is_not_overwritten():
    (bad,) = run(b'{"text": "a", "edits": []}', with_edits=True)
    assert isinstance(bad, Finding)


def test_a_line_of_just_the_limit_passes_and_one_byte_more_does_not():
    line = b'{"text": "a"}'
    assert isinstance(run(line + b"\n", max_bytes=len(line))[0], Cleaned)
    assert isinstance(run(line + b" \n", max_bytes=len(line))[0], Finding)


def test_the_stream_is_drawn_line_by_line():
    class Endless(io.RawIOBase):
        def readline(self, size=-1, /):
            assert size > 0
            return b'{"text": "a"}\n'

    lines = clean_lines(Endless(), cut_junk, where="in", max_bytes=100)
    assert [next(lines) for _ in range(3)]


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
names = st.text(max_size=5).filter(lambda name: name not in {"text", "facts"})


@given(st.dictionaries(names, values, max_size=4), st.text('JUNKab\n"\\é', max_size=20),
       st.booleans(), st.sampled_from([None, 1]))  # fmt: skip
def test_every_other_field_comes_out_as_it_went_in(fields, text, ascii_only, indent):
    del indent
    before = {**fields, "text": text}
    (item,) = run(json.dumps(before, ensure_ascii=ascii_only).encode(), max_bytes=1 << 20)
    assert isinstance(item, Cleaned)
    after = json.loads(item.line)
    assert list(after) == [*before, "facts"]
    assert {**after, "text": text, "facts": 0} == {**before, "facts": 0}
    assert after["text"] == cut_junk(text, None).text


@given(st.binary(max_size=80))
def test_any_bytes_give_lines_or_findings(data):
    for item in run(data, max_bytes=40):
        assert isinstance(item, Cleaned | Finding)
