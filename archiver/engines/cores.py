"""How many cores this process may use: what the machine has, and what it is granted."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from math import ceil
from pathlib import Path, PurePosixPath

#: Reads a group's quota and period, in microseconds.
_Reader = Callable[[Path], tuple[int, int]]


def cores(root: Path = Path("/")) -> int:
    """The cores this process may use, at least one.

    By its affinity, and by the quotas of its control groups, which containers are
    held to: a machine's count would start workers that wait for each other.
    root: the file system that holds ``proc`` and ``sys``.
    """
    if hasattr(os, "sched_getaffinity"):
        allowed = len(os.sched_getaffinity(0))
    else:
        allowed = os.cpu_count() or 1
    return max(1, min([allowed, *map(ceil, _quotas(root))]))


def _quotas(root: Path) -> Iterator[float]:
    """The cores that each control group of this process grants."""
    with suppress(OSError, ValueError):
        lines = (root / "proc/self/cgroup").read_text("ascii", "replace").splitlines()
        for line in lines:
            _, kinds, group = line.split(":", 2)
            base = root / "sys/fs/cgroup"
            if not kinds:
                yield from _granted(base, group, _of_version_2)
            elif "cpu" in kinds.split(","):
                yield from _granted(base / "cpu", group, _of_version_1)


def _granted(base: Path, group: str, read: _Reader) -> Iterator[float]:
    """What a group grants, and those above it."""
    inside = PurePosixPath(group.lstrip("/"))
    for folder in (inside, *inside.parents):
        with suppress(OSError, ValueError):
            quota, period = read(base / folder)
            if quota > 0 and period > 0:
                yield quota / period


def _of_version_2(folder: Path) -> tuple[int, int]:
    """Raises: ValueError for ``max``: no limit."""
    quota, period = (folder / "cpu.max").read_text("ascii").split()
    return int(quota), int(period)


def _of_version_1(folder: Path) -> tuple[int, int]:
    names = ("cpu.cfs_quota_us", "cpu.cfs_period_us")
    quota, period = (int((folder / name).read_text("ascii")) for name in names)
    return quota, period
