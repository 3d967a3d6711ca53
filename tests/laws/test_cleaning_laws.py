"""The laws of cleaning: undo, idempotence, no state between documents, any text in."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.batch import clean_texts
from archiver.clean import clean_text
from archiver.rules.load import builtin
from archiver.rules.rule import Context, Rule, Ruleset
from archiver.settings import PROFILES
from archiver.text.edits import apply
from archiver.text.repair import repair

#: Lines that rules, repairs and seams act on, so that random texts meet them often.
DEBRIS = [
    "[ad_1]",
    "[ad_2]",
    "Source link",
    ".",
    "",
    "  ",
    "play_arrow",
    "skip_next",
    "close",
    "explore",
    "00:00",
    "00:00 / 00:00",
    "Loading...",
    "1.0x",
    "Date: | 25 April |",
    "Patrons: | --> |",
    "Key: |",
    "[1]",
    "[2] [3]",
    "He agreed.[1]",
    "x.[1[2]]",
    "end.[1][2]] and t[0]",
    "Kommentare",
    "Leave a Reply",
    "Neue Stories entdecken",
    "Beta",
    "Kostenlose Spiele",
    "krone.at",
    "Kim gave a sword to Putin. Photo: AFP.",
    "a line of five words here",
    "History[edit]",
    "schÃ¶n",
    "L'Ã©tÃ©.[3]",
    "â€œquotedâ€\x9d",
    "\ufeffBOM",
    "e\u0301",
    "a\rb",
    "c\u2028d",
    "\x1b[31mred\x1b[0m",
    "\x00",
    "0.5x",
    "1x",
    "2x",
    "x[1] Ã.[1]",
    "Ã.[1]¤",
    "\ud800",
    "Ã\x83Â¶ ÃƒÂ¶ ÃƒÆ’Ã‚Â¶",
    "zero\u200bwidth so\u00adft no\u00a0break",
    "\u202eright\u202c \u2067to\u2069 \u200fleft",
    "ﬁne ĳ ŉ ｆｕｌｌ",
    "Harbour menu",
    "Harbour weather",
]

lines = st.one_of(st.sampled_from(DEBRIS), st.text(max_size=12))
texts = st.builds(
    lambda parts, end: end.join(parts),
    st.lists(lines, max_size=14),
    st.sampled_from(["\n", "\r\n"]),
)
profiles = st.sampled_from(PROFILES)


@settings(max_examples=400, deadline=None)
@given(texts, profiles)
def test_cleaning_can_be_undone(raw: str, profile: str) -> None:
    cleaning = clean_text(raw, profile=profile)
    assert cleaning.raw() == raw
    assert apply(raw, cleaning.edits) == cleaning.text
    assert all(edit.before == raw[edit.start : edit.end] for edit in cleaning.edits)


@settings(max_examples=400, deadline=None)
@given(texts, profiles)
def test_cleaning_a_clean_text_changes_nothing(raw: str, profile: str) -> None:
    once = clean_text(raw, profile=profile).text
    again = clean_text(once, profile=profile)
    assert again.text == once
    assert again.edits == ()


@settings(max_examples=100, deadline=None)
@given(st.lists(texts, max_size=5), profiles, st.randoms(use_true_random=False))
def test_a_text_is_cleaned_the_same_in_any_company(raws, profile, random) -> None:
    alone = {raw: clean_text(raw, profile=profile) for raw in raws}
    shuffled = raws[:]
    random.shuffle(shuffled)
    together = clean_texts(shuffled, builtin(), profile=profile)
    assert together == [alone[raw] for raw in shuffled]


@settings(max_examples=300, deadline=None)
@given(texts)
def test_repair_is_idempotent(raw: str) -> None:
    once, _ = repair(raw)
    assert repair(once) == (once, ())


@settings(max_examples=200, deadline=None)
@given(texts)
def test_no_profile_leaves_more_than_safe(raw: str) -> None:
    most = len(clean_text(raw, profile="safe").text)
    assert all(len(clean_text(raw, profile=profile).text) <= most for profile in PROFILES)


@settings(max_examples=200, deadline=None)
@given(texts)
def test_every_edit_names_a_rule_that_can_be_looked_up(raw: str) -> None:
    known = builtin().by_id.keys()
    for edit in clean_text(raw).edits:
        assert edit.rule in {*known, "model.line"} or edit.rule.startswith("repair.")


#: Rules that act on one host, one of them in runs.
BOUND = Ruleset(
    (
        *builtin().rules,
        Rule("navigation.a", "drop", "w", "s", literals=("harbour menu",), hosts=("a.example",)),
        Rule(
            "navigation.b",
            "drop",
            "w",
            "s",
            literals=("harbour weather", "explore", "beta"),
            hosts=("a.example",),
            context=Context(min_run=2),
        ),
    ),
    builtin().engine,
)


@settings(max_examples=150, deadline=None)
@given(texts, profiles, st.sampled_from([None, "b.example", "a.example", "www.a.example"]))
def test_the_laws_hold_on_a_host_with_rules_of_its_own(raw: str, profile, host) -> None:
    cleaning = clean_text(raw, BOUND, profile=profile, host=host)
    assert cleaning.raw() == raw
    assert clean_text(cleaning.text, BOUND, profile=profile, host=host).edits == ()
    if host in {None, "b.example"}:
        assert cleaning == clean_text(raw, profile=profile)
