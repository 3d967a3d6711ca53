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
    """Who works, how long a document may take, and when a version is made."""
    workers = click.option(
        "--workers",
        metavar="N",
        type=at_least(1),
        help="Processes that clean.  [default: one a core]",
    )
    engine = click.option(
        "--engine",
        type=click.Choice(["local", "dask"]),
        help="Whose processes: this machine's, or a Dask cluster's.  [default: local]",
    )
    scheduler = click.option(
        "--scheduler",
        metavar="ADDRESS",
        help="The Dask cluster's, as tcp://HOST:8786.  [default: one made here]",
    )
    timeout = click.option(
        "--document-timeout",
        metavar="SECONDS",
        type=at_least(1),
        help="Quarantine what takes longer; large ones may.  [default: 300, of workers]",
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
    return workers(engine(scheduler(timeout(commit_every(atomic(function))))))


def engine_of(
    workers: int | None,
    name: str | None = None,
    scheduler: str | None = None,
    timeout: int | None = None,
) -> Engine:
    """The engine for so many workers; None: as many as there are cores for this process.

    timeout: whether one was given: only a process of its own can be stopped.
    Raises: UsageError for options that do not go together, and without the extra ``dask``.
    """
    from archiver.engines.cores import cores
    from archiver.ingest.engine import InProcess

    telling = bool(os.environ.get("ARCHIVER_DEBUG"))
    if name == "dask":
        if scheduler is not None and workers is not None:
            hint = "Leave out --workers: the cluster has its own."
            raise UsageError("--workers starts processes here, --scheduler uses others", hint=hint)
        from archiver.engines.dask_crew import DaskCrew
        from archiver.engines.dask_link import require_dask

        require_dask()
        return partial(DaskCrew, scheduler=scheduler, workers=workers or cores(), telling=telling)
    if scheduler is not None:
        raise UsageError("--scheduler is a Dask cluster's", hint="Add --engine dask.")
    wanted = workers or cores()
    if wanted == 1 and timeout is None:
        return InProcess
    from archiver.engines.pool import Pool

    always = timeout is not None
    environ = dict(os.environ)
    return partial(Pool, workers=wanted, environ=environ, telling=telling, always=always)


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
