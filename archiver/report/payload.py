"""A document as its pane needs it, and packets of them for the page."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from archiver.archive.rows.records import raw_text
from archiver.report.corpus import Row, edits_of
from archiver.report.ranked import Listed
from archiver.report.trial import Trial, plain_key
from archiver.rules.hosts import host_of

#: Characters of JSON in one packet: what a click has to unpack.
PACKET = 1 << 18

#: zlib's own default: 9 takes three times as long for some 2 % less.
_LEVEL = 6

_PROVENANCE = (
    *("title", "url", "source", "license", "language", "language_score", "date", "fetched_at"),
    *("file_path", "media_type", "encoding", "encoding_evidence", "extractor", "revision"),
    *("ingested_at", "profile", "ruleset", "tool_version"),
)
_DIGESTS = ("raw_sha256", "text_sha256", "source_sha256", "record_sha256")


def document(row: Row, rules: Mapping[str, int], trial: Trial) -> dict[str, object]:
    """A document for the page: its text in pieces, facts, provenance, digests, notes on lines.

    rules: number of each rule. ``s``: kept text, [before, after, rule, score], kept text …;
    ``n``: line number -> [text, key, why not], 0 where the page finds it by itself.
    Raises: DamageError where the edits do not fit the text.
    """
    raw, edits, host = raw_text(row), edits_of(row), host_of(row["url"])
    pieces: list[object] = []
    at = 0
    for edit in edits:
        pieces.append(raw[at : edit.start])
        pieces.append([edit.before, edit.after, rules[edit.rule], edit.score or 0])
        at = edit.end
    pieces.append(raw[at:])
    notes: dict[str, list[object]] = {}
    for line, tried in trial.lines(raw, edits, host):
        if tried is None:
            continue
        kinds = {"gone"} if line.mark == "-" else {"same", "new"}
        shown = "".join(span.text for span in line.spans if span.kind in kinds)
        note: list[object] = [
            tried.text if tried.text != shown else 0,
            tried.key if tried.key != plain_key(tried.text) else 0,
            tried.cannot or 0,
        ]
        if any(note):
            notes[str(line.number)] = note
    return {
        "s": pieces,
        "h": host,
        "f": _pairs(row["facts"]),
        "m": _pairs(row["metadata"]),
        "p": [[name, _word(row[name])] for name in _PROVENANCE if row[name] is not None],
        "d": [[name, row[name]] for name in _DIGESTS if row[name]],
        "n": notes,
    }


def packets(documents: Iterable[tuple[int, dict[str, object]]]) -> Iterator[tuple[list[int], str]]:
    """(place, document) pairs as base64 of gzipped JSON lists, a few hundred kB unpacked.

    Yields: the places of the documents in it, and the packet.
    """
    places: list[int] = []
    held: list[str] = []
    size = 0
    for place, item in documents:
        text = dumped(item)
        places.append(place)
        held.append(text)
        size += len(text)
        if size >= PACKET:
            yield places, packed(f"[{','.join(held)}]")
            places, held, size = [], [], 0
    if held:
        yield places, packed(f"[{','.join(held)}]")


def listing(listed: Sequence[Listed], families: Sequence[str]) -> dict[str, object]:
    """The list column by column; sources and languages as numbers of their tables."""
    number = {family: place for place, family in enumerate(families)}
    sources = _table(item.source for item in listed)
    languages = _table(item.language for item in listed)
    return {
        "id": [item.id for item in listed],
        "title": [item.title for item in listed],
        "url": [item.url for item in listed],
        "path": [item.path if item.path != item.id else 0 for item in listed],
        "source": [sources[item.source] for item in listed],
        "language": [languages[item.language] for item in listed],
        "sources": list(sources),
        "languages": list(languages),
        "chars": [item.doubt.chars for item in listed],
        "gone": [item.doubt.gone for item in listed],
        "doubt": [item.doubt.words for item in listed],
        "families": [
            [part for name, count in item.doubt.families.items() for part in (number[name], count)]
            for item in listed
        ],
    }


def dumped(value: object) -> str:
    """JSON, as short as it gets."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def packed(text: str) -> str:
    """Base64 of gzip: the same text, on the same zlib, gives the same letters."""
    data = gzip.compress(text.encode("utf-8", "replace"), _LEVEL, mtime=0)
    return base64.b64encode(data).decode("ascii")


def _table(names: Iterable[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for name in names:
        found.setdefault(name, len(found))
    return found


def _pairs(value: Any) -> list[list[str]]:  # noqa: ANN401 -- a map, as Arrow or as we have it
    pairs = value.items() if isinstance(value, Mapping) else (value or ())
    return [[key, text] for key, text in pairs]


def _word(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return f"{value:.2f}" if isinstance(value, float) else str(value)
