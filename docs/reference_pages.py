"""The reference pages that are read off the code: commands, statuses, findings, columns, rules."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator, Sequence

import click

from archiver import errors
from archiver.archive.rows.columns import MEANINGS, REQUIRED, SCHEMA_VERSION, table_schema
from archiver.cli.main import archiver as command_line
from archiver.findings import CATALOGUE
from archiver.rules.load import builtin
from archiver.rules.rule import FAMILIES
from archiver.settings import PROFILES
from archiver.text.repair import REASONS

NOTE = "<!-- Written by docs/generate.py from the code; do not edit. -->"

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

FINDINGS = """\
A finding is one coded problem. `E` is an error: a document is in quarantine, or the archive is
damaged. `W` is a warning. A code is never given a second meaning.
"""

CHAPTERS = {"1": "The archive", "2": "Sources", "3": "`INDEX.md`", "4": "Cleaning"}

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

RULES = """\
How many rules of each family act in each profile. `archiver rules list` names them, `archiver rules
show` gives a rule with its reason and examples, and [Write a rule](../how-to/write-a-rule.md) tells
how to add to them.
"""


def cli() -> str:
    """docs/reference/cli.md: every command with its options."""
    parts = ["# Commands", NOTE, CLI]
    for name, command, context in _commands(command_line, None, "archiver"):
        usage = " ".join(command.collect_usage_pieces(context))
        parts += [f"## `{name}`", _text(command.help or ""), f"Usage: `{name} {usage}`"]
        options = [option for option in command.params if isinstance(option, click.Option)]
        rows = [(_spelling(option, context), _meaning(option)) for option in options]
        parts += [_table(("option", "meaning"), rows)] if rows else []
    return _page(parts)


def exit_statuses() -> str:
    """docs/reference/exit-statuses.md: outcomes and errors."""
    rows = [(status, "", said, "") for status, said in OUTCOMES.items()]
    for _, kind in inspect.getmembers(errors, inspect.isclass):
        if issubclass(kind, errors.ArchiverError):
            said = (kind.__doc__ or "").splitlines()[0].rstrip(".")
            said = "A defect of archiver" if kind is errors.ArchiverError else said
            rows.append((kind.exit_status, f"`{kind.code}`", said, kind.default_hint))
    head = ("status", "code", "meaning", "what to do")
    cells = [(str(status), *words) for status, *words in sorted(rows)]
    return _page(["# Exit statuses", NOTE, STATUSES, _table(head, cells)])


def findings() -> str:
    """docs/reference/findings.md: the catalogue of codes."""
    parts = ["# Findings", NOTE, FINDINGS]
    for digit, title in CHAPTERS.items():
        kinds = [(code, kind) for code, kind in sorted(CATALOGUE.items()) if code[1] == digit]
        rows = [(f"`{code}`", kind.title, kind.hint) for code, kind in kinds]
        head = ("code", "meaning", "what to do")
        parts += [f"## {title}", _table(head, rows)] if rows else []
    return _page(parts)


def record() -> str:
    """docs/reference/record.md: the columns of both tables."""
    parts = ["# Columns", NOTE, RECORD]
    for table, says in TABLES.items():
        rows = [
            (
                f"`{field.name}`",
                _arrow(str(field.type)),
                "no" if field.name in REQUIRED[table] else "yes",
                MEANINGS[field.name],
            )
            for field in table_schema(table)
        ]
        head = ("column", "type", "may be null", "holds")
        parts += [f"## `{table}`", says, _table(head, rows)]
    return _page(parts)


def rules() -> str:
    """docs/reference/rules.md: the families of the built-in rules, and the repairs."""
    rows = []
    for family, removes in sorted(FAMILIES.items()):
        inside = [rule for rule in builtin().rules if rule.family == family]
        counts = [sum(rule.acts_in(profile) for rule in inside) for profile in PROFILES]
        if inside:
            rows.append((f"`{family}`", removes, *map(str, counts)))
    families = _table(("family", "removes", *PROFILES), rows)
    repairs = _table(("edit", "why"), [(f"`{name}`", why) for name, why in sorted(REASONS.items())])
    before = "Before the rules, and with edits of their own:"
    return _page(["# Rules that ship", NOTE, RULES, families, "## Repairs", before, repairs])


def _commands(
    command: click.Command, parent: click.Context | None, name: str
) -> Iterator[tuple[str, click.Command, click.Context]]:
    """A command and all below it, in the order that the help shows."""
    context = click.Context(command, info_name=name.rsplit(" ", 1)[-1], parent=parent)
    yield name, command, context
    if isinstance(command, click.Group):
        for short in command.list_commands(context):
            found = command.get_command(context, short)
            if found is not None and not found.hidden:
                yield from _commands(found, context, f"{name} {short}")


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


def _spelling(option: click.Option, context: click.Context) -> str:
    names = ", ".join([*option.opts, *option.secondary_opts])
    takes = "" if option.is_flag or option.count else f" {option.make_metavar(context)}"
    return f"`{names}{takes}`"


def _meaning(option: click.Option) -> str:
    said = re.sub(r"\s+", " ", option.help or "")
    shown = isinstance(option.default, str | int | float) and not option.is_flag
    return f"{said} Default: `{option.default}`." if shown else said


def _arrow(kind: str) -> str:
    """An Arrow type without what a reader need not know: ``list<struct<rule: string>>``."""
    return f"`{kind.replace('timestamp[us, tz=UTC]', 'timestamp').replace('item: ', '')}`"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = []
    for row in (head, ["---"] * len(head), *rows):
        cells = " | ".join(cell.replace("|", "\\|") for cell in row)
        lines.append(f"| {cells} |".replace("|  |", "| |"))
    return "\n".join(lines)


def _page(parts: Iterable[str]) -> str:
    return "\n\n".join(part.strip("\n") for part in parts if part) + "\n"
