"""The log up to some version in one file: opening does not read every entry again.

A commit names the summary's digest in its entry, so the chain vouches for it as
it does for parts: the newest entry proves the summary, and the summary the
entries before. It lies beside the payload, may be deleted at any time, and is
only a shorter way to what ``replay`` finds; ``validate`` reads the log itself,
and compares.

Its first line holds the sums of all counts and where rare fields are; each other
one is an entry, so that whoever needs the newest entries reads no others.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from archiver.archive.files.disk import make_folder, read_small, write_aside
from archiver.archive.files.mounts import gone
from archiver.archive.log.chain import list_versions, read_entry, replay
from archiver.archive.log.entry import (
    Entry,
    Part,
    check_info,
    is_count,
    is_sha256,
    part_path,
)
from archiver.archive.log.history import (
    FIELDS,
    LINE_ERRORS,
    History,
    Lines,
    total_counts,
    versions_with,
)
from archiver.archive.log.marks import check_marks, check_takedown
from archiver.archive.rows.columns import TABLES
from archiver.digest import sha256

#: Folder of the summaries, in the archive's.
CACHE = ".cache"

#: A summary is written once in so many versions. Each entry beyond the last one is
#: read from the log, so this bounds what opening costs.
INTERVAL = 10

#: ~500 bytes a version and as many a part: a million of them.
_MAX_BYTES = 1 << 30

_NAME = re.compile(r"(documents|quarantine)-[0-9a-f]{64}\.json")

#: The facts of files stand in the parts; of summaries only the newest one matters.
_LEFT_OUT = frozenset({"files", "summary"})

#: What a summary that no commit wrote makes Python raise.
_ERRORS = (*LINE_ERRORS, OSError)


def summarised(root: Path, table: str, version: int) -> Sequence[Entry]:
    """The entries in the summary that a version names; none where there is no such file.

    Only what has the digest in the newest entry is believed; whoever goes on
    reading checks that the next entry names the last of these.
    Raises: nothing of its own; damage is for ``replay`` to find.
    Cost: one digest over ~1 kB an entry; entries are read when they are asked for.
    """
    try:
        folder = root / TABLES[table]
        return read_summary(root, table, read_entry(folder, version))
    except _ERRORS:
        return ()


def read_log(
    root: Path, table: str, known: Sequence[Entry] = (), versions: Sequence[int] = ()
) -> Sequence[Entry]:
    """A table's log, its chain checked: by the summary, and the entries since.

    versions: the entries there are, where the caller has listed them.
    Raises: as ``replay``.
    """
    folder = root / TABLES[table]
    with suppress(OSError):  # ``replay`` says what is wrong
        versions = versions or list_versions(folder)
    if versions and not known:
        known = summarised(root, table, versions[-1])
    return replay(folder, known, versions)


def read_summary(root: Path, table: str, newest: Entry) -> Sequence[Entry]:
    """The summary that an entry names; nothing where it names none.

    A line that is no entry does no harm: the log is read in its place.
    Raises: OSError where the file is gone; ValueError where it is another or not
    one that a commit writes.
    """
    named = newest.info.get("summary")
    if named is None:
        return ()
    data = read_small(root / summary_path(table, named["sha256"]), _MAX_BYTES)
    if sha256(data) != named["sha256"]:
        raise ValueError("its bytes are not those that the log names")
    entries = decode(data, root / TABLES[table])
    if len(entries) != named["version"] + 1 or named["version"] >= newest.version:
        raise ValueError("it holds other versions than the log says")
    return entries


def next_summary(root: Path, table: str, entries: Sequence[Entry]) -> dict[str, str | int] | None:
    """What the next entry shall name: the summary of the one before, or one made now.

    entries: the whole log so far. A disk that refuses it costs time later and
    no more, so nothing is raised.
    """
    last = entries[-1]
    named: dict[str, str | int] | None = last.info.get("summary")
    if named is not None and not (root / summary_path(table, str(named["sha256"]))).is_file():
        named = None
    behind = last.version - (int(named["version"]) if named else 0)
    if behind < INTERVAL:
        return named
    data = encode(entries)
    digest = sha256(data)
    path = root / summary_path(table, digest)
    try:
        make_folder(path.parent)
        write_aside(path, data, path.parent)
    except OSError:
        return named
    _sweep(path.parent, table, path.name)
    return {"version": last.version, "sha256": digest}


def drop_summaries(root: Path) -> None:
    """Delete all summaries: the next reader goes by the log alone. Raises: OSError."""
    for table in TABLES:
        _sweep(root / CACHE, table, "")


def summary_path(table: str, digest: str) -> str:
    """Where a summary lies, from the archive's folder."""
    return f"{CACHE}/{table}-{digest}.json"


def encode(entries: Sequence[Entry]) -> bytes:
    """Entries as bytes: the same entries always give the same. Cost: only new ones are written."""
    fields = {name: versions_with(entries, name) for name in FIELDS}
    first = _json({"counts": total_counts(entries), "fields": fields})
    old = entries.old.text() if isinstance(entries, History) else b""
    new = entries.new if isinstance(entries, History) else entries
    return b"".join([first, b"\n", old, *(_line(entry) + b"\n" for entry in new)])


def _line(entry: Entry) -> bytes:
    row = [
        entry.sha256,
        {key: value for key, value in entry.info.items() if key not in _LEFT_OUT},
        [
            [
                *(part.sha256, part.footer, part.bytes, part.rows),
                *(part.first_id, part.last_id, part.marks),
            ]
            for part in entry.added
        ],
        list(entry.removed),
        list(entry.transactions),
    ]
    return _json(row)


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8")


def decode(data: bytes, table: Path | None = None) -> History:
    """The inverse of ``encode``, but for what that leaves out.

    Entries are read when they are asked for.
    table: the folder whose log is read where a line is no entry.
    Raises: ValueError, TypeError, KeyError for a first line that is none.
    """
    begin = data.find(b"\n") + 1
    told = json.loads(data[:begin])
    counts, fields = told["counts"], {name: told["fields"][name] for name in FIELDS}
    number = data.count(b"\n") - 1
    sums = all(is_count(count) for count in counts.values())
    there = all(
        is_count(version) and version < number for found in fields.values() for version in found
    )
    if not sums or not there or number < 1 or not data.endswith(b"\n"):
        raise ValueError("it is not one that a commit writes")
    otherwise = partial(replay, table) if table else tuple
    return History(
        Lines(
            data,
            begin=begin,
            number=number,
            counts=counts,
            fields=fields,
            read=read_line,
            otherwise=otherwise,
        )
    )


def read_line(version: int, line: bytes) -> Entry:
    """The entry of a summary's line. Raises: one of ``LINE_ERRORS``."""
    digest, info, added, removed, transactions = json.loads(line)
    if not is_sha256(digest):
        raise ValueError("an entry's digest is none")
    check_info(info)
    check_takedown(info, removed, {part_path(item[0]) for item in added})
    return Entry(
        version,
        digest,
        info,
        tuple(map(_part, added)),
        tuple(map(str, removed)),
        tuple(map(str, transactions)),
    )


def _part(row: Sequence[Any]) -> Part:
    digest, footer, size, rows, first, last, marks = row
    if not (is_sha256(digest) and is_sha256(footer) and is_count(size) and is_count(rows)):
        raise ValueError("a part in it is none")
    if not isinstance(first, str | None) or not isinstance(last, str | None):
        raise TypeError("an id in it is none")
    check_marks(marks)
    return Part(part_path(digest), digest, footer, size, rows, first, last, marks)


def _sweep(folder: Path, table: str, kept: str) -> None:
    """Delete older summaries; readers that still look for one go by the log."""
    if not folder.is_dir():
        return
    for item in sorted(folder.iterdir()):
        if item.name.startswith(f"{table}-") and _NAME.fullmatch(item.name) and item.name != kept:
            with suppress(OSError):
                item.unlink()
                gone(item)
