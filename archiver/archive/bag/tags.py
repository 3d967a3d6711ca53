"""The bag's own files, read and judged: what they say, and whether one vouches for another."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from urllib.parse import quote

from archiver.archive.bag.croissant import NAME as CROISSANT
from archiver.archive.files.disk import read_small
from archiver.archive.log.entry import Head
from archiver.digest import sha256

DECLARATION = "bagit.txt"
INFO = "bag-info.txt"
MANIFEST = "manifest-sha256.txt"
TAG_MANIFEST = "tagmanifest-sha256.txt"
README = "README.md"

#: Tag files that the tag manifest covers where they exist. The record of fixity
#: checks is not among them: it grows between seals.
TAG_FILES = (DECLARATION, INFO, README, CROISSANT, MANIFEST)

#: Tag files that every bag has.
ALWAYS = frozenset({DECLARATION, INFO, MANIFEST})

#: A manifest line is ~150 bytes; 400,000 payload files are far beyond any archive seen.
MAX_MANIFEST_BYTES = 64 << 20

#: bag-info.txt is a handful of lines.
MAX_INFO_BYTES = 1 << 20

#: As ``seal`` writes them; stricter than BagIt, so that no flipped bit is read over.
_LINE = re.compile(r"([0-9a-f]{64})  (\S.*)")

_HEAD = re.compile(rb"^Archiver-Head: ([0-9]{1,18}):([0-9a-f]{64})$", re.MULTILINE)
_OXUM = re.compile(rb"^Payload-Oxum: ([0-9]{1,18})\.([0-9]{1,12})$", re.MULTILINE)


def escape(path: str) -> str:
    """A path as a manifest writes it: BagIt escapes these three characters only."""
    return path.replace("%", "%25").replace("\n", "%0A").replace("\r", "%0D")


def unescape(path: str) -> str:
    """The inverse of ``escape``."""
    return path.replace("%0A", "\n").replace("%0D", "\r").replace("%25", "%")


def write_manifest(lines: Mapping[str, str]) -> bytes:
    """The bytes of a manifest, sorted by path. lines: path -> digest."""
    return "".join(f"{lines[path]}  {escape(path)}\n" for path in sorted(lines)).encode("utf-8")


def read_manifest(data: bytes) -> dict[str, str]:
    """Path -> digest of a manifest's bytes.

    Raises: ValueError with the line number where a line is none, names a path
    outside the bag, or a path twice.
    """
    lines: dict[str, str] = {}
    text = data.decode("utf-8")
    if text and not text.endswith("\n"):
        raise ValueError("it does not end with a line end")
    for number, line in enumerate(text.split("\n")[:-1], start=1):
        match = _LINE.fullmatch(line)
        if match is None:
            raise ValueError(f"line {number} is not a digest and a path")
        path = unescape(match[2])
        parts = PurePosixPath(path).parts
        if (
            path.startswith(("/", "~"))
            or ".." in parts
            or "\0" in path
            or "\\" in path
            or ":" in path
        ):
            raise ValueError(f"line {number}: the path leaves the bag: {quote(path[:200])}")
        if path in lines:
            raise ValueError(f"line {number}: the path stands there twice: {quote(path[:200])}")
        lines[path] = match[1]
    return lines


def read_head(info: bytes) -> Head:
    """The head that the bytes of a bag-info.txt note. Raises: ValueError where there is none."""
    noted = _HEAD.search(info)
    if noted is None:
        raise ValueError("it lacks Archiver-Head")
    return Head(int(noted[1]), noted[2].decode("ascii"))


def read_oxum(info: bytes) -> tuple[int, int]:
    """(octets, files) of the payload, as the bytes of a bag-info.txt say.

    Raises: ValueError where they do not.
    """
    noted = _OXUM.search(info)
    if noted is None:
        raise ValueError("it lacks Payload-Oxum")
    return int(noted[1]), int(noted[2])


def read_info(root: Path) -> bytes:
    """The bytes of bag-info.txt. Raises: OSError; ValueError where it is too large."""
    return read_small(root / INFO, MAX_INFO_BYTES)


def manifest_lines(root: Path, name: str = MANIFEST) -> dict[str, str]:
    """Path -> digest of one of the two manifests, whoever vouches for it.

    Raises: OSError; ValueError as ``read_manifest``, and where it is too large.
    """
    return read_manifest(read_small(root / name, MAX_MANIFEST_BYTES))


def payload_lines(root: Path) -> dict[str, str]:
    """Path -> digest as the manifest says, whoever vouches for it; empty where it cannot be read.

    For what needs a hint and no proof. Raises: nothing.
    """
    try:
        return manifest_lines(root)
    except (OSError, ValueError):
        return {}


def tags_hold(root: Path) -> bool:
    """Whether the tag manifest is there and every file it names has its bytes."""
    try:
        tags = manifest_lines(root, TAG_MANIFEST)
        return tags.keys() >= ALWAYS and all(
            sha256(read_small(root / name, MAX_MANIFEST_BYTES)) == digest
            for name, digest in tags.items()
        )
    except (OSError, ValueError):
        return False


def vouched(root: Path, *names: str, unsealed: bool = False) -> list[bytes] | None:
    """The bytes of tag files, where the tag manifest has the digest of each; else None.

    unsealed: whether they are believed where there is no tag manifest: a seal was
    interrupted, and each file is whole. Raises: nothing.
    """
    try:
        limits = {INFO: MAX_INFO_BYTES}
        found = {
            name: read_small(root / name, limits.get(name, MAX_MANIFEST_BYTES)) for name in names
        }
    except (OSError, ValueError):
        return None
    try:
        tags = manifest_lines(root, TAG_MANIFEST)
    except FileNotFoundError:
        return list(found.values()) if unsealed else None
    except (OSError, ValueError):
        return None
    hold = all(tags.get(name) == sha256(data) for name, data in found.items())
    return list(found.values()) if hold else None
