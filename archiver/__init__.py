"""Clean scraped text, and keep it: every removal explained, every byte verifiable.

>>> import archiver
>>> cleaning = archiver.clean("[ad_1]\\nThe summit was held in Vladivostok.\\n")
>>> cleaning.text
'The summit was held in Vladivostok.\\n'
>>> cleaning.edits[0].rule
'ad-marker.shortcode'
>>> cleaning.raw()
'[ad_1]\\nThe summit was held in Vladivostok.\\n'
"""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from archiver.archive.archive import Archive
    from archiver.document import Cleaning

__all__ = ["__version__", "clean", "open"]

__version__ = "0.1.0"


def clean(
    text: str,
    *,
    profile: Literal["safe", "standard", "strict"] = "standard",
    language: str | None = None,
    host: str | None = None,
    rules: str | PathLike[str] | None = None,
) -> Cleaning:
    """Clean one text with the built-in rules, and those of a folder of packs.

    Returns: ``text``, ``edits`` and ``facts``; ``.raw()`` takes the cleaning back.
    language: a BCP 47 tag; rules of other languages are then left out.
    host: the site it is from (``example.org``), for rules that act there alone.
    Raises: ValueError for an unknown profile; RuleError, SettingsError for packs.
    Cost: linear in the text; the rules load once, at the first call.
    """
    from archiver.clean import clean_text
    from archiver.rules.load import load

    ruleset = load(Path(rules)) if rules is not None else None
    return clean_text(text, ruleset, profile=profile, language=language, host=host)


def open(path: str | PathLike[str]) -> Archive:  # noqa: A001 -- read as archiver.open
    """Open an archive for reading: ``.latest()``, ``.at(version)``, ``.versions()``.

    Each gives a ``pyarrow.Table``. Raises: NoArchiveError, NewerArchiveError,
    DamageError where the newest entry of the archive's log is not whole.
    """
    from archiver.archive.archive import open_archive

    return open_archive(Path(path))
