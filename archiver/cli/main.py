"""The command ``archiver``: its map of commands, and the way in."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NoReturn

import click

from archiver.cli.lazy import Entry, Program
from archiver.cli.screen import echo, wants_color
from archiver.engines.lean import go_without_pandas

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}

_TEXT = "Clean text"
_KEEP = "Keep an archive"
_SETUP = "Set up"

ENTRIES = {
    "clean": Entry("archiver.cli.clean:clean", "Clean a text or a JSONL pipe", _TEXT),
    "explain": Entry("archiver.cli.explain:explain", "Show what goes, by which rule, why", _TEXT),
    "ingest": Entry("archiver.cli.ingest:ingest", "Clean sources and archive them", _KEEP),
    "validate": Entry("archiver.cli.validate:validate", "Check every byte of an archive", _KEEP),
    "log": Entry("archiver.cli.log:log", "List the versions of an archive", _KEEP),
    "diff": Entry("archiver.cli.diff_versions:diff", "Show what changed, and why", _KEEP),
    "show": Entry("archiver.cli.show:show", "Show one document with its provenance", _KEEP),
    "restore": Entry("archiver.cli.restore:restore", "Give back the bytes as received", _KEEP),
    "report": Entry("archiver.cli.report:report", "Write a page of what was removed", _KEEP),
    "review": Entry("archiver.cli.review:review", "Judge removals in the terminal", _KEEP),
    "export": Entry("archiver.cli.export:export", "Write documents as files", _KEEP),
    "upgrade": Entry("archiver.cli.upgrade:upgrade", "Give an archive newer columns", _KEEP),
    "schedule": Entry("archiver.cli.schedule:schedule", "Print units that validate", _KEEP),
    "quarantine": Entry("archiver.cli.quarantine:quarantine", "List what was kept out", _KEEP),
    "repair": Entry("archiver.cli.repair:repair", "Mend damage from a second copy", _KEEP),
    "recover": Entry("archiver.cli.recover:recover", "Put in order after a crash", _KEEP),
    "takedown": Entry("archiver.cli.takedown:takedown", "Remove documents for good", _KEEP),
    "init": Entry("archiver.cli.init:init", "Lay out a new project", _SETUP),
    "doctor": Entry("archiver.cli.doctor:doctor", "Tell what is wrong here, if anything", _SETUP),
    "index": Entry("archiver.cli.index:index", "Write or check an INDEX.md", _SETUP),
    "rules": Entry("archiver.cli.rules:rules", "List, make, try or check the rules", _SETUP),
    "schema": Entry("archiver.cli.schema:schema", "Print the schema of a table", _SETUP),
    "completion": Entry("archiver.cli.completion:completion", "Set up your shell's tab", _SETUP),
}


def _print_version(ctx: click.Context, _param: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        from archiver.cli.session import tool_version

        echo(f"archiver {tool_version()}")
        ctx.exit()


@click.group(
    cls=Program,
    entries=ENTRIES,
    context_settings=CONTEXT,
    invoke_without_command=True,
    subcommand_metavar="[COMMAND] [ARGS]...",
    no_args_is_help=False,
)
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_print_version,
    help="Print the version and stop.",
)
@click.option("--plain", is_flag=True, expose_value=False, help="No colours, no moving bars.")
@click.pass_context
def archiver(ctx: click.Context) -> None:
    """Turn scraped text into a clean, verifiable archive, and lose nothing.

    \b
    Start here:
      archiver explain page.txt   see what would go, and why; nothing is written
      archiver ingest             clean seeds/ into output/archive
      archiver validate           prove that every byte is still right

    Results go to stdout, words about them to stderr. Every command has -h with
    examples, and --json. Settings stand in archiver.toml, in [tool.archiver] of
    pyproject.toml or in ARCHIVER_*; an option beats them.
    """
    if ctx.invoked_subcommand is None:
        from archiver.cli.first_look import first_look

        for line in first_look(Path.cwd()):
            echo(line, color=wants_color(sys.stdout))


def main() -> NoReturn:
    """Run the command line of this process."""
    go_without_pandas()
    archiver.main()
