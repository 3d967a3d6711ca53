"""Files and folders as sources, with the provenance that an INDEX.md gives them.

Every file named, found or listed comes out once: as a Source, as a Reject with
its reason, or as a Finding where there is nothing to keep. Files of many documents
(see ``corpus_items``) come out as many. One file, or one record of it, is in memory at a
time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from archiver.digest import canonical_json, sha256
from archiver.errors import InputError
from archiver.readers.corpus import Item
from archiver.readers.formats import Wanted, format_of
from archiver.readers.reader import Reader
from archiver.readers.roots import STDIN, Root, find_roots
from archiver.readers.seen import Seen

#: Bytes of a source. Texts of more are corpora in one file; they would also hold
#: several times their size in memory while they are cleaned.
MAX_SOURCE_BYTES = 64 << 20

__all__ = ["MAX_SOURCE_BYTES", "Item", "Plan", "plan", "read_files"]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run will read: for its progress bar and its record.

    ``bytes`` are those of the files that will be read. ``index_sha256`` is the
    index's digest; of several indexes the digest of their digests; or None.
    ``records`` is set where some of the files hold many documents.
    """

    files: int
    bytes: int
    index_sha256: str | None
    records: bool = False


def plan(paths: Sequence[str], *, base: Path, index: Path | None = None) -> Plan:
    """Count what ``read_files`` would read, without opening it. Standard input counts as 0.

    Raises: as ``read_files``. Cost: one walk.
    """
    files = size = 0
    records = False
    digests: set[str] = set()
    for root in find_roots(paths, base, index):
        for entry in root.entries():
            if entry.code is None:
                files += 1
                size += entry.size
                records = records or format_of(entry.relative) not in {None, "text"}
        if root.index is not None:
            digests.add(root.index.sha256)
    return Plan(files, size, _index_digest(sorted(digests)), records)


def read_files(
    paths: Sequence[str],
    *,
    base: Path,
    index: Path | None = None,
    require_index: bool = False,
    max_bytes: int = MAX_SOURCE_BYTES,
    stdin: Callable[[], IO[bytes]] | None = None,
    wanted: Wanted | None = None,
    tell: Callable[[int], None] | None = None,
    seen: Seen | None = None,
) -> Iterator[Item]:
    """Read files, folders and (as ``-``) standard input, sorted by address.

    ``base`` is the folder that relative paths start from. Without ``index`` each
    folder's own INDEX.md is used. Arguments are checked and indexes read at once;
    the files themselves are read as the iterator is drawn. ``wanted`` says how
    records are read. ``tell`` is given the bytes of all files read so far, as
    ``Plan.bytes`` counts them. ``seen``: files that it vouches for are not read again.
    Raises: InputError when a path does not exist or all of them together hold
    nothing to read; IndexFileError for an index that cannot be used.
    """
    roots = find_roots(paths, base, index)
    reader = Reader(
        require_index=require_index,
        max_bytes=max_bytes,
        several=len(roots) > 1,
        wanted=wanted or Wanted(),
        tell=tell or (lambda _done: None),
        seen=seen,
    )
    if STDIN in paths and stdin is None:
        raise InputError("standard input cannot be read here")
    if STDIN not in paths and not any(map(_brings_anything, roots)):
        named = ", ".join(paths) or "nothing was named"
        raise InputError(
            f"no file that could be read: {named}",
            hint="Name a folder that holds some: .txt, .html, .jsonl, .parquet, .csv, .warc, .zip.",
        )
    return reader.read(roots, stdin if STDIN in paths else None)


def _brings_anything(root: Root) -> bool:
    """Whether a root holds a file to read or a problem to keep, not only skipped files."""
    if root.index is not None and (root.index.rows or root.index.findings):
        return True
    return any(entry.code != "W208" for entry in root.entries())


def _index_digest(digests: list[str]) -> str | None:
    if len(digests) <= 1:
        return digests[0] if digests else None
    return sha256(canonical_json([*digests]))
