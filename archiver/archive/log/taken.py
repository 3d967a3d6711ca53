"""What was taken down, when and why: known by digests, as the log tells it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from archiver.archive.log.entry import Entry
from archiver.archive.log.history import latest_with
from archiver.archive.log.marks import id_digest
from archiver.digest import sha256

#: Nobody's bytes: every empty source has this digest.
_EMPTY = sha256(b"")


@dataclass(frozen=True, slots=True)
class TakenDown:
    """One take-down: the version that begins it, the moment, and the reason given."""

    version: int
    moment: datetime
    reason: str

    def __str__(self) -> str:
        return f"was taken down on {self.moment:%Y-%m-%d}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Taken:
    """All that is taken down and was not admitted again: digest -> take-down."""

    ids: Mapping[str, TakenDown] = field(default_factory=dict)
    raw: Mapping[str, TakenDown] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.ids or self.raw)

    def find(self, id_: str, raw_sha256: str | None = None) -> TakenDown | None:
        """The take-down that a document falls under, by its id or by its bytes."""
        return self.ids.get(id_digest(id_)) or self.raw.get(raw_sha256 or "")


def taken_down(entries: Sequence[Entry]) -> Taken:
    """What the log of documents says. A take-down counts from its beginning on.

    Raises: ValueError for a moment that is none.
    """
    ids: dict[str, TakenDown] = {}
    raw: dict[str, TakenDown] = {}
    fields = "takedown", "readmitted"
    named = {entry.version: entry for field in fields for entry in latest_with(entries, field)}
    for _, entry in sorted(named.items()):
        told = entry.info.get("takedown")
        if told is not None and told["step"] == "begin":
            moment = datetime.fromisoformat(entry.info["committed_at"])
            taken = TakenDown(entry.version, moment, told["reason"])
            ids |= dict.fromkeys(told["ids"], taken)
            raw |= dict.fromkeys(told["raw"], taken)
        again = entry.info.get("readmitted", {})
        for digest in again.get("ids", ()):
            ids.pop(digest, None)
        for digest in again.get("raw", ()):
            raw.pop(digest, None)
    return Taken(ids, raw)


def unfinished(entries: Sequence[Entry]) -> Mapping[str, Any] | None:
    """The take-down that a log begins and does not end, or None."""
    told = (entry.info.get("takedown") for entry in latest_with(entries, "takedown"))
    newest: Mapping[str, Any] | None = next((item for item in told if item is not None), None)
    return None if newest is None or newest["step"] == "end" else newest


def own_bytes(digests: Collection[str | None]) -> set[str]:
    """Digests of bytes that tell one source from others."""
    return {digest for digest in digests if digest is not None and digest != _EMPTY}
