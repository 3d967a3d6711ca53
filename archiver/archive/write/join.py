"""Pieces of a run, joined into parts of a good size."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow.parquet as pq

from archiver.archive.files.concat import concatenate
from archiver.archive.files.disk import staged_file, storing, sync_file
from archiver.archive.log.entry import Part, part_path
from archiver.archive.log.marks import join_marks
from archiver.digest import sha256_stream
from archiver.errors import StorageError

#: A part is closed at so many bytes on the disk, or in memory. Whoever reads a part, rewrites
#: one to take a document down or cleans it again holds it unpacked, some of them twice: four
#: times the packed bytes, for text. So larger parts would cost readers what fewer files save.
PART_BYTES = 32 << 20
PART_UNPACKED = 128 << 20


def unpacked_size(path: Path) -> int:
    """The bytes that a staged part's rows take in memory, nearly. Raises: one of PARQUET_ERRORS."""
    found = _metadata(path)
    return sum(found.row_group(at).total_byte_size for at in range(found.num_row_groups))


def join_parts(
    pieces: Sequence[tuple[Path, Part]], *, staging: Path, name: str
) -> tuple[Path, Part]:
    """Staged parts of one table as one, durably; the pieces are gone then. Rows keep their order.

    One piece stays what it is. The same pieces give the same bytes.
    Raises: ValueError, LookupError, TypeError where they cannot be one file; StorageError,
    also where a piece is not what was staged. Cost: a digest more than ``concatenate``.
    """
    with storing(f"a part in {staging}"):
        if len(pieces) == 1:
            path, part = pieces[0]
            with path.open("r+b") as stream:
                sync_file(stream)
            return path, part
        for path, part in pieces:
            _hold(path, part)
        with staged_file(staging, f"{name}.parquet") as joined:
            digest, footer, size = concatenate([path for path, _ in pieces], joined)
            rows = sum(part.rows for _, part in pieces)
            if _metadata(joined).num_rows != rows:
                raise ValueError("the joined file holds other rows")
        for path, _ in pieces:
            path.unlink()
    marks = join_marks(part.marks or "" for _, part in pieces)
    return joined, Part(part_path(digest), digest, footer, size, rows, marks=marks)


def _hold(path: Path, part: Part) -> None:
    """What a piece's digest vouched for must not change on the way into the part's."""
    with path.open("rb") as stream:
        digest, _ = sha256_stream(stream)
    if digest != part.sha256:
        raise StorageError(
            f"{path}: what was staged is not what was written",
            hint="Check the disk and the memory of this machine, then run again.",
        )


def _metadata(path: Path) -> pq.FileMetaData:
    """A file's footer. Opened here: pyarrow takes paths for text, and some are none."""
    with path.open("rb") as stream:
        return pq.read_metadata(stream)
