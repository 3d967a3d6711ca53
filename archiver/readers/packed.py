"""Archives of files, zip and tar: each member once, held to limits, and only inside."""

from __future__ import annotations

import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, cast

from archiver.readers.names import path_problem, storable
from archiver.readers.slurp import ReadProblem

#: The whole archive may unpack to so many times its size, once past ``FREE_BYTES``;
#: members that overlap, as in the known bombs, reach millions.
MAX_RATIO = 500
FREE_BYTES = 1 << 30

#: Members of a zip: its directory is held in memory, some 600 bytes a member.
MAX_MEMBERS = 2_000_000

#: A long name or an extended header of a tar; paths end at 4,096 bytes.
MAX_TAR_HEADER = 1 << 20

#: Names of tarfile's errors for a header that is not there, or not whole.
_CUT_OFF = frozenset({"EmptyHeaderError", "TruncatedHeaderError"})
_END_MARK = "EOFHeaderError"

_EXTENDED = frozenset(
    {
        tarfile.XHDTYPE,
        tarfile.XGLTYPE,
        tarfile.SOLARIS_XHDTYPE,
        tarfile.GNUTYPE_LONGNAME,
        tarfile.GNUTYPE_LONGLINK,
    }
)


@dataclass(frozen=True, slots=True)
class Member:
    """A file in an archive. ``path`` is storable and stays inside.

    ``stream`` gives its bytes until the next member is drawn; it is None where
    ``code`` and ``problem`` say why it may not be read.
    """

    path: str
    stream: IO[bytes] | None = None
    code: str | None = None
    problem: str = ""


def is_passed_over(path: str) -> bool:
    """Whether a member belongs to tools, as hidden files do, or is an index."""
    parts = path.split("/")
    return (
        parts[0] == "__MACOSX"
        or parts[-1] == "INDEX.md"
        or any(part.startswith(".") and part not in {".", ".."} for part in parts)
    )


def zip_members(stream: IO[bytes], size: int) -> Iterator[Member]:
    """The files of a zip, sorted by path. stream: seekable, ``size`` bytes long.

    Raises: ReadProblem E232 (no zip), E233 (unpacks to far more than its size).
    """
    try:
        with zipfile.ZipFile(stream) as archive:
            infos = archive.infolist()
            if len(infos) > MAX_MEMBERS:
                raise ReadProblem("E233", f"has {len(infos):,} members, more than {MAX_MEMBERS:,}")
            budget = _Budget(size)
            for info in sorted(infos, key=lambda info: info.orig_filename):
                if not info.is_dir():
                    yield from _zip_member(archive, info, budget)
    except (zipfile.BadZipFile, NotImplementedError, UnicodeError, EOFError) as error:
        raise ReadProblem("E232", f"is damaged, or no zip: {error}") from error


def tar_members(stream: IO[bytes]) -> Iterator[Member]:
    """The files of a tar, as they come. stream: decompressed; need not be seekable.

    Raises: ReadProblem E232 (no tar, damaged), E239 (ends too early).
    """
    try:
        with tarfile.open(fileobj=stream, mode="r|", tarinfo=_Info, errorlevel=1) as archive:
            for info in archive:
                archive.members = []  # type: ignore[attr-defined]  # else every member ever met is kept
                if not info.isdir():
                    yield from _tar_member(archive, info)
            ended = getattr(archive, "broken_off", None)
    except tarfile.TarError as error:
        early = "unexpected end" in str(error) or "truncated" in str(error)
        code = "E239" if early else "E232"
        raise ReadProblem(code, f"is damaged, or no tar: {error}") from error
    if type(ended).__name__ in _CUT_OFF:
        raise ReadProblem("E239", "ends too early: the mark of its end is missing")
    if ended is not None:
        raise ReadProblem("E232", f"is damaged: {ended}")


class _Budget:
    """How much all members together may unpack to."""

    def __init__(self, size: int) -> None:
        self._left = max(FREE_BYTES, MAX_RATIO * size)

    def spend(self, size: int) -> None:
        """Count bytes. Raises: ArchiveProblem E233."""
        self._left -= size
        if self._left < 0:
            message = f"unpacks to more than {MAX_RATIO} times its size"
            raise ArchiveProblem("E233", f"{message}; unpack it yourself if that is meant")


class _Unpacked:
    """A member's stream: counted, its errors made a finding on the member."""

    def __init__(self, inner: IO[bytes], budget: _Budget | None) -> None:
        self._inner = inner
        self._budget = budget

    def read(self, size: int = -1) -> bytes:
        """As a file's. Raises: ReadProblem for this member, ArchiveProblem for the whole."""
        try:
            data = self._inner.read(size)
        except ReadProblem as problem:
            raise ArchiveProblem(problem.code, problem.problem) from problem
        except tarfile.TarError as error:
            raise ArchiveProblem("E239", f"ends too early: {error}") from error
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError) as error:
            raise ReadProblem("E236", f"cannot be unpacked: {error}") from error
        if self._budget is not None:
            self._budget.spend(len(data))
        return data


class ArchiveProblem(ReadProblem):
    """Not a member alone, but the archive cannot be read on."""


def _zip_member(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, budget: _Budget
) -> Iterator[Member]:
    path = storable(info.orig_filename)
    mode = info.external_attr >> 16
    if (refused := _refusal(path)) is not None:
        yield refused
    elif is_passed_over(path):
        return
    elif stat.S_IFMT(mode) not in {0, stat.S_IFREG}:
        what = "a link" if stat.S_ISLNK(mode) else "no regular file"
        yield Member(path, None, "E235", f"is {what}: only files are read")
    elif info.flag_bits & 1:
        yield Member(path, None, "E236", "is locked by a password")
    else:
        try:
            stream = archive.open(info)
        except (zipfile.BadZipFile, NotImplementedError, OSError, RuntimeError) as error:
            yield Member(path, None, "E236", f"cannot be unpacked: {error}")
            return
        with stream:
            yield Member(path, cast("IO[bytes]", _Unpacked(stream, budget)))


def _tar_member(archive: tarfile.TarFile, info: tarfile.TarInfo) -> Iterator[Member]:
    path = storable(info.name.removeprefix("./"))
    if (refused := _refusal(path)) is not None:
        yield refused
    elif is_passed_over(path):
        return
    elif not info.isreg():
        what = "a link" if info.issym() or info.islnk() else "no regular file"
        yield Member(path, None, "E235", f"is {what}: only files are read")
    else:
        stream = archive.extractfile(info)
        if stream is not None:
            yield Member(path, cast("IO[bytes]", _Unpacked(stream, None)))


def _refusal(path: str) -> Member | None:
    """A member whose path leaves the archive; its name is made harmless to tell it."""
    problem = path_problem(path)
    return None if problem is None else Member(path, None, "E234", f"its path {problem}")


class _Info(tarfile.TarInfo):
    """A header that is held to a size, and does not end an archive in silence.

    tarfile takes a header that is damaged for the end of the archive.
    """

    @classmethod
    def fromtarfile(cls, tarfile_: tarfile.TarFile) -> _Info:
        try:
            return super().fromtarfile(tarfile_)
        except tarfile.HeaderError as error:
            if type(error).__name__ != _END_MARK:
                tarfile_.broken_off = error  # type: ignore[attr-defined]
            raise

    def _proc_member(self, tarfile_: tarfile.TarFile) -> tarfile.TarInfo:
        if self.type in _EXTENDED and self.size > MAX_TAR_HEADER:
            raise tarfile.ReadError(f"a header of {self.size:,} bytes")
        return cast("tarfile.TarInfo", super()._proc_member(tarfile_))  # type: ignore[misc]
