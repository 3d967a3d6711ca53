"""A file of many documents: how it is called and read, and what the index knows of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from archiver.document import Finding, Provenance, Reject, Source
from archiver.findings import finding
from archiver.readers.formats import Wanted
from archiver.readers.index_rows import Row
from archiver.readers.slurp import ReadProblem

#: A file whose records need no names: a stream that has none itself.
NAMELESS = ""

Item = Source | Reject | Finding


@dataclass(frozen=True, slots=True)
class Corpus:
    """A file of many documents. ``address`` names it, ``name`` begins its records' ids.

    ``kind`` is one of ``settings.FORMATS``. ``row`` is the index's about the file;
    ``row_of`` finds one about a member, by the member's address.
    """

    address: str
    name: str
    kind: str
    max_bytes: int
    wanted: Wanted
    doubtful: bool = False
    row: Row | None = None
    row_of: Callable[[str], Row | None] = lambda _address: None

    @property
    def known(self) -> Provenance:
        """What the index knows of the file."""
        return self.row.provenance if self.row else Provenance()


def skipped(corpus: Corpus, problem: ReadProblem) -> Finding:
    """A file that only seemed to hold records."""
    return finding("W208", f"{corpus.address} {problem.problem}", where=corpus.address)


def rejected(corpus: Corpus, problem: ReadProblem, *, path: Path | None = None) -> Reject:
    """A file or member that cannot be read, or not to its end."""
    message = f"{corpus.address} {problem.problem}"
    found = finding(problem.code, message, where=corpus.address)
    name = corpus.name or corpus.address
    return Reject(found, name, corpus.address, corpus.known, path=path)
