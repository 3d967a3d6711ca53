"""The values of settings: what each setting takes, from a file, the environment or a flag."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Literal, get_args

Profile = Literal["safe", "standard", "strict"]

#: How much cleaning may take, from the most careful to the boldest.
PROFILES: tuple[Profile, ...] = get_args(Profile)

#: What a file can be read as; ``text`` is one document, the others hold many.
FORMATS = ("text", "jsonl", "csv", "tsv", "parquet", "warc", "zip", "tar")

#: What a field of a record can be to us; by default the field of that name.
FIELDS = ("text", "id", "url", "title", "source", "license", "language", "date", "fetched_at")

#: What the archive says of itself is a line or two; the log keeps it with every version.
MAX_LINE = 2_000

_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off", ""})
_SIZE = re.compile(r"(\d{1,15})\s*([kmgt]i?)?b?", re.IGNORECASE | re.ASCII)
_UNITS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}


def parse_size(text: str) -> int:
    """Bytes of a size as people write it: ``1048576``, ``64MiB``, ``10 MB``, ``2g``.

    Raises: ValueError for anything else, and for zero.
    """
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not a size; write 1048576, 64MiB or 10MB")
    unit = (match[2] or "").lower()
    base = 1024 if unit.endswith("i") else 1000
    size: int = int(match[1]) * base ** _UNITS[unit[:1]]
    if size == 0:
        raise ValueError("a size of zero lets nothing in")
    return size


def did_you_mean(word: str, known: tuple[str, ...], cutoff: float = 0.6) -> str:
    """Words that name what is most like a misspelt word; none where nothing is like it."""
    close = get_close_matches(word, known, n=1, cutoff=cutoff)
    return f"; did you mean {close[0]!r}?" if close else ""


def _text(value: object) -> str:
    if not isinstance(value, str) or not value or "\0" in value:
        raise ValueError(f"{value!r} is not a path")
    return value


def _optional_text(value: object) -> str | None:
    return None if value == "" else _text(value)


def _line(value: object) -> str | None:
    if value == "":
        return None
    if not isinstance(value, str) or not value.isprintable() or len(value) > MAX_LINE:
        raise ValueError(f"{str(value)[:80]!r} is not a line of at most {MAX_LINE} characters")
    return value


def _paths(value: object) -> tuple[str, ...]:
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, list | tuple) or not listed:
        raise ValueError("write a list of paths")
    return tuple(_text(item) for item in listed)


def _format(value: object) -> str | None:
    if value == "":
        return None
    if value not in FORMATS:
        near = did_you_mean(str(value), FORMATS)
        raise ValueError(f"{value!r} is none of {', '.join(FORMATS)}{near}")
    return str(value)


def _fields(value: object) -> tuple[str, ...]:
    """``name=field`` each; a table of TOML, or a list of such words."""
    if isinstance(value, Mapping):
        value = [f"{name}={field}" for name, field in value.items()]
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, list | tuple):
        raise ValueError('write a table, like text = "content"')
    for item in listed:
        name, mark, _ = str(item).partition("=")
        if not mark or name not in FIELDS:
            near = did_you_mean(name, FIELDS)
            raise ValueError(
                f"{item!r} is no NAME=FIELD with one of {', '.join(FIELDS)} as its name{near}"
            )
    return tuple(sorted(dict.fromkeys(map(str, listed))))


def _names_listed(value: object) -> tuple[str, ...]:
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, list | tuple) or not all(isinstance(item, str) for item in listed):
        raise ValueError("write a list of names of fields")
    return tuple(item for item in listed if item)


def _profile(value: object) -> str:
    if value not in PROFILES:
        near = did_you_mean(str(value), PROFILES)
        raise ValueError(f"{value!r} is none of {', '.join(PROFILES)}{near}")
    return str(value)


def _truth(value: object) -> bool:
    word = str(value).strip().lower()
    if isinstance(value, bool | str) and word in _TRUE | _FALSE:
        return word in _TRUE
    raise ValueError(f"{value!r} is neither true nor false")


def _size(value: object) -> int | None:
    if value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError(f"{value!r} is not a size")
    return parse_size(str(value))


#: What makes a value of each setting, by its name; each raises ValueError saying what
#: the value should be.
TAKES: dict[str, Callable[[object], object]] = {
    "archive": _text,
    "sources": _paths,
    "index": _optional_text,
    "profile": _profile,
    "rules": _optional_text,
    "require_index": _truth,
    "max_bytes": _size,
    "format": _format,
    "fields": _fields,
    "keep_fields": _names_listed,
    "organization": _line,
    "contact_name": _line,
    "contact_email": _line,
    "description": _line,
    "identifier": _line,
}
