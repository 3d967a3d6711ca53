"""Options about files of many records: what they are, and what their fields mean."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from archiver.settings import FORMATS, Settings

if TYPE_CHECKING:
    from archiver.readers.formats import Wanted

_Command = TypeVar("_Command", bound=Callable[..., Any])


def reading_options(function: _Command) -> _Command:
    """``--format``, ``--text-field``, ``--field`` and ``--keep-field``."""
    form = click.option(
        "--format",
        "form",
        metavar="NAME",
        type=click.Choice(FORMATS),
        help=f"What - and named files are: {', '.join(FORMATS)}.  [default: by the name]",
    )
    text = click.option(
        "--text-field",
        "--text-column",
        metavar="FIELD",
        help="The field of a record that is its text.  [default: text]",
    )
    field = click.option(
        "--field",
        "fields",
        metavar="NAME=FIELD",
        multiple=True,
        help="The field that is its id, url, title, date …; NAME= takes none.",
    )
    keep = click.option(
        "--keep-field",
        "keep_fields",
        metavar="FIELD",
        multiple=True,
        help="A further field to keep, and no others.  [default: all]",
    )
    return form(text(field(keep(function))))


def given_fields(text_field: str | None, fields: tuple[str, ...]) -> tuple[str, ...] | None:
    """What the command line says of fields, as the setting has it; None where it says nothing."""
    given = (*fields, *([f"text={text_field}"] if text_field else []))
    return given or None


def wanted_of(known: Settings) -> Wanted:
    """How records are to be read, by the settings."""
    from archiver.readers.formats import Wanted

    fields = dict(item.split("=", 1) for item in known.fields)
    return Wanted(known.format, fields, known.keep_fields)
