"""The parts of a table as one reader goes through them, whatever is taken down meanwhile.

A take-down deletes parts that readers in other processes still have on their list.
What it leaves of each is in the log: a stand-in, with the same rows in the same
order less those removed. So a reader that finds a part gone looks at the log again,
and goes on with the stand-in; what the log still names and cannot be read is damage.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa

from archiver.archive.log.chain import live_parts
from archiver.archive.log.entry import Entry, Part
from archiver.archive.read.parts import read_part
from archiver.archive.read.select import gather, newest_by_part, newest_rows
from archiver.errors import DamageError

P = TypeVar("P")
T = TypeVar("T")

#: (version its rows came in, part).
Came = tuple[int, Part]

#: What is left of each part.
Left = Sequence[Part | None]


class Snapshot:
    """A table up to a version. ``parts`` are those there were when it was taken."""

    def __init__(
        self, folder: Path, log: Callable[[], Sequence[Entry]], version: int | None = None
    ) -> None:
        """folder: the table's. log: gives its entries as they are now. version: None for all."""
        entries = log()
        self.folder = folder
        self.parts: list[Came] = list(live_parts(entries, version).values())
        self._log = log
        self._known = len(entries)

    def left(self, parts: Left) -> list[Part | None]:
        """What take-downs since the snapshot left of parts: each itself, its stand-in, or None.

        Raises: DamageError where the log is damaged.
        """
        left = list(parts)
        for entry in self._log()[self._known :]:
            added = {part.path: part for part in entry.added}
            for at, part in enumerate(left):
                if part is not None and part.path in entry.removed:
                    left[at] = added.get(entry.replaced.get(part.path) or "")
        return left

    def left_of(self, parts: Sequence[Came]) -> list[Came]:
        """As ``left``, without those of which nothing is left."""
        left = zip(parts, self.left([part for _, part in parts]), strict=True)
        return [(came, part) for (came, _), part in left if part is not None]

    def read(self, part: Part, columns: Sequence[str]) -> pa.Table | None:
        """Columns of a part or of what is left of it; None for nothing. Raises: DamageError."""
        while True:
            try:
                return read_part(self.folder, part, columns)
            except DamageError:
                (left,) = self.left([part])
                if left is None:
                    return None
                if left == part:
                    raise
                part = left

    def scan(self, columns: Sequence[str]) -> Iterator[pa.Table]:
        """All rows, part by part. Memory: a part. Raises: DamageError."""
        for _, part in self.parts:
            table = self.read(part, columns)
            if table is not None:
                yield table

    def whole(self, read: Callable[[Sequence[Came]], T]) -> T:
        """What a function makes of all parts; from its start again where one of them went.

        read: raises DamageError for a part that it cannot read.
        """
        parts = self.parts
        while True:
            try:
                return read(parts)
            except DamageError:
                left = self.left_of(parts)
                if left == parts:
                    raise
                parts = left

    def latest(self, columns: Sequence[str]) -> pa.Table:
        """One row a document, its highest revision, sorted by id. Raises: DamageError.

        Memory: the columns, twice.
        """
        return self.whole(lambda parts: _latest(self.folder, parts, columns))

    def newest(self, columns: Sequence[str]) -> Iterator[pa.Table]:
        """As ``latest``, part by part, in the order in which the documents came.

        Memory: a part, and the ids of all documents. Raises: DamageError.
        """

        def rows(chosen: Mapping[int, pa.Array[Any]], parts: Left, at: int) -> pa.Table | None:
            part = parts[at]
            if part is None or at not in chosen:
                return None
            return read_part(self.folder, part, columns).take(chosen[at])

        for table in self.in_turn(lambda parts: newest_by_part(self.folder, parts), rows):
            if table is not None:
                yield table

    def in_turn(self, plan: Callable[[Left], P], make: Callable[[P, Left, int], T]) -> Iterator[T]:
        """What is made of each part in turn, by a plan that takes a look at all.

        plan: makes it of all parts. make: goes by it, for the part at a place. Where a part
        went there is a new plan: in a stand-in, rows are at other places; what was made of
        the parts before stands. Both raise DamageError for a part that they cannot read.
        """
        parts: Left = [part for _, part in self.parts]
        plans: list[P] = []
        at = 0
        while at < len(parts):
            try:
                plans = plans or [plan(parts)]
                made = make(plans[0], parts, at)
            except DamageError:
                left = self.left(parts)
                if left == parts:
                    raise
                parts, plans = left, []
                continue
            yield made
            at += 1


def _latest(folder: Path, parts: Sequence[Came], columns: Sequence[str]) -> pa.Table:
    keys = [read_part(folder, part, ["id", "revision"]) for _, part in parts]
    chosen = newest_rows(keys)
    wanted = sorted({at for at, _ in chosen})
    tables = {at: read_part(folder, parts[at][1], columns) for at in wanted}
    return gather(tables, chosen, columns)
