"""What ``archiver doctor`` looks at, first half: the program, its parts, settings, encodings."""

from __future__ import annotations

import locale
import os
import platform
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

from archiver.cli.screen import count
from archiver.errors import ArchiverError, SettingsError
from archiver.settings import Settings, load_settings

State = Literal["ok", "note", "wrong"]

DISTRIBUTION = "archiver-toolkit"

#: What each optional part is for, by the name of its extra.
EXTRAS = {
    "dask": "work on many machines (--engine dask)",
    "dedup": "near-duplicates (--near-duplicates)",
    "report": "the report as a web page (archiver report)",
    "s3": "archives and sources on s3://",
    "warc": "WARC and WET files",
}

#: Extras for those who work on the program itself.
FOR_WORK_ON_IT = frozenset({"bench", "dev", "docs", "test"})

_REQUIREMENT = re.compile(r"([A-Za-z0-9._-]+)(\[[^\]]*\])?\s*\(?([^;)]*)\)?\s*(?:;\s*(.*))?")
_EXTRA = re.compile(r"extra\s*==\s*['\"]([A-Za-z0-9._-]+)['\"]")
_BOUND = re.compile(r"(>=|<)\s*([0-9][0-9.]*)")


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at.

    ``status`` is the exit status of a command that meets this, where it is wrong.
    """

    area: str
    name: str
    state: State
    says: str
    hint: str = ""
    status: int = 0


def wrong(area: str, name: str, error: ArchiverError) -> Check:
    """A check that ended with an error, which says the rest."""
    return Check(area, name, "wrong", error.message, error.hint, error.exit_status)


def program() -> Iterator[Check]:
    """The versions of the program, of Python and of what it is built on."""
    from archiver import __version__

    yield Check("program", "archiver", "ok", f"{__version__}, {Path(__file__).parents[1]}")
    python = f"{platform.python_version()}, {sys.executable}"
    yield Check("program", "python", "ok", python)
    yield Check("program", "system", "ok", f"{platform.platform()}, {_cores()}")
    try:
        needs = metadata.requires(DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        says = "the program was not installed by pip: its parts cannot be listed"
        yield Check("program", "parts", "note", says)
        return
    parsed = [_Need.of(text) for text in needs]
    yield from (need.check("program") for need in parsed if not need.extra and need.is_ours)
    extras: dict[str, list[_Need]] = {}
    for need in parsed:
        if need.extra and need.extra not in FOR_WORK_ON_IT and need.name != DISTRIBUTION:
            extras.setdefault(need.extra, []).append(need)
    yield from (_extra(name, extras[name]) for name in sorted(extras))


def settings_here(folder: Path) -> tuple[Settings | None, list[Check]]:
    """The settings of a folder, and whether they and the rules they name can be used."""
    files = [name for name in ("archiver.toml", "pyproject.toml") if (folder / name).is_file()]
    names = sorted(name for name in os.environ if name.startswith("ARCHIVER_"))
    said = ", ".join([*files[:1], *names]) or "none; the defaults hold"
    try:
        known = load_settings(folder, os.environ)
    except ArchiverError as error:
        return None, [wrong("settings", "settings", error)]
    found = [Check("settings", "settings", "ok", said)]
    if os.environ.get("SOURCE_DATE_EPOCH"):
        words = "SOURCE_DATE_EPOCH sets the clock of every run"
        found.append(Check("settings", "clock", "note", words, "Unset it where that is not meant."))
    return known, [*found, _rules(folder, known)]


def encodings() -> Iterator[Check]:
    """What the terminal, files and file names are written in."""
    stream = f"terminal {_encoding(sys.__stdout__)}, pipes utf-8"
    yield Check("screen", "output", "ok", stream)
    language = locale.setlocale(locale.LC_CTYPE) or "C"
    names = sys.getfilesystemencoding()
    if names.lower().replace("-", "") == "utf8":
        yield Check("screen", "locale", "ok", f"{language}, file names in {names}")
        return
    yield Check(
        "screen",
        "locale",
        "note",
        f"{language}: file names are read as {names}, and others than these shown as escapes",
        "Set LC_ALL=C.UTF-8 or PYTHONUTF8=1.",
    )


@dataclass(frozen=True, slots=True)
class _Need:
    """A package that the program asks for: for itself or for one of its extras."""

    name: str
    bounds: str
    extra: str
    marker: str

    @classmethod
    def of(cls, text: str) -> _Need:
        found = _REQUIREMENT.match(text)
        if found is None:
            return cls(text, "", "", "unreadable")
        marker = found[4] or ""
        extra = _EXTRA.search(marker)
        return cls(found[1], found[3].strip(), extra[1] if extra else "", marker)

    @property
    def is_ours(self) -> bool:
        """Whether it is asked for here: of those for some systems only what is there counts."""
        return not self.marker or self.version() is not None

    def version(self) -> str | None:
        """What is installed, or None."""
        try:
            return metadata.version(self.name)
        except metadata.PackageNotFoundError:
            return None

    def fits(self, version: str) -> bool:
        """Whether a version is within the bounds, by the numbers that it begins with."""
        have = _numbers(version)
        return all(
            have >= _numbers(bound) if sign == ">=" else have < _numbers(bound)
            for sign, bound in _BOUND.findall(self.bounds)
        )

    def check(self, area: str) -> Check:
        version = self.version()
        status = SettingsError.exit_status
        hint = f"Run `pip install --upgrade {DISTRIBUTION}`."
        if version is None:
            return Check(area, self.name, "wrong", f"missing (asked for: {self})", hint, status)
        if not self.fits(version):
            says = f"{version} does not fit (asked for: {self})"
            return Check(area, self.name, "wrong", says, hint, status)
        return Check(area, self.name, "ok", version)

    def __str__(self) -> str:
        return f"{self.name}{self.bounds}"


def _extra(name: str, needs: list[_Need]) -> Check:
    """Whether an optional part is there; one of the wrong version is wrong, none is none."""
    does = EXTRAS.get(name, "")
    have = {need.name: need.version() for need in needs}
    install = f"Run `pip install '{DISTRIBUTION}[{name}]'`."
    if any(version is None for version in have.values()):
        return Check("extras", name, "note", f"not installed; it is for: {does}", install)
    old = [need for need in needs if not need.fits(have[need.name] or "")]
    listed = ", ".join(f"{package} {version}" for package, version in sorted(have.items()))
    if old:
        says = f"{listed} (asked for: {', '.join(map(str, old))})"
        return Check("extras", name, "wrong", says, install, SettingsError.exit_status)
    return Check("extras", name, "ok", f"{listed}: {does}")


def _rules(folder: Path, known: Settings) -> Check:
    from archiver.rules.load import load

    try:
        ruleset = load(folder / known.rules if known.rules else None)
    except ArchiverError as error:
        return wrong("settings", "rules", error)
    where = f" with {known.rules}" if known.rules else ""
    says = f"{count(len(ruleset.rules), 'rule')}{where}, ruleset {ruleset.digest[:12]}"
    return Check("settings", "rules", "ok", f"{says}, profile {known.profile}")


def _numbers(version: str) -> tuple[int, ...]:
    found = re.match(r"[0-9]+(?:\.[0-9]+)*", version)
    numbers = [int(piece) for piece in found[0].split(".")] if found else []
    while numbers and numbers[-1] == 0:
        numbers.pop()  # 2.0 and 2 are one
    return tuple(numbers)


def _cores() -> str:
    from archiver.engines.cores import cores

    return count(cores(), "core")


def _encoding(stream: object) -> str:
    return str(getattr(stream, "encoding", None) or "none")
