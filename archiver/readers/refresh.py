"""Bringing an INDEX.md up to date with its folder, and leaving the rest as it is written."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from archiver.readers.draft import digest_of
from archiver.readers.formats import is_doubtful
from archiver.readers.index_sheet import INDEX_NAME, read_index
from archiver.readers.index_table import cells_of, find_tables, format_row, lines_of
from archiver.readers.roots import Root


@dataclass(frozen=True, slots=True)
class Refreshed:
    """The new text of an INDEX.md, and the files whose rows it adds or gives new digests."""

    text: str
    added: tuple[str, ...]
    changed: tuple[str, ...]


def refresh_index(path: Path) -> Refreshed:
    """Take the digests of the files as they are now, and list those that are not listed.

    A person says by this that the files are right as they are. Only the cell
    ``sha256`` of changed files is touched; new rows come last and hold file, id,
    digest and, where it is UTF-8, the encoding. Rows that are wrong or whose
    file is missing stay: ``check_index`` names them.

    path: the INDEX.md or its folder. Raises: IndexFileError where it cannot be used.
    Cost: reads every file once, in blocks.
    """
    if path.is_dir():
        path = path / INDEX_NAME
    index = read_index(path)
    whole = path.read_bytes().decode("utf-8-sig")
    newline = "\r\n" if "\r\n" in whole else "\n"
    lines = lines_of(whole)
    table = next(rows for rows in find_tables(lines, 0) if "file" in _names(rows[0].cells))
    columns = _names(table[0].cells)
    ids = Counter(row.id or file for file, row in index.rows.items())
    added: list[str] = []
    changed: list[str] = []
    fresh: list[str] = []
    root = Root("", path.parent, is_folder=True, index=index)
    for entry in root.entries():
        listed = root.listed(entry.relative)
        known = digest_of(entry.path) if entry.code is None else None
        if listed is None and is_doubtful(entry.relative):
            continue
        if known is None or (listed is not None and listed not in index.rows):
            continue
        if listed is None:
            cells = _new_row(entry.relative, *known, ids)
            fresh.append(format_row([cells.get(name, "") for name in columns]))
            added.append(entry.relative)
        elif index.rows[listed].sha256 != known[0] and "sha256" in columns:
            at = index.rows[listed].line - 1
            lines[at] = _with_cell(lines[at], columns.index("sha256"), known[0])
            changed.append(listed)
    last = table[-1].line + (1 if len(table) == 1 else 0)  # the line under the header
    lines[last:last] = fresh
    return Refreshed(newline.join(lines), tuple(added), tuple(changed))


def _names(cells: tuple[str, ...]) -> list[str]:
    return [cell.strip().lower() for cell in cells]


def _new_row(file: str, digest: str, is_utf8: bool, ids: Counter[str]) -> dict[str, str]:
    stem = PurePosixPath(file).stem
    name = file if ids[stem] else stem
    ids[name] += 1
    return {"file": file, "id": name, "sha256": digest, "encoding": "utf-8" if is_utf8 else ""}


def _with_cell(line: str, place: int, value: str) -> str:
    """A row with one cell replaced; the others keep their escapes."""
    cells = [cell.replace("|", r"\|") for cell in cells_of(line)]
    cells[place] = value
    return "| " + " | ".join(cells) + " |"
