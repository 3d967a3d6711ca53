"""An INDEX.md as read: its sound rows, and what is wrong with the others.

A row that cannot be read in full is refused with its file: no source is archived
with half a provenance.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from archiver.archive.files.mounts import need
from archiver.digest import sha256
from archiver.document import Finding, Provenance
from archiver.errors import IndexFileError
from archiver.findings import finding
from archiver.readers.front_matter import SCHEMA, claims_schema, split_front_matter
from archiver.readers.index_rows import Row, Rows
from archiver.readers.index_table import RawRow, find_tables, lines_of, stray_rows, unescape
from archiver.readers.index_values import RESERVED, provenance_of, value_problems
from archiver.readers.names import storable

#: The columns that an INDEX.md is drafted with; only ``file`` must be there.
COLUMNS = (
    "file",
    "id",
    "sha256",
    "url",
    "title",
    "source",
    "date",
    "fetched_at",
    "language",
    "license",
    "encoding",
    "note",
)

#: The name under which a folder's index is found.
INDEX_NAME = "INDEX.md"

#: Bytes of an index: some hundred thousand rows. Larger corpora take several folders.
MAX_INDEX_BYTES = 64 << 20

_HEAD = 65_536

_STRAY = "this row stands outside the table and is not read: no blank line may come between rows"


@dataclass(frozen=True)
class Index:
    """A whole INDEX.md as read: rows that are sound, and findings on the others.

    ``rows`` and ``refused`` are keyed by the file's path below ``folder``, with
    forward slashes; ``where`` names the index in messages. ``refused`` names files
    whose row cannot be trusted; ``outside`` are rows whose path may not be followed
    at all. ``findings`` holds all findings, those two kinds included.
    """

    path: Path
    where: str
    sha256: str
    defaults: Provenance = field(default_factory=Provenance)
    rows: Mapping[str, Row] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    refused: Mapping[str, Finding] = field(default_factory=dict)
    outside: tuple[tuple[str, Finding], ...] = ()

    @property
    def folder(self) -> Path:
        """The folder that the paths in the index start from."""
        return self.path.parent

    def name_of(self, relative: str) -> str | None:
        """How the index writes a path, or None when it does not list it.

        File systems differ in how they write accents (NFC, NFD); both are found.
        """
        if relative in self.rows or relative in self.refused:
            return relative
        return self._by_nfc.get(unicodedata.normalize("NFC", relative))

    def lines(self) -> list[tuple[str, int, Row | None]]:
        """All files that it names, with their lines, in that order; the row of sound ones."""
        rows: list[tuple[str, int, Row | None]] = [
            (file, row.line, row) for file, row in self.rows.items()
        ]
        rows += [(file, found.line or 0, None) for file, found in self.refused.items()]
        return sorted(rows, key=lambda row: (row[1], row[0]))

    @cached_property
    def _by_nfc(self) -> dict[str, str]:
        names = [*self.rows, *self.refused]
        return {unicodedata.normalize("NFC", name): name for name in names}


def is_index(path: Path) -> bool:
    """Whether a file says in its front matter that it is a provenance index."""
    try:
        if not path.is_file():
            return False
        need(path)
        with path.open("rb") as stream:
            head = stream.read(_HEAD)
    except OSError:
        return False
    return claims_schema(head.decode("utf-8", errors="replace"))


def read_index(path: Path, *, where: str | None = None) -> Index:
    """Read an INDEX.md; what is wrong with single rows is in its findings.

    ``where`` names the file in messages; its path does by default.
    Raises: IndexFileError when the file as a whole cannot be used: unreadable, too
    large, not UTF-8, front matter or table missing or wrong.
    Cost: one pass; about 20 microseconds a row.
    """
    where = storable(path.as_posix()) if where is None else where
    data = _read(path, where)
    try:
        lines = lines_of(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise IndexFileError(f"{where}: not UTF-8 at byte {error.start}") from error
    pairs, after = split_front_matter(lines, where)
    defaults = _defaults(pairs, where)
    tables = list(find_tables(lines, after))
    stray = stray_rows(lines, after, tables)
    own = [rows for rows in tables if "file" in _header(rows[0])]
    if not own:
        raise IndexFileError(f"{where}: no table with a column named `file`")
    columns = _checked_header(own[0][0], where)
    sheet = Rows(where, columns, defaults)
    for line in stray + [extra[0].line for extra in own[1:]]:
        sheet.note(finding("E301", _STRAY, where=where, line=line))
    for raw in own[0][1:]:
        sheet.add(raw)
    return Index(
        path=path,
        where=where,
        sha256=sha256(data),
        defaults=provenance_of(defaults, {}),
        rows=sheet.rows,
        findings=tuple(sorted(sheet.findings, key=lambda found: found.line or 0)),
        refused=sheet.refused,
        outside=tuple(sheet.outside),
    )


def _read(path: Path, where: str) -> bytes:
    try:
        if path.stat().st_size > MAX_INDEX_BYTES:
            raise IndexFileError(
                f"{where} is larger than {MAX_INDEX_BYTES >> 20} MiB",
                hint="Give each folder an index of its own.",
            )
        if not path.is_file():
            raise IndexFileError(f"{where} is not a file")
        need(path)
        with path.open("rb") as stream:
            return stream.read(MAX_INDEX_BYTES)
    except OSError as error:
        raise IndexFileError(f"{where} cannot be read: {error.strerror}") from error


def _header(row: RawRow) -> list[str]:
    return [unescape(cell).strip().casefold() for cell in row.cells]


def _checked_header(row: RawRow, where: str) -> list[str]:
    columns = _header(row)
    for name in columns:
        if not name or columns.count(name) > 1:
            raise IndexFileError(f"{where}:{row.line}: a column is named twice or not at all")
        if name in RESERVED:
            raise IndexFileError(f"{where}:{row.line}: the column name {name} is reserved")
    return columns


def _defaults(pairs: dict[str, str], where: str) -> dict[str, str]:
    """The front matter's defaults, checked once for all rows."""
    schema = pairs.get("schema", "")
    if schema != SCHEMA:
        raise IndexFileError(
            f"{where}: the front matter says schema: {schema or '(nothing)'}, not {SCHEMA}",
            hint=f"Write `schema: {SCHEMA}`, or upgrade for a newer one.",
        )
    defaults = {key: value for key, value in pairs.items() if key != "schema"}
    for key in defaults:
        if key in ("file", "id", "sha256") or key in RESERVED:
            raise IndexFileError(f"{where}: {key} cannot have a default")
    problems = value_problems(defaults, defaults)
    if problems:
        raise IndexFileError(f"{where}: the front matter: " + "; ".join(problems))
    return defaults
