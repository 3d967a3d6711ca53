"""The worker of one thread, and what becomes of a batch that ends it, or never ends.

A worker that dies costs the batch it had: that is tried once more, then cut in halves
until the source at fault is found, which goes to quarantine. The run goes on.

A worker that gives no answer in time is ended, and its batch cut in a few pieces, those
that take too long again into their sources: to hang costs three times the limit, where
halves would cost nine times. The limit is the recipe's, and more for more bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import isqrt
from typing import Protocol

from archiver.engines.process import DiedError, Process, SilentError
from archiver.errors import ArchiverError
from archiver.ingest.work import Done, Task, joined, lost

#: Times a batch is given to a worker whole, and a single source alone, before it is at fault:
#: a worker may have died of something else.
TRIES = 2

#: A batch that took too long is cut into its sources if it has no more than these.
FEW = 32


class Workers(Protocol):
    """Where a hand has its workers from."""

    def start(self) -> Process:
        """One that can work. Raises: ArchiverError where none comes to life."""

    def end(self, process: Process) -> None:
        """Forget one, and end it where it lives."""

    def ask(self, process: Process, task: Task) -> Done:
        """Have one clean a batch. Raises: as ``Process.work``."""

    @property
    def is_closed(self) -> bool:
        """Whether the run has ended: what dies now died of that."""


class Hand:
    """The worker of one thread, replaced where it dies."""

    def __init__(self, pool: Workers) -> None:
        self._pool = pool
        self._process: Process | None = None

    def whole(self, task: Task) -> Done:
        """Clean a batch, and find the sources that end workers, or never. Raises: ArchiverError."""
        problem: DiedError | None = None
        for _ in range(TRIES):
            try:
                return self._once(task)
            except SilentError as silent:
                if task.sources.num_rows > 1:
                    return joined(self._slowly(task))
                problem = silent
            except DiedError as died:
                problem = died
        if task.sources.num_rows == 1 and problem is not None:
            return lost(task, str(problem), problem.code)
        return joined(self._halves(task))

    def let_go(self) -> None:
        """End the worker."""
        if self._process is not None:
            process, self._process = self._process, None
            self._pool.end(process)

    def _halves(self, task: Task) -> Iterator[Done]:
        rows = task.sources.num_rows
        for start, end in ((0, rows // 2), (rows // 2, rows)):
            half = task.cut(start, end - start)
            if half.sources.num_rows == 1:
                yield self.whole(half)
                continue
            try:
                yield self._once(half)
            except SilentError:
                yield from self._slowly(half)
            except DiedError:
                yield from self._halves(half)

    def _slowly(self, task: Task) -> Iterator[Done]:
        """A batch that took too long, in pieces: each has the time that all of them had."""
        rows = task.sources.num_rows
        step = isqrt(rows) if rows > FEW else 1
        for start in range(0, rows, step):
            piece = task.cut(start, min(step, rows - start))
            try:
                yield self._once(piece)
            except SilentError as silent:
                if piece.sources.num_rows == 1:
                    yield lost(piece, str(silent), silent.code)
                else:
                    yield from self._slowly(piece)
            except DiedError:
                yield self.whole(piece)

    def _once(self, task: Task) -> Done:
        """Raises: DiedError; ArchiverError."""
        if self._process is None:
            self._process = self._pool.start()
        try:
            return self._pool.ask(self._process, task)
        except DiedError:
            self.let_go()
            if self._pool.is_closed:
                raise over() from None
            raise


def over() -> ArchiverError:
    """Raised in a worker's thread alone: nobody waits for its result any more."""
    return ArchiverError("the run has ended")
