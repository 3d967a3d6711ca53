"""What log entries say of documents that may have to be removed: digests, never ids.

No entry of a chain can be changed. So none holds an id, a text or received
bytes; a take-down then need not touch any of them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from archiver.digest import sha256

#: Hex digits of an id's digest that the log keeps. Of 500 ids in a part, one in
#: 30,000 others looks as if it were there; a part's marks take 3 kB.
MARK = 6

#: A take-down's entries: it is begun, carried out, and all its files are gone.
STEPS = ("begin", "remove", "end")

_SHA256 = re.compile(r"[0-9a-f]{64}")
_MARKS = re.compile(rf"(?:[0-9a-f]{{{MARK}}})*")


def id_digest(id_: str) -> str:
    """The digest that stands for an id."""
    return sha256(id_.encode("utf-8"))


def id_marks(ids: Iterable[str]) -> str:
    """The first digits of the ids' digests, sorted, one after the other."""
    return "".join(sorted({id_digest(id_)[:MARK] for id_ in ids}))


def join_marks(several: Iterable[str]) -> str:
    """The marks of several parts as those of one."""
    return "".join(sorted(set().union(*map(each_mark, several))))


def has_mark(marks: str, digest: str) -> bool:
    """Whether the id of a digest may be among those of ``id_marks``: False is sure."""
    at = marks.find(digest[:MARK])
    while at >= 0 and at % MARK:  # it began inside of another
        at = marks.find(digest[:MARK], at + 1)
    return at >= 0


def each_mark(marks: str) -> set[str]:
    """The marks one by one."""
    return {marks[at : at + MARK] for at in range(0, len(marks), MARK)}


def check_marks(marks: object) -> None:
    """Hold that marks are some, or None, as in entries of 0.1.0. Raises: ValueError."""
    if marks is not None and not (isinstance(marks, str) and _MARKS.fullmatch(marks)):
        raise ValueError("the marks of a part's ids are none")


def check_takedown(
    info: Mapping[str, Any], removed: Collection[str], added: Collection[str]
) -> None:
    """Hold what an entry says of a take-down, and that nothing else removes parts.

    Raises: ValueError, KeyError, TypeError, AttributeError.
    """
    readmitted = info.get("readmitted", {"ids": [], "raw": []})
    if not all(_SHA256.fullmatch(item) for item in [*readmitted["ids"], *readmitted["raw"]]):
        raise ValueError("a digest of what it takes again is none")
    told = info.get("takedown")
    if told is None:
        if removed:
            raise ValueError("it removes parts without a take-down")
        return
    if told["step"] not in STEPS or not isinstance(told["batch"], str):
        raise ValueError("the step of its take-down is none")
    told["reason"].encode("utf-8")  # refuses lone surrogates
    digests = [*told["ids"], *told["raw"]]
    if not all(_SHA256.fullmatch(item) for item in digests):
        raise ValueError("a digest of its take-down is none")
    replaced = told.get("replaced", {})
    stand_ins = [path for path in replaced.values() if path is not None]
    if set(removed) != set(replaced) or not set(stand_ins) <= set(added):
        raise ValueError("it removes other parts than its take-down says")
    if len(set(stand_ins)) < len(stand_ins):
        raise ValueError("one part stands for two that its take-down removes")
