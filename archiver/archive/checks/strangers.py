"""Files that no version names, and links where files should be."""

from __future__ import annotations

import re

from archiver.archive.bag.payload import payload_files
from archiver.archive.checks.check import Check
from archiver.archive.checks.orphans import orphan_parts
from archiver.archive.files.rulesets import named_ruleset
from archiver.archive.log.chain import LOG_FOLDER, files_came, live_parts
from archiver.archive.log.delta import LAST_CHECKPOINT
from archiver.archive.log.entry import entry_name
from archiver.archive.rows.columns import RULESETS, TABLES

#: What W112 says of a link.
LINK = "it is a link; a copy may lack what it names"

_CHECKPOINT_NAME = re.compile(r"([0-9]{20})\.checkpoint\.parquet")


def named_files(check: Check) -> dict[str, int]:
    """Payload path -> version of documents or quarantine that accounts for it."""
    named: dict[str, int] = {}
    for table, folder in TABLES.items():
        for entry in check.entries.get(table, []):
            named[f"{folder}/{LOG_FOLDER}/{entry_name(entry.version)}"] = entry.version
        came = files_came(check.entries.get(table, []))
        for path in live_parts(check.entries.get(table, [])):
            named[f"{folder}/{path}"] = came[path]
    return named


def check_strangers(check: Check) -> list[str]:
    """W102: files that nothing accounts for. Returns: all payload files."""
    try:
        files = list(payload_files(check.root))
    except OSError as problem:
        check.add("E101", "structure", "data", f"cannot be listed: {problem}")
        return []
    named = named_files(check)
    lost = {
        f"{folder}/{part.path}": ids
        for table, folder in TABLES.items()
        for part, ids in orphan_parts(check, table)
    }
    for path in files:
        if path in lost:
            words = "the log entry that named this part is lost; its rows are not seen"
            check.add("E125", "chain", path, words, lost[path])
        elif path in named or _belongs(check, path):
            if (check.root / path).is_symlink():
                check.add("W112", "structure", path, LINK)
        elif any(name.startswith(f"{path}/") for name in named):
            check.add("W112", "structure", path, "a link stands for the folder and all below it")
        elif path not in check.reported:
            check.add("W102", "files", path, "no version names this file")
    return files


def _belongs(check: Check, path: str) -> bool:
    """Whether a file that no entry names has its place: rulesets, checkpoints, torn entries."""
    folder, _, name = path.rpartition("/")
    if folder == RULESETS:
        return named_ruleset(name) in check.rulesets
    if folder in {f"{table}/{LOG_FOLDER}" for table in TABLES.values()}:
        return name == LAST_CHECKPOINT or _CHECKPOINT_NAME.fullmatch(name) is not None
    return False
