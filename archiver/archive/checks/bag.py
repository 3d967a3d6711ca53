"""The layer ``bag``: do the manifests say what our log says?"""

from __future__ import annotations

import re

from archiver.archive.bag.tags import (
    ALWAYS,
    INFO,
    MANIFEST,
    TAG_FILES,
    TAG_MANIFEST,
    manifest_lines,
    read_head,
    read_info,
    read_oxum,
)
from archiver.archive.checks.check import Check
from archiver.archive.checks.strangers import LINK, named_files
from archiver.archive.files.disk import regular_size
from archiver.archive.log.chain import LOG_FOLDER, removed_parts
from archiver.archive.log.delta import LAST_CHECKPOINT
from archiver.archive.log.entry import Head, entry_name
from archiver.archive.rows.columns import TABLES


def check_bag(check: Check, files: list[str], head: Head | None) -> None:
    """E114, E115, W101: the manifests, and that they cover everything."""
    lines = _read(check, MANIFEST)
    if lines is None:
        _check_tags(check)
        return
    sealed = all(
        f"{TABLES[table]}/{LOG_FOLDER}/{entry_name(entries[-1].version)}" in lines
        for table, entries in check.entries.items()
        if entries
    )
    _check_lines(check, lines, sealed=sealed)
    _check_coverage(check, lines, files, sealed=sealed)
    if (_check_tags(check) or TAG_MANIFEST in check.harmed) and sealed:
        _check_info(check, lines, head)


def _check_tags(check: Check) -> bool:
    """The tag manifest and what it covers. Returns: whether there is a usable one."""
    tags = _read(check, TAG_MANIFEST)
    if tags is None:
        return False
    for name in TAG_FILES:
        if name not in tags and (name in ALWAYS or (check.root / name).exists()):
            check.add("E115", "bag", TAG_MANIFEST, f"it does not cover {name}")
    _check_lines(check, tags, sealed=True)
    for name in sorted({*tags, TAG_MANIFEST}):
        if (check.root / name).is_symlink():
            check.add("W112", "structure", name, LINK)
    return True


def _read(check: Check, name: str) -> dict[str, str] | None:
    """A manifest's lines. W101 where it is missing, E115 where it cannot be used."""
    if not (check.root / name).exists():
        check.add("W101", "bag", name, "the manifest is missing")
        return None
    try:
        lines = manifest_lines(check.root, name)
        if not lines:
            raise ValueError("it is empty")
        payload = name == MANIFEST
        wrong = next((path for path in lines if path.startswith("data/") != payload), None)
        if not payload and list(lines) != sorted(lines):
            raise ValueError("its lines are not in the order that a seal writes them in")
        if wrong is not None:
            raise ValueError(f"it names a file of the other manifest: {wrong[:200]!r}")
    except (OSError, ValueError) as problem:
        check.add("E115", "bag", name, str(problem)[:300])
        return None
    return lines


def _check_lines(check: Check, lines: dict[str, str], *, sealed: bool) -> None:
    gone = {
        f"{folder}/{path}"
        for table, folder in TABLES.items()
        for path in removed_parts(check.entries.get(table, []))
    }
    for path, digest in sorted(lines.items()):
        if path in check.harmed:
            continue
        if not sealed and (path in gone or path.endswith(f"/{LAST_CHECKPOINT}")):
            continue  # removed or rewritten by the commit that is not sealed yet
        try:
            found = check.digest(path)
            check.counts.files += path not in check.digests
        except FileNotFoundError:
            check.add("E114", "bag", path, "the file is missing")
            continue
        except (OSError, ValueError) as problem:
            check.add("E114", "bag", path, f"the file cannot be read: {problem}"[:300])
            continue
        if found != digest:
            check.add("E114", "bag", path, "its bytes are not those of the manifest")


def _check_coverage(check: Check, lines: dict[str, str], files: list[str], *, sealed: bool) -> None:
    """An emptied manifest has no wrong line: what is not listed must be new."""
    named = named_files(check)
    lost = [path for path in files if path not in lines]
    if not sealed:
        check.add("W101", "bag", MANIFEST, "it is older than the newest version")
        upto = {folder: _listed_upto(lines, folder) for folder in TABLES.values()}
        lost = [
            path
            for path in lost
            if path in named and named[path] <= upto["/".join(path.split("/")[:2])]
        ]
    for path in lost:
        if path not in check.reported:
            check.add("E115", "bag", MANIFEST, f"it does not cover {path}")


def _listed_upto(lines: dict[str, str], folder: str) -> int:
    """The newest version of a table whose entry the manifest lists, or -1."""
    log = f"{folder}/{LOG_FOLDER}/"
    names = (path.removeprefix(log) for path in lines if path.startswith(log))
    found = [int(name[:20]) for name in names if re.fullmatch(r"[0-9]{20}\.json", name)]
    return max(found, default=-1)


def _check_info(check: Check, lines: dict[str, str], head: Head | None) -> None:
    """bag-info.txt repeats the head and the payload's size."""
    if INFO in check.harmed:
        return
    try:
        info = read_info(check.root)
        info.decode("utf-8")  # refuses bytes that no seal writes
        oxum, noted = read_oxum(info), read_head(info)
    except (OSError, ValueError) as problem:
        check.add("E115", "bag", INFO, str(problem)[:300])
        return
    if head != noted:
        check.add("E105", "bag", INFO, f"it notes the head {noted}, found {head}")
    octets, number = 0, 0
    for path in lines:
        try:
            octets += regular_size(check.root / path)
            number += 1
        except OSError:
            return  # missing files are reported one by one
    if (octets, number) != oxum and not check.harmed & lines.keys():
        words = f"Payload-Oxum says {oxum[0]}.{oxum[1]}, the payload is {octets}.{number}"
        check.add("E113", "bag", INFO, words)
