"""The way to a Dask cluster: found or made, of one version with us, and given up in words."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from archiver.engines import dask_remote as remote
from archiver.errors import EngineError, UsageError

#: Seconds to reach a scheduler, and to wait for its first worker.
CONNECT = 30
FIRST_WORKER = 60

#: Seconds that farewells may take: whoever does not answer is left.
FAREWELL = 5

#: What decides the text and the bytes of a record: a run whose workers had different ones
#: would give other records each time. Python counts to its minor version (its table of
#: characters), the others to the last digit.
LIBRARIES = (
    "archiver-toolkit",
    "chardet",
    "chardetng-py",
    "deltalake",
    "ftfy",
    "google-re2",
    "lxml",
    "lxml_html_clean",
    "numpy",
    "pyarrow",
    "trafilatura",
)

#: Of a cluster of our own. Two workers may die of a batch, as in the local pool; a batch is
#: large on purpose.
_SETTINGS = {
    "distributed.scheduler.allowed-failures": 1,
    "distributed.admin.large-graph-warning-threshold": "1GiB",
}


class Link:
    """A cluster to work with: another's by its address, or one of processes of this machine.

    Raises: EngineError where it cannot be reached, has no worker, or works with other
    versions; UsageError without the extra, and for an address that is none.
    """

    def __init__(self, scheduler: str | None, workers: int, *, telling: bool) -> None:
        """workers: how many processes are started where ``scheduler`` is None.

        telling: whether Dask's own words are shown.
        """
        require_dask()
        import dask
        import distributed

        # Their types are not told, or as of two kinds at once.
        make_client: Any = distributed.Client
        make_cluster: Any = distributed.LocalCluster

        self._ends = ExitStack()
        self.client: Any
        with self._ends:
            self._loud = _quiet(telling)
            self._ends.callback(self._be_loud)
            self._ends.enter_context(dask.config.set(_SETTINGS))
            with _reaching(scheduler):
                target: Any = scheduler
                if scheduler is None:
                    target = make_cluster(
                        n_workers=workers,
                        threads_per_worker=1,
                        processes=True,
                        dashboard_address=None,
                        # Its pages of figures are not made, nor its well-known port taken.
                        scheduler_kwargs={"dashboard": False, "dashboard_address": "127.0.0.1:0"},
                        silence_logs=logging.WARNING if telling else logging.CRITICAL,
                    )
                    self._ends.callback(_patiently, target)
                self.client = make_client(target, timeout=CONNECT, set_as_default=False)
                self._ends.callback(_patiently, self.client)
                self.client.wait_for_workers(1, timeout=FIRST_WORKER)
            with speaking():
                self._check_versions()
            self._ends = self._ends.pop_all()

    def threads(self) -> int:
        """How many batches the cluster works on at once, now. Raises: EngineError."""
        with speaking():
            return int(sum(self.client.nthreads().values()))

    def shares(self, folder: Path, mark: str) -> bool:
        """Do all workers read and write this folder, and see the same files in it as we?

        mark: what is put there for them to find. Raises: EngineError; OSError.
        """
        (folder / remote.MARK).write_text(mark, "ascii")
        with speaking():
            told = self.client.run(remote.sees, str(folder), mark)
        return all(name is not None and (folder / name).is_file() for name in told.values())

    def close(self, run: str) -> None:
        """End the run's processes on all workers, and a cluster of our own."""
        if self.client.status == "running":
            with suppress(Exception):  # whatever is wrong over there: we are leaving
                self.client.run(remote.end, run, on_error="ignore")
        else:
            self._loud = {}  # its threads tell of the loss later still, and with tracebacks
        self._ends.close()

    def _be_loud(self) -> None:
        for logger, level in self._loud.items():
            logger.setLevel(level)

    def _check_versions(self) -> None:
        """Raises: EngineError for workers that would make other records than we."""
        told = self.client.get_versions(packages=LIBRARIES)
        ours = _versions(told["client"])
        odd: Counter[str] = Counter()
        for versions in map(_versions, told["workers"].values()):
            for name in ours:
                if versions.get(name) != ours[name]:
                    odd[f"{name} {versions.get(name) or 'missing'}, here {ours[name]}"] += 1
        if odd:
            found = "; ".join(f"{words} ({number})" for words, number in sorted(odd.items()))
            raise EngineError(
                f"Dask workers have other versions than this machine (on how many): {found}",
                hint="Install the same versions on all machines, from one lock file or image.",
            )
        codes = self.client.run(remote.code_digest)
        if set(codes.values()) != {remote.code_digest()}:
            raise remote.other_code()


def require_dask() -> None:
    """Raises: UsageError where the extra ``dask`` is not installed."""
    try:
        import distributed  # noqa: F401
    except ImportError as error:
        raise UsageError(
            "--engine dask needs Dask's distributed, which is not installed",
            hint="Run `pip install 'archiver-toolkit[dask]'`.",
        ) from error


@contextmanager
def speaking() -> Iterator[None]:
    """Turn what a lost cluster raises into an EngineError."""
    try:
        yield
    except CancelledError as problem:
        reason = getattr(problem, "reason", None) or "cancelled"
        raise EngineError(f"the Dask cluster gave up the work: {reason}") from problem
    except OSError as problem:  # CommClosedError and TimeoutError are kinds of it
        raise EngineError(f"the Dask scheduler does not answer: {problem}") from problem


def _versions(told: Any) -> dict[str, str | None]:  # noqa: ANN401 -- as Dask tells them
    packages = told["packages"]
    python = ".".join(str(packages["python"]).split(".")[:2])
    return {"python": python, **{name: packages.get(name) for name in LIBRARIES}}


@contextmanager
def _reaching(scheduler: str | None) -> Iterator[None]:
    what = f"the Dask scheduler at {scheduler}" if scheduler else "a Dask cluster of this machine"
    try:
        yield
    except TimeoutError as problem:
        raise EngineError(
            f"{what} does not answer, or has no worker: {problem}",
            hint="Start the scheduler and at least one worker first, and check the address.",
        ) from problem
    except (OSError, RuntimeError) as problem:
        raise EngineError(
            f"{what} cannot be reached: {problem}",
            hint="Check the address (tcp://HOST:8786), and that the scheduler runs.",
        ) from problem
    except ValueError as problem:
        raise UsageError(
            f"{what} cannot be used: {problem}", hint="Give --scheduler like tcp://HOST:8786."
        ) from problem


def _quiet(telling: bool) -> dict[logging.Logger, int]:
    """Dask logs what it meets; a run tells of it in its own words. Returns: levels as they were."""
    if telling:
        return {}
    # Some of distributed's have a level of their own, and do not ask the one above.
    known = [name for name in logging.root.manager.loggerDict if name.startswith("distributed.")]
    loggers = [logging.getLogger(name) for name in ("distributed", "tornado", "asyncio", *known)]
    levels = {logger: logger.level for logger in loggers}
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    return levels


def _patiently(what: Any) -> None:  # noqa: ANN401 -- a client or a cluster
    """Close it, but do not wait for ever."""
    with suppress(Exception):  # it may be gone already, in many ways
        what.close(timeout=FAREWELL)
