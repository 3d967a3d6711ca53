"""The fields of a record: which is its text, which its id, and what it knows of its origin."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from archiver.document import Provenance
from archiver.readers.formats import Wanted
from archiver.readers.index_values import RESERVED, provenance_of, value_problems
from archiver.readers.names import storable
from archiver.settings import FIELDS

_TEXTS = ("url", "title", "source", "license", "language")
_MOMENTS = ("date", "fetched_at")


class RecordProblem(Exception):
    """A record cannot be used; ``code`` is a finding's."""

    def __init__(self, code: str, problem: str) -> None:
        super().__init__(problem)
        self.code = code
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Taken:
    """What a record gave: its text as bytes, its own id, what it knows of its origin."""

    data: bytes
    id: str | None
    provenance: Provenance


def take(record: Mapping[str, object], wanted: Wanted, *, raw_bytes: bool = False) -> Taken:
    """The text, the id and the provenance of a record.

    raw_bytes: bytes that are no UTF-8 stand in the texts as lone surrogates
    (Python's surrogateescape); the text's bytes are given as they were then. A value
    that its column cannot take (a date in words, half a URL) goes to metadata under
    its name: a record's own data are never a reason to lose its text.
    Raises: RecordProblem E231 where there is no text, E230 for an id that is none.
    """
    data = _text(_find(record, wanted.fields.get("text", "text")), wanted, raw_bytes=raw_bytes)
    cells: dict[str, str] = {}
    used = {wanted.fields.get(name, name) for name in FIELDS}
    for name in (*_TEXTS, *_MOMENTS):
        value = _find(record, wanted.fields.get(name, name))
        if value is None or value == "":
            continue
        words = _words(value)
        usable = isinstance(value, str) or (name in _MOMENTS and isinstance(value, date))
        if usable and not value_problems({name: words}, {}):
            cells[name] = words
        else:
            cells[f"{name}_in_record"] = words
    for key, value in record.items():
        kept = wanted.keep is None or key in wanted.keep
        if key in used or not kept or value is None or value == "":
            continue
        name = storable(key)
        taken = name in RESERVED or name in cells or name in FIELDS or name == "encoding"
        cells[f"{name}_in_record" if taken else name] = _words(value)
    return Taken(data, _id(_find(record, wanted.fields.get("id", "id"))), provenance_of({}, cells))


def _find(record: Mapping[str, object], field: str) -> object:
    """A field's value; ``a.b`` is the field b of the object a where no field has that name."""
    if not field:
        return None
    if field in record:
        return record[field]
    found: object = record
    for part in field.split("."):
        if not isinstance(found, Mapping):
            return None
        found = found.get(part)
    return found


def _text(value: object, wanted: Wanted, *, raw_bytes: bool) -> bytes:
    name = wanted.fields.get("text", "text")
    if isinstance(value, bytes):
        return value
    if not isinstance(value, str):
        what = "no field" if value is None else "no text in its field"
        raise RecordProblem("E231", f"has {what} {name!r}")
    try:
        return value.encode("utf-8", "surrogateescape" if raw_bytes else "strict")
    except UnicodeEncodeError as error:
        raise RecordProblem("E230", f"holds half a character in its field {name!r}") from error


def _id(value: object) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise RecordProblem("E230", "has an id that is neither text nor number")
    name = storable(str(value))
    if value_problems({"id": name}, {}):
        raise RecordProblem("E230", "has an id that is blank, too long or holds control characters")
    return name


def _words(value: object) -> str:
    """A value as text: a text as it is, a moment in ISO 8601, all else as JSON."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, bytes | datetime | date):
        return _plain(value)
    try:
        return storable(
            json.dumps(
                value,
                ensure_ascii=False,
                sort_keys=True,
                separators=(",", ":"),
                default=_plain,
            )
        )
    except (RecursionError, ValueError, TypeError) as error:
        raise RecordProblem("E230", f"holds a value that cannot be kept: {error}") from error


def _plain(value: object) -> str:
    """What JSON has no word for."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    return value.isoformat() if isinstance(value, date) else str(value)
