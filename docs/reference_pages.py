"""The reference pages that are read off the code: commands, statuses, columns."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

import click
from page_text import NOTE, page, table

from archiver import errors
from archiver.archive.rows.columns import MEANINGS, REQUIRED, SCHEMA_VERSION, table_schema
from archiver.cli.main import archiver as command_line

CLI = """\
Results go to stdout, words about them to stderr. Every command takes `--json` and then prints one
object, an error included. [Exit statuses](exit-statuses.md) are the same for all commands. Options
beat the environment (`ARCHIVER_ARCHIVE`, …), and this beats `archiver.toml` and `[tool.archiver]`
of `pyproject.toml`.
"""

STATUSES = """\
What concerns one document is a [finding](findings.md), and the run goes on; an error ends the
command. With `--json` an error is an object on stdout:
`{"error": {"code", "message", "hint", "exit_status"}}`.
"""

#: Endings that are outcomes, not errors.
OUTCOMES = {
    0: "done",
    3: "done, and some documents were quarantined",
    130: "interrupted (Ctrl-C); 129 and 143: ended by SIGHUP, SIGTERM",
    141: "the reader of the output went away",
}

#: What the fields of a column's structs hold.
INNER = {
    "edits.start": "Where the stretch of the raw text begins, in code points, from 0.",
    "edits.end": "Where it ends; the code point there is no part of it.",
    "edits.before": "What stood there.",
    "edits.after": "What stands there now; empty where it was dropped.",
    "edits.rule": "The rule, the repair, or `model.line`; see [Rules that ship](rules.md).",
    "edits.score": "How sure the line model is, from 0 to 1; null where a rule decided.",
    "dropped.rule": "The rule, as in `edits`.",
    "dropped.count": "How many edits it made in this document.",
}

RECORD = f"""\
Version {SCHEMA_VERSION} of the schema; `archiver schema` prints it for programs. Moments are in
UTC, to the microsecond; digests are lower-case hex sha256; null means unknown, never a guess.
"""

TABLES = {
    "documents": """\
One row a revision of a document. The newest state of a document is the row with its highest
`revision`; see [how to read it](../how-to/read-with-duckdb-polars-pandas.md).
""",
    "quarantine": """\
One row a source that was kept out, with the bytes as received. Large bytes are cut into pieces, a
row each.
""",
}


def cli() -> str:
    """docs/reference/cli.md: every command with its options."""
    parts = ["# Commands", NOTE, CLI]
    for name, command, context in commands(command_line, None, "archiver"):
        usage = " ".join(command.collect_usage_pieces(context))
        parts += [f"## `{name}`", _text(command.help or ""), f"Usage: `{name} {usage}`"]
        options = [option for option in command.params if isinstance(option, click.Option)]
        rows = [(spelling(option, context), meaning(option)) for option in options]
        parts += [table(("option", "meaning"), rows)] if rows else []
    return page(parts)


def exit_statuses() -> str:
    """docs/reference/exit-statuses.md: outcomes and errors."""
    rows = [(status, "", said, "") for status, said in OUTCOMES.items()]
    for kind, said in _errors():
        rows.append((kind.exit_status, f"`{kind.code}`", said, kind.default_hint))
    head = ("status", "code", "meaning", "what to do")
    cells = [(str(status), *words) for status, *words in sorted(rows)]
    return page(["# Exit statuses", NOTE, STATUSES, table(head, cells)])


def outcomes() -> list[tuple[int, str]]:
    """Each exit status with what it means, sorted; of several errors, the most general."""
    found = dict(OUTCOMES)
    for kind, said in sorted(_errors(), key=lambda item: len(item[0].__mro__)):
        found.setdefault(kind.exit_status, said)
    return sorted(found.items())


def _errors() -> Iterator[tuple[type[errors.ArchiverError], str]]:
    for _, kind in inspect.getmembers(errors, inspect.isclass):
        if issubclass(kind, errors.ArchiverError):
            said = (kind.__doc__ or "").splitlines()[0].rstrip(".")
            yield kind, "A defect of archiver" if kind is errors.ArchiverError else said


def record() -> str:
    """docs/reference/record.md: the columns of both tables."""
    parts = ["# Columns", NOTE, RECORD]
    for name, says in TABLES.items():
        rows = [
            (
                f"`{field.name}`",
                _arrow(str(field.type)),
                "no" if field.name in REQUIRED[name] else "yes",
                MEANINGS[field.name],
            )
            for field in table_schema(name)
        ]
        head = ("column", "type", "may be null", "holds")
        parts += [f"## `{name}`", says, table(head, rows)]
    inner = [(f"`{field}`", says) for field, says in INNER.items()]
    parts += ["## Inside `edits` and `dropped`", table(("field", "holds"), inner)]
    return page(parts)


def commands(
    command: click.Command, parent: click.Context | None, name: str
) -> Iterator[tuple[str, click.Command, click.Context]]:
    """A command and all below it, in the order that the help shows."""
    context = click.Context(command, info_name=name.rsplit(" ", 1)[-1], parent=parent)
    yield name, command, context
    if isinstance(command, click.Group):
        for short in command.list_commands(context):
            found = command.get_command(context, short)
            if found is not None and not found.hidden:
                yield from commands(found, context, f"{name} {short}")


def _text(help_text: str) -> str:
    """Help as Markdown: what click keeps as it stands (after a backspace) becomes code."""
    blocks = []
    for block in inspect.cleandoc(help_text).split("\n\n"):
        if block.startswith("\b\n"):
            head, *rest = block.removeprefix("\b\n").split("\n")
            code = "\n".join(line.removeprefix("  ") for line in rest)
            blocks.append(f"{head}\n\n```text\n{code}\n```")
        else:
            blocks.append(block)
    return "\n\n".join(blocks)


def spelling(option: click.Option, context: click.Context) -> str:
    """An option as it is typed, with what it takes."""
    names = ", ".join([*option.opts, *option.secondary_opts])
    takes = "" if option.is_flag or option.count else f" {option.make_metavar(context)}"
    return f"`{names}{takes}`"


def meaning(option: click.Option) -> str:
    """What an option is for, with its default."""
    said = re.sub(r"\s+", " ", option.help or "")
    shown = isinstance(option.default, str | int | float) and not option.is_flag
    return f"{said} Default: `{option.default}`." if shown else said


def _arrow(kind: str) -> str:
    """An Arrow type without what a reader need not know: ``list<struct<rule: string>>``."""
    return f"`{kind.replace('timestamp[us, tz=UTC]', 'timestamp').replace('item: ', '')}`"
