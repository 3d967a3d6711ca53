"""Site templates: what repeats in place is learned, what repeats in content is not."""

from __future__ import annotations

import random
import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.clean import clean_text
from archiver.rules.load import SCHEMA, _example_problems, builtin, check, load
from archiver.rules.match import Matcher
from archiver.rules.parse import parse_rule
from archiver.rules.rule import Ruleset
from archiver.rules.site_pack import file_name, pack_text, site_rules, slug
from archiver.rules.sites import Page, Template, Thresholds, mine

MENU = ["Startseite", "Politik", "Sport", "Wetter", "Rätsel und Spiele"]
FOOT = "Alle Rechte liegen bei der Zeitung vom Hafen."
RULES = builtin()


def page(number: int, *content: str) -> Page:
    text = "\n".join([*MENU, f"Überschrift der Seite {number}", *content, FOOT])
    return Page(f"{number}.txt", text)


def recipe(number: int) -> Page:
    return page(
        number,
        "Zutaten",
        f"{number} Eier",
        "Zubereitung",
        f"Man nehme {number} Eier und schlage sie {number} Minuten lang.",
        "von Anna Muster",
        f"Am Ende von Rezept {number} steht dieser Satz ganz allein.",
    )


def words(template: Template) -> set[str]:
    return {line.text for line in template.lines}


def learn_and_clean(pages: list[Page], text: str) -> str:
    rules = site_rules(mine("hafen.example", pages), RULES)
    return clean_text(text, Ruleset(RULES.rules + rules, RULES.engine)).text


def test_the_menu_and_the_foot_are_learned_and_the_content_is_not() -> None:
    template = mine("hafen.example", map(recipe, range(1, 6)))
    assert words(template) == {*MENU, FOOT}
    assert {line.text for line in template.at("sentence")} == {FOOT}
    assert (template.pages, template.twins) == (5, 0)
    assert {line.pages for line in template.lines} == {5}
    assert template.lines[0].examples == ("1.txt", "2.txt", "3.txt")


def test_a_new_page_of_the_site_loses_its_chrome_alone() -> None:
    cleaned = learn_and_clean([*map(recipe, range(1, 6))], recipe(9).text)
    assert cleaned == "\n".join(recipe(9).text.split("\n")[len(MENU) : -1]) + "\n"


def test_a_label_of_the_menu_stays_where_it_stands_alone() -> None:
    pages = [*map(recipe, range(1, 6))]
    text = "Der Verein\nSport\nWar immer wichtig im Ort.\nWetter\nEs regnet seit Tagen.\n"
    assert learn_and_clean(pages, text) == text


def test_the_law_of_undo_holds_with_a_learned_pack() -> None:
    rules = site_rules(mine("hafen.example", map(recipe, range(1, 6))), RULES)
    text = recipe(7).text
    assert clean_text(text, Ruleset(RULES.rules + rules)).raw() == text


def test_a_pack_acts_on_the_hosts_that_it_was_learned_from_alone() -> None:
    template = mine("hafen.example", map(recipe, range(1, 6)), hosts=("hafen.example",))
    rules = site_rules(template, RULES)
    assert {rule.hosts for rule in rules} == {("hafen.example",)}
    assert 'hosts = ["hafen.example"]' in pack_text(template, rules)
    ruleset = Ruleset(RULES.rules + rules, RULES.engine)
    text = recipe(9).text
    bare = "\n".join(text.split("\n")[len(MENU) : -1]) + "\n"
    for host in ("hafen.example", "www.hafen.example", "sport.hafen.example"):
        assert clean_text(text, ruleset, profile="standard", host=host).text == bare
    for host in (None, "see.example", "example", "nothafen.example"):
        cleaned = clean_text(text, ruleset, profile="standard", host=host)
        assert cleaned == clean_text(text, RULES, profile="standard")


def test_sites_with_the_same_menu_each_have_their_own_rules() -> None:
    template = mine("hafen.example", map(recipe, range(1, 6)), hosts=("hafen.example",))
    first = site_rules(template, RULES)
    other = Template("see.example", template.pages, 0, template.lines, ("see.example",))
    second = site_rules(other, Ruleset(RULES.rules + first))
    assert [rule.literals for rule in second] == [rule.literals for rule in first]


def test_too_few_pages_teach_nothing() -> None:
    assert mine("hafen.example", map(recipe, range(1, 3))).lines == ()
    assert mine("hafen.example", map(recipe, range(1, 3)), Thresholds(2)).lines != ()


def test_a_line_must_stand_on_its_share_of_the_pages() -> None:
    others = [Page(f"x{n}.txt", f"Seite {n} ist ganz anders als jede andere.") for n in range(7)]
    pages = [*map(recipe, range(1, 4)), *others]
    assert mine("hafen.example", pages).lines == ()
    assert words(mine("hafen.example", pages, Thresholds(3, 0.3))) == {*MENU, FOOT}


@pytest.mark.parametrize(
    ("share", "pages", "needed"), [(0.5, 10, 5), (0.5, 11, 6), (0.0, 99, 3), (1.0, 7, 7)]
)
def test_needed(share: float, pages: int, needed: int) -> None:
    assert Thresholds(3, share).needed(pages) == needed


def test_a_page_met_again_counts_once() -> None:
    again = [Page(f"copy-{n}.txt", recipe(1).text) for n in range(4)]
    template = mine("hafen.example", [*again, recipe(2)])
    assert (template.pages, template.twins, template.lines) == (2, 3, ())


def test_the_print_version_of_a_page_counts_once() -> None:
    paragraphs = [f"Satz {n} der Meldung steht in beiden Fassungen gleich." for n in range(20)]
    pages = [Page(f"{n}.txt", "\n".join([f"Fassung {n}", *paragraphs])) for n in range(3)]
    template = mine("hafen.example", pages)
    assert (template.pages, template.lines) == (1, ())


def test_a_sentence_that_stands_now_here_now_there_is_content() -> None:
    said = "Wir wissen nicht, was morgen sein wird."
    pages = [page(n, f"Vor {n} war Ruhe.", said, f"Nach {n} kam Sturm.") for n in range(4)]
    assert said not in words(mine("hafen.example", pages))


def test_code_and_figures_are_never_learned() -> None:
    lines = ["}", "0", "…", "---", "1.234", "{", "]"]
    pages = [page(n, *lines) for n in range(5)]
    assert words(mine("hafen.example", pages)) == {*MENU, FOOT}


@pytest.mark.parametrize("host", ["a.b", "a-b", "a--b", "a.-b", "Ä", "", "../x", "a" * 99, "a/b"])
def test_a_host_is_a_file_name_and_no_path(host: str) -> None:
    name = file_name(host)
    assert Path(name).name == name
    assert name.endswith(".toml")
    assert len(name) < 110


def test_different_hosts_have_different_slugs() -> None:
    hosts = ["a.b", "a-b", "a--b", "a.-b", "a-.b", "Ä", "ä", "a" * 60, "a" * 61]
    assert len({slug(host) for host in hosts}) == len(hosts)


def test_a_second_site_with_the_same_menu_leaves_out_what_the_first_rules_do() -> None:
    template = mine("hafen.example", map(recipe, range(1, 6)))
    first = site_rules(template, RULES)
    other = Template("see.example", template.pages, 0, template.lines)
    assert len(first) == 2
    assert site_rules(other, Ruleset(RULES.rules + first)) == ()


def test_the_pack_says_how_often_each_line_stands(tmp_path: Path) -> None:
    template = mine("hafen.example", map(recipe, range(1, 6)))
    text = pack_text(template, site_rules(template, RULES))
    assert '    "Startseite", # 5 of 5\n' in text
    assert "min_run = 5" in text
    (tmp_path / "hafen.example.toml").write_text(text, encoding="utf-8")
    assert check(tmp_path) == []
    learned = {rule.id: rule for rule in load(tmp_path).rules if rule.pack.startswith("hafen")}
    assert sorted(learned) == [
        "navigation.site-hafen-example-menu",
        "navigation.site-hafen-example-sentence",
    ]
    assert learned["navigation.site-hafen-example-menu"].profile == "standard"
    assert "5 of 5 pages of hafen.example" in learned["navigation.site-hafen-example-menu"].why


#: Lines that pages share, odd ones among them, and what is around them.
_LINE = st.one_of(
    st.text(min_size=1, max_size=60),
    st.sampled_from(
        [*MENU, FOOT, "Close", "Share this", "Comments (12)", 'Say "no" \\ to\x7f it, all of you']
    ),
)
_SITE = st.tuples(st.lists(_LINE, max_size=12), st.lists(_LINE, max_size=6), st.integers(3, 5))


def _site(made: tuple[list[str], list[str], int]) -> list[Page]:
    head, foot, number = made
    return [
        Page(str(n), "\n".join([*head, f"Absatz {n} steht nur hier und sonst nirgends.", *foot]))
        for n in range(number)
    ]


@settings(max_examples=60, deadline=None)
@given(_SITE, st.randoms(use_true_random=False))
def test_the_order_of_the_pages_does_not_matter(made, chance: random.Random) -> None:
    pages = _site(made)
    shuffled = pages[:]
    chance.shuffle(shuffled)
    assert mine("a.example", shuffled) == mine("a.example", pages)


@settings(max_examples=15, deadline=None)
@given(_SITE, st.sampled_from(["a.example", 'q"uote', "new\nline", "Ä", "../up"]))
def test_every_pack_learned_is_sound(made, host: str) -> None:
    template = mine(host, _site(made), hosts=(host,) if host == "a.example" else ())
    rules = site_rules(template, RULES)
    table = tomllib.loads(pack_text(template, rules))
    assert table["schema"] == SCHEMA
    read = [parse_rule(entry, "a.toml") for entry in table.get("rule", [])]
    assert [problems for _, problems in read] == [[]] * len(rules)
    assert [rule.to_json() for rule, _ in read] == [rule.to_json() for rule in rules]
    matcher = Matcher(Ruleset((*RULES.rules, *(rule for rule, _ in read))), "strict")
    assert [problem for rule, _ in read for problem in _example_problems(rule, matcher)] == []
