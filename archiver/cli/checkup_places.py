"""What ``archiver doctor`` looks at, second half: the archive, its disk, what the disk can do."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from archiver.cli.checkup import Check, wrong
from archiver.cli.first_look import newest_version
from archiver.cli.places import archive_path, is_remote, log_of
from archiver.cli.screen import count, size
from archiver.errors import ArchiverError, DamageError, NoArchiveError, StorageError
from archiver.settings import Settings

if TYPE_CHECKING:
    from archiver.archive.archive import Archive

#: Less room than this, and the next run may not fit: a version needs about its own size.
LITTLE_ROOM, NO_ROOM = 1 << 30, 64 << 20

#: After so long without a check an archive is not known to be sound.
OLD = timedelta(days=30)

#: A name as long as common file systems take, in bytes.
_LONG_NAME = 255


def archive_state(place: str, now: datetime) -> Iterator[Check]:
    """Whether the archive opens, its head, when it was validated, what was left in it."""
    from archiver.archive.archive import open_archive

    try:
        path = archive_path(place)
        archive = open_archive(path)
        head = archive.head()
        unsettled = archive.unfinished()
    except NoArchiveError as error:
        yield Check("archive", "archive", "note", error.message, "`archiver ingest` makes one.")
        return
    except ArchiverError as error:
        yield wrong("archive", "archive", error)
        return
    yield Check("archive", "archive", "ok", f"{place}, {count(head.version + 1, 'version')}")
    yield Check("archive", "head", "ok", f"{head.version}:{head.sha256}")
    yield _seal(archive, unsettled=unsettled)
    yield _last_check(path, now)
    yield _unfinished(path)


def sources(folder: Path, known: Settings) -> Iterator[Check]:
    """Whether the sources of the settings are there and may be read."""
    for place in known.sources:
        path = folder / place
        if is_remote(place) or place == "-" or any(char in place for char in "*?["):
            continue
        if not path.exists():
            hint = "Make it, or name sources to `archiver ingest`."
            yield Check("sources", place, "note", "does not exist", hint)
        elif not os.access(path, os.R_OK | (os.X_OK if path.is_dir() else 0)):
            hint, status = "Let this user read it.", 6
            yield Check("sources", place, "wrong", "may not be read", hint, status)
        else:
            yield Check("sources", place, "ok", "can be read")


def disk(place: Path) -> Iterator[Check]:
    """The room that is left, and whether this user may write."""
    here = nearest(place)
    refused = StorageError.exit_status
    try:
        room = shutil.disk_usage(here)
    except OSError as error:
        yield Check("disk", "room", "note", f"cannot be told: {error.strerror or error}")
    else:
        says = f"{size(room.free)} of {size(room.total)} free"
        if room.free < NO_ROOM:
            yield Check("disk", "room", "wrong", says, "Make room.", refused)
        elif room.free < LITTLE_ROOM:
            yield Check("disk", "room", "note", says, "Make room before the next large run.")
        else:
            yield Check("disk", "room", "ok", says)
    closed = [path for path in _written(place, here) if not os.access(path, os.W_OK)]
    if closed:
        hint = "Let this user write there, or name another --archive."
        yield Check(
            "disk", "permissions", "wrong", f"{closed[0]} may not be written", hint, refused
        )
    else:
        yield Check("disk", "permissions", "ok", f"{here} may be written")


def file_system(place: Path) -> Iterator[Check]:
    """What the file system can do, tried in a new folder beside the archive, which goes again."""
    here = nearest(place.parent if newest_version(place) is not None else place)
    try:
        with tempfile.TemporaryDirectory(prefix=".archiver-doctor-", dir=here) as folder:
            for name, tried, hint in _TRIED:
                yield _tried(name, tried, hint, Path(folder))
    except OSError as error:
        says = f"nothing could be tried in {here}: {error.strerror or error}"
        yield Check("disk", "file system", "note", says)


def nearest(place: Path) -> Path:
    """The folder itself, or the nearest one above it that exists."""
    path = Path(os.path.abspath(place))  # noqa: PTH100 -- links are not to be followed
    while not path.is_dir() and path != path.parent:
        path = path.parent
    return path


def _written(place: Path, here: Path) -> list[Path]:
    """The folders that a run writes to."""
    inner = [place / "data", log_of(place), place / "fixity"]
    return [here, *(path for path in inner if path.is_dir())]


def _seal(archive: Archive, *, unsettled: bool) -> Check:
    from archiver.archive.write.finish import is_finished

    try:
        sealed = is_finished(archive)
    except ArchiverError as error:
        return wrong("archive", "bag", error)
    if unsettled or not sealed:
        says = "not sealed at the newest version: a run did not come to its end"
        return Check("archive", "bag", "note", says, "The next `archiver ingest` seals it.")
    return Check("archive", "bag", "ok", "sealed at the newest version")


def _last_check(path: Path, now: datetime) -> Check:
    from archiver.archive.checks.fixity import read_log

    log = read_log(path)
    hint = "Run `archiver validate`."
    if log.problems:
        status = DamageError.exit_status
        return Check("archive", "validation", "wrong", log.problems[0], hint, status)
    checks = [event for event in log.events if event.is_check]
    if not checks:
        return Check("archive", "validation", "note", "never validated", hint)
    last = checks[-1]
    age = now - last.started_at
    ago = f"{max(age.days, 0)} days ago" if age.days else "today"
    outcome = last.body["outcome"]
    if outcome == "fail":
        status = DamageError.exit_status
        says = f"found errors, {ago}"
        return Check(
            "archive", "validation", "wrong", says, f"{hint} It tells what is hit.", status
        )
    says = f"{outcome}, {ago}"
    return Check("archive", "validation", "note" if age > OLD else "ok", says, hint * (age > OLD))


def _unfinished(path: Path) -> Check:
    from archiver.archive.files.disk import STAGING

    try:
        left = sum(entry.name.startswith("run-") for entry in (path / STAGING).iterdir())
    except OSError:
        left = 0
    if not left:
        return Check("archive", "leftovers", "ok", "none")
    says = f"{count(left, 'folder')} of runs that are at work, or were killed"
    hint = "If none is at work, the next `archiver ingest` takes them away."
    return Check("archive", "leftovers", "note", says, hint)


def _tried(name: str, tried: Callable[[Path], str], hint: str, folder: Path) -> Check:
    """One ability. One that is missing is noted; a disk that refuses outright is wrong."""
    try:
        return Check("disk", name, "ok", tried(folder))
    except UnicodeEncodeError:
        says = "names beyond the characters of this locale cannot be written"
        return Check("disk", name, "note", says, "Set LC_ALL=C.UTF-8 or PYTHONUTF8=1.")
    except (OSError, NotImplementedError) as error:
        reason = error.strerror if isinstance(error, OSError) else None
        refuses = isinstance(error, OSError) and error.errno in {
            errno.ENOSPC,
            errno.EIO,
            errno.EROFS,
        }
        return Check(
            "disk",
            name,
            "wrong" if refuses else "note",
            f"{reason or error}",
            hint,
            StorageError.exit_status if refuses else 0,
        )


def _try_sync(folder: Path) -> str:
    from archiver.archive.files.disk import sync_folder, write_synced

    write_synced(folder / "synced", b"1")
    sync_folder(folder)
    return "what is written reaches the disk when asked to"


def _try_link(folder: Path) -> str:
    from archiver.archive.files.disk import write_synced

    write_synced(folder / "one", b"1")
    os.link(folder / "one", folder / "two")
    (folder / "two").replace(folder / "three")
    return "hard links, and renames over a file"


def _try_lock(folder: Path) -> str:
    from archiver.archive.files.lock import lock_file

    with (folder / "lock").open("wb") as first, (folder / "lock").open("rb+") as second:
        if not lock_file(first.fileno()) or lock_file(second.fileno()):
            raise NotImplementedError("a lock does not keep another out")
    return "one writer keeps others out"


def _try_names(folder: Path) -> str:
    for name in ("a" * _LONG_NAME, "ü日本", "e\u0301"):
        (folder / name).write_bytes(b"")
    (folder / "case").write_bytes(b"")
    folded = " without regard to case" if (folder / "CASE").exists() else ""
    return f"long ones and all of Unicode{folded}"


_TRIED: tuple[tuple[str, Callable[[Path], str], str], ...] = (
    ("fsync", _try_sync, "A power cut may cost the newest version: use another disk."),
    ("links", _try_link, "Versions are made all the same, under the lock."),
    ("locks", _try_lock, "Let one process at a time write to the archive."),
    ("names", _try_names, "Ids and paths are kept inside the files, so that no text is lost."),
)
