"""Texts to try rules on: those of an archive as they were received, or of files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from archiver.cli.globs import expand
from archiver.cli.places import archive_path, is_archive
from archiver.cli.reading import wanted_of
from archiver.cli.screen import binary_stdin
from archiver.cli.session import settings
from archiver.document import Cleaning, Edit, Finding, Source
from archiver.errors import InputError

#: What a text and its place are made of.
_COLUMNS = ("id", "file_path", "url", "language", "language_score", "text", "edits")

#: Rows made into Python objects at a time.
_ROWS = 64


@dataclass(frozen=True, slots=True)
class Text:
    """A decoded text before any cleaning, and what rules ask of where it is from."""

    id: str
    path: str
    text: str
    language: str | None = None
    host: str = ""


def place_of(on: str | None) -> str:
    """What rules are tried on: as named, else the archive of the settings, else the sources.

    Raises: InputError where there is neither.
    """
    if on is not None:
        return on
    known = settings()
    here = (known.archive, *known.sources)
    found = next((place for place in here if Path(place).exists()), None)
    if found is None:
        raise InputError(
            "there are no texts to try the rules on",
            hint="Name an archive, a folder or a file with --on.",
        )
    return found


def texts_on(place: str) -> Iterator[Text]:
    """The newest revision of each document of an archive; or of each file, once decoded.

    Texts are those that cleaning began with. Memory: one part of the archive, or one file.
    Raises: what ``open_archive`` and ``read_files`` raise.
    """
    path = archive_path(place)
    yield from _archived(path) if is_archive(path) else _read(place)


def _archived(path: Path) -> Iterator[Text]:
    from archiver.archive.archive import open_archive
    from archiver.rules.hosts import host_of

    for table in open_archive(path).newest(_COLUMNS):
        for batch in table.to_batches(max_chunksize=_ROWS):
            for row in batch.to_pylist():
                edits = tuple(Edit(**edit) for edit in row["edits"])
                # A language that was detected plays no part in cleaning.
                given = row["language"] if row["language_score"] is None else None
                yield Text(
                    id=row["id"],
                    path=row["file_path"],
                    text=Cleaning(row["text"], edits).raw(),
                    language=given,
                    host=host_of(row["url"]),
                )


def _read(place: str) -> Iterator[Text]:
    from archiver.clean import host_for, open_source
    from archiver.readers.files import read_files

    base = Path.cwd()
    known = settings()
    sources, index = expand([place], base), base / known.index if known.index else None
    wanted = wanted_of(known)
    for item in read_files(sources, base=base, index=index, stdin=binary_stdin, wanted=wanted):
        if not isinstance(item, Source):
            continue  # what cannot be read has no lines
        document = open_source(item)
        if isinstance(document, Finding):
            continue
        language = item.provenance.language or document.extracted.language
        yield Text(item.id, item.file_path, document.text, language, host_for(item, document))
