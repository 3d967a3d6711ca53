"""What the documents say of themselves: licences, sources and languages, over all parts.

Each part is read for it once; ``.cache`` keeps what was found up to a version.
The log is no place for it: a take-down could not take it back.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import astuple
from pathlib import Path
from typing import NamedTuple

import pyarrow.compute as pc

from archiver.archive.bag.about import one_line
from archiver.archive.files.disk import make_folder, read_small, staged_file
from archiver.archive.log.chain import live_parts
from archiver.archive.log.entry import Entry, Head, Part, is_count
from archiver.archive.log.summary import CACHE
from archiver.archive.read.parts import read_part
from archiver.archive.rows.columns import TABLES
from archiver.errors import DamageError

#: The columns looked at.
COLUMNS = ("license", "source", "language")

#: Values kept of a column, of a part and in all; a crawl may know any number of sources.
MAX_VALUES = 100

_NAME = "described.json"

#: ``MAX_VALUES`` lines of each column.
_MAX_BYTES = 1 << 24

#: Column -> its values.
_Values = dict[str, list[str]]


class _Known(NamedTuple):
    """What was found, up to a version."""

    head: Head
    values: _Values


def described(root: Path, entries: Sequence[Entry]) -> _Values:
    """Each column's values over all live parts, sorted, at most ``MAX_VALUES``.

    A part that cannot be read is left out: ``validate`` is who tells.
    Cost: parts that are new since the last call are read, these columns only;
    after a take-down all are.
    """
    head = entries[-1].head
    known = _read(root)
    since = None if known is None else _since(entries, known.head)
    if known is None or since is None:
        values: _Values = {column: [] for column in COLUMNS}
        parts = [part for _, part in live_parts(entries).values()]
    else:
        values, parts = known.values, [part for entry in since for part in entry.added]
    found = [_of_part(root, part) for part in parts]
    for column in COLUMNS:
        every = set(values[column]).union(*(item[column] for item in found if item))
        values[column] = sorted(every)[:MAX_VALUES]
    if None not in found and (known is None or known.head != head):
        _write(root, _Known(head, values))
    return values


def _since(entries: Sequence[Entry], head: Head) -> Sequence[Entry] | None:
    """The entries after a head; None where it is of another log, or parts went since."""
    if head.version >= len(entries) or entries[head.version].head != head:
        return None
    since = entries[head.version + 1 :]
    return None if any(entry.removed for entry in since) else since


def _of_part(root: Path, part: Part) -> _Values | None:
    try:
        table = read_part(root / TABLES["documents"], part, COLUMNS)
    except DamageError:
        return None
    values: _Values = {}
    for column in COLUMNS:
        texts = pc.unique(table[column]).to_pylist()
        values[column] = sorted({one_line(text) for text in texts if text})[:MAX_VALUES]
    return values


def _read(root: Path) -> _Known | None:
    """What was found before; None where the file is gone or is none of ours."""
    try:
        version, digest, values = json.loads(read_small(root / CACHE / _NAME, _MAX_BYTES))
        whole = set(values) == set(COLUMNS) and all(
            isinstance(text, str) for column in COLUMNS for text in values[column]
        )
    except (OSError, ValueError, TypeError, AttributeError, RecursionError):
        return None
    return _Known(Head(version, digest), values) if whole and is_count(version) else None


def _write(root: Path, found: _Known) -> None:
    """Keep it. Not put on the disk by force: it can be made again at any time."""
    text = json.dumps([*astuple(found.head), found.values], ensure_ascii=False)
    try:
        make_folder(root / CACHE)
        with staged_file(root / CACHE, _NAME) as staged:
            staged.write_text(text, encoding="utf-8")
            staged.replace(root / CACHE / _NAME)
    except OSError:
        return
