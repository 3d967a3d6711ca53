"""Digests: sha256 over bytes, over text, and over records in canonical JSON."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import IO

#: Bytes read at a time when a file is hashed; larger reads gain nothing measurable.
BLOCK = 1 << 20

#: Made once: ``json.dumps`` makes one a call where it is not asked for the default.
_CANONICAL = json.JSONEncoder(
    ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
)

#: What canonical JSON takes.
Json = str | int | float | bool | None | Sequence["Json"] | Mapping[str, "Json"]


def sha256(data: bytes | memoryview) -> str:
    """The lower-case hex sha256 of some bytes."""
    return hashlib.sha256(data).hexdigest()


def sha256_pieces(pieces: Iterable[bytes | memoryview]) -> str:
    """The sha256 of bytes that lie in pieces; they are not joined."""
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
    return digest.hexdigest()


def sha256_text(text: str) -> str:
    """The sha256 of a text's UTF-8 bytes.

    Raises: UnicodeEncodeError for lone surrogates, which no decoded source holds.
    """
    return sha256(text.encode("utf-8"))


def sha256_stream(stream: IO[bytes]) -> tuple[str, int]:
    """The sha256 and the length of a stream, read in blocks: memory stays flat."""
    digest, size = hashlib.sha256(), 0
    while block := stream.read(BLOCK):
        digest.update(block)
        size += len(block)
    return digest.hexdigest(), size


def canonical_json(value: Json) -> bytes:
    """One byte string per value: keys sorted by code point, no blanks, UTF-8.

    Numbers are written as Python's ``json`` writes them, which for finite
    doubles is the shortest text that reads back the same.
    Raises: ValueError for NaN and infinities.
    """
    return _CANONICAL.encode(value).encode("utf-8")


def timestamp(moment: datetime | None) -> str | None:
    """A moment as digests write it: UTC, microseconds, a trailing Z."""
    if moment is None:
        return None
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def pairs(items: Mapping[str, str] | Iterable[tuple[str, str]]) -> Json:
    """A map as canonical JSON sees it: a list of pairs, sorted by key."""
    found = items.items() if isinstance(items, Mapping) else items
    return [[key, value] for key, value in sorted(found)]
