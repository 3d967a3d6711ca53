"""One worker process, as the run sees it: started, asked, ended."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from archiver.engines.frames import receive, send
from archiver.errors import ArchiverError
from archiver.ingest.work import Done, Recipe, Task

#: Each worker has one core; more threads would only wait for each other.
_ONE_THREAD = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "RAYON_NUM_THREADS",
)

#: The worker imports what this process would, and nothing of the folder it is run in.
_START = """
import json, sys
sys.path[:] = json.loads(sys.argv[1])
from archiver.engines.worker import main
main()
"""


#: Seconds until a worker must be able to work: reading its rules takes some, a busy machine more.
START_SECONDS = 300


class DiedError(Exception):
    """A worker ended in the middle of its work; the message says how."""

    #: The finding for a source that does this.
    code = "E220"


class SilentError(DiedError):
    """A worker gave no answer in time, and was ended."""

    code = "E221"


class Process:
    """A worker process. Nothing of it survives ``kill``, nor the end of this process."""

    def __init__(self, recipe: Recipe, environ: Mapping[str, str], *, telling: bool) -> None:
        """Start it; it is ready once ``wait_ready`` returns.

        environ: this process's environment. telling: whether its stderr is shown.
        Raises: OSError.
        """
        self._process = subprocess.Popen(  # noqa: S603 -- the interpreter that runs us
            [sys.executable, "-P", "-c", _START, json.dumps(sys.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=None if telling else subprocess.DEVNULL,
            env={**environ, **dict.fromkeys(_ONE_THREAD, "1")},
            **_apart(),
        )
        self._recipe = recipe
        self._lock = threading.Lock()
        self._is_asked = False
        self._is_silent = False

    @property
    def pid(self) -> int:
        """Its number in the system."""
        return self._process.pid

    def wait_ready(self) -> None:
        """Give it the recipe, and wait until it can work. Raises: DiedError."""
        self._ask(self._recipe, START_SECONDS)

    def work(self, task: Task, staging: Path | None, seconds: float) -> Done:
        """Have a batch cleaned.

        seconds: how long that may take; after them the worker is ended.
        Raises: SilentError then; DiedError; ArchiverError as ``work``.
        """
        answer = self._ask((task, staging), seconds)
        if isinstance(answer, ArchiverError):
            raise answer
        done: Done = answer
        return done

    def kill(self) -> None:
        """End it at once, and wait for its end."""
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        """Close the pipes; the process has ended."""
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                try:
                    stream.close()
                except OSError:  # what was still to be sent
                    continue

    def _ask(self, value: object, seconds: float) -> Any:  # noqa: ANN401 -- whatever a worker answers
        if self._process.stdin is None or self._process.stdout is None:
            raise AssertionError("both are pipes")
        timer = threading.Timer(seconds, self.give_up)
        timer.daemon = True
        with self._lock:
            self._is_asked = True
        timer.start()
        try:
            send(self._process.stdin, value)
            return receive(self._process.stdout)
        except (EOFError, OSError, ValueError) as problem:  # ValueError: closed under our hands
            self.kill()
            if self._is_silent:
                words = f"the worker process gave no answer in {seconds:,.0f} s"
                raise SilentError(words) from problem
            raise DiedError(_how(self._process.returncode)) from problem
        finally:
            timer.cancel()
            with self._lock:
                self._is_asked = False

    def give_up(self) -> None:
        """End it while it works; whoever waits for its answer is told that it was too slow."""
        with self._lock:
            if self._is_asked:
                self._is_silent = True
                self._process.kill()


def _how(status: int) -> str:
    """How a process ended, in words."""
    if status >= 0:
        return f"the worker process ended with status {status}"
    hint = "; so does a system that runs out of memory" if status == -9 else ""
    return f"the worker process was ended by signal {-status}{hint}"


def _apart() -> dict[str, Any]:
    """So that Ctrl-C reaches the run alone, which then ends its workers."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"process_group": 0}
