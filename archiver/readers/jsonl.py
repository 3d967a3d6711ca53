"""JSON lines: an object a line, one line in memory at a time."""

from __future__ import annotations

import codecs
import io
import json
import re
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING

from archiver.readers.fields import RecordProblem, take
from archiver.readers.formats import Wanted
from archiver.readers.record import Record
from archiver.readers.slurp import ReadProblem

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

#: So many objects in a row without a text are not so by accident.
MAX_WITHOUT = 100

#: Bytes of them that are held until that is known.
MAX_HELD = 16 << 20

_BLANKS = b" \t\r\n"
_BLOCK = 1 << 18

#: A lone half of a character, written out: not to be told from a byte carried over.
_HALF = re.compile(r"\\u[dD][89a-fA-F]")
_WIDE = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


def read_jsonl(
    stream: IO[bytes], wanted: Wanted, max_bytes: int, *, doubtful: bool = False
) -> Iterator[Record]:
    """The objects of a stream, numbered by their lines; blank lines are passed over.

    A line that is no UTF-8 is read all the same: the text's bytes go on as they are,
    to be decoded like a file's. doubtful: the name does not promise JSON lines.
    Raises: ReadProblem E238 where a doubtful file's first line is no object, or where
    none of the first ``MAX_WITHOUT`` objects has the text's field: it has another name
    then; what the stream raises. Memory: one line of at most ``max_bytes``, parsed.
    """
    yield from _believed(_records(stream, wanted, max_bytes, doubtful=doubtful), wanted)


def _records(
    stream: IO[bytes], wanted: Wanted, max_bytes: int, *, doubtful: bool
) -> Iterator[Record]:
    is_first = True
    for number, line, size in numbered_lines(plain(stream), max_bytes):
        if line is None:
            problem = f"has {size:,} bytes, more than {max_bytes:,}"
            yield Record(number, line=number, code="E204", problem=problem)
        elif line.strip(_BLANKS):
            try:
                yield _record(number, line, wanted)
            except RecordProblem as found:
                if is_first and doubtful and found.code == "E230":
                    raise ReadProblem("E238", f"is not JSON lines: {found.problem}") from found
                yield Record(number, line, number, code=found.code, problem=found.problem)
        is_first = is_first and not (line or b"x").strip(_BLANKS)


def _believed(records: Iterator[Record], wanted: Wanted) -> Iterator[Record]:
    """The records, unless too many at the beginning have no text. Raises: ReadProblem E238."""
    held: list[Record] = []
    size = 0
    try:
        for record in records:
            held.append(record)
            size += len(record.data or b"")
            if record.code != "E231" or size > MAX_HELD:
                break
            if len(held) >= MAX_WITHOUT:
                held = []
                name = wanted.fields.get("text", "text")
                what = f"has no text in the field {name!r} of its first {MAX_WITHOUT} records"
                raise ReadProblem("E238", f"{what}: name it by --text-field")
    except ReadProblem:
        yield from held
        raise
    yield from held
    yield from records


def numbered_lines(stream: IO[bytes], max_bytes: int) -> Iterator[tuple[int, bytes | None, int]]:
    """Lines with their numbers and sizes; None for one that is too long, read but not held."""
    number = 0
    while line := stream.readline(max_bytes + 1):
        number += 1
        size = len(line)
        if size <= max_bytes or line.endswith(b"\n"):
            yield number, line, size
            continue
        while line and not line.endswith(b"\n"):
            line = stream.readline(_BLOCK)
            size += len(line)
        yield number, None, size


def plain(stream: IO[bytes]) -> IO[bytes]:
    """The stream without its byte order mark, and as UTF-8 where that says UTF-16.

    Raises, while it is read: ReadProblem E232 for UTF-16 that is none.
    """
    peek = getattr(stream, "peek", None)
    head: bytes = peek(4)[:4] if peek is not None else b""
    if head.startswith(codecs.BOM_UTF8):
        stream.read(3)
    elif head[:2] in _WIDE and head[2:4] != b"\0\0":
        stream.read(2)
        return io.BufferedReader(_Transcoded(stream, _WIDE[head[:2]]), _BLOCK)
    return stream


class _Transcoded(io.RawIOBase):
    """UTF-16 as UTF-8."""

    def __init__(self, inner: IO[bytes], codec: str) -> None:
        super().__init__()
        self._inner = inner
        self._decode = codecs.getincrementaldecoder(codec)().decode
        self._ready = b""

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Decode a piece. Raises: ReadProblem."""
        view = memoryview(buffer).cast("B")
        while not self._ready:
            piece = self._inner.read(_BLOCK)
            try:
                self._ready = self._decode(piece, final=not piece).encode("utf-8")
            except UnicodeError as error:
                raise ReadProblem("E232", f"is no UTF-16 as it says: {error}") from error
            if not piece:
                break
        data, self._ready = self._ready[: len(view)], self._ready[len(view) :]
        view[: len(data)] = data
        return len(data)


def _record(number: int, line: bytes, wanted: Wanted) -> Record:
    raw_bytes = False
    try:
        words = line.decode("utf-8")
    except UnicodeDecodeError:
        words, raw_bytes = line.decode("utf-8", "surrogateescape"), True
        if _HALF.search(words):
            raise RecordProblem(
                "E230", "is not UTF-8, and holds escapes of half characters"
            ) from None
    try:
        found = json.loads(words)
    except (ValueError, RecursionError) as error:
        what = (
            "is nested too deeply" if isinstance(error, RecursionError) else f"is no JSON: {error}"
        )
        raise RecordProblem("E230", what) from error
    if not isinstance(found, dict):
        raise RecordProblem("E230", "is no JSON object")
    taken = take(found, wanted, raw_bytes=raw_bytes)
    return Record(number, taken.data, number, taken.id, taken.provenance)
