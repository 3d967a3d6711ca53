"""A file of decisions: read back where it is, written whole after each decision."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from archiver.cli.outcome import cannot_read
from archiver.errors import InputError, StorageError

if TYPE_CHECKING:
    from archiver.report.decisions import Decision

#: A file of decisions has no more bytes than a rule pack may have.
_MAX_FILE = 4 << 20


@dataclass(slots=True)
class DecisionsFile:
    """The decisions so far, written after each of them."""

    path: Path
    decisions: list[Decision] = field(default_factory=list)
    reviewed: dict[str, None] = field(default_factory=dict)

    def write(self) -> None:
        """The file, whole or not at all. Raises: StorageError."""
        from archiver.report.decisions import pack_text

        aside = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        try:
            text = pack_text(self.decisions, self.reviewed)
            aside.write_text(text, encoding="utf-8", newline="\n")
            aside.replace(self.path)
        except OSError as error:
            with suppress(OSError):
                aside.unlink(missing_ok=True)
            why = error.strerror or error
            raise StorageError(f"{self.path}: cannot be written: {why}") from error


def open_decisions(path: Path) -> DecisionsFile:
    """The decisions that a file holds; an empty one where there is none. Raises: InputError."""
    from archiver.report.decisions import HEAD, read_pack

    if not path.exists():
        return DecisionsFile(path)
    try:
        with path.open("rb") as stream:
            data = stream.read(_MAX_FILE + 1)
        if len(data) > _MAX_FILE:
            raise ValueError(f"it is larger than {_MAX_FILE:,} bytes: go on in another file")
        text = data.decode("utf-8")
        if HEAD not in text:
            raise ValueError("it was not made by `archiver review` or a report")
        decisions, reviewed = read_pack(text)
    except OSError as error:
        raise cannot_read(str(path), error) from error
    except ValueError as problem:
        raise InputError(
            f"{path}: cannot be gone on with: {problem}", hint="Take another file with -o."
        ) from problem
    return DecisionsFile(path, decisions, dict.fromkeys(reviewed))
