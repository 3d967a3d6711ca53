"""The rows of an index, one after the other: sound ones kept, the others refused with a finding."""

from __future__ import annotations

from dataclasses import dataclass, field

from archiver.document import Finding, Provenance
from archiver.findings import finding
from archiver.readers.index_table import RawRow, unescape
from archiver.readers.index_values import provenance_of, value_problems
from archiver.readers.names import path_problem


@dataclass(frozen=True, slots=True)
class Row:
    """What the index says about one file. ``line`` counts from 1."""

    line: int
    file: str
    id: str | None = None
    sha256: str | None = None
    provenance: Provenance = field(default_factory=Provenance)

    def disagrees(self, what: str, digest: str, where: str) -> Finding | None:
        """What is wrong where ``what`` has another digest than this row says; else None.

        where: the index, or ``what`` itself where the row lies beside it.
        """
        if self.sha256 in {None, digest}:
            return None
        message = f"{what} has sha256 {digest}, the index says {self.sha256}"
        return finding("E303", message, where=where, line=None if where == what else self.line)


class Rows:
    """The rows of one table while they are read.

    ``rows`` are the sound ones and ``refused`` names files whose row is not, by the
    file's path; ``outside`` are those whose path may not be followed at all.
    ``findings`` holds what is wrong with the table, in the order in which it was met.
    """

    def __init__(self, where: str, columns: list[str], defaults: dict[str, str]) -> None:
        self.where = where
        self.columns = columns
        self.defaults = defaults
        self.rows: dict[str, Row] = {}
        self.refused: dict[str, Finding] = {}
        self.findings: list[Finding] = []
        self.outside: list[tuple[str, Finding]] = []
        self._ids: dict[str, int] = {}
        self._files: dict[str, int] = {}

    def note(self, found: Finding) -> None:
        """Keep what is wrong with the table."""
        self.findings.append(found)

    def add(self, raw: RawRow) -> None:
        """Take a row, or refuse it with the file that it names."""
        place = self.columns.index("file")
        file = _file_name(raw.cells[place]) if place < len(raw.cells) else ""
        if not file:
            self.note(self._finding("E301", "the row names no file", raw.line))
            return
        problem = path_problem(file)
        if problem is not None:
            found = self._finding("E304", f"the path {file!r} {problem}", raw.line)
            self.note(found)
            self.outside.append((file, found))
            return
        first = self._files.setdefault(file, raw.line)
        if first != raw.line:
            message = f"{file} stands twice, in lines {first} and {raw.line}"
            self._refuse(file, self._finding("E305", message, raw.line))
            return
        if len(raw.cells) != len(self.columns):
            message = (
                f"the row of {file} has {len(raw.cells)} cells where the header has "
                f"{len(self.columns)} (a | inside a cell is written \\|)"
            )
            self._refuse(file, self._finding("E301", message, raw.line))
            return
        self._add_row(file, raw)

    def _add_row(self, file: str, raw: RawRow) -> None:
        pairs = zip(self.columns, raw.cells, strict=True)
        cells = {name: unescape(cell) for name, cell in pairs if cell and name != "file"}
        problems = value_problems(cells, dict(zip(self.columns, raw.cells, strict=True)))
        if problems:
            message = f"the row of {file}: " + "; ".join(problems)
            self._refuse(file, self._finding("E306", message, raw.line))
            return
        id_ = cells.pop("id", None)
        digest = cells.pop("sha256", None)
        name = id_ or file
        first = self._ids.setdefault(name, raw.line)
        if first != raw.line:
            message = f"the id {name!r} of {file} is also that of line {first}"
            self._refuse(file, self._finding("E305", message, raw.line))
            return
        provenance = provenance_of(self.defaults, cells)
        known = digest.lower() if digest else None
        self.rows[file] = Row(raw.line, file, id_, known, provenance)

    def _refuse(self, file: str, found: Finding) -> None:
        self.note(found)
        self.rows.pop(file, None)
        self.refused.setdefault(file, found)

    def _finding(self, code: str, message: str, line: int) -> Finding:
        return finding(code, message, where=self.where, line=line)


def _file_name(cell: str) -> str:
    """A file's path; ``[000.txt](000.txt)`` names the file that it shows."""
    if cell.startswith("[") and cell.endswith(")") and "](" in cell:
        cell = cell[1 : cell.index("](")]
    return unescape(cell)
