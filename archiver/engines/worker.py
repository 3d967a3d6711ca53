"""A worker process: takes batches from its standard input, gives results on its standard output.

It ends when its input does: whoever started it is gone then, in whatever way.
"""

from __future__ import annotations

import os
import sys
import threading
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from typing import IO, Any

from archiver.engines.frames import receive, send
from archiver.engines.lean import go_without_pandas
from archiver.errors import ArchiverError

#: Where memory runs out the system should end a worker, which costs a batch, and not the run.
_OOM_SCORE = "500"


def main() -> None:
    """Work until the input ends. The first value is the recipe, each other one a task."""
    requests, replies = _own_channels()
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(_OOM_SCORE, "ascii")
    received: SimpleQueue[Any] = SimpleQueue()
    threading.Thread(target=_read, args=(requests, received), daemon=True).start()
    go_without_pandas()
    from archiver.ingest.work import work  # heavy: read while the recipe is on its way

    recipe = received.get()
    send(replies, "ready")
    while True:
        task, staging = received.get()
        try:
            answer: object = work(recipe, task, staging)
        except ArchiverError as problem:
            answer = problem
        except Exception as problem:  # noqa: BLE001 -- told to the run, which ends with it
            answer = ArchiverError(f"unexpected {type(problem).__name__}: {problem}")
        send(replies, answer)
        del task, answer


def _read(requests: IO[bytes], received: SimpleQueue[Any]) -> None:
    """Pass on what comes in; end the process at the end of it, in the middle of any work."""
    try:
        while True:
            received.put(receive(requests))
    except (EOFError, OSError):
        os._exit(0)


def _own_channels() -> tuple[IO[bytes], IO[bytes]]:
    """Standard input and output as pipes of ours; what a library prints goes to stderr."""
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdin = open(0, closefd=False, encoding="utf-8")  # noqa: SIM115 -- a descriptor
    return requests, replies


if __name__ == "__main__":
    main()
