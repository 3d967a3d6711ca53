"""Take one file from a copy, by its digest, and put it in its place."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from archiver.archive.files.aside import move_aside
from archiver.archive.files.disk import (
    STAGING,
    make_folder,
    publish_new,
    regular_size,
    staged_file,
    storing,
    sync_file,
    sync_folder,
)
from archiver.archive.mend.witnesses import Need
from archiver.digest import BLOCK


@dataclass(frozen=True, slots=True)
class Taken:
    """A file taken from the copy; ``damaged`` is where the damaged one lies now, if there was."""

    path: str
    sha256: str
    bytes: int
    damaged: str | None


class UnfitError(Exception):
    """The copy's file cannot be taken; its words say why."""


def take_file(root: Path, copy: Path, need: Need, folder: Path, *, dry_run: bool) -> Taken:
    """Copy one file, digest it on the way, and put it in its place.

    folder: for what stands there now. dry_run: only look whether it could be done.
    Raises: UnfitError; StorageError.
    """
    where = _standing(root, need.path)
    if dry_run:
        size = _read(copy, need, len)
        return Taken(need.path, need.sha256, size, where)
    target = root / need.path
    with storing(f"{need.path} of {root}"):
        make_folder(root / STAGING)
        with staged_file(root / STAGING, "repair") as staged:
            with staged.open("wb") as stream:
                size = _read(copy, need, stream.write)
                sync_file(stream)
            moved = None if where is None else move_aside(root, where, folder)
            make_folder(target.parent)
            publish_new(staged, target, alone=True)
            staged.unlink(missing_ok=True)
            sync_folder(target.parent)
    return Taken(need.path, need.sha256, size, moved)


def _read(copy: Path, need: Need, write: Callable[[bytes], object]) -> int:
    """Hand on the copy's bytes. Returns: their number. Raises: UnfitError; what ``write`` does."""
    whole, size = hashlib.sha256(), 0
    try:
        if regular_size(copy / need.path) > need.limit:
            raise UnfitError("the copy's file is larger than the one promised")
        stream = (copy / need.path).open("rb")
    except FileNotFoundError as problem:
        raise UnfitError("the copy has no such file") from problem
    except OSError as problem:
        raise UnfitError(f"the copy's file cannot be read: {problem.strerror}") from problem
    with stream:
        while True:
            try:
                block = stream.read(BLOCK)
            except OSError as problem:
                raise UnfitError(f"the copy's file cannot be read: {problem.strerror}") from problem
            if not block:
                break
            whole.update(block)
            size += len(block)
            write(block)
    if whole.hexdigest() != need.sha256:
        raise UnfitError("the copy's file has not the digest promised either")
    return size


def _standing(root: Path, path: str) -> str | None:
    """What stands in a file's place: itself, or a file where a folder of its should be.

    Raises: UnfitError where a folder on the way is a link: what lies behind is not ours.
    """
    names = PurePosixPath(path).parts
    for depth in range(1, len(names)):
        way = "/".join(names[:depth])
        if (root / way).is_symlink():
            raise UnfitError(f"{way} is a link; remove it, then repair again")
        if (root / way).exists() and not (root / way).is_dir():
            return way
    return path if os.path.lexists(root / path) else None
