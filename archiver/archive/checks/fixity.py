"""The log of fixity checks: ``fixity/events.jsonl``, an event a line, chained by digests.

An event names the sha256 of the line before it, line end included, and its ``id``
is the digest of all else in it. So no event can be changed, dropped from the
middle or put in between unnoticed. The words follow PREMIS
(https://www.loc.gov/standards/premis/). No event holds an id of a document, only
its digest: a document can be taken down without a change to the log.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Literal

from archiver.archive.files.disk import make_folder, regular_size, storing, sync_file, sync_folder
from archiver.archive.files.lock import locked
from archiver.archive.files.mounts import need, push
from archiver.archive.log.entry import Head
from archiver.digest import canonical_json, sha256
from archiver.errors import StorageError

FOLDER = "fixity"
EVENTS = f"{FOLDER}/events.jsonl"

#: What was read of each part: its file, its rows too, or its rows cleaned again too.
Level = Literal["quick", "full", "replay"]
LEVELS: tuple[Level, ...] = ("quick", "full", "replay")

CHECK = "fixity check"

#: First and last digest of parts that lie side by side when sorted, both inside.
Ranges = tuple[tuple[str, str], ...]

#: An event takes ~1 kB: a check a night for a century is 40 MB.
MAX_LOG_BYTES = 64 << 20
MAX_LINE_BYTES = 1 << 20

#: Characters of what should be a word: an outcome, a code, a moment.
MAX_WORD = 200

#: Faults told one by one; after these the log is not read on.
MAX_PROBLEMS = 20

_SHA256 = re.compile(r"[0-9a-f]{64}")
_HEAD = re.compile(r"([0-9]{1,18}):([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the log. ``body`` is the whole of it; the rest is what planning needs.

    ``checked`` None means every part that the head names.
    """

    body: Mapping[str, Any]
    started_at: datetime
    level: int
    head: Head | None
    checked: Ranges | None
    damaged: Ranges

    @property
    def id(self) -> str:
        """The digest of all else in the event."""
        return str(self.body["id"])

    @property
    def is_check(self) -> bool:
        """Whether it is a fixity check; other events may stand in the log."""
        return bool(self.body["type"] == CHECK)

    @property
    def has_age(self) -> bool:
        """Whether the check was one of those that come again and again."""
        return self.body["scope"].get("max_age_seconds") is not None


@dataclass(frozen=True, slots=True)
class FixityLog:
    """What could be read. ``problems`` break the chain; ``torn`` bytes end it without a line end.

    ``trusted`` counts the newest events that no break comes after or stands at.
    """

    events: tuple[Event, ...] = ()
    problems: tuple[str, ...] = ()
    torn: int = 0
    trusted: int = 0


def read_log(root: Path) -> FixityLog:
    """Every event, the chain checked. Memory and time: the file's bytes, at most 64 MiB.

    Raises: nothing; what is wrong is in the result. No log is an empty one.
    """
    path = root / EVENTS
    if not os.path.lexists(path):
        return FixityLog()
    try:
        size = regular_size(path)
        if size > MAX_LOG_BYTES:
            return FixityLog(problems=(f"{size} bytes are more than the {MAX_LOG_BYTES} allowed",))
        need(path)
        with path.open("rb") as stream:
            return _read(stream)
    except OSError as problem:
        return FixityLog(problems=(f"it cannot be read: {problem.strerror or problem}",))


def _read(stream: IO[bytes]) -> FixityLog:
    events: list[Event] = []
    problems: list[str] = []
    before: str | None = None
    torn = trusted = number = 0
    while line := stream.readline(MAX_LINE_BYTES + 1):
        number += 1
        fault, event = "", None
        if not line.endswith(b"\n") and len(line) <= MAX_LINE_BYTES:
            torn = len(line)
            break
        try:
            event = parse_event(line)
            if event.body["prev"] != before:
                fault = "the line before it is not the one it follows"
        except ValueError as problem:
            fault = str(problem)
        if event is not None:
            events.append(event)
        trusted += 1
        if fault:
            problems.append(f"line {number}: {fault}")
            trusted = 0
        if len(problems) >= MAX_PROBLEMS or len(line) > MAX_LINE_BYTES:
            problems.append("it is not read on")
            break
        before = sha256(line)
    return FixityLog(tuple(events), tuple(problems), torn, trusted)


def parse_event(line: bytes) -> Event:
    """One line. Raises: ValueError where it is not as ``append_event`` writes it."""
    if len(line) > MAX_LINE_BYTES:
        raise ValueError(f"it is longer than {MAX_LINE_BYTES} bytes")
    try:
        body = json.loads(line)
        rest = {name: value for name, value in body.items() if name != "id"}
        if line != canonical_json(body) + b"\n" or body["id"] != sha256(canonical_json(rest)):
            raise ValueError("it is not what was written")
        return _event(body)
    except (RecursionError, KeyError, TypeError, AttributeError) as problem:
        raise ValueError(f"it is no event: {problem!r}"[:200]) from problem
    except UnicodeError as problem:
        raise ValueError("it is no UTF-8") from problem


def _event(body: dict[str, Any]) -> Event:
    """Hold what other modules rely on. Raises: ValueError, KeyError, TypeError, AttributeError."""
    names = ("type", "outcome", "tool", "started_at", "ended_at")
    prev = "" if body["prev"] is None else body["prev"]
    for text in (*(body[name] for name in names), *body["findings"], prev):
        if not isinstance(text, str) or len(text) > MAX_WORD:
            raise ValueError("what should be a word in it is none")
    try:
        moments = [datetime.fromisoformat(body[at]) for at in ("started_at", "ended_at")]
        started_at, _ = (at.astimezone(UTC) for at in moments if at.tzinfo is not None)
    except OverflowError as problem:
        raise ValueError("a moment in it is none") from problem
    head = body["head"] and _HEAD.fullmatch(body["head"])
    if body["head"] is not None and not head:
        raise ValueError("its head is none")
    numbers = [*body["counts"].values(), *body["findings"].values(), body["damaged"]["documents"]]
    if any(type(number) is not int or not 0 <= number < 1 << 63 for number in numbers):
        raise ValueError("a count in it is none")
    return Event(
        body,
        started_at,
        LEVELS.index(body["scope"]["level"]),
        Head(int(head[1]), head[2]) if head else None,
        None if body["parts"] == "all" else _ranges(body["parts"]),
        _ranges(body["damaged"]["parts"]),
    )


def _ranges(value: Any) -> Ranges:  # noqa: ANN401 - whatever the line holds
    found = tuple((first, last) for first, last in value)
    if not all(_SHA256.fullmatch(first) and _SHA256.fullmatch(last) for first, last in found):
        raise ValueError("a digest in it is none")
    return found


def append_event(root: Path, body: Mapping[str, Any], *, lock_timeout: float) -> str:
    """Add an event, durably, under the archive's lock; a torn line at the end is cut off.

    body: all but ``id`` and ``prev``. Returns: its id.
    Raises: LockedError; StorageError where the disk refuses, where the log is
    full or no plain file. Cost: the last line is read, not the log.
    """
    path = root / EVENTS
    with locked(root, lock_timeout), storing(f"{path}"):
        folder = path.parent
        if path.is_symlink() or (os.path.lexists(folder) and not _is_plain_folder(folder)):
            raise StorageError(f"cannot write {path}: a link or a file is in the way")
        make_folder(path.parent)
        is_new = not path.exists()
        need(path)
        with path.open("a+b" if is_new else "r+b") as stream:
            size = regular_size(path)
            end, before = _last_line(stream, size)
            whole = {**body, "prev": before}
            event_id = sha256(canonical_json(whole))
            line = canonical_json({**whole, "id": event_id}) + b"\n"
            if end + len(line) > MAX_LOG_BYTES or len(line) > MAX_LINE_BYTES:
                raise _full(path)
            try:
                stream.truncate(end)
                stream.seek(end)
                stream.write(line)
                sync_file(stream)
            except OSError:
                with suppress(OSError):
                    os.truncate(path, end)
                raise
        if is_new:
            sync_folder(path.parent)
        push(root)
    return event_id


def _is_plain_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _last_line(stream: IO[bytes], size: int) -> tuple[int, str | None]:
    """Where the last whole line ends, and its digest. Raises: StorageError where there is none."""
    start = max(0, size - 2 * MAX_LINE_BYTES)
    stream.seek(start)
    tail = stream.read(2 * MAX_LINE_BYTES)
    end = tail.rfind(b"\n") + 1
    begin = tail.rfind(b"\n", 0, max(end - 1, 0)) + 1
    if start and (not end or not begin):
        raise _full(Path(stream.name))
    return start + end, sha256(tail[begin:end]) if end else None


def _full(path: Path) -> StorageError:
    hint = "Move it aside: a new one is begun."
    return StorageError(f"cannot write {path}: it, or a line of it, is too large", hint=hint)
