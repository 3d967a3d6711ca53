"""Bars on stderr that move by bytes, for people only."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from archiver.cli.screen import Screen, wants_color

#: Told (bytes done, bytes in all).
Reach = Callable[[int, int], None]

#: Told (documents done, bytes done, documents in all, bytes in all); None where that is unknown.
ReachBoth = Callable[[int, int, int | None, int | None], None]


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


@contextmanager
def run_bar(screen: Screen, label: str) -> Iterator[ReachBoth]:
    """As ``byte_bar``, with documents too; it moves by bytes where their total is known.

    Else by documents, as of a run over what an archive holds. Of standard input
    neither is known: then it shows what was done, and the rate.
    """
    if not screen.show_progress():
        yield lambda _documents, _size, _all_documents, _all_bytes: None
        return
    from rich.console import Console
    from rich.filesize import decimal
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True, no_color=not wants_color(sys.stderr), highlight=False)
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[told]}"))
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as bar:
        task = bar.add_task(label, total=None, told="")

        def reach(documents: int, size: int, of_documents: int | None, of: int | None) -> None:
            told = f"{documents:,}{f'/{of_documents:,}' if of_documents else ''} documents"
            told += f"  {decimal(size)}{f'/{decimal(of)}' if of else ''}"
            elapsed = bar.tasks[0].elapsed
            if elapsed:
                told += f"  {documents / elapsed:,.0f}/s  {decimal(int(size / elapsed))}/s"
            total = of or of_documents
            done = size if of else documents
            bar.update(task, completed=min(done, total or done), total=total, told=told)

        yield reach
