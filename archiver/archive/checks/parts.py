"""The layers ``files``, ``pages``, ``records`` and ``raw``: every part, down to each row.

One part is read once for all layers. What is damaged in one does not hide the next.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing

from archiver.archive.checks.check import Check, Progress
from archiver.archive.checks.content import Harm, check_content
from archiver.archive.checks.plan import Unit
from archiver.archive.checks.rows import RowCheck
from archiver.archive.files.disk import regular_size
from archiver.archive.files.mounts import whole
from archiver.archive.files.rulesets import named_ruleset, ruleset_path, unpacked
from archiver.archive.log.entry import Part
from archiver.archive.rows.columns import RULESETS, TABLES
from archiver.digest import sha256

#: A part of another size than committed is still searched for rows, up to twice
#: its size and this; what is larger is some other file.
_SLACK = 1 << 20

#: Findings that concern every row where none can be told from the others.
_WHOLE = frozenset({"E107", "E108", "E112"})


def check_parts(
    check: Check,
    units: Sequence[Unit],
    *,
    quick: bool,
    progress: Progress | None,
    go_on: Callable[[int], bool],
    threads: int = 1,
) -> None:
    """E106 to E113: the parts given, unit by unit.

    go_on: asked after each unit with the number of those done; False ends it.
    threads: how many units are read at a time; what they give is taken in their order.
    """
    total, done = sum(part.bytes for unit in units for _, part in unit), 0
    with closing(_in_turn(check, units, quick=quick, threads=threads)) as results:
        for number, (unit, found) in enumerate(results, start=1):
            check.take(found)
            for _, part in unit:
                done += part.bytes
                if progress is not None:
                    progress(done, total)
            if not go_on(number):
                break


def _in_turn(
    check: Check, units: Sequence[Unit], *, quick: bool, threads: int
) -> Generator[tuple[Unit, Check], None, None]:
    """Each unit with what was found in it. Arrow and sha256 let threads work side by side."""
    if threads == 1:
        for unit in units:
            yield unit, _check_unit(check, unit, quick=quick)
        return
    waiting: deque[tuple[Unit, Future[Check]]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        try:
            for unit in units:
                waiting.append((unit, pool.submit(_check_unit, check, unit, quick=quick)))
                if len(waiting) > threads:
                    first, job = waiting.popleft()
                    yield first, job.result()
            while waiting:
                first, job = waiting.popleft()
                yield first, job.result()
        finally:
            for _, job in waiting:
                job.cancel()


def _check_unit(check: Check, unit: Unit, *, quick: bool) -> Check:
    """A unit by itself: nothing is shared with others that are checked meanwhile."""
    own, rows = Check(check.root, replay=check.replay), RowCheck()
    for table, part in unit:
        check_part(own, table, part, rows, quick=quick)
    for digest in sorted(rows.rulesets):
        own.rulesets.setdefault(digest, rows.rulesets[digest])
    return own


def glance(check: Check, parts: Iterable[tuple[str, Part]]) -> None:
    """E106 and E107 for parts that are not read: is a file of the right size there?

    The digest of those that are is taken from the log, for the layers that follow.
    """
    for table, part in parts:
        if is_there(check, table, part):
            check.digests.setdefault(f"{TABLES[table]}/{part.path}", part.sha256)
        else:
            check_part(check, table, part, RowCheck(), quick=True)


def is_there(check: Check, table: str, part: Part) -> bool:
    """Whether a part's file has the size that was committed."""
    try:
        return regular_size(check.root / TABLES[table] / part.path) == part.bytes
    except OSError:
        return False


def check_rulesets(check: Check) -> None:
    """E117: each ruleset that a version or a record names, and each one kept."""
    folder = check.root / RULESETS
    kept = sorted(item.name for item in folder.iterdir()) if folder.is_dir() else []
    for name in kept:
        path = f"{RULESETS}/{name}"
        try:
            digest = sha256(unpacked(check.root / path))
        except (OSError, ValueError) as problem:
            check.add("E117", "files", path, f"cannot be read: {problem}")
            continue
        if digest != named_ruleset(name):
            check.add("E117", "files", path, "its rules are not those of its name")
    known = set(map(named_ruleset, kept))
    for digest, user in sorted(check.rulesets.items()):
        if digest not in known:
            words = f"the ruleset is missing; {user} names it"
            check.add("E117", "files", ruleset_path(digest), words)


def check_part(check: Check, table: str, part: Part, rows: RowCheck, *, quick: bool) -> None:
    """E106 to E113: one part; quick: its file alone."""
    where = f"{TABLES[table]}/{part.path}"
    try:
        with whole(check.root / where):  # for all layers
            _check_part(check, table, part, rows, quick=quick)
    except OSError as problem:
        words = f"cannot be read: {problem.strerror}; {_promised(part)}"
        check.add("E106", "files", where, words)


def _check_part(check: Check, table: str, part: Part, rows: RowCheck, *, quick: bool) -> None:
    where = f"{TABLES[table]}/{part.path}"
    harm = Harm()
    size = regular_size(check.root / where)
    check.counts.parts += 1
    check.counts.files += 1
    if size == part.bytes:  # else it is another file: a huge one must not be read to learn that
        if (wrong := _digest_problem(check, where, part)) is not None:
            harm.add("E107", "files", wrong)
        check.counts.bytes += size
    else:
        harm.add("E107", "files", f"{size} bytes instead of {part.bytes}")
    unread = quick or size > 2 * part.bytes + _SLACK
    if not unread:
        check_content(check, table, part, rows, harm)
    _report(check, where, part, harm, unread=unread)


def _digest_problem(check: Check, where: str, part: Part) -> str | None:
    """What is wrong with the bytes of a part."""
    try:
        if check.digest(where, part.bytes) != part.sha256:
            return "its digest is not the one committed"
    except (OSError, ValueError) as problem:
        return f"cannot be read to its end: {problem}"
    return None


def _report(check: Check, where: str, part: Part, harm: Harm, *, unread: bool) -> None:
    hit = harm.documents()
    harm.blind = harm.blind or unread
    for (code, layer), (found, ids) in harm.found.items():
        words, named = found, list(dict.fromkeys(ids))
        if harm.blind and code in _WHOLE:
            words = f"{found}; {_promised(part)}"
        if code == "E107":
            named = hit
            if not hit and not harm.blind:
                words = f"{found}; every row reads as committed"
        check.add(code, layer, where, words, named)


def _promised(part: Part) -> str:
    """What the log says of a part whose rows cannot be named one by one."""
    return f"the log promised {part.promise()}"
