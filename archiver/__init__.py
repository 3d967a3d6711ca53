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
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pyarrow as pa

    from archiver.archive.archive import Archive
    from archiver.document import Cleaning

    _Rows = TypeVar("_Rows", pa.RecordBatch, pa.Table)

__all__ = ["__version__", "clean", "clean_batch", "cleaned_schema", "open"]

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


def clean_batch(
    rows: _Rows,
    *,
    profile: Literal["safe", "standard", "strict"] = "standard",
    rules: str | PathLike[str] | None = None,
    fields: Mapping[str, str] = MappingProxyType({}),
    keep: Sequence[str] | None = (),
) -> _Rows:
    """Clean the rows of an Arrow batch or table: for Spark, Ray, Dask, datasets.

    A row is what a record of a file is to ``archiver ingest``: a column ``id``, a column
    ``text`` of texts or of received bytes (pages too), and where there are such columns
    ``url``, ``title``, ``source``, ``license``, ``language``, ``date``, ``fetched_at``. Each
    row's result depends on that row alone, so data may be cut anywhere.

    rows: n rows. Returns: the same kind, n rows in the same order, columns
    ``cleaned_schema()``; what cannot be cleaned has no text, and ``code`` and ``message`` say why.
    rules: a folder of packs, read once a process. fields: names of columns that are
    called otherwise, as ``{"text": "body"}``. keep: further columns that go to
    ``metadata``; None: all.
    Raises: ValueError for an unknown profile or field, and where id or text is no column;
    RuleError, SettingsError for packs. Cost: as ``clean`` or less, lines that rows share
    being looked at once; memory a small multiple of the rows.
    """
    from archiver.tabular import clean_rows

    return clean_rows(
        rows,
        profile=profile,
        rules=None if rules is None else str(Path(rules)),
        fields=fields,
        keep=keep,
        tool_version=__version__,
    )


def cleaned_schema() -> pa.Schema:
    """The columns that ``clean_batch`` gives."""
    from archiver.tabular import CLEANED

    return CLEANED


def open(path: str | PathLike[str]) -> Archive:  # noqa: A001 -- read as archiver.open
    """Open an archive for reading: ``.latest()``, ``.at(version)``, ``.versions()``.

    Each gives a ``pyarrow.Table``. Raises: NoArchiveError, NewerArchiveError,
    DamageError where the newest entry of the archive's log is not whole.
    """
    from archiver.archive.archive import open_archive

    return open_archive(Path(path))
