"""What an interrupted commit or a power cut left, and whether it can be put in order.

Looks only. What was acknowledged is never given up: where that would be the
price, the plan refuses, and says what shows it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from archiver.archive.bag.payload import payload_files
from archiver.archive.bag.tags import DECLARATION, INFO, MANIFEST, tags_hold
from archiver.archive.checks import fixity
from archiver.archive.files.mounts import whole
from archiver.archive.files.staging import PART, Leftover, leftovers, noted_by_the_living
from archiver.archive.log.chain import LOG_FOLDER, list_versions, read_entry
from archiver.archive.log.delta import LAST_CHECKPOINT
from archiver.archive.log.entry import BadEntryError, Entry, Head, entry_name
from archiver.archive.mend.view import CHECKPOINT, is_changed, strange_last, strange_view
from archiver.archive.rows.columns import TABLES
from archiver.archive.write.noted import noted_digests, noted_head
from archiver.digest import sha256_stream
from archiver.document import Finding
from archiver.findings import finding


@dataclass(slots=True)
class Plan:
    """What ``recover`` would do. ``found`` says why; paths count from the archive.

    ``head`` is the newest version afterwards; None where no archive is left.
    """

    found: list[Finding] = field(default_factory=list)
    refused: list[Finding] = field(default_factory=list)
    aside: list[str] = field(default_factory=list)
    leftovers: list[Leftover] = field(default_factory=list)
    orphans: list[str] = field(default_factory=list)
    checkpoints: list[str] = field(default_factory=list)
    seal: bool = False
    head: Head | None = None


@dataclass(frozen=True, slots=True)
class _Log:
    """The entries of a table up to the first that cannot be read, which may be a torn newest."""

    entries: tuple[Entry, ...]
    torn: str | None
    words: str


def look(root: Path, expect_head: str | None) -> Plan:
    """Find what is to be done. The caller holds the lock, or only wants to know.

    expect_head: the newest version whose head the user noted, as
    ``version:sha256`` or the digest alone. Where it is the one that would be
    left, it outweighs what the bag and the log of fixity checks remember.
    Raises: NewerArchiveError; OSError.
    """
    plan = Plan()
    logs = {table: _read_log(root, folder, plan) for table, folder in TABLES.items()}
    if plan.refused:
        return plan
    documents = logs["documents"].entries
    plan.head = documents[-1].head if documents else None
    vouched = _check_expected(plan, documents, expect_head)
    for table, log in logs.items():
        if log.torn is not None:
            _put_torn_aside(root, plan, table, log, documents, vouched=vouched)
    _check_acknowledged(root, plan, documents, vouched=vouched)
    _check_bound(plan, logs["quarantine"].entries, documents)
    if plan.refused or not all(log.entries for log in logs.values()):
        return plan
    for table, folder in TABLES.items():
        _check_view(root, plan, folder, logs[table].entries)
    _find_leftovers(root, plan, [(TABLES[table], log.entries) for table, log in logs.items()])
    _check_seal(root, plan, [(TABLES[table], log.entries) for table, log in logs.items()])
    return plan


def _refuse(plan: Plan, where: str, words: str) -> None:
    plan.refused.append(finding("E124", words, where=where))


def _read_log(root: Path, folder: str, plan: Plan) -> _Log:
    log = f"{folder}/{LOG_FOLDER}"
    versions = list_versions(root / folder)
    entries: list[Entry] = []
    for at, version in enumerate(versions):
        where = f"{log}/{entry_name(at)}"
        if at != version:
            _refuse(plan, where, f"entry {at} is missing, and later ones build on it")
            break
        try:
            entry = read_entry(root / folder, version)
        except BadEntryError as problem:
            if version == versions[-1]:
                return _Log(tuple(entries), where, str(problem))
            _refuse(plan, where, f"entry {version} is damaged, and later ones build on it")
            break
        if entry.info["prev"] != (entries[-1].sha256 if entries else None):
            _refuse(plan, where, f"the chain breaks at entry {version}: it is whole, but no heir")
            break
        entries.append(entry)
    if not versions:
        _refuse(plan, log, "the log has no entries")
    return _Log(tuple(entries), None, "")


def _check_expected(plan: Plan, documents: tuple[Entry, ...], expected: str | None) -> bool:
    """Whether the expected head is the one that would be left."""
    if expected is None:
        return False
    heads = [(str(entry.head), entry.sha256) for entry in documents]
    if not any(expected in names for names in heads):
        _refuse(plan, "", f"the expected head {expected} would be lost, or is lost already")
        return False
    return expected in heads[-1]


def _put_torn_aside(
    root: Path,
    plan: Plan,
    table: str,
    log: _Log,
    documents: tuple[Entry, ...],
    *,
    vouched: bool,
) -> None:
    where, version = str(log.torn), len(log.entries)
    bound = [entry.version for entry in documents if entry.bound and entry.bound.version >= version]
    if table == "quarantine" and bound:
        _refuse(plan, where, f"{log.words}; version {bound[0]} of documents names it")
    elif where in noted_digests(root) and not vouched:
        _refuse(plan, where, f"{log.words}; the bag was sealed with it, so it was acknowledged")
    elif not log.entries and (root / DECLARATION).exists():
        _refuse(plan, where, f"{log.words}; without it nothing of the archive can be read")
    else:
        plan.found.append(
            finding("W107", f"{log.words}; no run acknowledged version {version}", where=where)
        )
        plan.aside.append(where)


def _check_acknowledged(
    root: Path, plan: Plan, documents: tuple[Entry, ...], *, vouched: bool
) -> None:
    """Refuse where something remembers a version that would not be there afterwards."""
    if vouched:
        return
    newest = len(documents) - 1
    log = f"{TABLES['documents']}/{LOG_FOLDER}"
    noted = noted_head(root)
    if noted is not None and (noted.version > newest or documents[noted.version].head != noted):
        words = f"the bag was sealed at version {noted}, which the log does not hold"
        _refuse(plan, INFO, words)
    seen = [event.head.version for event in fixity.read_log(root).events if event.head]
    if max(seen, default=-1) > newest:
        _refuse(plan, fixity.EVENTS, f"version {max(seen)} was checked once; it was acknowledged")
    for name in sorted(item.name for item in (root / log).iterdir()):
        number = name.removesuffix(CHECKPOINT)
        if name.endswith(CHECKPOINT) and number.isdecimal() and int(number) > newest:
            _refuse(plan, f"{log}/{name}", f"a checkpoint of version {int(number)} is there")


def _check_bound(plan: Plan, quarantine: tuple[Entry, ...], documents: tuple[Entry, ...]) -> None:
    for entry in reversed(documents):
        bound = entry.bound
        known = bound is not None and bound.version < len(quarantine)
        if bound is None or not known or quarantine[bound.version].head != bound:
            name = entry_name(bound.version if bound else entry.version)
            where = f"{TABLES['quarantine']}/{LOG_FOLDER}/{name}"
            if where not in plan.aside and not any(item.where == where for item in plan.refused):
                words = f"version {entry.version} of documents names an entry that is not there"
                _refuse(plan, where, words)
            return


def _check_view(root: Path, plan: Plan, folder: str, entries: tuple[Entry, ...]) -> None:
    """Put the checkpoints of a table aside where Delta readers see another table than the log."""
    log = f"{folder}/{LOG_FOLDER}"
    names = sorted(item.name for item in (root / log).iterdir())
    checkpoints = [name for name in names if name.endswith(CHECKPOINT)]
    digests = noted_digests(root)
    bad = [name for name in checkpoints if is_changed(root, f"{log}/{name}", digests)]
    words = "its bytes are not those the bag was sealed with"
    if not bad and not any(path.startswith(log) for path in plan.aside):
        words = strange_view(root / folder, entries) or strange_last(root / log, names)
        if not words:
            return
        # Which one misleads readers does not show; all of them can be written anew.
        bad = checkpoints
    elif not bad:
        return  # a torn entry hides the view; checkpoints are older than it
    gone = [*bad, *(name for name in names if name == LAST_CHECKPOINT)]
    if gone:
        where = f"{log}/{gone[-1]}"
        plan.found.append(finding("W108", words, where=where))
        plan.aside += (f"{log}/{name}" for name in gone)
        plan.checkpoints.append(folder)
    else:
        _refuse(plan, log, f"{words}, and no checkpoint is to blame")


def _find_leftovers(root: Path, plan: Plan, logs: list[tuple[str, tuple[Entry, ...]]]) -> None:
    named = {
        f"{folder}/{part.path}" for folder, log in logs for entry in log for part in entry.added
    }
    plan.leftovers = leftovers(root, named)
    for leftover in plan.leftovers:
        where = leftover.path.relative_to(root).as_posix()
        plan.found.append(finding("W109", "what a run that ended unfinished left", where=where))
    gone = named.union(*(item.parts for item in plan.leftovers), noted_by_the_living(root))
    parts = {part for item in plan.leftovers for part in item.parts}
    for path in payload_files(root):
        if path not in gone and PART.fullmatch(path) and _is_itself(root, path):
            parts.add(path)
    plan.orphans = sorted(parts)
    plan.found += [
        finding("W109", "a part that no version names", where=path) for path in plan.orphans
    ]


def _is_itself(root: Path, path: str) -> bool:
    """Whether a part's bytes are those of its name: then this program wrote it."""
    try:
        with whole(root / path), (root / path).open("rb") as stream:
            return sha256_stream(stream)[0] == Path(path).stem
    except OSError:
        return False


def _check_seal(root: Path, plan: Plan, logs: list[tuple[str, tuple[Entry, ...]]]) -> None:
    listed = noted_digests(root)
    newest = {f"{folder}/{LOG_FOLDER}/{entry_name(log[-1].version)}" for folder, log in logs}
    sound = tags_hold(root) and noted_head(root) == plan.head and newest <= listed.keys()
    plan.seal = not sound or bool(plan.aside)
    if not sound:
        plan.found.append(finding("W101", "the bag does not say what the log says", where=MANIFEST))
