"""Where an archive lies: a folder, or an object store, of which a copy is worked on."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archiver.document import Finding
from archiver.errors import InputError, UsageError

if TYPE_CHECKING:
    from archiver.remote import SourceCopy, Store

#: Where ``--cache`` is kept while a command runs.
_CACHE = "archiver.cache"

_COPY_HINT = "Copy the archive here first: `aws s3 sync` or `rclone copy` keeps every byte."

#: Names the folder of kept parts for all commands.
CACHE_VARIABLE = "ARCHIVER_CACHE"

#: The copies that are open while a command runs.
_COPIES = "archiver.copies"

#: Folder of a copy -> the place that it is of.
_STORES: dict[Path, Store] = {}

#: Local folder of a copy -> the address that people know.
_SHOWN: dict[str, str] = {}


def log_of(archive: Path) -> Path:
    """Where an archive has its log; nothing heavy is imported to know it."""
    return archive / "data" / "documents" / "_delta_log"


def is_archive(path: Path) -> bool:
    """Whether an archive lies here, sound or not; a look at one folder."""
    return log_of(path).is_dir()


def cache_option(function: click.decorators.FC) -> click.decorators.FC:
    """``--cache DIR``: where parts of an archive on s3:// are kept for later runs."""
    return click.option(
        "--cache",
        metavar="DIR",
        type=click.Path(),
        expose_value=False,
        is_eager=True,
        callback=_note_cache,
        help="Keep what is read of an archive on s3:// here.",
    )(function)


def _note_cache(ctx: click.Context, _param: click.Parameter, value: str | None) -> None:
    ctx.meta[_CACHE] = value


def is_remote(text: str) -> bool:
    """Whether a path means an object store; nothing is loaded to tell."""
    return text[:5].lower() == "s3://"


def archive_path(text: str, *, fresh: bool = False) -> Path:
    """The folder of an archive; of one on s3:// a working copy, until the command ends.

    fresh: whether every byte that is read is to come from the store, now.
    Raises: UsageError, RemoteError, AccessError, BucketError.
    """
    if not is_remote(text):
        return Path(text)
    ctx = click.get_current_context()
    copies: dict[str, Path] = ctx.meta.setdefault(_COPIES, {})
    if text not in copies:
        cache = None if fresh else ctx.meta.get(_CACHE) or os.environ.get(CACHE_VARIABLE)
        copies[text] = ctx.with_resource(_copied(text, cache))
    return copies[text]


def local_path(text: str, what: str, hint: str = _COPY_HINT) -> Path:
    """The folder of an archive for what works on disks alone. Raises: UsageError."""
    if is_remote(text):
        raise UsageError(
            f"{text}: {what} works on archives on a disk only",
            hint=hint,
        )
    return Path(text)


@contextmanager
def _copied(text: str, cache: str | None) -> Iterator[Path]:
    from archiver.archive.files.mounts import mounted
    from archiver.remote import WorkingCopy, open_store, parse_location

    location = parse_location(text)
    with ExitStack() as cleanup:
        root = cleanup.enter_context(scratch("archive", cache))
        root.mkdir()
        kept = Path(cache) if cache else None
        copy = WorkingCopy(root, open_store(location, os.environ), kept=kept)
        copy.refresh()
        cleanup.enter_context(mounted(root, copy))
        _SHOWN[os.fspath(root)] = str(location)
        _STORES[root] = copy.store
        yield root


def sources_of(named: Sequence[str]) -> tuple[list[str], Path, list[Finding]]:
    """What to read: paths and the folder they start from, and what cannot be read there.

    Globs are resolved. Of sources on s3:// a copy is made, filled as they are read, until
    the command ends. Raises: UsageError where both kinds are named; InputError, RemoteError.
    """
    from archiver.cli.globs import expand

    if not any(map(is_remote, named)):
        return expand(named, Path.cwd()), Path.cwd(), []
    if not all(map(is_remote, named)):
        raise UsageError(
            "sources on s3:// and on a disk cannot be read in one run",
            hint="Run the command twice: the archive takes both.",
        )
    copy = click.get_current_context().with_resource(_sources())
    found: list[str] = []
    for text in named:
        store, key, pattern = _bucket_of(text)
        found += copy.add(store, key, pattern)
    return list(dict.fromkeys(found)), copy.root, copy.findings


def index_path(text: str | None) -> Path | None:
    """The index of all sources, as one names it; one on s3:// is brought. Raises: as above."""
    if text is None or not is_remote(text):
        return None if text is None else Path.cwd() / text
    copy = click.get_current_context().with_resource(_sources())
    store, key, _ = _bucket_of(text)
    return copy.root / copy.add(store, key)[0]


def _bucket_of(text: str) -> tuple[Store, str, str | None]:
    from archiver.remote import open_store, parse_location
    from archiver.remote.location import Location, split_glob

    plain, pattern = split_glob(text)
    location = parse_location(plain)
    whole = Location(location.bucket, "")
    return open_store(whole, os.environ), location.prefix, pattern


@contextmanager
def _sources() -> Iterator[SourceCopy]:
    from archiver.archive.files.mounts import mounted
    from archiver.remote import SourceCopy

    with scratch("sources") as root:
        root.mkdir()
        with closing(SourceCopy(root)) as copy, mounted(root, copy):
            yield copy


@contextmanager
def scratch(name: str, cache: str | None = None) -> Iterator[Path]:
    """A new folder for a copy, gone with the command; below the cache where one is named."""
    try:
        if cache:
            Path(cache).mkdir(parents=True, exist_ok=True)
        held = tempfile.TemporaryDirectory(
            prefix=f"archiver-{name}-", dir=cache, ignore_cleanup_errors=True
        )
    except OSError as problem:
        where = cache or tempfile.gettempdir()
        raise InputError(f"{where}: no folder can be made there: {problem.strerror}") from problem
    with held as folder:
        yield Path(os.path.realpath(folder), "copy")


def keeps_versions(path: Path) -> bool:
    """Whether an archive lies in a bucket that keeps what is deleted; known after a write."""
    return path in _STORES and _STORES[path].keeps_versions


def spoken(words: str) -> str:
    """A message with addresses in the place of the folders of copies."""
    for root, shown in _SHOWN.items():
        words = words.replace(root, shown)
    return words
