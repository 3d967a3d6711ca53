"""Which files were read before, by what the file system says of them: the trust of --trust-mtime.

A table of path, size, moments and file number, and the digest of what was read then. It
says nothing of any archive: whether a digest is archived is asked anew in each run, of
the archive as it is. So the table may be old, shared by archives, or deleted.

As git's index does, it takes no file in that was changed shortly before it was read, or
after: within the resolution of the file system's clock a second change would not show.
"""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from archiver.document import Provenance, Source
from archiver.readers.digests import digest_of_words
from archiver.readers.index_rows import Row

#: Whether the archive has a source, as it is now. It is asked by digests: no bytes are looked at.
Archived = Callable[[Source], bool]

#: Nanoseconds that a file must have been left alone before the run. FAT counts two seconds.
QUIET = 2_000_000_000

#: Rows that wait to be written.
_WAITING = 10_000

#: Seconds that a run waits for another one that writes.
_PATIENCE = 5.0

_TABLE = """
CREATE TABLE IF NOT EXISTS seen (
    path BLOB PRIMARY KEY, stamp BLOB NOT NULL, raw BLOB NOT NULL, media_type TEXT NOT NULL
) WITHOUT ROWID
"""


@dataclass(frozen=True, slots=True)
class _Known:
    raw_sha256: str
    media_type: str


class Seen:
    """The table, open for one run. A comfort: where it cannot be read or written, files are read.

    Cost: 15 us a file that is looked up. Memory: rows that wait.
    """

    def __init__(self, path: Path, *, now: datetime, version: str) -> None:
        """path: the table's file. now: when the run began. version: this program's.

        A table of another version is emptied: what a file is taken for may have changed.
        """
        self._archived: Archived = lambda _source: False
        self._before = int(now.timestamp() * 1e9) - QUIET
        self._waiting: list[tuple[bytes, bytes, bytes, str]] = []
        self._table = _opened(path, version)

    def asking(self, archived: Archived) -> Seen:
        """The same, now that it is known whom to ask what is archived."""
        self._archived = archived
        return self

    def close(self) -> None:
        """Write what waits, and let the table go."""
        self.flush()
        if self._table is not None:
            self._table.close()
            self._table = None

    def unread(
        self, path: Path, name: str, address: str, provenance: Provenance, row: Row | None
    ) -> Source | None:
        """A source whose file looks as it did when it was read, and that is archived.

        Its digests are known, and its bytes were not read: there are none.
        row: what the index says of it; None where nothing may be known.
        """
        known = self._find(path)
        if known is None or (row is not None and row.sha256 not in {None, known.raw_sha256}):
            return None
        source = Source(name, address, b"", known.media_type, provenance)
        source.with_digests(known.raw_sha256, None)
        return source if self._archived(source) else None

    def note(self, path: Path, found: os.stat_result, source: Source) -> None:
        """Take in what was read of a file. found: what its system said of it meanwhile."""
        moments = (found.st_mtime_ns, 0 if sys.platform == "win32" else found.st_ctime_ns)
        if max(moments) >= self._before:
            return
        raw = bytes.fromhex(source.raw_sha256)
        self._waiting.append((_key(path), _stamp(found), raw, source.media_type))
        if len(self._waiting) >= _WAITING:
            self.flush()

    def _find(self, path: Path) -> _Known | None:
        if self._table is None:
            return None
        try:
            stamp = _stamp(path.lstat())
            query = "SELECT stamp, raw, media_type FROM seen WHERE path = ?"
            row = self._table.execute(query, (_key(path),)).fetchone()
        except (OSError, sqlite3.Error):
            return None
        if row is None or row[0] != stamp:
            return None
        return _Known(bytes(row[1]).hex(), str(row[2]))

    def flush(self) -> None:
        """Write what waits: after a version is made, so that a killed run need not read it."""
        rows, self._waiting = self._waiting, []
        if self._table is not None and rows:
            with suppress(sqlite3.Error), self._table:
                self._table.executemany("INSERT OR REPLACE INTO seen VALUES (?, ?, ?, ?)", rows)


def _key(path: Path) -> bytes:
    """What stands for a path; walks give whole ones, without links."""
    return digest_of_words(os.fspath(path))


def _stamp(found: os.stat_result) -> bytes:
    """What a change of a file changes: size, both moments, and which file it is.

    A program may set the time of modification back, the other one it cannot set; Windows
    has none, and calls the time of creation so.
    """
    changed = 0 if sys.platform == "win32" else found.st_ctime_ns
    return f"{found.st_size} {found.st_mtime_ns} {changed} {found.st_ino}".encode()


def _opened(path: Path, version: str) -> sqlite3.Connection | None:
    """The table, made where there is none or where it is damaged; None where that fails."""
    for _ in range(2):
        table = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            table = sqlite3.connect(path, timeout=_PATIENCE)
            with table:
                table.execute("CREATE TABLE IF NOT EXISTS made_by (version TEXT)")
                table.execute(_TABLE)
                if table.execute("SELECT version FROM made_by").fetchall() != [(version,)]:
                    table.execute("DELETE FROM seen")
                    table.execute("DELETE FROM made_by")
                    table.execute("INSERT INTO made_by VALUES (?)", (version,))
        except sqlite3.OperationalError:  # locked, or not to be written
            _close(table)
            return None
        except sqlite3.DatabaseError:  # no table at all
            _close(table)
            with suppress(OSError):
                path.unlink(missing_ok=True)
        except OSError:
            return None
        else:
            return table
    return None


def _close(table: sqlite3.Connection | None) -> None:
    if table is not None:
        table.close()
