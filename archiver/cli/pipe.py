"""JSONL cleaned as it streams: one line in, one line out, in order. Pure.

An object's own bytes are kept: only the text's value is written anew (where
cleaning changed it), and ``facts`` is added. So numbers, key order, spacing
and every other field come out as they went in.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import IO

from archiver.document import Cleaning, Finding
from archiver.findings import finding

#: Field names that the output adds.
FACTS, EDITS = "facts", "edits"

#: The field of an object that tells where its text is from.
URL = "url"

_BLANKS = " \t\n\r"
_BOM = b"\xef\xbb\xbf"
_DECODER = json.JSONDecoder()


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A line of output, and what was done to the text in it."""

    line: str
    cleaning: Cleaning


class _LineError(ValueError):
    """A line that cannot be cleaned, and why."""


@dataclass(frozen=True, slots=True)
class _Member:
    """Where the value of a key stands in the line, and what it is."""

    start: int
    end: int
    value: object


def clean_lines(
    stream: IO[bytes],
    clean: Callable[[str, str | None], Cleaning],
    *,
    where: str,
    max_bytes: int,
    field: str = "text",
    with_edits: bool = False,
) -> Iterator[Cleaned | Finding]:
    """Clean the field ``text`` of each object of a JSONL stream.

    ``clean`` is given the text, and the object's ``url`` if it has one.
    A line that is no JSON object with such a field gives a Finding with its
    number, and the rest goes on; blank lines are skipped. Memory holds one
    line, of at most ``max_bytes``.
    """
    for number, line in _numbered(stream, max_bytes):
        try:
            if line is None:
                raise _LineError(f"the line is longer than {max_bytes:,} bytes")
            text = _decode(line)
            if text.strip(_BLANKS):
                yield _clean_object(text, clean, field, with_edits=with_edits)
        except _LineError as problem:
            yield finding("E212", str(problem), where=where, line=number)


def _numbered(stream: IO[bytes], max_bytes: int) -> Iterator[tuple[int, bytes | None]]:
    """The lines with their numbers; None for one that is too long, read but not held."""
    number = 0
    while line := stream.readline(max_bytes + 1):
        number += 1
        if number == 1:
            line = line.removeprefix(_BOM)
        if len(line) <= max_bytes or line.endswith(b"\n"):
            yield number, line
            continue
        while line and not line.endswith(b"\n"):
            line = stream.readline(max_bytes)
        yield number, None


def _decode(line: bytes) -> str:
    try:
        return line.decode("utf-8").rstrip(_BLANKS)
    except UnicodeDecodeError as error:
        raise _LineError(f"the line is not UTF-8: byte {error.start + 1} is wrong") from error


def _clean_object(
    line: str, clean: Callable[[str, str | None], Cleaning], field: str, *, with_edits: bool
) -> Cleaned:
    members, end = _members(line)
    text = members.get(field)
    if text is None or not isinstance(text.value, str):
        lack = "has no" if text is None else "holds no text in its"
        raise _LineError(f"the object {lack} field {field!r}")
    try:
        text.value.encode("utf-8")
    except UnicodeEncodeError as error:
        raise _LineError(f"the field {field!r} holds half a character: {error.reason}") from error
    url = members[URL].value if URL in members else None
    cleaning = clean(text.value, url if isinstance(url, str) else None)
    changes = [(text, _json(cleaning.text))] if cleaning.edits else []
    added = {FACTS: _facts(members.get(FACTS), cleaning)}
    if with_edits:
        if EDITS in members:
            raise _LineError(f"the object has a field {EDITS!r} already")
        added[EDITS] = _json([asdict(edit) for edit in cleaning.edits])
    if FACTS in members:
        changes.append((members[FACTS], added.pop(FACTS)))
    tail = "".join(f", {json.dumps(name)}: {value}" for name, value in added.items())
    return Cleaned(_splice(line, changes, end, tail), cleaning)


def _facts(known: _Member | None, cleaning: Cleaning) -> str:
    """The new facts after those that an earlier cleaning left in the object."""
    before = {} if known is None or known.value is None else known.value
    if not isinstance(before, dict) or not all(isinstance(v, str) for v in before.values()):
        raise _LineError(f"the object has a field {FACTS!r} already, and it is no map of texts")
    joined = replace(cleaning, facts=(*before.items(), *cleaning.facts))
    return _json(joined.facts_by_key())


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _splice(line: str, changes: list[tuple[_Member, str]], end: int, tail: str) -> str:
    pieces: list[str] = []
    at = 0
    for member, value in sorted(changes, key=lambda change: change[0].start):
        pieces += (line[at : member.start], value)
        at = member.end
    return "".join((*pieces, line[at:end], tail, line[end:]))


def _members(line: str) -> tuple[dict[str, _Member], int]:
    """The members of a JSON object, and where its last value ends.

    Where a key stands twice the last one counts, as in every JSON reader.
    """
    try:
        at = _skip(line, 0)
        if line[at : at + 1] != "{":
            raise _LineError("the line is no JSON object")
        found: dict[str, _Member] = {}
        at = end = _skip(line, at + 1)
        while line[at : at + 1] != "}":
            if found and line[at : at + 1] == ",":
                at = _skip(line, at + 1)
            elif found:
                raise _LineError(f"the line is no JSON: no comma or }} at column {at + 1}")
            key, at = _key(line, at)
            value, end = _DECODER.raw_decode(line, at)
            found[key] = _Member(at, end, value)
            at = _skip(line, end)
    except ValueError as error:
        if isinstance(error, _LineError):
            raise
        raise _LineError(f"the line is no JSON: {error}") from error
    except RecursionError as error:
        raise _LineError("the line is nested too deeply") from error
    if _skip(line, at + 1) != len(line):
        raise _LineError(f"the line goes on after its object at column {at + 2}")
    return found, end


def _key(line: str, at: int) -> tuple[str, int]:
    """A key, and where its value begins."""
    if line[at : at + 1] != '"':
        raise _LineError(f"the line is no JSON: no key at column {at + 1}")
    key, at = _DECODER.raw_decode(line, at)
    at = _skip(line, at)
    if line[at : at + 1] != ":":
        raise _LineError(f"the line is no JSON: no colon at column {at + 1}")
    return key, _skip(line, at + 1)


def _skip(line: str, at: int) -> int:
    while line[at : at + 1] in set(_BLANKS):
        at += 1
    return at
