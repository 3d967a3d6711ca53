"""``archiver restore``: the bytes as received, exactly."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import click

from archiver.cli.ids import complete_id, document_id
from archiver.cli.places import archive_path, cache_option
from archiver.cli.screen import Screen, binary_stdout, is_terminal, size
from archiver.cli.session import archive_option, command, settings
from archiver.cli.show import find_record, version_options
from archiver.cli.visible import is_plain, visible_line
from archiver.digest import sha256
from archiver.errors import StorageError, UsageError


@command("restore")
@click.argument("wanted", metavar="ID", shell_complete=complete_id)
@archive_option
@cache_option
@version_options
@click.option("-o", "--output", metavar="FILE", type=click.Path(), help="Write into this file.")
@click.option("--force", is_flag=True, help="Replace the file if it exists.")
def restore(
    wanted: str,
    archive: str | None,
    revision: int | None,
    version: int | None,
    output: str | None,
    force: bool,
    as_json: bool,
    quiet: bool,
) -> int:
    """Give back a document's bytes, exactly as they were received.

    ID is an id, the beginning of one, or the path of the source. The bytes are
    compared with their digest before a single one is written.

    \b
    Examples:
      archiver restore 000_7dd4 > page.txt
      archiver restore 000_7dd4 -o page.txt --force
      archiver restore 000_7dd4 --revision 1 | sha256sum
    """
    from archiver.archive.archive import open_archive, restore_bytes

    screen = Screen(as_json, quiet)
    if as_json and output is None:
        raise UsageError("--json tells about a file written", hint="Name the file with -o FILE.")
    opened = open_archive(archive_path(settings(archive=archive).archive))
    record = find_record(opened, document_id(opened, wanted), revision=revision, version=version)
    data = restore_bytes(record)
    if output is None:
        _to_stdout(data)
        return 0
    write_pieces(Path(output), [data], force=force)
    if as_json:
        told = {"id": record["id"], "revision": record["revision"], "file": output}
        screen.json({**told, "bytes": len(data), "sha256": sha256(data)})
    screen.say(f"{visible_line(output)}: {size(len(data))} as received, sha256 {sha256(data)}")
    return 0


def write_pieces(path: Path, pieces: Iterable[bytes], *, force: bool) -> None:
    """Write a file whole or not at all: under another name first, then renamed.

    Raises: UsageError where it exists and ``force`` is not given; StorageError.
    """
    exists = UsageError(f"{path} exists", hint="Name another file, or give --force to replace it.")
    if path.is_dir():
        raise UsageError(f"{path} is a folder", hint="Name a file in it.")
    if not force and os.path.lexists(path):
        raise exists
    aside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with aside.open("xb") as file:
            file.writelines(pieces)
            file.flush()
            os.fsync(file.fileno())
        publish(aside, path, force=force)
    except FileExistsError as error:
        raise exists from error
    except OSError as error:
        raise StorageError(f"{path} could not be written: {error.strerror or error}") from error
    finally:
        with suppress(OSError):  # gone by its rename, or never made
            aside.unlink()


def publish(aside: Path, path: Path, *, force: bool) -> None:
    """Give the file its name. Raises: FileExistsError where one has come meanwhile."""
    if force:
        aside.replace(path)
        return
    try:
        os.link(aside, path)
    except FileExistsError:
        raise
    except OSError:  # a filesystem without hard links
        if os.path.lexists(path):
            raise FileExistsError from None
        aside.replace(path)


def _to_stdout(data: bytes) -> None:
    """Exact bytes into a pipe; a terminal gets them only if it obeys none of them."""
    if is_terminal(sys.stdout) and not _is_harmless(data):
        raise UsageError(
            "these bytes could change the terminal", hint="Use -o FILE, or a pipe: | less"
        )
    binary_stdout().write(data)


def _is_harmless(data: bytes) -> bool:
    try:
        return is_plain(data.decode("utf-8").replace("\r\n", "\n"))
    except UnicodeDecodeError:
        return False
