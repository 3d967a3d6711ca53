"""The nouns of the toolkit: frozen values that every other module speaks in.

The data's way, one direction only::

    Source (bytes, Provenance) -> Document (text, how it was decoded)
        -> Cleaning (text, edits, facts) -> a record of the archive

A bad document leaves that way sideways, as a ``Finding``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

from archiver.digest import canonical_json, pairs, sha256, timestamp

_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a source is from, when, by whom, under what licence.

    ``None`` means unknown; nothing here is ever guessed. ``date`` (published)
    and ``fetched_at`` are aware moments. ``encoding`` is what the index or the
    transport declared. ``metadata`` holds every further column as given.
    """

    url: str | None = None
    title: str | None = None
    source: str | None = None
    license: str | None = None
    language: str | None = None
    encoding: str | None = None
    date: datetime | None = None
    fetched_at: datetime | None = None
    metadata: Mapping[str, str] = field(default_factory=lambda: _NOTHING)

    def filled(self, more: Provenance) -> Provenance:
        """This, with what ``more`` knows where nothing is known here.

        How a moment was written goes with the moment.
        """
        names = [item.name for item in fields(self) if item.name != "metadata"]
        fill = {
            name: getattr(more, name)
            for name in names
            if getattr(self, name) is None and getattr(more, name) is not None
        }
        stale = {f"{name}_as_written" for name in ("date", "fetched_at") if name not in fill}
        theirs = {key: value for key, value in more.metadata.items() if key not in stale}
        return replace(self, **fill, metadata=dict(sorted({**theirs, **self.metadata}.items())))


@dataclass(frozen=True)
class Source:
    """The bytes as received, with their provenance.

    ``id`` names the document in every version of the archive; ``file_path`` is
    where the bytes came from, with forward slashes; ``media_type`` is
    ``text/plain`` or ``text/html``.
    """

    id: str
    file_path: str
    data: bytes
    media_type: str = "text/plain"
    provenance: Provenance = Provenance()

    @cached_property
    def raw_sha256(self) -> str:
        """The digest of the bytes as received."""
        return sha256(self.data)

    @cached_property
    def source_sha256(self) -> str:
        """The digest of bytes and provenance together.

        Two sources with the same one need not be cleaned twice.
        """
        known = self.provenance
        return sha256(
            canonical_json(
                {
                    "id": self.id,
                    "file_path": self.file_path,
                    "media_type": self.media_type,
                    "raw_sha256": self.raw_sha256,
                    "url": known.url,
                    "title": known.title,
                    "source": known.source,
                    "license": known.license,
                    "language": known.language,
                    "encoding": known.encoding,
                    "date": timestamp(known.date),
                    "fetched_at": timestamp(known.fetched_at),
                    "metadata": pairs(known.metadata),
                }
            )
        )

    def digests(self) -> dict[str, str | None]:
        """Both digests by name; None for one that nobody asked for so far."""
        return {name: vars(self).get(name) for name in ("raw_sha256", "source_sha256")}

    def with_digests(self, raw: str | None, source: str | None) -> Source:
        """The same source, its digests taken on trust where they are given: none is computed."""
        known = {"raw_sha256": raw, "source_sha256": source}
        vars(self).update({name: digest for name, digest in known.items() if digest is not None})
        return self


@dataclass(frozen=True, slots=True)
class Document:
    """A decoded source: its text, and what is needed to get the bytes back.

    ``encoding`` is a Python codec name and ``newline`` the line end that every
    line had (``"\\n"``, ``"\\r\\n"``, ``"\\r"``) before it was written as ``\\n`` in
    ``text``; where line ends are mixed they stay in the text and ``newline`` is
    ``"\\n"``. ``evidence`` says in words why this encoding was taken.
    ``extractor`` names the program and version that took the text out of a
    page, or is None; such a text does not give the bytes back.
    ``extracted`` is metadata found inside the page.
    """

    text: str
    encoding: str
    newline: str = "\n"
    evidence: str = ""
    extractor: str | None = None
    extracted: Provenance = Provenance()

    def encode(self, text: str | None = None) -> bytes:
        """Bytes of the text (or of another text) in this document's encoding.

        Raises: UnicodeEncodeError where the encoding lacks a character.
        """
        plain = self.text if text is None else text
        if self.newline != "\n":
            plain = plain.replace("\n", self.newline)
        return plain.encode(self.encoding)


@dataclass(frozen=True, slots=True)
class Edit:
    """One stretch of the raw text replaced, by one rule.

    ``start`` and ``end`` count code points of the raw text, half open;
    ``before`` is what stood there, ``after`` what the clean text has instead.
    ``score`` is the classifier's, where a classifier decided.
    """

    start: int
    end: int
    before: str
    after: str
    rule: str
    score: float | None = None


@dataclass(frozen=True, slots=True)
class Cleaning:
    """What cleaning made of a text, with all that is needed to take it back.

    ``edits`` are sorted by start and do not overlap; ``facts`` are key/value
    pairs saved from infoboxes, in the order of the text.
    """

    text: str
    edits: tuple[Edit, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()

    def raw(self) -> str:
        """Undo the edits: ``clean(t).raw() == t`` for every string ``t``."""
        pieces: list[str] = []
        shift = 0  # how far the clean text lags behind the raw one
        at = 0  # in the clean text
        for edit in self.edits:
            start = edit.start - shift
            pieces += (self.text[at:start], edit.before)
            at = start + len(edit.after)
            shift += (edit.end - edit.start) - len(edit.after)
        pieces.append(self.text[at:])
        return "".join(pieces)

    def facts_by_key(self) -> dict[str, str]:
        """The facts as a map: a key met again has its values on lines of their own."""
        joined: dict[str, str] = {}
        for key, value in self.facts:
            joined[key] = f"{joined[key]}\n{value}" if key in joined else value
        return joined

    def dropped(self) -> dict[str, int]:
        """How many edits each rule made, by rule id, sorted."""
        return dict(sorted(Counter(edit.rule for edit in self.edits).items()))


@dataclass(frozen=True, slots=True)
class Finding:
    """One coded problem: what, where, and what to do next.

    ``code`` is one of ``archiver.findings``; ``where`` is a file, with
    ``line`` where one is known; ``documents`` are the ids hit. ``layer`` tells
    which check of the archive saw it.
    """

    code: str
    message: str
    where: str = ""
    line: int | None = None
    hint: str = ""
    layer: str = ""
    documents: Sequence[str] = ()

    @property
    def is_error(self) -> bool:
        """Errors start with E; warnings with W."""
        return self.code.startswith("E")

    def place(self) -> str:
        """File and line, as editors read them."""
        return f"{self.where}:{self.line}" if self.line is not None else self.where


@dataclass(frozen=True, slots=True)
class Reject:
    """A source that is kept out of the archive's documents, and why.

    It goes to quarantine with its bytes. ``data`` is None where there are none
    (a file that is missing or may not be read) and where they are too many to
    hold: then ``path`` names the file to stream them from.
    """

    finding: Finding
    id: str
    file_path: str
    provenance: Provenance = Provenance()
    data: bytes | None = None
    path: Path | None = None
