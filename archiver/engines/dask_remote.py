"""What a Dask worker does for a run: it has batches cleaned in processes of its own.

Not in the Dask worker itself, for three reasons. A document that ends a process ends
that of a batch and not the worker, which others use too; it is found and put aside
as on one machine, by the same code. A worker with many threads uses as many cores.
And a document that would never end is given up by the same clock.

The processes wait for the run's next batch, and end with the run; where the run is gone
without a word, they end by themselves a little later.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import threading
from collections import deque
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import archiver
from archiver.digest import sha256
from archiver.engines.hand import Hand
from archiver.engines.pool import Pool
from archiver.errors import ArchiverError, EngineError, StorageError
from archiver.ingest.work import Done, Recipe, Task

#: Seconds without a batch after which a worker's process is not kept any more.
IDLE = 60.0

#: The file by which workers know the run's folder; its text is the recipe's digest.
MARK = "shared"


@dataclass(frozen=True, slots=True)
class Parcel:
    """A pickled value on its way to workers: at hand, or in a file that they see too.

    Both ends belong to one run; the digest, which goes past the file, tells that nobody
    else wrote there.
    """

    sha256: str
    data: bytes | None
    path: str | None = None

    def opened(self) -> object:
        """The value. Raises: StorageError for a file that is not there, or not this one."""
        data = self.data
        if data is None:
            try:
                data = Path(self.path or "").read_bytes()
            except OSError as problem:
                raise StorageError(
                    f"{self.path}: this worker cannot read it: {problem.strerror}",
                    hint="All workers must see the archive's folder under the same path.",
                ) from problem
        if sha256(data) != self.sha256:
            raise StorageError(f"{self.path}: it holds other bytes than were written")
        value: object = pickle.loads(data)  # noqa: S301 -- the run wrote it, see above
        return value


class Bench:
    """The processes of one run on one Dask worker: at most as many as it has threads."""

    def __init__(self, recipe: Recipe, staging: Path | None) -> None:
        environ = dict(os.environ)  # noqa: TID251 -- another machine has its own
        self._pool = Pool(recipe, Path, workers=1, environ=environ)
        self._staging = staging
        self._lock = threading.Lock()
        self._idle: list[Hand] = []
        self._clock: threading.Timer | None = None

    def clean(self, task: Task) -> Done:
        """Have a batch cleaned. Raises: ArchiverError as ``work``, or where the run has ended."""
        with self._lock:
            self._stop_clock()
            hand = self._idle.pop() if self._idle else self._pool.hand(self._staging)
        try:
            return hand.whole(task)
        finally:
            with self._lock:
                self._idle.append(hand)
                self._stop_clock()
                self._clock = threading.Timer(IDLE, self.rest)
                self._clock.daemon = True
                self._clock.start()

    def rest(self) -> None:
        """End the processes that wait for a batch."""
        with self._lock:
            idle, self._idle = self._idle, []
        for hand in idle:
            hand.let_go()

    def close(self) -> None:
        """End all processes, whatever they do."""
        with self._lock:
            self._stop_clock()
        self._pool.close()
        self.rest()

    def _stop_clock(self) -> None:
        if self._clock is not None:
            self._clock.cancel()


_benches: dict[str, Bench] = {}
_benches_lock = threading.Lock()
#: Runs that are over: a batch of theirs that Dask gives out late is not begun.
_ended: deque[str] = deque(maxlen=10_000)


def clean(
    run: str, code: str, recipe: Parcel, task: Parcel, staging: str | None
) -> Done | ArchiverError:
    """Clean a batch on a worker: the function that Dask maps.

    run: names the run. code: the digest that this worker's code must have, see
    ``code_digest``. staging: the run's folder where workers see it; else None.
    Returns: what ``work`` does, or an error: raised, Dask would log it on the way.
    """
    try:
        if code != code_digest():
            raise other_code()
        batch = task.opened()
        if not isinstance(batch, Task):
            raise AssertionError("a run sends tasks")
        return _bench(run, recipe, staging).clean(batch)
    except ArchiverError as problem:
        return problem
    except Exception as problem:  # noqa: BLE001 -- told to the run, which ends with it
        return ArchiverError(f"unexpected {type(problem).__name__}: {problem}")


def _bench(run: str, recipe: Parcel, staging: str | None) -> Bench:
    with _benches_lock:
        if run in _ended:
            raise ArchiverError("the run has ended")
        found = _benches.get(run)
        if found is None:
            value = recipe.opened()
            if not isinstance(value, Recipe):
                raise AssertionError("a run sends its recipe")
            found = _benches[run] = Bench(value, None if staging is None else Path(staging))
        return found


def end(run: str) -> None:
    """End a run's processes on this worker, whatever they do."""
    with _benches_lock:
        _ended.append(run)
        bench = _benches.pop(run, None)
    if bench is not None:
        bench.close()


def sees(folder: str, mark: str) -> str | None:
    """Whether this worker reads and writes the run's folder. Returns: the file it wrote there."""
    try:
        if (Path(folder) / MARK).read_text("ascii") != mark:
            return None
        name = f"{MARK}-{os.getpid()}-{threading.get_ident()}"
        (Path(folder) / name).write_text(mark, "ascii")
    except (OSError, ValueError):
        return None
    return name


@lru_cache(maxsize=1)
def code_digest() -> str:
    """The digest of this program's files: what two checkouts of one version differ in.

    Cost: a read of ~2 MB, once a process.
    """
    root = Path(archiver.__file__).parent
    files = [path for path in root.rglob("*.*") if path.parent.name != "__pycache__"]
    files = [path for path in files if path.is_file() and not path.name.startswith(".")]
    digest = hashlib.sha256()
    for path in sorted(files, key=lambda path: path.relative_to(root).as_posix()):
        data = path.read_bytes().replace(b"\r\n", b"\n")  # as some checkouts on Windows have it
        digest.update(f"{path.relative_to(root).as_posix()} {sha256(data)}\n".encode())
    return digest.hexdigest()


def other_code() -> EngineError:
    """Said of a worker whose code is not the run's."""
    return EngineError(
        f"a Dask worker has another state of archiver {archiver.__version__} than this machine",
        hint="Install the same build on all machines, and start the workers anew.",
    )
