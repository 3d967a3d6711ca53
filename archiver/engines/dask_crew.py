"""A crew on a Dask cluster: workers stage parts, this process alone commits.

Where all workers see the archive's folder, batches go there as files and parts are
staged there by whoever made them; only paths, digests and counts go through the
scheduler, whose memory stays small however large the batches and the cluster are.
The version is then made here, once, out of parts that are complete.

Where they do not (other machines without a common file system), batches and records go
through the scheduler, a bounded number at a time, and parts are staged here: slower for
many workers, since one process then packs all parts, and otherwise the same.

A worker that dies costs what it had: Dask gives that to another one. Where workers die
again and again of a batch it is cut in halves, each tried while nothing else of the
run is under way, until the source at fault is found; it goes to quarantine (E220). A
cluster that is lost ends the run with an EngineError; nothing of the version that
was being made is in the archive then, and the next run goes on behind the last one.
"""

from __future__ import annotations

import pickle
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archiver.archive.files.disk import storing
from archiver.digest import sha256
from archiver.engines import dask_remote as remote
from archiver.engines.dask_link import Link, speaking
from archiver.engines.dask_remote import Parcel
from archiver.engines.hand import TRIES
from archiver.errors import ArchiverError, EngineError
from archiver.ingest.work import Done, Recipe, Task, joined, lost

#: Batches under way for each thread of the cluster: one at work, one at hand.
AHEAD = 2

#: The most batches under way, of at most ~16 MiB each: in files, and in the scheduler's memory.
MOST_SHARED = 2048
MOST_SENT = 64

#: Seconds between two looks at a batch that is awaited, and how many looks may find the
#: cluster without any worker before the run gives up.
_LOOK = 5.0
LONELY_LOOKS = 60


@dataclass(slots=True)
class _Ticket:
    """A batch under way, and Dask's future of it.

    ``died`` says how many workers died of it, once that are too many.
    """

    parcel: Parcel
    future: Any
    done: Done | None = None
    died: int = 0


class DaskCrew:
    """The crew of one run on a Dask cluster; see ``ingest.engine.Crew``.

    Memory here: records and batches under way where workers see no common folder, else nothing.
    """

    def __init__(
        self,
        recipe: Recipe,
        staging: Callable[[], Path],
        *,
        scheduler: str | None,
        workers: int,
        telling: bool = False,
    ) -> None:
        """Reach the cluster, or start one of so many processes. Raises: as ``Link``."""
        self._keep = recipe.keep
        self._find_staging = staging
        data = pickle.dumps(recipe, protocol=pickle.HIGHEST_PROTOCOL)
        self._recipe = Parcel(sha256(data), data)
        self._link = Link(scheduler, workers, telling=telling)
        self._run = f"archiver-{self._link.client.id}"
        self._folder: Path | None = None
        self._asked = False
        self._number = 0
        self._tickets: deque[_Ticket] = deque()

    def put(self, task: Task) -> Iterator[Done]:
        """Send a batch out."""
        if not self._asked:
            self._asked = True
            self._look_for_folder()
        self._tickets.append(self._begin(task))
        most = MOST_SENT if self._folder is None else MOST_SHARED
        yield from self._due(min(most, AHEAD * max(1, self._link.threads())))

    def drain(self) -> Iterator[Done]:
        """Wait for all."""
        yield from self._due(0)

    def close(self) -> None:
        """Take all work back. Files under way go with the run's folder."""
        client = self._link.client
        if client.status == "running":
            with suppress(Exception):  # the cluster may be in any state
                client.cancel([ticket.future for ticket in self._tickets], force=True)
        self._tickets.clear()
        self._link.close(self._run)

    def _look_for_folder(self) -> None:
        """Use the run's folder for what goes out and comes back, where all workers see it."""
        if not self._keep:
            return
        folder = self._find_staging().resolve()
        with storing(f"a mark for workers in {folder}"):
            if self._link.shares(folder, self._recipe.sha256):
                self._folder = folder
                self._recipe = self._stored(self._recipe, "recipe")

    def _stored(self, parcel: Parcel, name: str) -> Parcel:
        """The same as a file that workers see; as it is where there is none."""
        if self._folder is None or parcel.data is None:
            return parcel
        path = self._folder / name
        with storing(f"a batch for workers in {self._folder}"):
            path.write_bytes(parcel.data)
        return Parcel(parcel.sha256, None, str(path))

    def _begin(self, task: Task) -> _Ticket:
        data = pickle.dumps(task, protocol=pickle.HIGHEST_PROTOCOL)
        self._number += 1
        parcel = self._stored(Parcel(sha256(data), data), f"batch-{self._number}")
        with speaking():
            future = self._link.client.submit(
                remote.clean,
                self._run,
                remote.code_digest(),
                self._recipe,
                parcel,
                None if self._folder is None else str(self._folder),
                key=f"{self._run}-{self._number}",
                pure=False,
            )
        return _Ticket(parcel, future)

    def _due(self, most: int) -> Iterator[Done]:
        """What is ready, in order; waits while more than ``most`` are under way."""
        while self._tickets and (len(self._tickets) > most or self._tickets[0].future.done()):
            ticket = self._tickets[0]
            self._wait(ticket)
            done = ticket.done or self._mended(ticket)
            self._tickets.popleft()
            self._forget(ticket)
            yield done

    def _forget(self, ticket: _Ticket) -> None:
        if ticket.parcel.path is not None:
            with suppress(OSError):  # it goes with the folder
                Path(ticket.parcel.path).unlink(missing_ok=True)

    def _wait(self, ticket: _Ticket) -> None:
        """Wait for a batch: it is done, or workers died of it. Raises: ArchiverError."""
        from distributed import KilledWorker

        lonely = 0
        while ticket.done is None and not ticket.died:
            try:
                with speaking():
                    answer = self._awaited(ticket.future)
            except KilledWorker as killed:
                ticket.died = killed.allowed_failures + 1
                continue
            except (ArchiverError, KeyboardInterrupt, SystemExit):
                raise
            except Exception as problem:
                raise EngineError(
                    f"a Dask worker cannot do the work: {type(problem).__name__}: {problem}",
                    hint="Install the same build on all machines, and start the workers anew.",
                ) from problem
            if answer is None:
                lonely = 0 if self._link.threads() else lonely + 1
                if lonely >= LONELY_LOOKS:
                    raise EngineError(f"no Dask worker for {LONELY_LOOKS * _LOOK:.0f} seconds")
            elif isinstance(answer, ArchiverError):
                raise answer
            else:
                ticket.done = answer

    def _awaited(self, future: Any) -> Any:  # noqa: ANN401 -- whatever a worker gives
        """A result, or None where it takes longer than a look."""
        try:
            return future.result(timeout=_LOOK)
        except TimeoutError:
            return None

    def _mended(self, ticket: _Ticket) -> Done:
        """Find the sources that end Dask workers. Nothing else is under way meanwhile."""
        for other in self._tickets:
            self._wait(other)  # done, or dead as well and mended in its turn
        task = ticket.parcel.opened()
        if not isinstance(task, Task):
            raise AssertionError("what went out was a task")
        return joined(self._pieces(task))

    def _pieces(self, task: Task) -> Iterator[Done]:
        """The halves of a batch that ended workers, and theirs."""
        rows = task.sources.num_rows
        if rows == 1:
            yield self._single(task)
            return
        for start, stop in ((0, rows // 2), (rows // 2, rows)):
            half = task.cut(start, stop - start)
            done = None if stop - start == 1 else self._alone(half).done
            if done is None:
                yield from self._pieces(half)
            else:
                yield done

    def _single(self, task: Task) -> Done:
        """One source: given up where as many workers died of it alone as in the local pool."""
        died = 0
        while died < TRIES:
            ticket = self._alone(task)
            if ticket.done is not None:
                return ticket.done
            died += ticket.died
        return lost(task, f"it ended each of the {died} Dask workers that it was given to")

    def _alone(self, task: Task) -> _Ticket:
        ticket = self._begin(task)
        self._wait(ticket)
        self._forget(ticket)
        return ticket
