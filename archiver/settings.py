"""Settings: from ``archiver.toml``, ``[tool.archiver]`` of pyproject.toml, or the environment.

What is stronger wins: a flag of the command line, then ``ARCHIVER_*`` in the
environment, then the file, then the default. This module reads the one folder
and the one environment that it is given, and nothing else.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path

from archiver.errors import SettingsError
from archiver.setting_values import (
    FIELDS,
    FORMATS,
    MAX_LINE,
    PROFILES,
    TAKES,
    Profile,
    did_you_mean,
    parse_size,
)

__all__ = [
    "FIELDS",
    "FORMATS",
    "MAX_LINE",
    "PROFILES",
    "Profile",
    "Settings",
    "load_settings",
    "parse_size",
]

#: Names in the environment that are ours, yet no settings.
_RESERVED = frozenset({"ARCHIVER_CACHE", "ARCHIVER_DEBUG"})
_PREFIX = "ARCHIVER_"


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
                f"{where}: unknown setting {key!r}{did_you_mean(name, _names())}",
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
            meant = did_you_mean(key, tuple(ours), cutoff=0.85)
            if meant:
                raise SettingsError(f"environment: unknown setting {key}{meant}")
    return found


def _names() -> tuple[str, ...]:
    return tuple(field.name for field in fields(Settings))


def _value(name: str, value: object, where: str) -> object:
    """A value in the type of its setting. Raises: SettingsError saying what it should be."""
    try:
        return TAKES[name](value)
    except ValueError as error:
        raise SettingsError(f"{where}: {name}: {error}") from error
