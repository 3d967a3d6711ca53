"""One record of a file that holds many: what its reader gives, and where it stood."""

from __future__ import annotations

from dataclasses import dataclass, field

from archiver.document import Provenance


@dataclass(frozen=True, slots=True)
class Record:
    """A document out of a file of many, or the place where one could not be had.

    ``number`` counts from 1 and names it where it has no ``id`` of its own; ``line``
    is the file's line where there are lines. ``media_type`` None leaves it to the
    first bytes. ``code`` and ``problem`` are set where it cannot be used: ``data``
    is then what was received of it, if that fits the limit. ``is_note`` marks a
    warning that concerns no record, ``warning`` is one about a record that is sound.
    """

    number: int
    data: bytes | None = None
    line: int | None = None
    id: str | None = None
    provenance: Provenance = field(default_factory=Provenance)
    media_type: str | None = None
    code: str | None = None
    problem: str = ""
    is_note: bool = False
    warning: str = ""
