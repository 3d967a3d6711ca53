"""The rulesets that an archive keeps: what cleaned a document can be run again years later.

A ruleset is canonical JSON, and its digest names it in records and log. The file
is gzip (RFC 1952), which every system unpacks; archives of older programs hold
plain ``.json``. Either way the digest of the JSON decides, never the file's own:
compressors differ by version and platform.
"""

from __future__ import annotations

import gzip
import re
import zlib
from pathlib import Path

from archiver.archive.files.disk import make_folder, read_small, write_aside
from archiver.archive.rows.columns import RULESETS
from archiver.digest import sha256
from archiver.errors import DamageError

#: Ours has 0.7 MB; the limit is what a hostile archive may make us hold at once.
MAX_RULESET_BYTES = 64 << 20

#: The most effort: a ruleset is written once and kept for good.
_GZIP_LEVEL = 9

#: How zlib is told to read gzip.
_GZIP = 16 + zlib.MAX_WBITS

_NAME = re.compile(r"([0-9a-f]{64})\.json(\.gz)?")


def ruleset_path(digest: str) -> str:
    """Where a ruleset is kept, from the archive's folder."""
    return f"{RULESETS}/{digest}.json.gz"


def named_ruleset(name: str) -> str | None:
    """The digest that a file name in the folder of rulesets stands for."""
    match = _NAME.fullmatch(name)
    return match[1] if match else None


def keep_ruleset(root: Path, digest: str, data: bytes, staging: Path) -> None:
    """Keep a ruleset durably, unless the archive has it in this layout or the older one.

    data: its JSON, of that digest. staging: an existing folder on the archive's
    file system. Raises: OSError.
    """
    if _found(root, digest) is None:
        make_folder(root / RULESETS)
        packed = gzip.compress(data, _GZIP_LEVEL, mtime=0)
        write_aside(root / ruleset_path(digest), packed, staging)


def read_ruleset(root: Path, digest: str) -> bytes:
    """The JSON of a ruleset.

    Raises: DamageError where it is missing, cannot be unpacked or has another digest.
    """
    path = _found(root, digest)
    if path is None:
        raise DamageError(f"{root / ruleset_path(digest)}: the ruleset is missing")
    try:
        data = unpacked(path)
    except (OSError, ValueError) as problem:
        raise DamageError(f"{path}: the ruleset cannot be read: {problem}") from problem
    if sha256(data) != digest:
        raise DamageError(f"{path}: its rules are not those of its name")
    return data


def unpacked(path: Path) -> bytes:
    """The JSON in a ruleset's file, whichever layout it is in.

    Raises: OSError; ValueError for more than ``MAX_RULESET_BYTES``, packed or
    not, and for bytes that are not one gzip member and nothing else.
    """
    data = read_small(path, MAX_RULESET_BYTES)
    if path.suffix != ".gz":
        return data
    unpacker = zlib.decompressobj(_GZIP)
    try:
        whole = unpacker.decompress(data, MAX_RULESET_BYTES)
    except zlib.error as problem:
        raise ValueError(f"it cannot be unpacked: {problem}") from problem
    if not unpacker.eof or unpacker.unused_data:
        raise ValueError("it is not one gzip file of a size that rules have")
    return whole


def _found(root: Path, digest: str) -> Path | None:
    """The file that holds a ruleset, the packed one first; None where there is none."""
    path = root / ruleset_path(digest)
    return next((item for item in (path, path.with_suffix("")) if item.is_file()), None)
