from __future__ import annotations

import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from report_support import HOSTILE

from archiver.clean import clean_text
from archiver.document import Edit
from archiver.report.decisions import GOES_ON, Decision, pack_text, read_pack, rule_id
from archiver.report.trial import Trial, key_of, plain_key
from archiver.rules.load import builtin, check, load


@pytest.fixture(scope="module")
def trial() -> Trial:
    return Trial(builtin())


def made(trial: Trial, kind: str, line: str, host: str = "harbour.example") -> Decision:
    tried = getattr(trial, kind)(line, host)
    return Decision(kind, tried.text, tried.key, "one", host=host, cannot=tried.cannot)


#: Lines that rules know, take in other places, cut, mend, or may not look at.
LINES = [
    "Subscribe to our newsletter",
    "The bay froze.[14] All of it.",
    "Kommentare (12)",
    "kommentare",
    "Share",
    "» Share «",
    "»",
    "Ã¼ber uns",
    "  The harbour is frozen.\t",
    "y" * 2_000,
    "krone.at",
    *(line.replace("\x00", "") for line in HOSTILE),
]


@pytest.mark.parametrize("host", ["harbour.example", ""])
def test_every_pack_holds(trial, tmp_path, host) -> None:
    all_ = [made(trial, kind, line, host) for line in LINES for kind in ("keep", "drop")]
    for name, decisions in (("all", all_), ("drops", [d for d in all_ if d.kind == "drop"])):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "d.toml").write_text(pack_text(decisions), encoding="utf-8", newline="\n")
        assert check(folder) == []
        assert len(tomllib.loads(pack_text(decisions))["rule"]) > len(LINES) // 3


def test_a_pack_is_read_back(trial) -> None:
    decisions = [made(trial, "keep", line) for line in LINES]
    text = pack_text(decisions, ["one", "t\u202ewo\n"])
    found, reviewed = read_pack(text)
    assert sorted(map(repr, found)) == sorted(map(repr, decisions))
    assert reviewed == ["one", "t\u202ewo\n"]
    assert pack_text(found, reviewed) == text


@given(st.lists(st.tuples(st.sampled_from(["keep", "drop"]), st.text(max_size=30)), max_size=6))
@settings(max_examples=200)
def test_any_text_makes_a_pack_that_toml_takes(lines) -> None:
    decisions = [Decision(kind, line, key_of(line), line, note=line) for kind, line in lines]
    text = pack_text(decisions)
    assert tomllib.loads(text)["schema"] == "archiver-rules/1"
    found, _ = read_pack(text)
    assert len(found) == len(decisions)
    assert pack_text(found) == pack_text(read_pack(pack_text(found))[0])


def test_lines_that_rules_take_for_the_same_are_one_rule() -> None:
    decisions = [
        Decision("drop", text, key_of(text), "one", host=host)
        for text, host in (("Mehr", "a.example"), ("» mehr", "b.example"), ("MEHR", "a.example"))
    ]
    (rule,) = tomllib.loads(pack_text(decisions))["rule"]
    assert rule["hosts"] == ["a.example", "b.example"]
    assert rule["removes"] == ["Mehr", "» mehr", "MEHR"]
    assert rule["keeps"] == [text + GOES_ON for text in rule["removes"]]
    assert len({rule_id(decision) for decision in decisions}) == 1


def test_what_is_both_wrongly_removed_and_missed_is_kept() -> None:
    text = pack_text([Decision(kind, "Line.", "line.", kind) for kind in ("drop", "keep")])
    assert [rule["action"] for rule in tomllib.loads(text)["rule"]] == ["keep"]
    assert "# No rule can say this: another decision keeps the same line." in text


def test_where_a_site_is_not_known_the_rule_acts_everywhere() -> None:
    pack = [Decision("drop", "Line.", "line.", "one", host=host) for host in ("a.example", "")]
    (rule,) = tomllib.loads(pack_text(pack))["rule"]
    assert "hosts" not in rule


@pytest.mark.parametrize(
    "row",
    [
        "{",
        "[]",
        '{"kind":"keep"}',
        '{"kind":"burn","text":"","key":"","document":""}',
        '{"kind":"keep","text":1,"key":"","document":""}',
        '{"kind":"keep","text":"","key":"","document":"","more":""}',
        '{"kind":"drop","text":"","key":"","document":"","family":"A\\nB"}',
        "[" * 9_000,
    ],
)
def test_what_is_no_decision_is_named_by_its_line(row) -> None:
    with pytest.raises(ValueError, match="line 2 holds no decision"):
        read_pack(f"\n#= {row}\n")


RAW = """\
The mayor said that the winter had been long, and that the spring would come soon.
play_arrow
skip_next
The ferries stay where they are until the ice has gone from the whole of the bay.

Kim Jong-un and Putin in Vladivostok. Photo: AFP.
Kim Jong-un and Putin in Vladivostok. Photo: AFP.

The pilots have not seen so much ice since the lighthouse was built.
"""


def test_a_decision_has_its_effect(trial, tmp_path) -> None:
    before = clean_text(RAW)
    assert {"icon-ligature.name", "caption-repeat.pair"} <= set(before.dropped())
    lines = [line for edit in before.edits for line in edit.before.split("\n") if line]
    pack = [
        *(Decision("keep", line, key_of(line), "one", host="h.example") for line in lines),
        made(trial, "drop", "The pilots have not seen so much ice since the lighthouse was built."),
    ]
    (tmp_path / "d.toml").write_text(pack_text(pack), encoding="utf-8")
    after = clean_text(RAW, load(tmp_path), host="h.example")
    assert after.text == RAW
    here = clean_text(RAW, load(tmp_path), host="harbour.example").dropped()
    assert any(rule.startswith("navigation.missed-") for rule in here)


def test_the_line_model_leaves_what_a_rule_keeps(tmp_path) -> None:
    from archiver.rules.match import Matcher
    from archiver.rules.outcome import apply_rules

    line = "About us and our team"
    (tmp_path / "d.toml").write_text(
        pack_text([Decision("keep", line, key_of(line), "one")]), encoding="utf-8"
    )
    matcher = Matcher(load(tmp_path), "standard")
    text = f"Text that stays here.\n{line}\nMore of the page\n"
    edits, _ = apply_rules(text, matcher, also={1: ("model.line", 0.01), 2: ("model.line", 0.01)})
    assert [edit.before for edit in edits] == ["More of the page\n"]


def test_keys_that_the_page_finds_by_itself_are_plain() -> None:
    assert plain_key(" Share\u00a0 THIS\t") == "share this" == key_of(" Share\u00a0 THIS\t")
    assert key_of("» Kommentare (12):") == "kommentare" != plain_key("» Kommentare (12):")


def test_lines_tell_what_no_rule_can_say(trial) -> None:
    raw = "gone\nIt froze.[1]\nKommentare (12)\nsays more than a label does\n"
    edits = [Edit(0, 5, "gone\n", "", "t.t")]
    tried = dict(enumerate((found for _, found in trial.lines(raw, edits, "")), 1))
    assert tried[1].cannot == ""
    assert "citation-mark.number cuts" in tried[2].cannot
    assert "takes it already" in tried[3].cannot
    assert tried[4].cannot == ""


def test_lines_in_examples_of_your_own_rules_are_told(tmp_path) -> None:
    line = "The bay is calm today."
    pack = [Decision("drop", line, key_of(line), "one")]
    (tmp_path / "mine.toml").write_text(pack_text(pack), encoding="utf-8")
    mine = Trial(load(tmp_path))
    assert "stands in an example of navigation.missed-" in mine.keep(line, "").cannot
    assert mine.keep(line, "harbour.example").cannot == ""


def test_a_pack_may_overrule_the_rules_that_ship(trial, tmp_path) -> None:
    shipped = [rule for rule in builtin().rules if rule.removes and not rule.languages]
    lines = [rule.removes[0].before.split("\n")[0] for rule in shipped]
    pack = [made(trial, kind, line, "") for line in lines for kind in ("keep", "drop")]
    assert sum(not decision.cannot for decision in pack) > len(lines) // 2
    (tmp_path / "d.toml").write_text(pack_text(pack), encoding="utf-8", newline="\n")
    assert check(tmp_path) == []
