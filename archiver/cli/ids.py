"""Which document a person means: by its id, the beginning of one, or a path."""

from __future__ import annotations

import os
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archiver.cli.places import is_remote
from archiver.errors import ArchiverError, DamageError, InputError

if TYPE_CHECKING:
    from archiver.archive.archive import Archive

#: Candidates named when a beginning fits several documents.
_NAMED = 5


def resolve(wanted: str, paths: Mapping[str, str]) -> str:
    """The id meant by an id, by a file_path, or by the unique beginning of either.

    paths: file_path by id, of every document.
    Raises: InputError naming those that come near, or those that all fit.
    """
    if wanted in paths:
        return wanted
    found = [name for name, path in paths.items() if path == wanted]
    if not found and wanted:
        found = [
            name
            for name, path in paths.items()
            if name.startswith(wanted) or path.startswith(wanted) or _file(path, wanted)
        ]
    if len(found) == 1:
        return found[0]
    if found:
        raise InputError(
            f"{wanted!r} fits {len(found):,} documents",
            hint=f"Give more of the id: {_listed(sorted(found))}.",
        )
    near = get_close_matches(wanted, list(paths), n=3, cutoff=0.5)
    hint = f"Did you mean {_listed(near)}?" if near else "`archiver show` lists the documents."
    raise InputError(f"no document {wanted!r} in the archive", hint=hint)


def _file(path: str, wanted: str) -> bool:
    """Whether a path ends in the file name that was typed."""
    return "/" not in wanted and path.rpartition("/")[2].startswith(wanted)


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def as_meant(typed: str) -> str:
    """A word of the command line as UTF-8, which ids are, whatever the locale takes it for."""
    try:
        typed.encode("utf-8")
    except UnicodeEncodeError:
        return os.fsencode(typed).decode("utf-8", "replace")
    return typed


def document_id(archive: Archive, wanted: str) -> str:
    """``resolve`` within an archive; says so where the document is in quarantine."""
    wanted = as_meant(wanted)
    try:
        return resolve(wanted, archive.paths())
    except InputError as error:
        lost = archive.damaged_parts()
        if lost:
            raise DamageError(
                f"{error.message}; it may be in {lost[0]}, which is damaged"
            ) from error
        taken = archive.taken_down().find(wanted)
        if taken is not None:
            raise InputError(
                f"{wanted!r} {taken}",
                hint=f"`archiver log` shows it as version {taken.version}; nothing of it is kept.",
            ) from error
        kept = sorted(code for name, code, _ in archive.quarantined_keys() if name == wanted)
        if not kept:
            raise
        raise InputError(
            f"{wanted!r} was never archived: it is in quarantine ({', '.join(kept)})",
            hint=f"`archiver quarantine {wanted}` tells why; -o FILE gives its bytes.",
        ) from error


def complete_id(
    ctx: click.Context, _param: click.Parameter, incomplete: str
) -> list[click.shell_completion.CompletionItem[str]]:
    """The ids that begin so, for the tab key. Where there is no archive: nothing."""
    from archiver.archive.archive import open_archive
    from archiver.cli.session import settings

    try:
        place = settings(archive=ctx.params.get("archive")).archive
        names = [] if is_remote(place) else open_archive(Path(place)).ids()  # a key must be quick
    except (ArchiverError, OSError):
        return []
    return [
        click.shell_completion.CompletionItem(name) for name in names if name.startswith(incomplete)
    ]
