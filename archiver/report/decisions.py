"""Decisions on lines, written as a rule pack that ``archiver rules check`` accepts.

The page writes the same file, byte for byte: ``page/pack.js`` follows this module. Each
decision stands in a comment too, ``#= {...}``, so that a pack can be read back and a
review resumed. What no rule can say is a comment alone, with the reason.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal

from archiver.rules.load import SCHEMA

Kind = Literal["keep", "drop"]

#: The line by which a pack of decisions is known.
HEAD = "# Decisions made in the page of `archiver report` or with `archiver review`."

#: A comment that holds a decision, or a document that was gone through.
_STATED = "#= "

#: A line that says the same and goes on, for the example that a rule must leave alone.
GOES_ON = " – a sentence may say this and go on."

_UNSAFE = re.compile(
    "[\x7f-\x9f\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
)
_FAMILY = re.compile(r"[a-z][a-z0-9-]{0,39}")

_FNV_START, _FNV_PRIME, _64 = 0xCBF29CE484222325, 0x100000001B3, (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class Decision:
    """One line that was wrongly removed (``keep``) or missed (``drop``).

    ``text`` and ``key``: see ``trial.Tried``; ``document`` and ``file``: where it was
    met; ``host``: the site, where it is known; ``rule``: what took the line; ``family``:
    of a missed line, what it is; ``cannot``: why no rule can say it.
    """

    kind: Kind
    text: str
    key: str
    document: str
    file: str = ""
    host: str = ""
    rule: str = ""
    family: str = "navigation"
    note: str = ""
    cannot: str = ""


def pack_text(decisions: Sequence[Decision], reviewed: Iterable[str] = ()) -> str:
    """The rule pack of some decisions, in TOML; lines about the same are one rule.

    reviewed: documents that were gone through. A line that is both wrongly removed and
    missed is kept: a wrong removal is worse than one missed.
    """
    rows = [f"schema = {_quoted(SCHEMA)}", ""]
    rows.append(HEAD)
    rows.append(
        "# Keep it in a folder of its own; `archiver rules check FOLDER` tells if it holds."
    )
    rows += [_STATED + _json({"reviewed": id_}) for id_ in reviewed]
    rules, unsaid = _sorted_out(decisions)
    for decision in unsaid:
        rows += ["", f"# No rule can say this: {_plain(decision.cannot)}.", _stated(decision)]
    for _, group in sorted((rule_id(group[0]), group) for group in rules):
        rows += ["", *_rule(group)]
    return "\n".join(rows) + "\n"


def read_pack(text: str) -> tuple[list[Decision], list[str]]:
    """The decisions in a pack that ``pack_text`` made, and the documents gone through.

    Raises: ValueError naming the line that holds neither.
    """
    decisions: list[Decision] = []
    reviewed: list[str] = []
    for number, row in enumerate(text.split("\n"), 1):
        if not row.startswith(_STATED):
            continue
        try:
            stated = json.loads(row[len(_STATED) :])
            match stated:
                case {"reviewed": str(id_)}:
                    reviewed.append(id_)
                case _:
                    decisions.append(_decision(stated))
        except (ValueError, TypeError, RecursionError) as problem:
            raise ValueError(f"line {number} holds no decision: {problem}") from None
    return decisions, reviewed


def rule_id(decision: Decision) -> str:
    """The id of the rule that says a decision: the same for the same line, wherever made."""
    digest = _FNV_START
    for byte in decision.key.encode("utf-8", "replace"):
        digest = ((digest ^ byte) * _FNV_PRIME) & _64
    if decision.kind == "keep":
        return f"review.kept-{digest:016x}"
    return f"{decision.family}.missed-{digest:016x}"


def _sorted_out(decisions: Sequence[Decision]) -> tuple[list[list[Decision]], list[Decision]]:
    """Decisions grouped by the rule that says them, and those that none can say."""
    kept = {d.key for d in decisions if d.kind == "keep" and not d.cannot}
    groups: dict[tuple[str, str], list[Decision]] = {}
    unsaid: list[Decision] = []
    for decision in decisions:
        if decision.cannot:
            unsaid.append(decision)
        elif decision.kind == "drop" and decision.key in kept:
            unsaid.append(replace(decision, cannot="another decision keeps the same line"))
        else:
            groups.setdefault((decision.kind, decision.key), []).append(decision)
    return list(groups.values()), unsaid


def _rule(group: Sequence[Decision]) -> Iterator[str]:
    first = group[0]
    texts = list(dict.fromkeys(decision.text for decision in group))
    hosts = sorted({decision.host for decision in group})
    seen = list(dict.fromkeys(decision.document for decision in group))
    yield "[[rule]]"
    yield f"id = {_quoted(rule_id(first))}"
    yield f"action = {_quoted(first.kind)}"
    if "" not in hosts:  # where a site is not known, the rule acts everywhere
        yield f"hosts = [{', '.join(map(_quoted, hosts))}]"
    yield f"literals = [{', '.join(map(_quoted, texts))}]"
    yield f"why = {_quoted(_why(group))}"
    yield f"seen = {_quoted(', '.join(seen[:3]))}"
    if first.kind == "drop":
        yield f"removes = [{', '.join(map(_quoted, texts))}]"
        texts = [text + GOES_ON for text in texts]
    yield f"keeps = [{', '.join(map(_quoted, texts))}]"
    yield from map(_stated, group)


def _why(group: Sequence[Decision]) -> str:
    notes = list(dict.fromkeys(decision.note for decision in group if decision.note.strip()))
    if notes:
        return " ".join(notes)
    if group[0].kind == "drop":
        return "A reader marked this line as missed."
    return f"A reader marked this line as wrongly removed by {group[0].rule}."


def _stated(decision: Decision) -> str:
    return _STATED + _json(asdict(decision))


def _decision(stated: Any) -> Decision:  # noqa: ANN401 -- JSON, whatever is in it
    if not isinstance(stated, dict) or not all(isinstance(v, str) for v in stated.values()):
        raise TypeError("it is no object of strings")
    if unknown := sorted(stated.keys() - {field.name for field in fields(Decision)}):
        raise ValueError(f"unknown key {unknown[0]!r}")
    made = Decision(**stated)
    if made.kind not in {"keep", "drop"}:
        raise ValueError(f"its kind is {made.kind!r}")
    if not _FAMILY.fullmatch(made.family):
        raise ValueError(f"its family is {made.family!r}")
    return made


def _plain(text: str) -> str:
    return " ".join(_UNSAFE.sub(" ", text).split())


def _json(value: object) -> str:
    """JSON on one line, which TOML takes in a comment and in a basic string."""
    dumped = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    sound = dumped.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", sound)


_quoted = _json
