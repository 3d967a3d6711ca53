"""What a command needs from the world around it: clock, folder, environment, settings."""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from archiver.cli.guess import with_guesses
from archiver.cli.main import CONTEXT
from archiver.errors import SettingsError, UsageError
from archiver.settings import PROFILES, Settings, load_settings, parse_size

#: A head: the version may be left out.
_HEAD = re.compile(r"(?:[0-9]{1,18}:)?[0-9a-f]{64}")

_Command = TypeVar("_Command", bound=Callable[..., Any])


def settings(**flags: object) -> Settings:
    """The settings of the current folder and environment, beaten by the flags given."""
    return load_settings(Path.cwd(), os.environ).with_flags(**flags)


def now(environ: Mapping[str, str] | None = None) -> datetime:
    """The moment of this run; SOURCE_DATE_EPOCH sets it, for builds that must repeat.

    See https://reproducible-builds.org/specs/source-date-epoch/.
    Raises: SettingsError where that is no number of seconds.
    """
    epoch = (os.environ if environ is None else environ).get("SOURCE_DATE_EPOCH")
    if not epoch:
        return datetime.now(UTC)
    try:
        return datetime.fromtimestamp(int(epoch), UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise SettingsError(f"SOURCE_DATE_EPOCH is no number of seconds: {epoch!r}") from error


def batch_id() -> str:
    """A name that no other run has: under it the archive commits exactly once."""
    return uuid.uuid4().hex


def tool_version() -> str:
    """The version of this program."""
    from archiver import __version__

    return __version__


def command(name: str) -> Callable[[_Command], click.Command]:
    """A command with -h, --json, --quiet and --plain, whose options guess what was meant."""

    def wrap(function: _Command) -> click.Command:
        made = click.command(name, context_settings=CONTEXT)(function)
        made.params += [
            click.Option(
                ["--json", "as_json"], is_flag=True, help="One JSON object on stdout, errors too."
            ),
            click.Option(
                ["-q", "--quiet"], is_flag=True, help="Only results and errors, no other words."
            ),
            # ``Program.main`` looks for it before anything is written.
            click.Option(
                ["--plain"], is_flag=True, expose_value=False, help="No colours, no moving bars."
            ),
        ]
        return with_guesses(made)

    return wrap


def byte_size(text: str) -> int:
    """Bytes as people write them: 1048576, 64MiB, 10MB. Raises: click.BadParameter."""
    try:
        return parse_size(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


def at_least(least: int) -> Callable[[str], int]:
    """A whole number of at least so much; unlike IntRange it leaves the help uncluttered."""

    def number(text: str) -> int:
        try:
            found = int(text)
        except ValueError as error:
            raise click.BadParameter(f"{text!r} is no whole number") from error
        if found < least:
            raise click.BadParameter(f"{found} is less than {least}")
        return found

    return number


def named_host(given: str | None) -> str | None:
    """The host that an option names, also by an address. Raises: UsageError for no host."""
    from archiver.rules.hosts import host_of, normal_host

    if given is None:
        return None
    if host := normal_host(given) or host_of(given):
        return host
    raise UsageError(f"{given!r} is no host", hint="Give it like example.org.")


def archive_argument(name: str) -> Callable[[_Command], _Command]:
    """``[ARCHIVE]``: the archive's folder, first after the command; handed over by this name."""
    return click.argument(name, metavar="[ARCHIVE]", required=False, type=click.Path())


def archive_option(function: _Command) -> _Command:
    """``--archive DIR``: where the archive is."""
    return click.option(
        "--archive",
        metavar="DIR",
        type=click.Path(),
        help="The archive's folder.  [default: output/archive]",
    )(function)


def head_option(function: _Command) -> _Command:
    """``--expect-head HEAD``: the head as its keeper noted it."""
    return click.option(
        "--expect-head", metavar="HEAD", callback=given_head, help="The head you noted elsewhere."
    )(function)


def given_head(_ctx: click.Context, _param: click.Parameter, value: str | None) -> str | None:
    """A head as its keeper noted it: ``version:sha256``, or the digest alone."""
    given = (value or "").strip().lower()
    if value is not None and not _HEAD.fullmatch(given):
        raise click.BadParameter("write VERSION:SHA256 or SHA256, as `archiver log` shows it")
    return given or None


def host_option(function: _Command) -> _Command:
    """``--host NAME``: the site that a text is from."""
    return click.option(
        "--host", metavar="NAME", help="The site it is from, for rules that act there alone."
    )(function)


def profile_option(function: _Command) -> _Command:
    """``--profile NAME``: how much goes."""
    return click.option(
        "--profile",
        metavar="NAME",
        type=click.Choice(PROFILES),
        help="How much goes: safe, standard, strict.  [default: standard]",
    )(function)


def cleaning_options(function: _Command) -> _Command:
    """``--profile`` and ``--rules``: how text is cleaned."""
    rules = click.option(
        "--rules", metavar="DIR", type=click.Path(), help="A folder of further rule packs."
    )
    return profile_option(rules(function))
