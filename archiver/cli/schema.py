"""``archiver schema``: what the columns of the archive are."""

from __future__ import annotations

import click

from archiver.cli.screen import Screen
from archiver.cli.session import command


@command("schema")
@click.argument(
    "table",
    metavar="[documents|quarantine]",
    default="documents",
    type=click.Choice(["documents", "quarantine"]),
)
@click.option(
    "--format",
    "form",
    default="json",
    show_default=True,
    type=click.Choice(["json", "arrow"]),
    help="JSON Schema of a record, or the Arrow types of the columns.",
)
def schema(table: str, form: str, as_json: bool, quiet: bool) -> int:
    """Print the schema of a table: documents or quarantine.

    Both forms are JSON already, with --json and without.

    \b
    Examples:
      archiver schema
      archiver schema quarantine --format arrow
      archiver schema | jq '.properties | keys'
    """
    from archiver.archive.rows.schema import arrow_schema_json, json_schema

    screen = Screen(as_json, quiet)
    screen.json(json_schema(table) if form == "json" else arrow_schema_json(table))
    return 0
