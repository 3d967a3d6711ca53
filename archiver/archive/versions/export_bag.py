"""Documents as files in a BagIt bag: clean texts, received bytes, and a table of both."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from archiver.archive.bag.tags import write_manifest
from archiver.archive.files.disk import storing, sync_folder, write_synced
from archiver.archive.log.entry import Head
from archiver.archive.rows.records import restore_bytes
from archiver.archive.versions.export import Reach, json_line
from archiver.digest import sha256
from archiver.errors import InputError

#: Ids that may be file names as they are: on every system, in any case, at any length.
_SAFE = re.compile(r"[a-z0-9][a-z0-9_-]*(?:\.[a-z0-9_-]+)*")
_MAX_NAME = 80
#: Names that are devices on Windows, with any ending.
_DEVICES = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?")
#: Hex digits that make a changed name one of a kind.
_DIGITS = 32
#: How a changed name ends, so that no unchanged one looks like it.
_CHANGED = re.compile(rf"-[0-9a-f]{{{_DIGITS}}}$")

_SUFFIX = {"text/html": "html"}
_TABLE = "data/documents.jsonl"
_DECLARATION = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"

#: Columns that stand in files of their own, or only help to rebuild those.
_LEFT_OUT = frozenset({"text", "raw", "edits"})

_README = """\
# Documents out of an archive

A BagIt bag (RFC 8493): `sha256sum -c manifest-sha256.txt` checks it.

- `data/text/`: the clean text of each document, in UTF-8.
- `data/received/`: its bytes as they were received.
- `data/documents.jsonl`: one line a document: its id, the names of both files
  (`text_file`, `received_file`), provenance and digests.
"""


@dataclass(frozen=True, slots=True)
class BagFacts:
    """What the bag says of itself."""

    head: Head
    version: int
    tool: str
    made_at: datetime


def safe_name(id_: str) -> str:
    """A file name for an id, on every system; two ids never share one.

    Short plain ids in lower case stay as they are. Others keep what is plain in
    them, and get a digest. At most 80 characters.
    """
    plain = len(id_) <= _MAX_NAME and _SAFE.fullmatch(id_) and not _DEVICES.fullmatch(id_)
    if plain and not _CHANGED.search(id_):
        return id_
    kept = re.sub(r"[^a-z0-9_-]+", "_", id_.lower())[: _MAX_NAME - _DIGITS - 1].strip("_-")
    return f"{kept or 'document'}-{sha256(id_.encode())[:_DIGITS]}"


def export_bag(
    tables: Iterator[pa.Table], folder: Path, facts: BagFacts, *, all_revisions: bool, reach: Reach
) -> int:
    """Write documents into a new bag. Returns: how many.

    tables: rows with all columns. folder: must not exist; it appears when it is
    whole. With all revisions the number stands in each file's name.
    Raises: InputError where the folder exists; DamageError where received bytes
    cannot be rebuilt; StorageError. Memory: a table, and a manifest line a file.
    """
    if os.path.lexists(folder):
        raise InputError(f"{folder} exists", hint="Name a folder that is not there yet.")
    aside = folder.with_name(f".{folder.name}.{os.getpid()}.part")
    try:
        with storing(f"the bag {folder}"):
            aside.mkdir(parents=True)
            rows = _fill(tables, aside, facts, all_revisions=all_revisions, reach=reach)
            aside.rename(folder)
            sync_folder(folder.parent)
    finally:
        with suppress(OSError):
            shutil.rmtree(aside)
    return rows


def _fill(
    tables: Iterator[pa.Table], bag: Path, facts: BagFacts, *, all_revisions: bool, reach: Reach
) -> int:
    lines: dict[str, str] = {}
    octets, rows = 0, 0
    for name in ("text", "received"):
        (bag / "data" / name).mkdir(parents=True)
    whole = hashlib.sha256()
    with (bag / _TABLE).open("xb") as table_of_files:
        for table in tables:
            for row in table.to_pylist():
                files = _files(row, all_revisions=all_revisions)
                for path, data in files.items():
                    with (bag / path).open("xb") as stream:
                        stream.write(data)
                    lines[path] = sha256(data)
                    octets += len(data)
                line = json_line(_listed(row, *files))
                table_of_files.write(line)
                whole.update(line)
                octets += len(line)
                rows += 1
            reach(rows)
    lines[_TABLE] = whole.hexdigest()
    _close(bag, facts, lines, octets)
    return rows


def _files(row: dict[str, Any], *, all_revisions: bool) -> dict[str, bytes]:
    """Path -> bytes: the clean text, then what was received."""
    name = safe_name(row["id"]) + (f".r{row['revision']}" if all_revisions else "")
    suffix = _SUFFIX.get(row["media_type"], "txt")
    return {
        f"data/text/{name}.txt": row["text"].encode("utf-8"),
        f"data/received/{name}.{suffix}": restore_bytes(row),
    }


def _listed(row: dict[str, Any], text: str, received: str) -> dict[str, Any]:
    known = {name: value for name, value in row.items() if name not in _LEFT_OUT}
    return {"id": known.pop("id"), "text_file": text, "received_file": received, **known}


def _close(bag: Path, facts: BagFacts, lines: dict[str, str], octets: int) -> None:
    """The tag files; the tag manifest, which covers them, comes last."""
    info = {
        "Bag-Software-Agent": f"archiver-toolkit ({facts.tool})",
        "Bagging-Date": facts.made_at.date().isoformat(),
        "Payload-Oxum": f"{octets}.{len(lines)}",
        "Archiver-Version": str(facts.version),
        "Archiver-Head": str(facts.head),
    }
    tags = {
        "bagit.txt": _DECLARATION,
        "bag-info.txt": "".join(f"{name}: {value}\n" for name, value in info.items()).encode(),
        "README.md": _README.encode(),
        "manifest-sha256.txt": write_manifest(lines),
    }
    for name, data in tags.items():
        write_synced(bag / name, data)
    digests = {name: sha256(data) for name, data in tags.items()}
    write_synced(bag / "tagmanifest-sha256.txt", write_manifest(digests))
