"""The values of an index: which are sound, and what provenance they make."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from archiver.document import Provenance

#: Metadata keys that the program writes itself.
RESERVED = frozenset({"date_as_written", "fetched_at_as_written", "extracted"})

#: Code points of an id; ids are names for people and file systems, not texts.
MAX_ID = 1024

_TEXTS = ("url", "title", "source", "license", "language", "encoding")
_MOMENTS = ("date", "fetched_at")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f]")
_MOMENT = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)"
    r"(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,6})\d*)?)?\s?(Z|z|[+-]\d\d:?\d\d)?)?",
    re.ASCII,
)
_SHAPES: dict[str, tuple[re.Pattern[str], str]] = {
    "url": (re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s\x00-\x20\x7f]+"), "no absolute URL"),
    "language": (re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*"), "no language tag like en"),
    "encoding": (re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._:+-]{0,39}"), "no encoding's name"),
    "sha256": (re.compile(r"[0-9a-fA-F]{64}"), "no sha256 (64 hex digits)"),
}


def value_problems(values: Mapping[str, str], written: Mapping[str, str]) -> list[str]:
    """What is wrong with the values of a row, each in one phrase.

    ``written`` are the same cells before unescaping: a bare control character is a
    slip or an attack, an escaped one (``&#10;``) is meant.
    """
    problems = [
        f"{name} holds a control character" for name in written if _CONTROL.search(written[name])
    ]
    for name, value in values.items():
        if name in _SHAPES and not _SHAPES[name][0].fullmatch(value):
            problems.append(f"{name} is {_SHAPES[name][1]}: {_short(value)}")
        elif name in _MOMENTS and moment(value) is None:
            problems.append(f"{name} is no ISO 8601 date or date-time: {_short(value)}")
    name = values.get("id", "x")
    if _CONTROL.search(name) or len(name) > MAX_ID or not name.strip():
        problems.append(f"id is empty, too long or holds control characters: {_short(name)}")
    return problems


def moment(words: str) -> tuple[datetime, bool] | None:
    """A date or date-time in UTC, and whether its zone was written; None if unreadable.

    Without a zone the words are read as UTC.
    """
    match = _MOMENT.fullmatch(words)
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    micro = (fraction or "0").ljust(6, "0")
    iso = f"{year}-{month}-{day}T{hour or '00'}:{minute or '00'}:{second or '00'}.{micro}"
    try:
        found = datetime.fromisoformat(iso + ("+00:00" if zone is None else zone.upper()))
        return found.astimezone(UTC), zone is not None
    except (ValueError, OverflowError):
        return None


def provenance_of(defaults: Mapping[str, str], cells: Mapping[str, str]) -> Provenance:
    """The provenance of a row whose values are sound.

    An empty cell takes the default. Columns that are no field of Provenance go to
    its metadata; so do the words of a date that has no zone.
    """
    known = {**defaults, **{name: value for name, value in cells.items() if value}}
    moments: dict[str, datetime | None] = {}
    metadata = {name: value for name, value in known.items() if name not in (*_TEXTS, *_MOMENTS)}
    for name in _MOMENTS:
        read = moment(known[name]) if name in known else None
        moments[name] = read[0] if read else None
        if read is not None and not read[1]:
            metadata[f"{name}_as_written"] = known[name]
    return Provenance(
        **{name: known.get(name) for name in _TEXTS},
        date=moments["date"],
        fetched_at=moments["fetched_at"],
        metadata=dict(sorted(metadata.items())),
    )


def _short(value: str) -> str:
    return repr(value if len(value) <= 60 else value[:59] + "…")
