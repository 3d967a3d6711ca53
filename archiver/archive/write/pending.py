"""The parts of a run that no version names yet.

They wait in a folder of the run's own and get their names under the archive's
lock, so no run sees another's unfinished work. A batch is a piece; pieces are
joined into parts as they come, in their order, so that the number of files
grows with bytes and not with batches.
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from archiver.archive.archive import Archive
from archiver.archive.files.disk import Checkpoint, regular_size, storing, sync_folder
from archiver.archive.files.staging import Workspace, workspace
from archiver.archive.log.entry import Part
from archiver.archive.log.widths import least_version, schema_in_force
from archiver.archive.rows.columns import TABLES, table_schema
from archiver.archive.write.finish import ever_named
from archiver.archive.write.join import PART_UNPACKED, join_parts, unpacked_size
from archiver.archive.write.stage import place_part, stage_part
from archiver.errors import ArchiverError, UsageError


@dataclass(slots=True)
class _Open:
    """Pieces of the next part: ``needs`` is the schema version that all of them have."""

    needs: int
    pieces: list[tuple[Path, Part]]
    bytes: int = 0
    unpacked: int = 0


@dataclass(slots=True)
class _Mine:
    """A part of this run: where it waits, and whether it has its place."""

    staged: Path
    part: Part
    placed: bool = False
    created: bool = False


class Pending:
    """What one run has staged. Its folder is made when the first thing is written."""

    def __init__(self, archive: Archive, checkpoint: Checkpoint, part_bytes: int) -> None:
        """part_bytes: a part is closed at so many bytes, packed."""
        self._archive = archive
        self._checkpoint = checkpoint
        self._cleanup = ExitStack()
        self._work: Workspace | None = None
        self._named: tuple[object, set[str]] | None = None
        self._staged: dict[str, list[_Mine]] = {"quarantine": [], "documents": []}
        self._open: dict[str, _Open] = {}
        self._seen: set[str] = set()
        self._part_bytes = part_bytes

    def folder(self) -> Path:
        """The run's own folder. Raises: StorageError."""
        return self._workspace().folder

    def stage(self, table: str, batch: pa.RecordBatch) -> None:
        """Write a batch as a part. Raises: as ``stage_part``; ValueError for one staged before."""
        if not batch.schema.equals(table_schema(table)):
            raise ValueError(f"a part of {table} needs the columns of its schema")
        needs = least_version(table, batch)
        self._check_columns(table, needs)
        staged, part = stage_part(
            batch,
            staging=self.folder(),
            name=table,
            checkpoint=self._checkpoint,
            durable=False,
        )
        self.adopt(table, staged, part, needs)

    def adopt(self, table: str, staged: Path, part: Part, needs: int) -> None:
        """Take a part that another process staged in ``folder``.

        needs: the oldest schema version that holds its rows.
        Raises: UsageError where the archive is older; ValueError for one staged before.
        """
        self._check_columns(table, needs)
        if part.path in self._seen:
            # Delta would count one file once, and rows would be missing.
            raise ValueError("the same batch was staged twice")
        unpacked = unpacked_size(staged)
        self._seen.add(part.path)
        found = self._open.get(table)
        if found is not None and (
            found.needs != needs or found.unpacked + unpacked > PART_UNPACKED
        ):
            self._join(table)
            found = None
        if found is None:
            found = self._open[table] = _Open(needs, [])
        found.pieces.append((staged, part))
        found.bytes += part.bytes
        found.unpacked += unpacked
        if found.bytes >= self._part_bytes:
            self._join(table)

    def join(self) -> None:
        """Make parts of all pieces: what follows concerns parts alone. Raises: StorageError."""
        for table in list(self._open):
            self._join(table)

    def _join(self, table: str) -> None:
        """Make a part of the pieces that wait; of those that cannot be one, a part each."""
        pieces = self._open.pop(table).pieces
        try:
            made = [join_parts(pieces, staging=self.folder(), name=table)]
        except (ValueError, LookupError, TypeError):  # workers of other versions of pyarrow
            made = [join_parts([piece], staging=self.folder(), name=table) for piece in pieces]
        self._staged[table] += [_Mine(*item) for item in made]

    def _check_columns(self, table: str, needed: int) -> None:
        """Refuse values that the archive has no column for. Raises: UsageError."""
        found = schema_in_force(self._archive.entries(table))
        if needed > found:
            raise UsageError(
                f"{self._archive.path}: the archive has columns of schema version {found}; "
                f"what is to be archived needs version {needed}",
                hint="Run `archiver upgrade` first; nothing was changed.",
            )

    def parts(self, table: str) -> list[Part]:
        """All parts staged for a table."""
        return [item.part for item in self._staged[table]]

    def fresh(self, table: str) -> list[Part]:
        """The staged parts that no version names; a run killed before may have left some named."""
        named = self._ever_named()
        return [part for part in self.parts(table) if f"{TABLES[table]}/{part.path}" not in named]

    def _ever_named(self) -> set[str]:
        """Those of this run's parts that are named, looked up only where something went on."""
        paths = [f"{TABLES[table]}/{part.path}" for table in TABLES for part in self.parts(table)]
        state = tuple(self._archive.entries(table)[-1].head for table in TABLES), len(paths)
        if self._named is None or self._named[0] != state:
            self._named = state, ever_named(self._archive, paths)
        return self._named[1]

    def place(self) -> None:
        """Give the parts their names, durably; noted first, so that a next run can undo it.

        The caller holds the lock. Raises: StorageError.
        """
        fresh = [f"{TABLES[name]}/{part.path}" for name in TABLES for part in self.fresh(name)]
        if fresh:
            with storing(f"the list of parts of {self._archive.path}"):
                self._workspace().note_parts(fresh)
        self._checkpoint("parts-noted")
        for name, staged in self._staged.items():
            if staged:
                self._place_table(name, staged)

    def _place_table(self, name: str, staged: list[_Mine]) -> None:
        table = self._archive.path / TABLES[name]
        for item in staged:
            if not item.placed:
                item.created = place_part(table, item.staged, item.part)
                item.placed = True
            with storing(f"{item.part.path}: the placed part is gone"):
                regular_size(table / item.part.path)
        self._checkpoint(f"{name}-part-named")
        with storing(f"the parts of {table}"):
            for folder in sorted({(table / item.part.path).parent for item in staged}):
                sync_folder(folder)
        self._checkpoint(f"{name}-part-durable")

    def start_over(self) -> None:
        """What was staged is in a version now: a next one begins, in the same folder."""
        self._named = None
        self._seen.clear()
        for staged in self._staged.values():
            staged.clear()

    def discard(self, doubtful: Collection[str] = ()) -> None:
        """Delete the parts this run placed, unless a version names them after all.

        doubtful: tables whose new entry may be on the disk though it does not show.
        Their parts stay, as do those that the disk does not let go, and the run's
        folder with the list of them: a next run decides.
        """
        created = {
            f"{TABLES[table]}/{item.part.path}": table
            for table, staged in self._staged.items()
            for item in staged
            if item.created
        }
        try:
            for path in sorted(created.keys() - ever_named(self._archive, created)):
                if created[path] in doubtful:
                    self._workspace().left = True
                else:
                    (self._archive.path / path).unlink(missing_ok=True)
        except (ArchiverError, OSError):
            self._workspace().left = True

    def close(self) -> None:
        """Remove the run's folder."""
        self._cleanup.close()

    def _workspace(self) -> Workspace:
        if self._work is None:
            self._work = self._cleanup.enter_context(workspace(self._archive.path))
        return self._work
