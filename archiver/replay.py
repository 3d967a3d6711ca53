"""Clean a record's received bytes again by the rules it names, and compare.

The rules are those that the archive kept, not those of today. What else decides
about a text (ftfy, the line model, the extractor of pages) is that of this
installation; where it is not what the record names, a difference proves nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from math import isclose
from typing import Any, cast

from archiver import page
from archiver.archive.checks.replay import Replay, Replayed
from archiver.archive.rows.records import raw_text
from archiver.clean import clean_text, host_for, open_source
from archiver.digest import Json
from archiver.document import Cleaning, Document
from archiver.errors import SettingsError
from archiver.readers.stored import stored_source
from archiver.rules.load import engine
from archiver.rules.rule import Context, Rule, Ruleset
from archiver.settings import PROFILES, Profile

#: Scores of the line model may differ in their last digits between platforms.
_SCORE_TOLERANCE = 1e-6

#: How parts of the engine are called in words.
_NAMES = {
    "version": "the decision procedure",
    "ftfy": "ftfy",
    "repair": "the configuration of repairs",
    "model": "the line model",
    "page": "the choice of lines of a page",
}


def replay_with(tool_version: str) -> Replay:
    """The way to clean a record again in this installation, for ``validate(replay=...)``.

    tool_version: of this program, as records bear it.
    """

    def replay(ruleset: bytes, record: Mapping[str, Any]) -> Replayed:
        return replay_record(ruleset, record, tool_version=tool_version)

    return replay


def replay_record(ruleset: bytes, record: Mapping[str, Any], *, tool_version: str) -> Replayed:
    """Clean a record's received bytes by a ruleset, and compare text, edits and facts.

    ruleset: its JSON, as the archive keeps it; record: a row of documents.
    Returns: whether they are the same, and what is not here as it was then.
    Raises: DamageError where the received bytes cannot be rebuilt.
    Cost: as cleaning the document; reading rules once for each ruleset.
    """
    reasons: list[str] = []
    if record["tool_version"] != tool_version:
        reasons.append(_words("archiver", record["tool_version"], tool_version))
    try:
        rules = ruleset_from_json(ruleset)
    except SettingsError as problem:
        return Replayed(same=False, reasons=(problem.message,))
    reasons += _engine_reasons(rules.engine, record)
    profile = record["profile"]
    if profile not in PROFILES:
        return Replayed(same=False, reasons=(f"there is no profile {profile!r} here",))
    try:
        cleaning, odd = _cleaned(record, rules, cast("Profile", profile))
    except (RecursionError, ValueError, TypeError, LookupError) as problem:
        # Rules of another program, or hostile ones: what they break is the replay alone.
        return Replayed(same=False, reasons=(f"cannot be cleaned again: {problem}"[:300],))
    return Replayed(cleaning is not None and _same(record, cleaning), (*reasons, *odd))


def _cleaned(
    record: Mapping[str, Any], rules: Ruleset, profile: Profile
) -> tuple[Cleaning | None, tuple[str, ...]]:
    source = stored_source(record)
    if record["extractor"] is None and record["raw"] is None:
        # The bytes follow from this very text, as the layer raw holds.
        found: Any = Document(raw_text(record), record["encoding"])
    else:
        found = open_source(source, profile)
    if not isinstance(found, Document):
        return None, (f"the document is refused here: {found.message}",)
    if found.extractor != record["extractor"]:
        return None, (_words("the extractor", record["extractor"], found.extractor),)
    if found.encoding != record["encoding"]:
        return None, (_words("the encoding", record["encoding"], found.encoding),)
    language = source.provenance.language or found.extracted.language
    host = host_for(source, found)
    return clean_text(found.text, rules, profile=profile, language=language, host=host), ()


def _same(record: Mapping[str, Any], cleaning: Cleaning) -> bool:
    edits = record["edits"]
    return (
        cleaning.text == record["text"]
        and cleaning.facts_by_key() == dict(record["facts"])
        and len(edits) == len(cleaning.edits)
        and all(
            (edit.start, edit.end, edit.before, edit.after, edit.rule)
            == (row["start"], row["end"], row["before"], row["after"], row["rule"])
            and _same_score(edit.score, row["score"])
            for edit, row in zip(cleaning.edits, edits, strict=True)
        )
    )


def _same_score(found: float | None, known: float | None) -> bool:
    if found is None or known is None:
        return found is known
    return isclose(found, known, abs_tol=_SCORE_TOLERANCE)


def _engine_reasons(recorded: Mapping[str, Json], record: Mapping[str, Any]) -> Iterable[str]:
    """What of the engine that had a say in this record is another here."""
    here = engine()
    silent = {"page"} if not (record["extractor"] or "").count(page.__name__) else set()
    if record["profile"] == "safe":
        silent.add("model")
    for name in sorted(here.keys() | recorded.keys()):
        if name not in silent and here.get(name) != recorded.get(name):
            yield _words(_NAMES.get(name, name), recorded.get(name), here.get(name))


def _words(what: str, recorded: object, here: object) -> str:
    return f"{what} is recorded as {_brief(recorded)}, here it is {_brief(here)}"


def _brief(value: object) -> str:
    return "none" if value is None else str(value)[:120]


@lru_cache(maxsize=4)
def ruleset_from_json(data: bytes) -> Ruleset:
    """A ruleset from what ``Ruleset.to_json`` made, now or by an older program.

    Its examples are not kept, so that they are not tried again.
    Raises: SettingsError where it says what this program does not know.
    """
    try:
        known = json.loads(data)
        return Ruleset(tuple(map(_rule, known["rules"])), dict(known.get("engine", {})))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as problem:
        raise SettingsError(
            f"the ruleset is in a form that this version cannot read: {problem}"[:300],
            hint="Use the version of archiver that the records name.",
        ) from None


def _rule(entry: Mapping[str, Any]) -> Rule:
    values = dict(entry)
    context = {name: _frozen(value) for name, value in values.pop("context").items()}
    values = {name: _frozen(value) for name, value in values.items()}
    return Rule(**values, seen="", context=Context(**context))


def _frozen(value: Any) -> Any:  # noqa: ANN401 - JSON, whatever is in it
    return tuple(value) if isinstance(value, list) else value
