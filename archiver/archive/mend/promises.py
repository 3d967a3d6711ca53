"""What a damaged archive still promises: which bytes each of its files should have.

Log entries are witnesses of one another, the bag's manifest is one of them all,
and each entry is one of the parts it adds. A witness that is damaged itself
names digests that no file has, so it can hide a cure but never a wrong one.
"""

from __future__ import annotations

import os
from pathlib import Path

from archiver.archive.checks.check import MAX_UNPROMISED_BYTES, Check
from archiver.archive.files.rulesets import (
    MAX_RULESET_BYTES,
    named_ruleset,
    ruleset_path,
    unpacked,
)
from archiver.archive.log.chain import LOG_FOLDER, live_parts
from archiver.archive.log.delta import LAST_CHECKPOINT
from archiver.archive.log.entry import Head, entry_name
from archiver.archive.mend.witnesses import Bag, Need, Promises, choose_entries, read_bag
from archiver.archive.rows.columns import RULESETS, TABLES
from archiver.digest import sha256


def promises(check: Check, copy: Path) -> Promises:
    """Everything that is damaged or missing, as far as log and manifest tell.

    check: after the checks of structure and chain. Cost: every file is digested
    once. Raises: NewerArchiveError.
    """
    found = Promises()
    bag = read_bag(check.root, copy)
    bound: Head | None = None
    for table in ("documents", "quarantine"):
        head = bag.head if table == "documents" else bound
        entries = choose_entries(check, copy, table, bag, head, found)
        if table == "documents" and entries:
            bound = entries[-1].bound
        whole = not any(path.startswith(TABLES[table]) for path in found.hopeless)
        for _, part in live_parts(entries).values():
            path = f"{TABLES[table]}/{part.path}"
            if whole or os.path.lexists(check.root / path) or path in bag.lines:
                _want(check, found, path, part.sha256, part.bytes)
            else:
                found.hopeless[path] = "a log entry that is lost may have taken it down"
    _others(check, copy, bag, found)
    _rulesets(check, copy, found)
    return found


def _want(check: Check, found: Promises, path: str, digest: str, limit: int) -> None:
    """Note a need unless the file has its digest."""
    try:
        if not (check.root / path).is_symlink() and check.digest(path, limit) == digest:
            return
    except (OSError, ValueError):
        pass  # missing, unreadable, or of a size that nobody promised
    found.needs.append(Need(path, digest, limit))


def _others(check: Check, copy: Path, bag: Bag, found: Promises) -> None:
    """Rulesets, checkpoints and whatever else the manifest names."""
    sealed = all(
        f"{TABLES[table]}/{LOG_FOLDER}/{entry_name(entries[-1].version)}" in bag.lines
        for table, entries in check.entries.items()
        if entries
    )
    for path, digest in sorted(bag.lines.items()):
        if "/parts/" in path or (path.endswith(".json") and f"/{LOG_FOLDER}/" in path):
            continue  # the log decides about these
        if not sealed and path.endswith(f"/{LAST_CHECKPOINT}"):
            continue  # rewritten by the commit that is not sealed yet
        if bag.trusted or not _agree(check, copy, path):
            _want(check, found, path, digest, MAX_UNPROMISED_BYTES)


def _agree(check: Check, copy: Path, path: str) -> bool:
    """Whether archive and copy hold the same file: then a doubtful manifest is wrong."""
    try:
        return check.digest(path) == Check(copy).digest(path)
    except (OSError, ValueError):
        return False


def _rulesets(check: Check, copy: Path, found: Promises) -> None:
    """Rulesets that no manifest promises: the digest of the rules is their name."""
    names = {named_ruleset(path.name) for path in sorted((check.root / RULESETS).glob("*"))}
    names |= {entry.info.get("ruleset") for entries in check.entries.values() for entry in entries}
    done = {need.path for need in found.needs} | found.hopeless.keys()
    for digest in sorted(name for name in names if name is not None):
        path = ruleset_path(digest)
        if done & {path, path.removesuffix(".gz")} or _holds_rules(check.root, digest):
            continue
        theirs = _holds_rules(copy, digest)
        if theirs is None:
            found.hopeless[path] = "the copy lacks this ruleset"
        else:
            data = sha256((copy / theirs).read_bytes())
            found.needs.append(Need(theirs, data, MAX_RULESET_BYTES))


def _holds_rules(root: Path, digest: str) -> str | None:
    """The file that holds a ruleset, if one does."""
    packed = ruleset_path(digest)
    for path in (packed, packed.removesuffix(".gz")):
        try:
            if sha256(unpacked(root / path)) == digest:
                return path
        except (OSError, ValueError):
            continue
    return None
