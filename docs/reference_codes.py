"""The page of findings and the page of settings."""

from __future__ import annotations

import tomllib
from dataclasses import fields
from pathlib import Path

from page_text import NOTE, page, table

from archiver.findings import CATALOGUE
from archiver.settings import Settings

CAUSES = Path(__file__).with_name("finding_causes.toml")

FINDINGS = """\
A finding is one coded problem. `E` is an error: a document is in quarantine, or the archive is
damaged. `W` is a warning. A code is never given a second meaning.
"""

CHAPTERS = {"1": "The archive", "2": "Sources", "3": "`INDEX.md`", "4": "Cleaning"}

SETTINGS = """\
Settings stand in `archiver.toml`, or under `[tool.archiver]` in `pyproject.toml`, of the folder in
which a command is run. An environment variable beats them, and an option beats both; see
[Commands](cli.md) for the options. An unknown setting is an error, and the message names the one
that may be meant.
"""

EXAMPLE = """\
```toml
archive = "output/archive"
sources = ["seeds"]
profile = "safe"

[fields]
text = "content"
```
"""

#: What each setting says.
MEANINGS = {
    "archive": "Where the archive lies.",
    "sources": "Files and folders to ingest. In the environment, parted as `PATH` is.",
    "index": "The `INDEX.md` that says where the sources are from; else the one beside them.",
    "profile": "How far cleaning goes: `safe`, `standard` or `strict`.",
    "rules": "A folder of further rule packs.",
    "require_index": "Whether what no index lists is quarantined.",
    "max_bytes": "The largest file or record to read: `64MiB`, `10 MB`, `1048576`.",
    "format": "What files of many records are, where their names do not say it.",
    "fields": "Which field of a record is the text, the id, the url … In the environment: "
    "`text=content,id=key`.",
    "keep_fields": "Which other fields of a record are kept, with commas in the environment; "
    "else all.",
    "organization": "Whose archive it is: `bag-info.txt`, `croissant.json`.",
    "contact_name": "Whom to ask.",
    "contact_email": "Where to ask.",
    "description": "What the archive holds, in a line.",
    "identifier": "The archive's name elsewhere: a DOI, a handle, a URL.",
}


def findings() -> str:
    """docs/reference/findings.md: each code with its meaning, its cause and the way out.

    Raises: SystemExit where a code has no cause yet, or a cause no code.
    """
    causes = tomllib.loads(CAUSES.read_text(encoding="utf-8"))
    if odd := sorted(CATALOGUE.keys() ^ causes.keys()):
        raise SystemExit(f"{CAUSES.name} and archiver/findings.py differ in {', '.join(odd)}")
    parts = ["# Findings", NOTE, FINDINGS]
    for digit, title in CHAPTERS.items():
        parts.append(f"## {title}")
        for code, kind in sorted(CATALOGUE.items()):
            if code[1] == digit:
                said = f"**{kind.title[0].upper()}{kind.title[1:]}.** {causes[code]}"
                parts += [f"### {code}", said, f"*What to do:* {kind.hint}"]
    return page(parts)


def settings() -> str:
    """docs/reference/settings.md: each setting with its default and its variable.

    Raises: SystemExit where a setting has no meaning yet, or a meaning no setting.
    """
    known = {field.name: field for field in fields(Settings)}
    if odd := sorted(known.keys() ^ MEANINGS.keys()):
        raise SystemExit(f"reference_codes.MEANINGS and Settings differ in {', '.join(odd)}")
    rows = [
        (f"`{name}`", f"`ARCHIVER_{name.upper()}`", _default(field.default), MEANINGS[name])
        for name, field in known.items()
    ]
    head = ("setting", "variable", "default", "says")
    return page(["# Settings", NOTE, SETTINGS, table(head, rows), "For example:", EXAMPLE])


def _default(value: object) -> str:
    if value is None or value == ():
        return "none"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{list(value)}`".replace("'", '"') if isinstance(value, tuple) else f"`{value}`"
