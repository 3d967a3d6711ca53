"""A group of commands that loads a command only when it is called.

So ``archiver --help`` stays quick: it imports click and nothing heavier.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NoReturn

import click

from archiver.cli.guess import Group
from archiver.cli.outcome import is_broken_pipe, report, signals
from archiver.cli.plain import stderr_is_a_log, wanted_screen
from archiver.cli.screen import prepare_streams


@dataclass(frozen=True, slots=True)
class Entry:
    """A command: where its code is, what it does in a few words, where help lists it."""

    target: str
    does: str
    section: str


class _Reported(click.exceptions.Exit):
    """The error was told to the user already; only the status is left."""


class LazyGroup(Group):
    """Commands by name, imported on use; help lists them by section."""

    def __init__(self, *args: Any, entries: Mapping[str, Entry], **kwargs: Any) -> None:  # noqa: ANN401 -- click's own
        super().__init__(*args, **kwargs)
        self.entries = entries

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order of the help."""
        del ctx
        return list(self.entries)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command. None for a name that is none."""
        del ctx
        entry = self.entries.get(cmd_name)
        if entry is None:
            return None
        module, _, name = entry.target.partition(":")
        command = getattr(importlib.import_module(module), name)
        if not isinstance(command, click.Command):
            raise TypeError(f"{entry.target} is no command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The table of commands from the entries alone: nothing is imported for it."""
        del ctx
        width = max(map(len, self.entries))
        for section in dict.fromkeys(entry.section for entry in self.entries.values()):
            rows = [
                (name.ljust(width), entry.does)
                for name, entry in self.entries.items()
                if entry.section == section
            ]
            with formatter.section(section):
                formatter.write_dl(rows)

    def shell_complete(
        self, ctx: click.Context, incomplete: str
    ) -> list[click.shell_completion.CompletionItem[str]]:
        """Names of commands with what they do; options as click has them."""
        named = [
            click.shell_completion.CompletionItem(name, help=entry.does)
            for name, entry in self.entries.items()
            if name.startswith(incomplete)
        ]
        return [*named, *click.Command.shell_complete(self, ctx, incomplete)]


class Program(LazyGroup):
    """The outermost group: it owns the streams, the signals and the exit status."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,  # noqa: ANN401 -- click's own
    ) -> NoReturn:
        """Run a command and leave the process with its status."""
        del standalone_mode, windows_expand_args  # we end in one way, and expand globs ourselves
        words = list(sys.argv[1:] if args is None else args)
        options = words[: words.index("--") if "--" in words else None]
        with wanted_screen(options):
            self._run(words, prog_name, complete_var, as_json=_wants_json(options), **extra)

    def _run(
        self,
        words: list[str],
        prog_name: str | None,
        complete_var: str | None,
        *,
        as_json: bool,
        **extra: Any,  # noqa: ANN401 -- click's own
    ) -> NoReturn:
        prepare_streams()
        # One thread a process for small matrices: more only wait for one another,
        # and sums would depend on how many there are.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        if "_ARCHIVER_COMPLETE" in os.environ:
            importlib.import_module("archiver.cli.completion")  # it knows PowerShell
        try:
            with signals():
                outcome = super().main(
                    words, prog_name or "archiver", complete_var, standalone_mode=False, **extra
                )
                sys.stdout.flush()
            status = outcome if isinstance(outcome, int) else 0
        except BaseException as error:  # noqa: BLE001 -- the one place where all ends meet
            status = _status(error, as_json=as_json)
        sys.exit(status)

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 -- click's own
        """Run the command; catch a pipe that broke before click ends the process for it."""
        try:
            return super().invoke(ctx)
        except (KeyboardInterrupt, EOFError) as error:
            if stderr_is_a_log():  # click would begin a new line on it
                raise click.Abort from error
            raise
        except OSError as error:
            if not is_broken_pipe(error):
                raise
            raise _Reported(report(error, as_json=False)) from error


def _wants_json(words: Sequence[str]) -> bool:
    """Whether an error is to be an object too: it may come before the options are read."""
    asked = "--format=json" in words or ("--format", "json") in pairwise(words)
    return "--json" in words or asked


def _status(error: BaseException, *, as_json: bool) -> int:
    if isinstance(error, SystemExit):  # shell completion ends the process by itself
        return error.code if isinstance(error.code, int) else int(error.code is not None)
    return report(error, as_json=as_json)
