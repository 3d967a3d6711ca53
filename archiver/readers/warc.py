"""WARC and WET: what a crawler stored, a document a record; HTML goes the way of HTML files."""

from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING

from archiver.document import Provenance
from archiver.errors import InputError
from archiver.readers.fields import RecordProblem
from archiver.readers.index_values import provenance_of, value_problems
from archiver.readers.names import storable
from archiver.readers.record import Record
from archiver.readers.slurp import ReadProblem
from archiver.readers.warc_digests import check_digests

if TYPE_CHECKING:
    from fastwarc.warc import WarcRecord

#: Places in one file where reading is taken up again behind damage.
MAX_RESUMED = 1000

_BLOCK = 1 << 20
_BEGIN = re.compile(rb"\x1f\x8b\x08|WARC/1\.[01]\r?\n")
#: Types of records that are pages.
PAGES = frozenset({"text/html", "application/xhtml+xml"})
_BESIDE = frozenset({"warcinfo", "request", "metadata"})
_TEXTS = frozenset({"text/plain", "text/markdown"})
_KEPT = {
    "WARC-Type": "warc_type",
    "WARC-Payload-Digest": "warc_payload_digest",
    "WARC-Block-Digest": "warc_block_digest",
    "WARC-Refers-To": "warc_refers_to",
    "WARC-Identified-Content-Language": "warc_identified_content_language",
    "WARC-Truncated": "warc_truncated",
}


def require_fastwarc() -> None:
    """Raises: InputError where the extra ``warc`` is not installed."""
    try:
        import fastwarc  # noqa: F401
    except ImportError as error:
        raise InputError(
            "reading WARC files needs FastWARC, which is not installed",
            hint="Run `pip install 'archiver-toolkit[warc]'`.",
        ) from error


def read_warc(stream: IO[bytes], max_bytes: int) -> Iterator[Record]:
    """Responses with status 2xx, resources and conversions that are pages or texts.

    stream: as stored; records may be compressed one by one. Data are what a browser
    would have: without transfer and content encoding. Behind damage reading goes on
    at the next record, where the stream can be sought in.
    Raises: ReadProblem E232 where it cannot. Memory: one record of at most
    ``max_bytes``, as stored and decoded.
    """
    skipped: Counter[str] = Counter()
    number = resumed = start = 0
    while True:
        stopped: str | None = None
        position = start - 1
        try:
            for found in _records(stream):
                position = start + found.stream_pos
                if record := _record(number + 1, found, max_bytes, skipped, position):
                    number += 1
                    yield record
        except OSError as error:
            stopped = str(error)
        if stopped is None:
            break
        resumed += 1
        again = _next_record(stream, position + 1) if resumed <= MAX_RESUMED else None
        end = "its end" if again is None else f"byte {again:,}"
        problem = f"is damaged between byte {max(position, 0):,} and {end}: {stopped}"
        if again is None:
            raise ReadProblem("E232", problem)
        number += 1
        yield Record(number, code="E230", problem=problem)
        start = again
        stream.seek(start)
    if skipped:
        words = ", ".join(f"{count:,} {what}" for what, count in sorted(skipped.items()))
        problem = f"holds records that are no text: {words}"
        yield Record(0, code="W230", problem=problem, is_note=True)


def _records(stream: IO[bytes]) -> Iterator[WarcRecord]:
    from fastwarc.warc import ArchiveIterator

    return iter(ArchiveIterator(stream, parse_http=False, fsspec_args=False))


def _next_record(stream: IO[bytes], start: int) -> int | None:
    """Where the next record begins at or after a position; None where none does."""
    if not stream.seekable():
        return None
    overlap = 16
    while True:
        stream.seek(start)
        block = stream.read(_BLOCK)
        for match in _BEGIN.finditer(block):
            if _begins_record(stream, start + match.start()):
                return start + match.start()
        if len(block) < _BLOCK:
            return None
        start += len(block) - overlap


def _begins_record(stream: IO[bytes], at: int) -> bool:
    stream.seek(at)
    head = stream.read(1024)
    if head.startswith(b"WARC/"):
        return True
    try:
        return zlib.decompressobj(31).decompress(head, 16).startswith(b"WARC/")
    except zlib.error:
        return False


def _record(
    number: int, found: WarcRecord, max_bytes: int, skipped: Counter[str], position: int
) -> Record | None:
    """A record as ours, or None where it is no document. Raises: OSError on damage."""
    kind = _kind(found)
    if kind not in {"response", "resource", "conversion"}:
        if kind not in _BESIDE:
            skipped[f"{storable(kind)[:40] or 'unnamed'} records"] += 1
        return None
    name = _id(found.headers.get("WARC-Record-ID"))
    block: bytes | None = None
    try:
        size = found.content_length
        if size > max_bytes:
            raise RecordProblem("E204", f"has {size:,} bytes, more than {max_bytes:,}")
        found.freeze()
        block = found.reader.read()
        found.reader.seek(0)
        declared = found.headers.get("Content-Length")
        if declared is None or len(block) != int(declared):
            raise RecordProblem("E239", f"ends too early: {len(block):,} of {declared} bytes")
        return _document((number, name), found, block, max_bytes, skipped)
    except RecordProblem as problem:
        words = f"at byte {position:,}, {problem.problem}"
        return Record(number, block, None, name, _provenance(found), None, problem.code, words)


def _document(
    called: tuple[int, str | None],
    found: WarcRecord,
    block: bytes,
    max_bytes: int,
    skipped: Counter[str],
) -> Record | None:
    """A sound record's document. Raises: RecordProblem."""
    payload = block
    content_type = str(found.headers.get("Content-Type") or "").partition(";")[0].strip().lower()
    if content_type == "application/http":
        payload = block.partition(b"\r\n\r\n")[2]
        found.parse_http(auto_decode="all")
        if not found.is_http_parsed or found.http_headers.status_code is None:
            raise RecordProblem("E230", "holds no HTTP response")
        if found.http_headers.status_code // 100 != 2:
            skipped["responses of another status than 2xx"] += 1
            return None
        content_type = str(found.http_content_type or "").lower()
    is_text = _kind(found) == "conversion" or content_type in {"", *_TEXTS}
    if not is_text and content_type not in PAGES:
        skipped[f"of type {storable(content_type)[:80]}"] += 1
        return None
    data = found.reader.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise RecordProblem("E204", f"unpacks to more than {max_bytes:,} bytes")
    warning = check_digests(found.headers, block, (payload, data))
    return Record(
        called[0],
        data,
        id=called[1],
        provenance=_provenance(found, content_type),
        media_type="text/html" if content_type in PAGES else "text/plain",
        warning=warning,
    )


def _kind(found: WarcRecord) -> str:
    return str(found.headers.get("WARC-Type") or "").strip().lower()


def _id(given: str | None) -> str | None:
    name = storable((given or "").strip().removeprefix("<").removesuffix(">"))
    return name if name and not value_problems({"id": name}, {}) else None


def _provenance(found: WarcRecord, content_type: str = "") -> Provenance:
    headers = found.headers
    cells = {
        key: storable(str(value)) for name, key in _KEPT.items() if (value := headers.get(name))
    }
    if content_type:
        cells["content_type"] = storable(content_type)
    given = {
        "url": str(headers.get("WARC-Target-URI") or "").strip("<>"),
        "fetched_at": str(headers.get("WARC-Date") or ""),
        "encoding": str((found.http_charset if found.is_http_parsed else None) or ""),
    }
    for name, value in given.items():
        if value and not value_problems({name: value}, {}):
            cells[name] = value
        elif value:
            cells[f"{name}_in_record"] = storable(value)
    return provenance_of({}, cells)
