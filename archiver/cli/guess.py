"""What a mistyped word meant: names of commands, and values of options."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

import click

#: Further names that people type, and the command that does it here.
MEANT: Mapping[str, str] = {
    "add": "ingest",
    "archive": "ingest",
    "cat": "show",
    "check": "validate",
    "compare": "diff",
    "get": "show",
    "history": "log",
    "import": "ingest",
    "new": "init",
    "setup": "init",
    "status": "doctor",
    "verify": "validate",
    "versions": "log",
}


def near(word: str, known: Iterable[str], most: int = 2) -> str:
    """`` Did you mean 'a' or 'b'?``; empty where nothing is like the word."""
    close = get_close_matches(word, list(known), n=most)
    return f" Did you mean {' or '.join(map(repr, close))}?" if close else ""


class Group(click.Group):
    """A group that guesses what a mistyped command meant."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does it, with a guess. Raises: UsageError."""
        name, known = args[0], self.list_commands(ctx)
        if name in known or name.startswith("-") or ctx.resilient_parsing:
            return super().resolve_command(ctx, args)
        meant = MEANT.get(name)
        words = f" Did you mean {meant!r}?" if meant in known else near(name, known)
        ctx.fail(f"No such command {name!r}.{words}")


class Choice(click.Choice[str]):
    """A choice that guesses what a mistyped value meant."""

    def get_invalid_choice_message(self, value: Any, ctx: click.Context | None) -> str:  # noqa: ANN401 -- click's own
        """As click words it, with a guess."""
        said = super().get_invalid_choice_message(value, ctx)
        return f"{said}{near(str(value), map(str, self.choices))}"


def with_guesses(command: click.Command) -> click.Command:
    """The command, with choices that guess."""
    for param in command.params:
        if type(param.type) is click.Choice:
            choices, sensitive = param.type.choices, param.type.case_sensitive
            param.type = Choice([*map(str, choices)], case_sensitive=sensitive)
    return command
