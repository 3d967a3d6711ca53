"""A file as a stream of bytes: counted, decompressed, and held to a sane size.

Whatever is wrong below comes up as ReadProblem, so that what was read before
stands and the run goes on with the next file.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zlib
from collections.abc import Callable
from typing import IO, TYPE_CHECKING, Any, cast

from archiver.readers.slurp import ReadProblem

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

#: A file may unpack to so many times its size, once it is past ``FREE_BYTES``.
#: Text takes 3 to 20, repetitive logs 100; deflate ends at 1,032, others nowhere.
MAX_RATIO = 500
FREE_BYTES = 1 << 30

#: Memory that an xz stream may ask for; `xz -9` takes 65 MiB, a forged one 4 GiB.
XZ_MEMORY = 256 << 20

_BUFFER = 1 << 18
_MAGIC = {
    b"\x1f\x8b": "gzip",
    b"BZh": "bz2",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"\xfd7zXZ\x00": "xz",
}


class Counted(io.RawIOBase):
    """A binary stream that tells how much of it was read."""

    def __init__(self, inner: IO[bytes], tell: Callable[[int], None] | None = None) -> None:
        super().__init__()
        self._inner = inner
        self._tell = tell
        self.count = 0

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """As the stream below."""
        return self._inner.seekable()

    def seek(self, offset: int, whence: int = 0) -> int:
        """As the stream below."""
        return self._inner.seek(offset, whence)

    def tell(self) -> int:
        """As the stream below."""
        return self._inner.tell()

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Read, count, tell. Raises: ReadProblem E205 where the disk fails."""
        view = memoryview(buffer).cast("B")
        try:
            data = self._inner.read(len(view))
        except OSError as error:
            raise ReadProblem("E205", f"cannot be read: {error.strerror or error}") from error
        view[: len(data)] = data
        self.count += len(data)
        if self._tell is not None:
            self._tell(self.count)
        return len(data)


def compression_of(head: bytes) -> str | None:
    """How bytes that begin like this are compressed, or None."""
    return next((kind for magic, kind in _MAGIC.items() if head.startswith(magic)), None)


def unpacked(raw: Counted) -> IO[bytes]:
    """The stream decompressed, whatever it is compressed with; as it is where it is not.

    raw: at its start; need not be seekable. Memory: some hundred kB, of xz and zstd
    up to their window.
    Raises, while it is read: ReadProblem E232 (damaged), E233 (unpacks to far more
    than its size), E239 (ends too early).
    """
    source = io.BufferedReader(raw, _BUFFER)
    kind = compression_of(source.peek(8)[:8])
    if kind is None:
        return source
    return io.BufferedReader(_Guarded(_decompressor(kind, source), raw, kind), _BUFFER)


class _Guarded(io.RawIOBase):
    """A decompressor that is held to a size, and whose errors are ours."""

    def __init__(self, inner: IO[bytes], raw: Counted, kind: str) -> None:
        super().__init__()
        # gzip's read gives nothing at all where a part of what it wants is cut off.
        self._read: Callable[[int], bytes] = getattr(inner, "read1", inner.read)
        self._raw = raw
        self._kind = kind
        self._out = 0

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Decompress a piece. Raises: ReadProblem."""
        view = memoryview(buffer).cast("B")
        try:
            data = self._read(len(view))
        except EOFError as error:
            raise ReadProblem("E239", f"ends too early: its {self._kind} is cut off") from error
        except (OSError, ValueError, zlib.error, lzma.LZMAError) as error:
            code = "E239" if "truncated" in str(error).lower() else "E232"
            raise ReadProblem(code, f"is damaged: its {self._kind} breaks off: {error}") from error
        self._out += len(data)
        if self._out > FREE_BYTES and self._out > MAX_RATIO * self._raw.count:
            message = f"unpacks to more than {MAX_RATIO} times its size"
            raise ReadProblem("E233", f"{message}; unpack it yourself if that is meant")
        view[: len(data)] = data
        return len(data)


def _decompressor(kind: str, source: IO[bytes]) -> IO[bytes]:
    if kind == "gzip":
        return cast("IO[bytes]", gzip.GzipFile(fileobj=source))
    if kind == "bz2":
        return cast("IO[bytes]", _Streams(source, bz2.BZ2Decompressor))
    if kind == "xz":
        return cast("IO[bytes]", _Streams(source, _xz))
    import pyarrow as pa

    stream: Any = pa.CompressedInputStream(
        pa.PythonFile(cast("io.IOBase", source), mode="r"), "zstd"
    )
    return cast("IO[bytes]", stream)


def _xz() -> lzma.LZMADecompressor:
    """xz, with a limit on the memory that the stream itself may ask for."""
    return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=XZ_MEMORY)


class _Streams:
    """Streams of bzip2 or xz one after the other, padded with zero bytes as xz allows.

    The standard library's own reader takes what follows a stream of bzip2 for its end.
    """

    def __init__(
        self,
        source: IO[bytes],
        make: Callable[[], bz2.BZ2Decompressor | lzma.LZMADecompressor],
    ) -> None:
        self._source = source
        self._make = make
        self._working: bz2.BZ2Decompressor | lzma.LZMADecompressor | None = None

    def read(self, size: int) -> bytes:
        """At most so many bytes. Raises: EOFError, OSError, lzma.LZMAError."""
        while True:
            if self._working is None or self._working.eof:
                rest = (self._working.unused_data if self._working else b"").lstrip(b"\0")
                while not rest and (block := self._source.read(_BUFFER)):
                    rest = block.lstrip(b"\0")
                if not rest:
                    return b""
                self._working = self._make()
            elif self._working.needs_input:
                rest = self._source.read(_BUFFER)
                if not rest:
                    raise EOFError
            else:
                rest = b""
            if data := self._working.decompress(rest, size):
                return data
