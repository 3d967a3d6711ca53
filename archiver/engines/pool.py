"""A pool of worker processes on this machine.

Each worker stages parts of its own, so that records do not cross between
processes; results come in the order of their tasks. What becomes of a batch whose
worker dies or gives no answer: see ``hand``.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from queue import SimpleQueue

from archiver.engines.hand import TRIES, Hand, over
from archiver.engines.process import DiedError, Process
from archiver.errors import ArchiverError
from archiver.ingest.work import Done, Recipe, Task, work

__all__ = ["TRIES", "Hand", "Pool"]

#: Workers that end before they are ready, one after the other, until the run gives up.
STARTS = 3

#: A task may take the recipe's seconds, and one more for so many bytes: a tenth of the speed of
#: the slowest profile on one core.
BYTES_A_SECOND = 20_000

#: Seconds between two looks at whether a result has come: signals are seen in between, also
#: where waiting for a lock cannot be interrupted (Windows).
_LOOK = 0.5


class _Ticket:
    """A task under way, and what came of it."""

    def __init__(self, task: Task) -> None:
        self.task: Task | None = task
        self.done: Done | None = None
        self.error: BaseException | None = None
        self.ready = threading.Event()

    def result(self) -> Done:
        while not self.ready.wait(_LOOK):
            pass
        if self.error is not None:
            raise self.error
        if self.done is None:
            raise AssertionError("a ticket that is ready has a result or an error")
        return self.done


class Pool:
    """Worker processes, started when more than one batch waits; see ``ingest.engine.Crew``.

    Memory here: at most two batches a worker.
    """

    def __init__(
        self,
        recipe: Recipe,
        staging: Callable[[], Path],
        *,
        workers: int,
        environ: Mapping[str, str],
        telling: bool = False,
        always: bool = False,
    ) -> None:
        """workers: at most so many. environ: theirs. telling: whether their stderr is shown.

        always: start one for a single batch too; else that is cleaned here, without a limit.
        """
        self._recipe = recipe
        self._find_staging = staging
        self._staging: Path | None = None
        self._most = workers
        self._environ = environ
        self._telling = telling
        self._always = always
        self._first: Task | None = None
        self._tickets: deque[_Ticket] = deque()
        self._waiting: SimpleQueue[_Ticket | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._processes: set[Process] = set()
        self._closed = False

    def put(self, task: Task) -> Iterator[Done]:
        """Take a task. The first one waits for a second: a small run needs no workers."""
        if not self._threads:
            if self._first is None and not self._always:
                self._first = task
                return
            self._staging = self._find_staging() if self._recipe.keep else None
        if self._first is not None:
            first, self._first = self._first, None
            self._begin(first)
        self._begin(task)
        yield from self._due(2 * self._most)

    def drain(self) -> Iterator[Done]:
        """Wait for all. A task that stayed the only one is done here."""
        if self._first is not None:
            first, self._first = self._first, None
            yield work(self._recipe, first, None)
        yield from self._due(0)

    def close(self) -> None:
        """End all workers, whatever they do."""
        with self._lock:
            self._closed = True
            for process in self._processes:
                process.kill()
        for _ in self._threads:
            self._waiting.put(None)
        for thread in self._threads:
            thread.join()

    def pids(self) -> list[int]:
        """The numbers of the workers that live, sorted."""
        with self._lock:
            return sorted(process.pid for process in self._processes)

    def _begin(self, task: Task) -> None:
        ticket = _Ticket(task)
        self._tickets.append(ticket)
        self._waiting.put(ticket)
        if len(self._threads) < min(self._most, len(self._tickets)):
            thread = threading.Thread(target=self._serve, daemon=True)
            self._threads.append(thread)
            thread.start()

    def _due(self, most: int) -> Iterator[Done]:
        """What is ready, in order; waits while more than ``most`` are under way."""
        while self._tickets and (len(self._tickets) > most or self._tickets[0].ready.is_set()):
            ticket = self._tickets[0]
            done = ticket.result()
            self._tickets.popleft()
            yield done

    def _serve(self) -> None:
        """One worker's thread: gives it one task after the other."""
        hand = Hand(self)
        while (ticket := self._waiting.get()) is not None and not self._closed:
            try:
                if ticket.task is not None:
                    ticket.done = hand.whole(ticket.task)
            except BaseException as problem:  # noqa: BLE001 -- raised again where it is waited for
                ticket.error = problem
            ticket.task = None  # its bytes are not needed any more
            ticket.ready.set()
        hand.let_go()

    def hand(self, staging: Path | None) -> Hand:
        """A worker for a caller that gives it one batch after the other by itself.

        staging: where its parts go; None where records are to come back.
        """
        self._staging = staging
        return Hand(self)

    def start(self) -> Process:
        """A worker that can work. Raises: ArchiverError where none comes to life."""
        ended = ""
        for _ in range(STARTS):
            with self._lock:
                if self._closed:
                    raise over()
                try:
                    process = Process(self._recipe, self._environ, telling=self._telling)
                except OSError as problem:
                    raise _no_worker(str(problem)) from problem
                self._processes.add(process)
            try:
                process.wait_ready()
            except DiedError as problem:
                ended = str(problem)
                self.end(process)
            else:
                return process
        raise _no_worker(ended)

    def end(self, process: Process) -> None:
        """Forget a worker, and end it where it lives."""
        with self._lock:
            self._processes.discard(process)
            process.kill()
        process.close()

    def ask(self, process: Process, task: Task) -> Done:
        """Have a worker clean a batch. Raises: as ``Process.work``."""
        seconds = self._recipe.seconds + task.sources.nbytes / BYTES_A_SECOND
        return process.work(task, self._staging, seconds)

    @property
    def is_closed(self) -> bool:
        """Whether the run has ended: what dies now died of that."""
        return self._closed


def _no_worker(reason: str) -> ArchiverError:
    return ArchiverError(
        f"no worker process starts: {reason}",
        hint="Use --workers 1; ARCHIVER_DEBUG=1 shows what the workers say.",
    )
