"""The bag around the tables (BagIt, RFC 8493): manifests that any tool can check.

The log is the ground truth; the bag repeats it in a form that needs none of our
code: ``sha256sum -c manifest-sha256.txt``, ``bagit.py --validate``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from urllib.parse import quote

from archiver.archive.columns import FORMAT_VERSION, RULESETS, TABLES
from archiver.archive.disk import (
    STAGING,
    Checkpoint,
    make_folder,
    no_checkpoint,
    regular_size,
    storing,
    sync_folder,
    write_aside,
)
from archiver.archive.entry import entry_name
from archiver.archive.log import LOG_FOLDER, live_parts, replay
from archiver.digest import sha256, sha256_stream
from archiver.errors import StorageError

DECLARATION = "bagit.txt"
INFO = "bag-info.txt"
MANIFEST = "manifest-sha256.txt"
TAG_MANIFEST = "tagmanifest-sha256.txt"
README = "README.md"

#: Tag files that the tag manifest covers where they exist. The record of fixity
#: checks is not among them: it grows between seals.
TAG_FILES = (DECLARATION, INFO, README, "croissant.json", MANIFEST)

#: Steps told to ``checkpoint``.
STEPS = ("seal-opened", "seal-manifest-durable", "seal-info-durable", "seal-closed")

#: A manifest line is ~150 bytes; 400,000 payload files are far beyond any archive seen.
MAX_MANIFEST_BYTES = 64 << 20

#: As ``seal`` writes them; stricter than BagIt, so that no flipped bit is read over.
_LINE = re.compile(r"([0-9a-f]{64})  (\S.*)")

_RULESET = re.compile(rf"{RULESETS}/[0-9a-f]{{64}}\.json")

_README = """\
# A text archive

This folder is a BagIt bag (RFC 8493) that holds two Delta Lake tables of Parquet
files, written by archiver-toolkit. No special program is needed to read it.

- `data/documents/parts/**/*.parquet`: the documents, every revision of each.
- `data/quarantine/parts/**/*.parquet`: what was kept out, as received, and why.
- `data/rulesets/*.json`: the rules each document was cleaned by.
- `manifest-sha256.txt`: the SHA-256 of every file: `sha256sum -c manifest-sha256.txt`.

One row a document, the newest revision, in DuckDB:

```sql
SELECT * FROM read_parquet('data/documents/parts/**/*.parquet')
QUALIFY row_number() OVER (PARTITION BY id ORDER BY revision DESC) = 1;
```

Read `parts/**`, not the whole table folder: `_delta_log` holds Parquet files of
another kind. Delta readers open `data/documents` itself.

The column `edits` lists what cleaning changed: `start` and `end` count code
points of the raw text, where `before` stood; the clean text has `after` instead.
Undone from first to last they give the text as received; with `newline`
put back and in `encoding`, the bytes, unless `raw` holds those itself.

Each entry of `data/documents/_delta_log` names the SHA-256 of the entry before it
(`commitInfo.archiver.prev`), of every part it adds and of the quarantine's newest
entry. So the newest entry's SHA-256, noted elsewhere, proves the whole archive.
"""


def payload_files(root: Path) -> Iterator[str]:
    """Every file below ``data``, as a posix path from the root, sorted by folder.

    Links to folders are not followed.
    """
    yield from _below(root / "data", "data")


def _below(folder: Path, name: str) -> Iterator[str]:
    for item in sorted(folder.iterdir(), key=lambda path: path.name):
        if item.is_dir() and not item.is_symlink():
            yield from _below(item, f"{name}/{item.name}")
        else:
            yield f"{name}/{item.name}"


def known_digests(root: Path) -> dict[str, str]:
    """Digests of payload files that the log names: none of them is read again.

    Raises: DamageError where the log is damaged.
    """
    known: dict[str, str] = {}
    for folder in TABLES.values():
        entries = replay(root / folder)
        for entry in entries:
            known[f"{folder}/{LOG_FOLDER}/{entry_name(entry.version)}"] = entry.sha256
        for path, (_, part) in live_parts(entries).items():
            known[f"{folder}/{path}"] = part.sha256
    return known


def escape(path: str) -> str:
    """A path as a manifest writes it: BagIt escapes these three characters only."""
    return path.replace("%", "%25").replace("\n", "%0A").replace("\r", "%0D")


def unescape(path: str) -> str:
    """The inverse of ``escape``."""
    return path.replace("%0A", "\n").replace("%0D", "\r").replace("%25", "%")


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
        if path.startswith(("/", "~")) or ".." in parts or "\\" in path or ":" in path:
            raise ValueError(f"line {number}: the path leaves the bag: {quote(path[:200])}")
        if path in lines:
            raise ValueError(f"line {number}: the path stands there twice: {quote(path[:200])}")
        lines[path] = match[1]
    return lines


def _manifest(lines: dict[str, str]) -> bytes:
    return "".join(f"{lines[path]}  {escape(path)}\n" for path in sorted(lines)).encode("utf-8")


def seal(root: Path, *, checkpoint: Checkpoint = no_checkpoint) -> None:
    """Write the bag's files anew, so that they say what the archive holds now.

    Stopped half-way it leaves a bag without tag manifest, which ``validate``
    calls unsealed; sealing again completes it. Cost: one line a file; only
    files the log does not name are read.
    Raises: DamageError where the log is damaged; StorageError.
    """
    known = known_digests(root)
    staging = root / STAGING
    with storing(f"the manifests of {root}"):
        make_folder(staging)
        (root / TAG_MANIFEST).unlink(missing_ok=True)
        sync_folder(root)
        checkpoint("seal-opened")
        lines, octets = _payload(root, known)
        _write_if_new(root / DECLARATION, _DECLARATION, staging)
        _write_if_new(root / README, _README.encode("utf-8"), staging)
        write_aside(root / MANIFEST, _manifest(lines), staging)
        checkpoint("seal-manifest-durable")
        write_aside(root / INFO, _info(root, octets, len(lines)), staging)
        checkpoint("seal-info-durable")
        tags = {
            name: sha256((root / name).read_bytes())
            for name in TAG_FILES
            if (root / name).is_file()
        }
        write_aside(root / TAG_MANIFEST, _manifest(tags), staging)
        checkpoint("seal-closed")


_DECLARATION = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"


def _payload(root: Path, known: dict[str, str]) -> tuple[dict[str, str], int]:
    """Manifest lines of the payload, and its octets. Raises: OSError, StorageError."""
    lines, octets = {}, 0
    for path in payload_files(root):
        octets += regular_size(root / path)
        digest = known.get(path)
        if digest is None and _RULESET.fullmatch(path):
            digest = PurePosixPath(path).stem
        if digest is None:
            with (root / path).open("rb") as stream:
                digest, _ = sha256_stream(stream)
        lines[path] = digest
    missing = sorted(known.keys() - lines.keys())
    if missing:
        raise StorageError(f"cannot seal {root}: {missing[0]} is missing")
    return lines, octets


def _write_if_new(path: Path, data: bytes, staging: Path) -> None:
    if not path.is_file() or path.read_bytes() != data:
        write_aside(path, data, staging)


def _info(root: Path, octets: int, files: int) -> bytes:
    newest = replay(root / TABLES["documents"])[-1]
    lines = {
        "Bag-Software-Agent": f"archiver-toolkit ({newest.info.get('tool')})",
        "Bagging-Date": str(newest.info["committed_at"])[:10],
        "Payload-Oxum": f"{octets}.{files}",
        "Archiver-Format": str(FORMAT_VERSION),
        "Archiver-Head": str(newest.head),
    }
    return "".join(f"{name}: {value}\n" for name, value in lines.items()).encode("utf-8")
