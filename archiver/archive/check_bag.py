"""The layers ``delta`` and ``bag``: do other tools see what our log says?"""

from __future__ import annotations

import re
from pathlib import Path

from archiver.archive.bag import (
    DECLARATION,
    INFO,
    MANIFEST,
    MAX_MANIFEST_BYTES,
    TAG_FILES,
    TAG_MANIFEST,
    read_manifest,
)
from archiver.archive.check import MAX_UNPROMISED_BYTES, Check
from archiver.archive.columns import RULESETS, TABLES
from archiver.archive.delta import LAST_CHECKPOINT, ViewError, visible_parts
from archiver.archive.disk import read_small, regular_size
from archiver.archive.entry import Head, entry_name
from archiver.archive.log import LOG_FOLDER, MAX_ENTRY_BYTES, files_came, live_parts, removed_parts
from archiver.archive.orphans import orphan_parts
from archiver.archive.payload import payload_files
from archiver.archive.rulesets import named_ruleset

#: bag-info.txt is a handful of lines.
_MAX_INFO_BYTES = 1 << 20

#: Tag files that every bag has.
_ALWAYS = frozenset({DECLARATION, INFO, MANIFEST})

_LINK = "it is a link; a copy may lack what it names"

_CHECKPOINT_NAME = re.compile(r"([0-9]{20})\.checkpoint\.parquet")
_OXUM = re.compile(r"^Payload-Oxum: ([0-9]{1,18})\.([0-9]{1,12})$", re.MULTILINE)
_HEAD = re.compile(r"^Archiver-Head: ([0-9]{1,18}):([0-9a-f]{64})$", re.MULTILINE)


def noted_head(info: bytes) -> Head:
    """The head that the bytes of a bag-info.txt note. Raises: ValueError where there is none."""
    noted = _HEAD.search(info.decode("utf-8"))
    if noted is None:
        raise ValueError("it lacks Archiver-Head")
    return Head(int(noted[1]), noted[2])


def check_delta(check: Check) -> None:
    """E116: delta-rs, checkpoint included, must show the parts of the replayed log."""
    for table, folder in TABLES.items():
        log = f"{folder}/{LOG_FOLDER}"
        if any(
            path.startswith(log) and path.endswith((LOG_FOLDER, ".json")) for path in check.reported
        ) or not check.entries.get(table):
            continue  # the log itself is damaged, which is reported
        entries = check.entries[table]
        odd_file = _unfit_for_delta(check.root / log)
        if odd_file is not None:
            words = "it is no plain file of a size that Delta writes; the table was not opened"
            check.add("E116", "delta", f"{log}/{odd_file}", words)
            continue
        try:
            version, shown = visible_parts(check.root / folder)
        except ViewError as problem:
            check.add("E116", "delta", log, f"Delta readers cannot open the table: {problem}")
            continue
        wanted = live_parts(entries)
        if version != entries[-1].version:
            words = f"Delta readers see version {version}, the log ends at {entries[-1].version}"
            check.add("E116", "delta", log, words)
        elif shown != wanted.keys():
            odd = sorted(shown ^ wanted.keys())
            rows = sum(wanted[path][1].rows for path in odd if path in wanted)
            words = f"{len(odd)} parts differ, {rows} rows of the log among them: {odd[0][:200]}"
            check.add("E116", "delta", log, words)


def _unfit_for_delta(log: Path) -> str | None:
    """A file of a log that delta-rs must not meet: it reads all it finds, whatever the size."""
    for name in sorted(item.name for item in log.iterdir()):
        limit = _MAX_INFO_BYTES if name == LAST_CHECKPOINT else MAX_UNPROMISED_BYTES
        if name.endswith(".json"):
            limit = MAX_ENTRY_BYTES
        try:
            if not (log / name).is_dir() and regular_size(log / name) > limit:
                return name
        except OSError:
            return name
    return None


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
                check.add("W112", "structure", path, _LINK)
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
        if name not in tags and (name in _ALWAYS or (check.root / name).exists()):
            check.add("E115", "bag", TAG_MANIFEST, f"it does not cover {name}")
    _check_lines(check, tags, sealed=True)
    for name in sorted({*tags, TAG_MANIFEST}):
        if (check.root / name).is_symlink():
            check.add("W112", "structure", name, _LINK)
    return True


def _read(check: Check, name: str) -> dict[str, str] | None:
    """A manifest's lines. W101 where it is missing, E115 where it cannot be used."""
    if not (check.root / name).exists():
        check.add("W101", "bag", name, "the manifest is missing")
        return None
    try:
        lines = read_manifest(read_small(check.root / name, MAX_MANIFEST_BYTES))
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
        text = read_small(check.root / INFO, _MAX_INFO_BYTES).decode("utf-8")
        oxum, noted = _OXUM.search(text), _HEAD.search(text)
        if oxum is None or noted is None:
            raise ValueError("it lacks Payload-Oxum or Archiver-Head")
    except (OSError, ValueError) as problem:
        check.add("E115", "bag", INFO, str(problem)[:300])
        return
    if head != Head(int(noted[1]), noted[2]):
        check.add("E105", "bag", INFO, f"it notes the head {noted[0][15:]}, found {head}")
    octets, number = 0, 0
    for path in lines:
        try:
            octets += regular_size(check.root / path)
            number += 1
        except OSError:
            return  # missing files are reported one by one
    if (octets, number) != (int(oxum[1]), int(oxum[2])) and not check.harmed & lines.keys():
        words = f"Payload-Oxum says {oxum[1]}.{oxum[2]}, the payload is {octets}.{number}"
        check.add("E113", "bag", INFO, words)
