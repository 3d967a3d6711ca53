"""Engines: what maps ``work`` over the batches of a run, here or in other processes.

An engine is called once a run and gives a crew. The run puts tasks in one after
the other and takes results in the same order, so that it makes the same parts and
versions whatever the engine. Another engine (a cluster's, say) needs these
three methods and nothing else: tasks, recipe and results can be pickled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

from archiver.ingest.work import Done, Recipe, Task, work


class Crew(Protocol):
    """Works on the batches of one run."""

    def put(self, task: Task) -> Iterator[Done]:
        """Take a task; give the results that are due, in the order of their tasks.

        Waits where too much is under way. Raises: ArchiverError, as ``work`` does.
        """

    def drain(self) -> Iterator[Done]:
        """Give all results that are still to come, in order."""

    def close(self) -> None:
        """Stop, whatever is under way. Called once, also after an error."""


#: Makes the crew of a run. The second argument gives the folder where parts are staged; it is
#: made when it is asked for, so a crew that gives records back never asks.
Engine = Callable[[Recipe, Callable[[], Path]], Crew]


class InProcess:
    """The crew of one: each batch is cleaned at once, in this process."""

    def __init__(self, recipe: Recipe, _staging: Callable[[], Path] | None = None) -> None:
        self._recipe = recipe

    def put(self, task: Task) -> Iterator[Done]:
        """Clean the batch now; its records come back."""
        yield work(self._recipe, task, None)

    def drain(self) -> Iterator[Done]:
        """Nothing waits."""
        yield from ()

    def close(self) -> None:
        """Nothing to stop."""
