"""Pages: their text as lines, what they say of themselves, and hostile ones."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from archiver.document import Document, Finding, Provenance
from archiver.text import extract as extract_module
from archiver.text.extract import extract, merge_extracted
from archiver.text.markup import MAX_ATTRIBUTES, harmless, html_language, too_much

PROSE = "The summit was held on Thursday, and both sides agreed to meet again soon."
PAGE = f"""<!DOCTYPE html><html lang="en-GB"><head><title>A summit | The Paper</title>
<meta property="og:site_name" content="The Paper"><meta name="author" content="Ann Author">
<meta property="article:published_time" content="2019-04-26T10:51:00+02:00">
<link rel="canonical" href="https://paper.example/summit"></head>
<body><nav><a href="/">Home</a> <a href="/x">More</a></nav><article><h1>A summit</h1>
<p>{PROSE}</p><p>Second. {PROSE}</p><table><tr><td>Date</td><td>25 April</td></tr></table>
<p>Third. {PROSE}</p></article>
<div id="comments"><p>I was first to comment!</p></div></body></html>"""


def page(text: str) -> Document | Finding:
    return extract(Document(text, "utf-8", evidence="valid UTF-8"))


def test_a_page():
    found = page(PAGE)
    assert isinstance(found, Document)
    lines = found.text.split("\n")
    assert PROSE in lines
    assert f"Second. {PROSE}" in lines
    assert "25 April" in found.text
    assert "first to comment" not in found.text
    assert found.text.endswith("\n")
    assert (found.extractor or "").startswith("trafilatura ")
    assert (found.encoding, found.evidence, found.newline) == ("utf-8", "valid UTF-8", "\n")
    said = found.extracted
    assert (said.url, said.source, said.language) == (
        "https://paper.example/summit",
        "The Paper",
        "en-GB",
    )
    assert said.title == "A summit"
    assert said.date == datetime(2019, 4, 26, tzinfo=UTC)
    assert dict(said.metadata) == {"author": "Ann Author", "date_as_written": "2019-04-26"}
    assert page(PAGE) == found


def test_nothing_found():
    for text in (
        "<html><body></body></html>",
        "x",
        "<html><script>var x = 1;</script></html>",
        "<",
    ):
        found = page(text)
        assert isinstance(found, Finding), text
        assert found.code == "E209"


DEEP = 90_000
HOSTILE = {
    "deep": "<html><body>" + "<div>" * DEEP + PROSE + "</div>" * DEEP,
    "deep inline": "<html><body><p>" + "<b>" * DEEP + PROSE,
    "deep table": "<html><body>" + "<table><tr><td>" * 30_000 + PROSE,
    "too deep": "<html><body>" + "<div>" * 150_000 + PROSE,
    "zero bytes": f"<html><body><p>{PROSE}\0{PROSE}</p></body></html>",
    "long attribute": '<html><body><p a="' + "x" * 5_000_000
    + f'">{PROSE} {PROSE}</p></body></html>',
    "many attributes": "<html><body><p " + " ".join(f"a{n}=x" for n in range(200_000))
    + f">{PROSE}</p>",
    "many names": "<html><body><p ' " + " ".join(f"a{n}" for n in range(200_000)) + f">{PROSE}</p>",
    "angles": "<" * 1_000_000,
    "quotes": '<a b="' * 90_000,
    "comments": "<!--" * 200_000,
    "entities": "&amp;" * 300_000,
    "surrogates": f"<html><body><p>\ud800{PROSE}</p></body></html>",
    "xml": f"<?xml version='1.0' encoding='utf-16'?><html><body><p>{PROSE}</p></body></html>",
    "entity bomb": "<!DOCTYPE x [<!ENTITY a '" + "x" * 1000 + "'><!ENTITY b '" + "&a;" * 1000
    + f"'>]><html><body><p>&b;&b; {PROSE}</p></body></html>",
    "json": '<html><script type="application/ld+json">' + '{"a":[' * 50_000
    + f"</script><p>{PROSE}",
    "mark": f"\ufeff<html><body><p>{PROSE}</p></body></html>",
    "title": f"<html><head><title>{'x' * 100_000}\x1b[31m</title></head>"
    f"<body><p>{PROSE}</p></body></html>",
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_hostile_pages(name):
    start = time.process_time()
    found = page(HOSTILE[name])
    assert time.process_time() - start < 100, "time grows faster than the size"
    if isinstance(found, Finding):
        assert found.code == "E209"
        return
    found.text.encode("utf-8")
    assert "\0" not in found.text
    assert all(
        "\x1b" not in (value or "") for value in (found.extracted.title, found.extracted.url)
    )


def test_what_the_library_raises_concerns_this_page_alone(monkeypatch):
    import trafilatura

    def broken(*_args, **_options):
        raise RecursionError("too deep")

    monkeypatch.setattr(trafilatura, "bare_extraction", broken)
    found = page(PAGE)
    assert isinstance(found, Finding)
    assert "RecursionError" in found.message


def test_tags_with_countless_attributes_lose_them_and_others_do_not():
    many = " ".join(f"a{n}='>'" for n in range(MAX_ATTRIBUTES + 1))
    assert harmless(f"<p {many}>x</p>") == "<p>x</p>"
    few = "<p " + " ".join(f"a{n}='{'y' * 50}'" for n in range(MAX_ATTRIBUTES)) + ">x</p>"
    assert harmless(few) == few
    assert harmless(PAGE) == PAGE


def test_pages_that_are_too_large(monkeypatch):
    assert too_much("<p>" * 100_001) is not None
    assert too_much(PAGE) is None
    monkeypatch.setattr("archiver.text.markup.MAX_PAGE", 10)
    assert too_much(PAGE) is not None


@pytest.mark.parametrize(
    ("tag", "language"),
    [("<html lang=de>", "de"), ("<HTML class='x' LANG=\"pt_BR\">", "pt-BR"), ("<html>", None),
     ("<html xml:lang='fr'>", "fr"), ("<html data-lang='fr'>", None), ("<html lang=''>", None),
     ("<html lang='x'>", None), ("<html lang='123'>", None)],
)  # fmt: skip
def test_the_language_a_page_states(tag, language):
    assert html_language(tag) == language


def test_the_result_does_not_depend_on_the_day():
    assert extract_module._DATES["max_date"] > "2099"
    late = PAGE.replace("2019-04-26", "2098-04-26")
    found = page(late)
    assert isinstance(found, Document)
    assert found.extracted.date == datetime(2098, 4, 26, tzinfo=UTC)


SAID = Provenance(
    url="https://p.example/",
    title="Page's title",
    source="Paper",
    date=datetime(2019, 4, 26, tzinfo=UTC),
    metadata={"author": "Ann", "date_as_written": "2019-04-26"},
)


def test_merging_fills_only_what_is_empty_and_says_so():
    given = Provenance(title="Given", license="CC0", metadata={"note": "n"})
    merged = merge_extracted(given, SAID)
    assert (merged.title, merged.license, merged.url, merged.source) == (
        "Given", "CC0", "https://p.example/", "Paper"
    )  # fmt: skip
    assert merged.date == SAID.date
    assert dict(merged.metadata) == {
        "author": "Ann",
        "date_as_written": "2019-04-26",
        "extracted": "author,date,source,url",
        "note": "n",
    }
    assert merge_extracted(merged, SAID) == merged


def test_merging_keeps_a_given_date_and_its_words():
    day = datetime(2020, 1, 1, tzinfo=UTC)
    merged = merge_extracted(Provenance(date=day), SAID)
    assert merged.date == day
    assert "date_as_written" not in merged.metadata
    assert merge_extracted(Provenance(title="x"), Provenance(title="y")) == Provenance(title="x")
