"""The files of the bag's payload, with digests: what the log knows is not read again."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from archiver.archive.bag.tags import MANIFEST, vouched
from archiver.archive.files.disk import regular_size
from archiver.archive.files.mounts import need
from archiver.archive.log.chain import LOG_FOLDER, live_parts
from archiver.archive.log.entry import Entry, entry_name
from archiver.archive.rows.columns import RULESETS, TABLES
from archiver.digest import sha256_stream
from archiver.errors import StorageError

#: A ruleset in archives of older programs: plain JSON, named by the file's own digest. The
#: name of a packed one (``.json.gz``) is the digest of what is in it; such a file is read.
_PLAIN_RULESET = re.compile(rf"{RULESETS}/[0-9a-f]{{64}}\.json")

#: How the names of Delta's checkpoints end.
CHECKPOINT = ".checkpoint.parquet"

#: A manifest line is a digest, two blanks and a path.
_DIGEST = 64


class Known(NamedTuple):
    """What is known of a file without reading it; ``size`` in bytes, or None."""

    digest: str
    size: int | None


class Vouched(NamedTuple):
    """A manifest's word for a file, and when it was given, in ns."""

    digest: str
    moment: int


def payload_files(root: Path) -> Iterator[str]:
    """Every file below ``data``, as a posix path from the root, sorted by folder.

    Links to folders are not followed.
    """
    yield from (path for path, _ in _below(str(root / "data"), "data"))


def known_files(logs: Mapping[str, Sequence[Entry]]) -> dict[str, Known]:
    """Payload files that the log names. logs: table -> its entries."""
    known: dict[str, Known] = {}
    for table, entries in logs.items():
        folder = TABLES[table]
        for entry in entries:
            known[f"{folder}/{LOG_FOLDER}/{entry_name(entry.version)}"] = Known(entry.sha256, None)
        for path, (_, part) in live_parts(entries).items():
            known[f"{folder}/{path}"] = Known(part.sha256, part.bytes)
    return known


def vouched_checkpoints(root: Path) -> dict[str, Vouched]:
    """The checkpoints that a sealed bag lists; none where the bag is not sealed.

    They never change, and there are many: read again at each seal they would
    cost more than all else.
    """
    try:
        moment = (root / MANIFEST).stat().st_mtime_ns
        data = b"".join(vouched(root, MANIFEST) or ())
        lines = [line for line in data.decode("utf-8").split("\n") if line.endswith(CHECKPOINT)]
    except (OSError, ValueError):
        return {}
    return {line[_DIGEST + 2 :]: Vouched(line[:_DIGEST], moment) for line in lines}


def list_payload(
    root: Path, known: Mapping[str, Known], vouched: Mapping[str, Vouched]
) -> tuple[dict[str, str], int]:
    """Path -> digest of every payload file, and the payload's octets.

    Read are only files that neither the log nor an older manifest knows, and
    those that were touched since the manifest. Raises: OSError; StorageError
    where a file of the log is missing.
    """
    lines, octets = {}, 0
    for path, item in _below(str(root / "data"), "data"):
        digest, size = known.get(path, (None, None))
        if size is None:
            size = regular_size(item)
        octets += size
        if digest is None and _PLAIN_RULESET.fullmatch(path):
            digest = PurePosixPath(path).stem
        if digest is None and path in vouched and item.stat().st_mtime_ns <= vouched[path].moment:
            digest = vouched[path].digest
        if digest is None:
            need(root / path)
            with (root / path).open("rb") as stream:
                digest, _ = sha256_stream(stream)
        lines[path] = digest
    missing = sorted(known.keys() - lines.keys())
    if missing:
        raise StorageError(f"cannot seal {root}: {missing[0]} is missing")
    return lines, octets


def _below(folder: str, name: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
    # Strings and not Paths: a seal looks at every file, and there may be many.
    with os.scandir(folder) as found:
        items = sorted(found, key=lambda item: item.name)
    for item in items:
        if item.is_dir(follow_symlinks=False):
            yield from _below(item.path, f"{name}/{item.name}")
        else:
            yield f"{name}/{item.name}", item
