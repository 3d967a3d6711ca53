"""What a command costs: CPU of all its processes, wall time, and memory at its highest.

CPU is what the kernel counts for the process and all the children that it waited for.
Memory is looked at ten times a second: the sum of what all processes of the command
hold, shared pages counted once where the kernel tells (Linux). Both need psutil, which
only benchmarks do.
"""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: Seconds between two looks at memory.
LOOK = 0.1


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of CPU and of wall time, megabytes of memory at the highest."""

    cpu: float
    wall: float
    memory: float


class FailedError(Exception):
    """A command ended with a status that it should not have; its last words are the message."""


def measure(words: Sequence[str], folder: Path, *, accepted: Sequence[int] = (0,)) -> Cost:
    """Run a command in a folder and say what it cost.

    Raises: FailedError for a status that is not ``accepted``; OSError where it cannot start.
    """
    told = folder / "told.txt"
    with told.open("wb") as words_out:
        begun = time.perf_counter()
        process = subprocess.Popen(words, cwd=folder, stdout=words_out, stderr=words_out)
        watch = _Watch(process.pid)
        watch.start()
        cpu = _wait(process, watch)
        wall = time.perf_counter() - begun
        watch.stop()
    if process.returncode not in accepted:
        last = told.read_text(encoding="utf-8", errors="replace")[-2000:]
        raise FailedError(f"{' '.join(map(str, words))}: status {process.returncode}\n{last}")
    return Cost(cpu, wall, watch.highest / 1e6)


def _wait(process: subprocess.Popen[bytes], watch: _Watch) -> float:
    """Wait for the end; seconds of CPU of the process and all below it."""
    if hasattr(os, "wait4"):
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        return used.ru_utime + used.ru_stime
    process.wait()
    return watch.cpu  # Windows: as last seen, at most ``LOOK`` before the end


class _Watch(threading.Thread):
    """Looks at a process and its children until it is stopped."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.highest = 0
        self._pid = pid
        self._seen: dict[int, float] = {}
        self._ended = threading.Event()

    @property
    def cpu(self) -> float:
        """Seconds of CPU of all processes seen."""
        return sum(self._seen.values())

    def run(self) -> None:
        """Look until ``stop``."""
        import psutil

        with suppress(psutil.Error):
            top = psutil.Process(self._pid)
            while not self._ended.wait(LOOK if self._seen else 0):
                self._look([top, *top.children(recursive=True)])

    def _look(self, processes: Sequence[Any]) -> None:
        import psutil

        held = 0
        for process in processes:
            with suppress(psutil.Error):  # it has ended meanwhile
                times = process.cpu_times()
                self._seen[process.pid] = times.user + times.system
                memory = process.memory_full_info()
                held += getattr(memory, "pss", memory.rss)
        self.highest = max(self.highest, held)

    def stop(self) -> None:
        """Look no more."""
        self._ended.set()
        self.join()
