"""The layers ``structure`` and ``chain``: are all files of an archive there, is the log whole?"""

from __future__ import annotations

from pathlib import Path

from archiver.archive.bag.tags import DECLARATION, INFO, MANIFEST, TAG_MANIFEST, payload_lines
from archiver.archive.checks.check import Check
from archiver.archive.checks.summary import check_summaries
from archiver.archive.files.disk import read_small
from archiver.archive.log.chain import LOG_FOLDER, MAX_ENTRY_BYTES, list_versions
from archiver.archive.log.entry import BadEntryError, Entry, Head, entry_name, parse_entry
from archiver.archive.log.widths import schema_in_force
from archiver.archive.rows.columns import TABLES
from archiver.digest import sha256
from archiver.errors import NewerArchiveError


def check_structure(check: Check) -> None:
    """E101: what every archive has, whatever it holds."""
    for folder in TABLES.values():
        if not (check.root / folder / LOG_FOLDER).is_dir():
            check.add("E101", "structure", f"{folder}/{LOG_FOLDER}", "the log is missing")
    if (check.root / MANIFEST).exists():
        # The first seal writes these last; stopped half-way it leaves no tag manifest (W101).
        sealed = (check.root / TAG_MANIFEST).exists()
        for name in (DECLARATION, INFO) if sealed else (DECLARATION,):
            if not (check.root / name).is_file():
                check.add("E101", "structure", name, "the file is missing")


def check_chain(
    check: Check,
    expect_head: Head | str | None = None,
    expect_head_or_newer: Head | str | None = None,
) -> Head | None:
    """E102 to E105: every entry there, whole, and naming the digest of the one before.

    Returns: the head, where there is one. Raises: NewerArchiveError.
    """
    for table, folder in TABLES.items():
        check.entries[table] = _entries(check, folder)
    _check_bound(check)
    documents = check.entries["documents"]
    head = documents[-1].head if documents else None
    _check_head(check, head, expect_head)
    _check_passed(check, head, expect_head_or_newer)
    check.counts.versions = len(documents)
    for table, entries in check.entries.items():
        _check_columns(check, TABLES[table], entries)
    check_summaries(check)
    return head


def _entries(check: Check, folder: str) -> list[Entry]:
    """The readable entries of a table; findings for the others."""
    try:
        versions = list_versions(check.root / folder)
    except OSError as problem:
        if f"{folder}/{LOG_FOLDER}" not in check.reported:
            check.add("E101", "structure", f"{folder}/{LOG_FOLDER}", f"cannot be read: {problem}")
        return []
    entries: list[Entry] = []
    digest: str | None = None  # of the entry before, readable or not; None after a gap
    seen: set[str | None] = set()
    expected = 0
    for version in versions:
        where = f"{folder}/{LOG_FOLDER}/{entry_name(version)}"
        if version != expected:
            _report_gap(check, folder, expected, version - 1)
        entry, found = _read(check, where, version)
        if entry is not None:
            entries.append(entry)
            named = entry.info["prev"]
            if version == expected and named != digest and (digest or version == 0):
                check.add("E104", "chain", where, _broken(version, named, digest))
            elif version != expected and (named is None or named in seen):
                words = f"entry {version} is an older entry under another number"
                check.add("E104", "chain", where, words)
        digest, expected = found, version + 1
        seen.add(found)
    if not versions:
        _report_gap(check, folder, 0, 0)
    return entries


def _report_gap(check: Check, folder: str, first: int, last: int) -> None:
    where = f"{folder}/{LOG_FOLDER}/{entry_name(first)}"
    words = f"entry {first} is" if first == last else f"entries {first} to {last} are"
    check.add("E102", "chain", where, f"log {words} missing; the rows they added are not seen")


def _broken(version: int, named: object, digest: str | None) -> str:
    return f"entry {version} follows an entry {str(named)[:64]}; the one before it is {digest}"


def _read(check: Check, where: str, version: int) -> tuple[Entry | None, str | None]:
    """An entry if it can be read, and the digest of its bytes if there are any."""
    digest = None
    try:
        data = read_small(check.root / where, MAX_ENTRY_BYTES)
        digest = check.digests[where] = sha256(data)
        check.counts.files += 1
        return parse_entry(version, data), digest
    except NewerArchiveError as problem:
        # Damage can look like a newer program's work; the manifest tells.
        if digest is None or _manifest_digest(check.root, where) in (None, digest):
            raise
        check.add("E103", "chain", where, f"entry {version}: {problem}, and was changed")
    except (BadEntryError, OSError, ValueError, MemoryError) as problem:
        check.add("E103", "chain", where, f"entry {version}: {problem}")
    return None, digest


def _check_columns(check: Check, folder: str, entries: list[Entry]) -> None:
    """Raises: NewerArchiveError where a newer program gave the table columns, undamaged."""
    try:
        schema_in_force(entries)
    except NewerArchiveError as problem:
        named = next(entry for entry in reversed(entries) if "schema" in entry.info)
        where = f"{folder}/{LOG_FOLDER}/{entry_name(named.version)}"
        if _manifest_digest(check.root, where) in (None, named.sha256):
            raise
        check.add("E103", "chain", where, f"entry {named.version}: {problem}, and was changed")


def _manifest_digest(root: Path, path: str) -> str | None:
    return payload_lines(root).get(path)


def _check_bound(check: Check) -> None:
    """Each version of documents names the quarantine's head: it must be in that log."""
    heads = {entry.version: entry.sha256 for entry in check.entries["quarantine"]}
    folder, last = TABLES["quarantine"], -1
    gone: set[int] = set()
    for entry in check.entries["documents"]:
        where = f"{TABLES['documents']}/{LOG_FOLDER}/{entry_name(entry.version)}"
        bound = entry.bound
        if bound is None:
            check.add("E103", "chain", where, f"entry {entry.version} names no quarantine head")
            continue
        last = max(last, bound.version)
        name = f"{folder}/{LOG_FOLDER}/{entry_name(bound.version)}"
        if bound.version not in heads:
            if name not in check.reported and bound.version not in gone:
                gone.add(bound.version)
                check.add("E102", "chain", name, f"named by documents version {entry.version}")
        elif heads[bound.version] != bound.sha256 and bound.version not in gone:
            gone.add(bound.version)
            check.add("E104", "chain", name, f"not what documents version {entry.version} names")
    for entry in check.entries["quarantine"]:
        if entry.version > last >= 0:
            name = f"{folder}/{LOG_FOLDER}/{entry_name(entry.version)}"
            check.add("W102", "chain", name, "no documents version names this entry")


def _check_head(check: Check, head: Head | None, expected: Head | str | None) -> None:
    """E105: the head as its keeper noted it, ``version:sha256`` or the digest alone."""
    if expected is None:
        return
    passed = _passed(check, expected)
    if passed is None:
        _check_passed(check, head, expected)
    elif passed != head and head is not None:
        words = f"expected {passed.version}; it is there, but version {head.version} is the newest"
        check.add("E105", "chain", f"{TABLES['documents']}/{LOG_FOLDER}", words)


def _check_passed(check: Check, head: Head | None, expected: Head | str | None) -> None:
    """E105 where no version has this head: neither the newest nor one it builds on."""
    if expected is None or _passed(check, expected) is not None:
        return
    wanted = str(expected).lower()[:100]
    words = f"expected {wanted}, found {head}: the newest version is lost or replaced"
    check.add("E105", "chain", f"{TABLES['documents']}/{LOG_FOLDER}", words)


def _passed(check: Check, expected: Head | str) -> Head | None:
    """The newest version whose head is named so."""
    wanted = str(expected).lower()
    heads = (entry.head for entry in reversed(check.entries["documents"]))
    return next((head for head in heads if wanted in (str(head), head.sha256)), None)
