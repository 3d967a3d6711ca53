"""The bag around the tables (BagIt, RFC 8493): manifests that any tool can check.

The log is the ground truth; the bag repeats it in a form that needs none of our
code: ``sha256sum -c manifest-sha256.txt``, ``bagit.py --validate``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from archiver.archive.bag.about import bag_info
from archiver.archive.bag.croissant import NAME as CROISSANT
from archiver.archive.bag.croissant import croissant
from archiver.archive.bag.described import described
from archiver.archive.bag.grown import Grown, Sealed, grown, sealed_before
from archiver.archive.bag.payload import (
    Vouched,
    known_files,
    list_payload,
    vouched_checkpoints,
)
from archiver.archive.bag.tags import (
    DECLARATION,
    INFO,
    MANIFEST,
    README,
    TAG_FILES,
    TAG_MANIFEST,
    read_manifest,
    write_manifest,
)
from archiver.archive.files.disk import (
    STAGING,
    Checkpoint,
    make_folder,
    no_checkpoint,
    regular_size,
    storing,
    sync_folder,
    write_aside,
)
from archiver.archive.files.mounts import push
from archiver.archive.log.chain import replay
from archiver.archive.log.entry import Entry
from archiver.archive.rows.columns import TABLES
from archiver.digest import sha256

__all__ = [
    "CROISSANT",
    "DECLARATION",
    "INFO",
    "MANIFEST",
    "README",
    "STEPS",
    "TAG_FILES",
    "TAG_MANIFEST",
    "read_manifest",
    "seal",
    "sealed_before",
]

#: Steps told to ``checkpoint``.
STEPS = ("seal-opened", "seal-manifest-durable", "seal-info-durable", "seal-closed")

_README = """\
# A text archive

This folder is a BagIt bag (RFC 8493) that holds two Delta Lake tables of Parquet
files, written by archiver-toolkit. No special program is needed to read it.

- `data/documents/parts/**/*.parquet`: the documents, every revision of each.
- `data/quarantine/parts/**/*.parquet`: what was kept out, as received, and why.
- `data/rulesets/*.json.gz`: the rules each document was cleaned by (`gunzip` unpacks them).
- `croissant.json`: what the tables hold, for programs (mlcroissant).
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


def seal(
    root: Path,
    *,
    entries: Mapping[str, Sequence[Entry]] | None = None,
    staging: Path | None = None,
    leaving: Collection[str] = (),
    before: Sealed | None = None,
    checkpoint: Checkpoint = no_checkpoint,
) -> bool:
    """Write the bag's files anew, so that they say what the archive holds now.

    entries: table -> its log, where the caller has read it.
    staging: the folder of the run that seals; by default the one for all.
    leaving: payload about to be deleted, which the bag names no longer.
    before: what the bag says, where it may be taken at its word for older files;
    see ``grown``.

    Stopped half-way it leaves a bag without tag manifest, which ``validate``
    calls unsealed; sealing again completes it. Cost: a look at every file, or
    with ``before`` at the new ones; only files the log does not name are
    read, and checkpoints once.
    Returns: False where the archive is a working copy, and another writer went on meanwhile:
    what the bag says is stale, and it is to be sealed again.
    Raises: DamageError where the log is damaged; StorageError.
    """
    logs = entries or {table: replay(root / folder) for table, folder in TABLES.items()}
    staging = root / STAGING if staging is None else staging
    with storing(f"the manifests of {root}"):
        make_folder(staging)
        made = None if before is None else grown(root, logs, before, leaving)
        vouched = {} if made else vouched_checkpoints(root)
        (root / TAG_MANIFEST).unlink(missing_ok=True)
        sync_folder(root)
        checkpoint("seal-opened")
        manifest, octets, files = made or _listed(root, logs, vouched, leaving)
        _write_if_new(root / DECLARATION, _DECLARATION, staging)
        _write_if_new(root / README, _README.encode("utf-8"), staging)
        write_aside(root / MANIFEST, manifest, staging)
        checkpoint("seal-manifest-durable")
        found, digest = described(root, logs["documents"]), sha256(manifest)
        _write_if_new(root / CROISSANT, croissant(logs, found, digest), staging)
        write_aside(root / INFO, bag_info(logs["documents"], octets, files), staging)
        checkpoint("seal-info-durable")
        tags = {
            name: sha256((root / name).read_bytes())
            for name in TAG_FILES
            if name != MANIFEST and (root / name).is_file()
        }
        tags[MANIFEST] = digest
        write_aside(root / TAG_MANIFEST, write_manifest(tags), staging)
        checkpoint("seal-closed")
    return push(root)


def _listed(
    root: Path,
    logs: Mapping[str, Sequence[Entry]],
    vouched: Mapping[str, Vouched],
    leaving: Collection[str],
) -> Grown:
    """The manifest of what a look at every file finds."""
    lines, octets = list_payload(root, known_files(logs), vouched)
    for path in leaving:
        if lines.pop(path, None):
            octets -= regular_size(root / path)
    return Grown(write_manifest(lines), octets, len(lines))


_DECLARATION = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"


def _write_if_new(path: Path, data: bytes, staging: Path) -> None:
    if not path.is_file() or path.read_bytes() != data:
        write_aside(path, data, staging)
