"""Packs load checked; every way to get one wrong is told by rule and file."""

from __future__ import annotations

from pathlib import Path

import pytest

from archiver.errors import RuleError, SettingsError
from archiver.rules.load import builtin, check, load

GOOD = """
schema = "archiver-rules/1"
[[rule]]
id = "navigation.test-menu"
action = "drop"
literals = ["Zurück zur Übersicht"]
why = "A link of the menu."
seen = "tests"
removes = ["zurück  zur Übersicht"]
keeps = ["Zurück zur Übersicht der Lage."]
"""


def pack(folder: Path, text: str) -> Path:
    (folder / "mine.toml").write_text(text, encoding="utf-8")
    return folder


def test_every_builtin_rule_agrees_with_its_examples() -> None:
    assert check(None) == []
    assert len(builtin().rules) > 30


def test_a_pack_of_ones_own_loads_after_the_builtin_ones(tmp_path: Path) -> None:
    ruleset = load(pack(tmp_path, GOOD))
    assert ruleset.rules[-1].id == "navigation.test-menu"
    assert ruleset.digest != builtin().digest


def test_the_digest_depends_on_what_rules_do_and_not_on_their_examples(tmp_path: Path) -> None:
    first = load(pack(tmp_path, GOOD)).digest
    elsewhere = GOOD.replace('seen = "tests"', 'seen = "elsewhere"')
    assert load(pack(tmp_path, elsewhere)).digest == first
    assert load(pack(tmp_path, GOOD.replace('"drop"', '"drop"\ntail = 9'))).digest != first


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (('keeps = ["Zurück zur Übersicht der Lage."]', ""), "has no `keeps` example"),
        (('removes = ["zurück  zur Übersicht"]', ""), "has no `removes` example"),
        (('why = "A link of the menu."', ""), "has no why"),
        (('"drop"', '"burn"'), "action is 'burn'"),
        (('"navigation.test-menu"', '"Nav Menu"'), "not of the form family.name"),
        (('"navigation.test-menu"', '"ad-marker.label"'), "stands also in ad-marker.toml"),
        (("literals", "litterals"), "unknown key 'litterals'"),
        (('["zurück  zur Übersicht"]', '["Something else"]'), "does not touch its example"),
        (("Übersicht der Lage.", "Übersicht"), "touches what it must keep"),
        (('seen = "tests"', 'seen = "tests"\npattern = "(a"'), "is not RE2 syntax"),
        (('seen = "tests"', 'seen = "tests"\npattern = "(?=a)b"'), "is not RE2 syntax"),
        (('seen = "tests"', 'seen = "tests"\ntail = 5000'), "looks further than"),
        (('seen = "tests"', 'seen = "tests"\ntail = "5"'), "tail is not a number"),
        (('"drop"', '"fact"'), "a fact rule needs a pattern and takes no literals"),
        (('"drop"', '"cut"'), "a cut rule needs a pattern"),
    ],
)  # fmt: skip
def test_a_wrong_rule_is_refused_with_its_reason(tmp_path, change, told) -> None:
    with pytest.raises(RuleError) as caught:
        load(pack(tmp_path, GOOD.replace(*change)))
    problems = [problem.message for problem in check(tmp_path)]
    assert any(told in problem and "mine.toml" in problem for problem in problems), problems
    assert caught.value.exit_status == 5


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "does not say schema"),
        ("schema = 'archiver-rules/2'", "does not say schema"),
        ("schema = 'archiver-rules/1'\nrule = 3", "not a list of tables"),
        ("schema = 'archiver-rules/1'\nrules = []", "unknown key 'rules'"),
        ("schema = 'archiver-rules/1'\ndisable = 'x'", "not a list of rule ids"),
        ("schema = ", "is not TOML"),
        ("x = " + "[" * 5000, "is not TOML"),
    ],
)
def test_a_wrong_pack_is_refused_with_its_reason(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        load(pack(tmp_path, text))


def test_a_folder_without_packs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"holds no \*\.toml"):
        load(tmp_path)
    with pytest.raises(SettingsError, match="there is no such folder"):
        load(tmp_path / "nowhere")


def test_a_pack_can_switch_a_rule_off(tmp_path: Path) -> None:
    text = 'schema = "archiver-rules/1"\ndisable = ["source-link.label"]\n'
    assert "source-link.label" not in load(pack(tmp_path, text)).by_id
    text = 'schema = "archiver-rules/1"\ndisable = ["source-link.nothing"]\n'
    with pytest.raises(RuleError, match="there is no such rule"):
        load(pack(tmp_path, text))


def test_a_pattern_that_would_blow_up_elsewhere_is_answered_in_linear_time(tmp_path: Path) -> None:
    """``(a+)+b`` takes 2**n steps in a backtracking engine; RE2 has no such case."""
    text = GOOD.replace('literals = ["Zurück zur Übersicht"]', 'pattern = "(a+)+b"').replace(
        '["zurück  zur Übersicht"]', '["aaab"]'
    )
    from archiver.clean import clean_text

    line = "a" * 900 + "c"
    assert clean_text(line, load(pack(tmp_path, text))).text == line
