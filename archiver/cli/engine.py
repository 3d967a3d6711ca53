"""Options about how a run works: how many processes, and when it makes a version."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import click

from archiver.cli.session import at_least, byte_size
from archiver.errors import UsageError

if TYPE_CHECKING:
    from archiver.ingest import Every
    from archiver.ingest.engine import Engine

_COUNT = re.compile(r"[0-9]{1,15}")

#: So many documents, or so many bytes; as ``archiver.ingest.Every``, which is heavy to import.
Limit = tuple[int | None, int | None]

_Command = TypeVar("_Command", bound=Callable[..., Any])


def engine_options(function: _Command) -> _Command:
    """``--workers``, ``--commit-every`` and ``--atomic``."""
    workers = click.option(
        "--workers",
        metavar="N",
        type=at_least(1),
        help="Processes that clean.  [default: one a core]",
    )
    commit_every = click.option(
        "--commit-every",
        metavar="N|SIZE",
        type=_limit,
        help="A version each so many documents or bytes.  [default: 100000 or 1GiB]",
    )
    atomic = click.option(
        "--atomic", is_flag=True, help="One version at the end, however much there is."
    )
    return workers(commit_every(atomic(function)))


def engine_of(workers: int | None) -> Engine:
    """The engine for so many workers; None: as many as there are cores for this process."""
    from archiver.engines.cores import cores
    from archiver.ingest.engine import InProcess

    wanted = workers or cores()
    if wanted == 1:
        return InProcess
    from archiver.engines.pool import Pool

    telling = bool(os.environ.get("ARCHIVER_DEBUG"))
    return partial(Pool, workers=wanted, environ=dict(os.environ), telling=telling)


def every_of(commit_every: Limit | None, *, atomic: bool) -> Every:
    """When a version is made. Raises: UsageError for both options at once."""
    from archiver.ingest import ATOMIC, Every

    if atomic and commit_every is not None:
        raise UsageError("--atomic makes one version; --commit-every makes many", hint="Give one.")
    if atomic:
        return ATOMIC
    return Every() if commit_every is None else Every(*commit_every)


def _limit(text: str) -> Limit:
    """A plain number counts documents; with a unit it counts bytes."""
    if not _COUNT.fullmatch(text.strip()):
        return None, byte_size(text)
    if int(text) == 0:
        raise click.BadParameter("a version holds at least one document")
    return int(text), None
