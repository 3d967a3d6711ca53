"""``bag-info.txt``: what the bag says of itself, in the fields that RFC 8493 reserves."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence

from archiver.archive.log.entry import Entry
from archiver.archive.log.history import latest_with
from archiver.archive.rows.columns import FORMAT_VERSION
from archiver.settings import MAX_LINE, Settings

ORGANIZATION = "Source-Organization"
CONTACT = "Contact-Name"
EMAIL = "Contact-Email"
DESCRIPTION = "External-Description"
IDENTIFIER = "External-Identifier"

#: Fields that only the owner knows. A run's settings state them, its log entry keeps them.
STATED = (ORGANIZATION, CONTACT, EMAIL, DESCRIPTION, IDENTIFIER)

#: RFC 8493, section 2.2.2: lines should not be longer.
_WIDTH = 79

_UNITS = ("bytes", "KB", "MB", "GB", "TB", "PB")


def stated(settings: Settings) -> dict[str, str]:
    """The fields that the settings state."""
    fields = {
        ORGANIZATION: settings.organization,
        CONTACT: settings.contact_name,
        EMAIL: settings.contact_email,
        DESCRIPTION: settings.description,
        IDENTIFIER: settings.identifier,
    }
    return {name: value for name, value in fields.items() if value}


def about(entries: Sequence[Entry]) -> dict[str, str]:
    """The fields that the newest entry with any states, whoever wrote it."""
    for entry in latest_with(entries, "about"):
        found = entry.info.get("about")
        if found:
            known = found if isinstance(found, dict) else {}
            return {name: one_line(known[name]) for name in STATED if name in known}
    return {}


def bag_info(entries: Sequence[Entry], octets: int, files: int) -> bytes:
    """The bytes of ``bag-info.txt``.

    entries: of documents, up to the newest. octets, files: of the payload.
    """
    newest = entries[-1]
    lines = {
        **about(entries),
        "Bag-Software-Agent": f"archiver-toolkit ({newest.info.get('tool')})",
        "Bagging-Date": str(newest.info.get("committed_at"))[:10],
        "Bag-Size": _size(octets),
        "Payload-Oxum": f"{octets}.{files}",
        "Archiver-Format": str(FORMAT_VERSION),
        "Archiver-Head": str(newest.head),
    }
    made = (_field(name, one_line(value)) for name, value in lines.items() if value)
    return "".join(made).encode("utf-8")


def one_line(value: object) -> str:
    """A value that cannot end its line, whatever it holds: no line end, nothing unseen."""
    words = " ".join(str(value)[:MAX_LINE].split())
    return re.sub(r"[^ -~]", lambda match: match[0] if match[0].isprintable() else "�", words)


def _field(name: str, value: str) -> str:
    """A field, folded between words. What a program compares has no blanks, and so no folds."""
    lines = textwrap.wrap(
        value,
        _WIDTH,
        initial_indent=f"{name}: ",
        subsequent_indent="  ",
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join(lines) + "\n"


def _size(octets: int) -> str:
    size, unit = float(octets), 0
    while size >= 1000 and unit < len(_UNITS) - 1:
        size, unit = size / 1000, unit + 1
    return f"{size:.0f} {_UNITS[unit]}" if unit == 0 else f"{size:.1f} {_UNITS[unit]}"
