"""Rules for single hosts: how hosts are read, and where such rules act."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.batch import clean_texts
from archiver.clean import _compiled, clean_source, clean_text, matcher_for
from archiver.document import Finding, Provenance, Source
from archiver.rules.hosts import MAX_LABEL, MAX_NAME, above, host_of, normal_host, unplaced
from archiver.rules.load import builtin
from archiver.rules.parse import parse_rule
from archiver.rules.rule import Rule, Ruleset

RULE = {
    "id": "navigation.harbour",
    "action": "drop",
    "literals": ["Zum Hafen der Woche"],
    "why": "A link of the harbour's page.",
    "seen": "harbour.example",
    "removes": ["Zum Hafen der Woche"],
    "keeps": ["Zum Hafen der Woche fuhren alle."],
}
TEXT = "Der Hafen ist seit gestern zugefroren.\nZum Hafen der Woche\nDie Schiffe warten auf See.\n"
SHORT = TEXT.replace("Zum Hafen der Woche\n", "")


def rule(**changes: object) -> Rule:
    made, problems = parse_rule({**RULE, **changes}, "test.toml")
    assert problems == []
    return made


def beside_the_built_in(*rules: Rule) -> Ruleset:
    return Ruleset(builtin().rules + rules, builtin().engine)


@pytest.mark.parametrize(
    ("name", "host"),
    [
        ("Example.ORG", "example.org"),
        ("www.example.org.", "example.org"),
        ("www.org", "www.org"),  # nobody means all of .org
        ("Bücher.example", "xn--bcher-kva.example"),
        ("xn--BCHER-kva.example", "xn--bcher-kva.example"),
        ("bu\u0308cher.example", "xn--bcher-kva.example"),
        ("straße.example", "xn--strae-oqa.example"),
        ("例え。テスト", "xn--r8jz45g.xn--zckzah"),
        ("пример.рф", "xn--e1afmkfd.xn--p1ai"),
        ("my_host.example", "my_host.example"),
        ("localhost", "localhost"),
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8::7", "2001:db8::7"),
        ("192.0.2", ""),
        ("https://example.org", ""),
        ("example.org/a", ""),
        ("example..org", ""),
        ("-a.example", ""),
        ("a b.example", ""),
        ("*.example.org", ""),
        ("a" * (MAX_LABEL + 1) + ".example", ""),
        ("a." * (MAX_NAME // 2) + "example", ""),
        ("", ""),
        (".", ""),
    ],
)
def test_a_host_has_one_form(name: str, host: str) -> None:
    assert normal_host(name) == host


@given(st.text(max_size=30) | st.from_regex(r"[a-zßäéя.]{1,20}", fullmatch=True))
def test_the_form_is_its_own_form(name: str) -> None:
    host = normal_host(name)
    assert normal_host(host) == host
    assert host.isascii()


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://www.hafen.example/a?b", "hafen.example"),
        ("http://user:secret@HAFEN.example:80", "hafen.example"),
        ("https://häfen.example/", "xn--hfen-loa.example"),
        ("http://[2001:db8::7]/", "2001:db8::7"),
        ("hafen.example/a", ""),
        ("https://[broken", ""),
        ("mailto:a@hafen.example", ""),
        ("", ""),
        (None, ""),
    ],
)
def test_host_of(url: str | None, host: str) -> None:
    assert host_of(url) == host


def test_above() -> None:
    assert [*above("a.b.example")] == ["a.b.example", "b.example", "example"]
    assert [*above("")] == []


def test_hosts_of_a_rule_are_read_into_their_form() -> None:
    assert rule(hosts=["WWW.Häfen.example", "a.example"]).hosts == (
        "a.example",
        "xn--hfen-loa.example",
    )
    assert rule(hosts=["a.example"]).to_json()["hosts"] == ["a.example"]
    assert rule().hosts == ()


@pytest.mark.parametrize(
    ("hosts", "problem"),
    [
        (["https://a.example/"], "'https://a.example/', which is no host"),
        (["a.example", ""], "'', which is no host"),
        ([], "hosts is empty"),
        ("a.example", "not a list of strings"),
    ],
)
def test_what_is_no_host_is_told(hosts: object, problem: str) -> None:
    _, problems = parse_rule({**RULE, "hosts": hosts}, "test.toml")
    assert any(problem in told for told in problems), problems


def test_hosts_are_part_of_what_a_ruleset_is() -> None:
    assert Ruleset((rule(),)).digest != Ruleset((rule(hosts=["a.example"]),)).digest


@pytest.mark.parametrize(
    ("host", "acts"),
    [
        ("harbour.example", True),
        ("WWW.Harbour.Example", True),
        ("news.harbour.example", True),
        ("notharbour.example", False),
        ("example", False),
        ("see.example", False),
        ("", False),
        (None, False),
    ],
)
def test_a_rule_for_a_host_acts_there_and_below(host: str | None, acts: bool) -> None:
    ruleset = beside_the_built_in(rule(hosts=["harbour.example"]))
    cleaning = clean_text(TEXT, ruleset, profile="safe", host=host)
    assert cleaning.text == (SHORT if acts else TEXT)
    assert cleaning.raw() == TEXT


def test_rules_that_cut_keep_or_go_by_repetition_are_bound_too() -> None:
    shared = {"why": "w", "seen": "s", "keeps": ["x"], "hosts": ["a.example"]}
    given = [
        {"id": "a.cut", "action": "cut", "pattern": "(?P<cut>QQ)", "removes": ["QQ"]},
        {"id": "a.keep", "action": "keep", "literals": ["Zum Hafen der Woche"]},
        {"id": "a.again", "action": "drop", "again": True, "removes": ["y"]},
        {"id": "a.repeat", "action": "drop", "repeat": True, "removes": ["y"]},
    ]
    rules = [parse_rule({**shared, **entry}, "test.toml") for entry in given]
    assert [problems for _, problems in rules] == [[]] * len(given)
    ruleset = Ruleset((rule(), *(made for made, _ in rules)))
    text = "Eine QQ Zeile.\nZum Hafen der Woche\nnoch eine\nmitten\nnoch eine\nEnde\nEnde\n"
    away = clean_text(text, ruleset, profile="safe", host="b.example")
    assert away.text == text.replace("Zum Hafen der Woche\n", "")
    here = clean_text(text, ruleset, profile="safe", host="a.example")
    assert here.text == "Eine  Zeile.\nZum Hafen der Woche\nnoch eine\nmitten\nEnde\n"


def test_the_address_of_the_source_or_of_the_page_tells_the_host() -> None:
    ruleset = beside_the_built_in(rule(hosts=["harbour.example"]))

    def cleaned(source: Source) -> str:
        outcome = clean_source(source, ruleset, profile="safe")
        assert not isinstance(outcome, Finding)
        return outcome[1].text

    known = Provenance(url="https://www.harbour.example/a")
    assert cleaned(Source("x", "x.txt", TEXT.encode(), provenance=known)) == SHORT
    assert cleaned(Source("x", "x.txt", TEXT.encode())) == TEXT


def test_the_rules_are_compiled_once_for_all_hosts() -> None:
    hosts = [f"h{number}.example" for number in range(100)]
    ruleset = Ruleset(
        tuple(rule(id=f"navigation.h{number}", hosts=[host]) for number, host in enumerate(hosts))
    )
    before = _compiled.cache_info().misses
    matchers = [matcher_for(ruleset, "safe", None, host) for host in (*hosts, "see.example")]
    assert _compiled.cache_info().misses == before + 1
    found = [matcher.verdict("Zum Hafen der Woche").candidates for matcher in matchers]
    assert found == [(number,) for number in range(100)] + [()]
    assert matcher_for(ruleset, "safe", None, "a.h7.example").site == "h7.example"
    assert matcher_for(ruleset, "safe", None, "see.example").site == ""


def test_texts_without_a_host_are_cleaned_without_the_rules_for_hosts() -> None:
    ruleset = Ruleset((rule(hosts=["harbour.example"]),))
    assert [done.text for done in clean_texts([TEXT], ruleset, profile="safe")] == [TEXT]


def test_the_finding_names_some_hosts_and_counts_the_rest() -> None:
    one = unplaced(("a.example",), 1, "x.txt")
    assert (one.code, one.where) == ("W401", "x.txt")
    assert one.message == "the address is not known: the rules for a.example did not act"
    many = unplaced(("a", "b", "c", "d", "e"), 1200)
    assert "1,200 texts" in many.message
    assert "a, b, c and 2 other hosts" in many.message
