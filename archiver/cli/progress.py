"""A bar on stderr that moves by bytes, for people only."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from archiver.cli.screen import Screen, wants_color

#: Told (bytes done, bytes in all).
Reach = Callable[[int, int], None]


@contextmanager
def byte_bar(screen: Screen, label: str) -> Iterator[Reach]:
    """Yield a function that moves the bar; where nobody watches, it does nothing.

    It shows the rate and the time left, and goes away when the work is done: what
    was done is told by the result.
    """
    if not screen.show_progress():
        yield lambda _done, _total: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    console = Console(stderr=True, no_color=not wants_color(sys.stderr), highlight=False)
    amount = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    pace = (TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*amount, *pace, console=console, transient=True) as bar:
        task = bar.add_task(label, total=None)
        yield lambda done, total: bar.update(task, completed=min(done, total), total=total)
