"""The manifest of a bag that only grew: its lines, and those of what came since.

A seal that looks at every file of the payload costs more with every version.
Where the bag is sealed at a version of this log, all that came since stands in
the log, so the manifest needs these lines and no others. What somebody else
did to older files is for ``validate``, and for the next whole seal: there is
one every ``WHOLE_INTERVAL`` versions, and after whatever is not a plain commit.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from archiver.archive.bag.payload import CHECKPOINT
from archiver.archive.bag.tags import INFO, MANIFEST, MAX_INFO_BYTES, read_head, read_oxum, vouched
from archiver.archive.files.disk import read_small, regular_size
from archiver.archive.files.mounts import need
from archiver.archive.log.chain import LOG_FOLDER
from archiver.archive.log.delta import LAST_CHECKPOINT
from archiver.archive.log.entry import Entry, Head, entry_name
from archiver.archive.rows.columns import RULESETS, TABLES
from archiver.digest import sha256, sha256_stream
from archiver.errors import StorageError

#: At these versions every file is looked at all the same.
WHOLE_INTERVAL = 100

#: A manifest line is a digest, two blanks and a path.
_PATH = 66


class Sealed(NamedTuple):
    """What a sealed bag says of its payload.

    octets, files: of all files. head: when it was sealed. pointers: path and size
    of the files that name Delta's newest checkpoints: only they are ever replaced.
    """

    manifest: bytes
    octets: int
    files: int
    head: Head
    pointers: Mapping[str, int]


class Grown(NamedTuple):
    """What the bag shall say. octets and files: of the whole payload."""

    manifest: bytes
    octets: int
    files: int


def sealed_before(root: Path) -> Sealed | None:
    """What the bag's own files say, where its tag manifest vouches for them; else None.

    To be called before a checkpoint is written. Raises: nothing.
    """
    found = vouched(root, MANIFEST, INFO)
    if found is None:
        return None
    manifest, info = found
    try:
        (octets, files), head = read_oxum(info), read_head(info)
        pointers = {path: read_small(root / path, MAX_INFO_BYTES) for path in _pointers(root)}
    except (OSError, ValueError):
        return None
    if any(_line(path, sha256(item)) not in manifest for path, item in pointers.items()):
        return None
    sizes = {path: len(item) for path, item in pointers.items()}
    return Sealed(manifest, octets, files, head, sizes)


def grown(
    root: Path, logs: Mapping[str, Sequence[Entry]], before: Sealed, leaving: Collection[str]
) -> Grown | None:
    """The manifest for a log that went on since; None where every file must be looked at.

    leaving: payload that the manifest shall not name.
    Cost: one search in the manifest a new file. Raises: OSError; StorageError
    where a new file of the log is missing.
    """
    since = _since(logs, before.head)
    if since is None or any(_stands(before.manifest, path) for path in leaving):
        return None
    lines = dict[str, str]()
    for table, entries in since.items():
        folder = TABLES[table]
        for entry in entries:
            if "takedown" in entry.info or entry.version % WHOLE_INTERVAL == 0:
                return None
            path = f"{folder}/{LOG_FOLDER}/{entry.version:020d}"
            lines[f"{folder}/{LOG_FOLDER}/{entry_name(entry.version)}"] = entry.sha256
            lines |= {f"{folder}/{part.path}": part.sha256 for part in entry.added}
            if (checkpoint := root / f"{path}{CHECKPOINT}").exists():
                lines[f"{path}{CHECKPOINT}"] = _digest(checkpoint)
    for path in sorted(f"{RULESETS}/{item.name}" for item in (root / RULESETS).glob("*")):
        if not _stands(before.manifest, path):
            lines[path] = _digest(root / path)
    if any(_stands(before.manifest, path) for path in lines):
        return None
    return _with(root, _without_pointers(before), lines | _pointers_now(root))


def _pointers(root: Path) -> list[str]:
    paths = (f"{folder}/{LOG_FOLDER}/{LAST_CHECKPOINT}" for folder in TABLES.values())
    return [path for path in paths if (root / path).exists()]


def _pointers_now(root: Path) -> dict[str, str]:
    return {path: _digest(root / path) for path in _pointers(root)}


def _without_pointers(before: Sealed) -> Sealed:
    """Their lines come anew: a checkpoint may have been written since."""
    manifest = before.manifest
    for path in before.pointers:
        at = manifest.index(f"  {path}\n".encode()) + 2 - _PATH
        manifest = manifest[:at] + manifest[at + _PATH + len(path) + 1 :]
    return before._replace(
        manifest=manifest,
        octets=before.octets - sum(before.pointers.values()),
        files=before.files - len(before.pointers),
    )


def _line(path: str, digest: str) -> bytes:
    return f"{digest}  {path}\n".encode()


def _since(logs: Mapping[str, Sequence[Entry]], head: Head) -> dict[str, Sequence[Entry]] | None:
    """The entries of each table after a head; None where it is not of this log, or the newest."""
    documents = logs["documents"]
    if head.version + 1 >= len(documents) or documents[head.version].head != head:
        return None
    bound = documents[head.version].bound
    if bound is None or len(logs["quarantine"]) <= bound.version:
        return None
    return {
        "documents": documents[head.version + 1 :],
        "quarantine": logs["quarantine"][bound.version + 1 :],
    }


def _with(root: Path, before: Sealed, lines: Mapping[str, str]) -> Grown:
    octets, old, pieces, begun = before.octets, before.manifest, list[bytes](), 0
    for path, digest in sorted(lines.items()):
        try:
            octets += regular_size(root / path)
        except FileNotFoundError as problem:
            raise StorageError(f"cannot seal {root}: {path} is missing") from problem
        at = _place(old, path.encode("utf-8"), begun)
        pieces += [old[begun:at], _line(path, digest)]
        begun = at
    return Grown(b"".join([*pieces, old[begun:]]), octets, before.files + len(lines))


def _place(manifest: bytes, path: bytes, low: int) -> int:
    """Where a path's line belongs: an offset at or after ``low``, itself one of a line."""
    high = len(manifest)
    while low < high:
        start = manifest.rfind(b"\n", low, (low + high) // 2) + 1 or low
        end = manifest.index(b"\n", start)
        if manifest[start + _PATH : end] < path:
            low = end + 1
        else:
            high = start
    return low


def _stands(manifest: bytes, path: str) -> bool:
    """Whether a manifest has a line for a path; the log's own paths need no escapes."""
    return f"  {path}\n".encode("utf-8", "surrogateescape") in manifest


def _digest(path: Path) -> str:
    need(path)
    with path.open("rb") as stream:
        return sha256_stream(stream)[0]
