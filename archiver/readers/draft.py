"""Writing and checking an INDEX.md: a first draft for a folder; rows that read back."""

from __future__ import annotations

import codecs
import hashlib
import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath

from archiver.digest import BLOCK
from archiver.document import Finding
from archiver.errors import InputError
from archiver.findings import finding
from archiver.readers.formats import is_doubtful
from archiver.readers.front_matter import SCHEMA, format_flat
from archiver.readers.index_sheet import COLUMNS, INDEX_NAME, Index, read_index
from archiver.readers.index_table import format_row
from archiver.readers.names import original, storable
from archiver.readers.roots import Root
from archiver.readers.slurp import ReadProblem, open_regular
from archiver.readers.walk import Entry, walk


def format_index(
    rows: Iterable[Mapping[str, str]],
    *,
    defaults: Mapping[str, str] | None = None,
    columns: Sequence[str] = COLUMNS,
) -> str:
    """An INDEX.md of these rows: any text in a cell is read back equal.

    A row maps column names to texts; what it leaves out is empty. Lone surrogates,
    which are no text, cannot be written.
    """
    lines = ["---", *format_flat({"schema": SCHEMA, **(defaults or {})}), "---", ""]
    lines += [format_row(list(columns)), "|" + "---|" * len(columns)]
    lines += (format_row([row.get(name, "") for name in columns]) for row in rows)
    return "\n".join(lines) + "\n"


def draft_index(folder: Path) -> str:
    """An INDEX.md for a folder: file, id and sha256, the encoding where it is UTF-8.

    All else is left empty, to be filled by who knows it. Ids are the files' stems
    where these differ, else their paths. Files that may be something else than
    records, .csv and .json, are left to be listed by hand.
    Raises: InputError when the folder cannot be listed. Cost: reads every file
    once, in blocks. Files that cannot be read are left out; ``check_index`` and
    ``read_files`` report them.
    """
    found: list[tuple[str, str, bool]] = []
    try:
        for entry in walk(folder):
            if entry.code is None and not is_doubtful(entry.relative):
                known = digest_of(entry.path)
                if known is not None:
                    found.append((entry.relative, *known))
    except OSError as error:
        raise InputError(f"{storable(str(folder))} cannot be listed: {error.strerror}") from error
    stems = Counter(PurePosixPath(file).stem for file, _, _ in found)
    return format_index(
        {
            "file": file,
            "id": stem if stems[stem := PurePosixPath(file).stem] == 1 else file,
            "sha256": digest,
            "encoding": "utf-8" if is_utf8 else "",
        }
        for file, digest, is_utf8 in found
    )


def check_index(path: Path) -> list[Finding]:
    """Everything wrong between an INDEX.md (or the folder that holds it) and its folder.

    Missing files, other digests, malformed rows, files that are not listed; sorted
    by line. Raises: IndexFileError when the index cannot be used at all.
    Cost: reads every listed file once, in blocks.
    """
    if path.is_dir():
        path = path / INDEX_NAME
    index = read_index(path)
    root = Root("", path.parent, is_folder=True, index=index)
    found = list(index.findings)
    met: set[str] = set()
    for entry in root.entries():
        listed = root.listed(entry.relative)
        if listed is not None:
            met.add(listed)
        found += _check_entry(index, entry, listed)
    for file, row in index.rows.items():
        if file not in met:
            there = os.path.lexists(root.folder / original(file))
            code, what = ("E208", "is not read") if there else ("E302", "does not exist")
            found.append(finding(code, f"{file} {what}", where=index.where, line=row.line))
    return sorted(found, key=lambda item: (item.line or 0, item.where, item.message))


def _check_entry(index: Index, entry: Entry, listed: str | None) -> list[Finding]:
    row = index.rows.get(listed) if listed else None
    line = row.line if row else None
    if entry.code is not None:
        code = "E208" if entry.code == "W208" and listed else entry.code
        where = index.where if listed else entry.relative
        return [finding(code, f"{entry.relative} {entry.problem}", where=where, line=line)]
    if listed is None:
        code, what = "W307", "is not listed"
        if is_doubtful(entry.relative):
            code, what = "W208", "is not listed, and read only if it holds records"
        return [finding(code, f"{entry.relative} {what}", where=entry.relative)]
    if row is None or row.sha256 is None:
        return []
    known = digest_of(entry.path)
    if known is None:
        return [finding("E205", f"{listed} cannot be read", where=index.where, line=line)]
    other = row.disagrees(str(listed), known[0], index.where)
    return [] if other is None else [other]


def digest_of(path: Path) -> tuple[str, bool] | None:
    """A file's sha256 and whether it is UTF-8; None when it cannot be read."""
    digest = hashlib.sha256()
    decoder = codecs.getincrementaldecoder("utf-8")()
    is_utf8 = True
    try:
        with open_regular(path) as stream:
            while block := stream.read(BLOCK):
                digest.update(block)
                is_utf8 = is_utf8 and _decodes(decoder, block, final=False)
    except (OSError, ReadProblem):
        return None
    return digest.hexdigest(), is_utf8 and _decodes(decoder, b"", final=True)


def _decodes(decoder: codecs.IncrementalDecoder, block: bytes, *, final: bool) -> bool:
    try:
        decoder.decode(block, final)
    except UnicodeDecodeError:
        return False
    return True
