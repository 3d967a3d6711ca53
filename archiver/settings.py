"""Settings: from ``archiver.toml``, ``[tool.archiver]`` of pyproject.toml, or the environment.

What is stronger wins: a flag of the command line, then ``ARCHIVER_*`` in the
environment, then the file, then the default. This module reads the one folder
and the one environment that it is given, and nothing else.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Literal, get_args

from archiver.errors import SettingsError

Profile = Literal["safe", "standard", "strict"]

#: How much cleaning may take, from the most careful to the boldest.
PROFILES: tuple[Profile, ...] = get_args(Profile)

#: What a file can be read as; ``text`` is one document, the others hold many.
FORMATS = ("text", "jsonl", "csv", "tsv", "parquet", "warc", "zip", "tar")

#: What a field of a record can be to us; by default the field of that name.
FIELDS = ("text", "id", "url", "title", "source", "license", "language", "date", "fetched_at")

#: What the archive says of itself is a line or two; the log keeps it with every version.
MAX_LINE = 2_000

#: Names in the environment that are ours, yet no settings.
_RESERVED = frozenset({"ARCHIVER_DEBUG"})
_PREFIX = "ARCHIVER_"

_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off", ""})
_SIZE = re.compile(r"(\d{1,15})\s*([kmgt]i?)?b?", re.IGNORECASE | re.ASCII)
_UNITS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}


@dataclass(frozen=True, slots=True)
class Settings:
    """What a run needs to know, apart from its arguments.

    ``index`` None means: the INDEX.md found beside the sources. ``rules`` is a
    folder of further rule packs. ``max_bytes`` None means the readers' own limit.
    ``format``, ``fields`` and ``keep_fields`` are for files of many records: what
    they are where their names do not say it, which field is the text, the id, the
    url (``name=field`` each), and which others are kept; None keeps all.
    From ``organization`` on: what the archive says of itself, in ``bag-info.txt``
    and ``croissant.json``.
    """

    archive: str = "output/archive"
    sources: tuple[str, ...] = ("seeds",)
    index: str | None = None
    profile: Profile = "standard"
    rules: str | None = None
    require_index: bool = False
    max_bytes: int | None = None
    format: str | None = None
    fields: tuple[str, ...] = ()
    keep_fields: tuple[str, ...] | None = None
    organization: str | None = None
    contact_name: str | None = None
    contact_email: str | None = None
    description: str | None = None
    identifier: str | None = None

    def with_flags(self, **flags: object) -> Settings:
        """The same settings with those flags in their place that are not None.

        Raises: SettingsError for a value that the setting cannot take.
        """
        given = {name: value for name, value in flags.items() if value is not None}
        known = {name: _value(name, value, "the command line") for name, value in given.items()}
        return replace(self, **known)  # type: ignore[arg-type]  # _value checked the types


def load_settings(folder: Path, environ: Mapping[str, str]) -> Settings:
    """The settings that hold in a folder.

    Raises: SettingsError for a file that is no TOML, a key or a value that is
    wrong; it names the file and, for a misspelt key, the one that was meant.
    """
    found = Settings().with_flags(**_from_file(folder))
    return found.with_flags(**_from_environment(environ))


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


def _from_file(folder: Path) -> dict[str, object]:
    own = folder / "archiver.toml"
    if own.is_file():
        return _checked(_read(own), own.name)
    project = folder / "pyproject.toml"
    if not project.is_file():
        return {}
    table = _read(project).get("tool", {})
    section = table.get("archiver", {}) if isinstance(table, dict) else {}
    where = "pyproject.toml: [tool.archiver]"
    if not isinstance(section, dict):
        raise SettingsError(f"{where} is not a table")
    return _checked(section, where)


def _read(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise SettingsError(f"{path.name} is no valid TOML: {error}") from error
    except OSError as error:
        raise SettingsError(f"{path.name} cannot be read: {error.strerror}") from error


def _checked(table: Mapping[str, object], where: str) -> dict[str, object]:
    """A file's keys with their values checked; dashes in a key are underscores."""
    found: dict[str, object] = {}
    for key, value in table.items():
        name = key.replace("-", "_")
        if name not in _names():
            raise SettingsError(
                f"{where}: unknown setting {key!r}{_did_you_mean(name, _names())}",
                hint=f"Known settings: {', '.join(_names())}.",
            )
        found[name] = _value(name, value, where)
    return found


def _from_environment(environ: Mapping[str, str]) -> dict[str, object]:
    """The settings in the environment.

    Another program's ARCHIVER_* name is let be, unless it is so near to one of
    ours that it must be a slip.
    """
    ours = {_PREFIX + name.upper(): name for name in _names()}
    found: dict[str, object] = {}
    for key in sorted(environ):
        if not environ[key]:
            continue  # set to nothing is not set
        if key in ours:
            words: object = environ[key]
            if ours[key] == "sources":
                words = tuple(filter(None, environ[key].split(os.pathsep)))
            elif ours[key] in {"fields", "keep_fields"}:
                words = tuple(filter(None, map(str.strip, environ[key].split(","))))
            found[ours[key]] = _value(ours[key], words, f"environment: {key}")
        elif key.startswith(_PREFIX) and key not in _RESERVED:
            meant = _did_you_mean(key, tuple(ours), cutoff=0.85)
            if meant:
                raise SettingsError(f"environment: unknown setting {key}{meant}")
    return found


def _names() -> tuple[str, ...]:
    return tuple(field.name for field in fields(Settings))


def _did_you_mean(word: str, known: tuple[str, ...], cutoff: float = 0.6) -> str:
    close = get_close_matches(word, known, n=1, cutoff=cutoff)
    return f"; did you mean {close[0]!r}?" if close else ""


def _value(name: str, value: object, where: str) -> object:
    """A value in the type of its setting. Raises: SettingsError saying what it should be."""
    try:
        return _TAKES[name](value)
    except ValueError as error:
        raise SettingsError(f"{where}: {name}: {error}") from error


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
        near = _did_you_mean(str(value), FORMATS)
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
            near = _did_you_mean(name, FIELDS)
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
        near = _did_you_mean(str(value), PROFILES)
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


_TAKES = {
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
