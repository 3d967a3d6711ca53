"""Which lines of a text some patterns could match: asked once, for all lines together.

Rules are asked line by line, and nearly all lines are prose that none of them
means. A gate is one expression that matches whatever any of its patterns does, and
a little more: what it leaves out, no rule needs to look at. It runs over the whole
text at the speed of RE2's automaton, since counted repetitions, which make its
states many, are taken as any number of times.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from archiver.rules.regex import options, pattern_set
from archiver.text.lines import SPACE

#: Everything that ``str.strip`` takes off, but for the line feed.
SPACES = f"{SPACE}*"

#: Lines of prose. A pattern that takes one once loosened is left as it is.
_PROSE = (
    "the",
    "a few words here",
    "the old harbour was rebuilt after the war, and 12 of its ships still sail in 1999.",
    "им не нужно было ничего, кроме тишины и моря",
)

#: A class, an escape, a counted repetition, or any one character.
_TOKEN = re.compile(
    r"\\(?:x\{[0-9A-Fa-f]+\}|[pP]\{[^}]*\}|.)"
    r"|\[\^?\]?(?:\[:\^?\w+:\]|\\(?:x\{[0-9A-Fa-f]+\}|[pP]\{[^}]*\}|.)|[^\]\\])*\]"
    r"|(?P<counted>\{(?P<least>\d+)(?:,\d*)?\})"
    r"|.",
    re.DOTALL,
)

#: Syntax whose meaning would change where many lines are looked at together: ends of
#: the text, single bytes, quoted stretches, flags switched off.
_BOUND = re.compile(r"\\[AzCQE]|\(\?[A-Za-z]*-")


#: Repetitions of nearly any character: a line is in many of them at once, and each set of
#: them is a state. From some hundreds on RE2 gives its automaton up for a slower way.
_LOOP = re.compile(r"(?:\.|\[\^[^\]]*\]|\\S)[*+]")
MAX_LOOPS = 60

#: Of a line of more characters the gate is asked first: sets are slow on prose.
LONG_LINE = 60


class Patterns:
    """Numbered patterns of one kind: asked of one line exactly, of many lines loosely."""

    def __init__(
        self, patterns: tuple[tuple[int, str], ...], *, whole: bool, around: str = ""
    ) -> None:
        self._set = pattern_set(patterns, whole=whole)
        self._asked = tuple(pattern for _, pattern in patterns)
        self._whole, self._around = whole, around

    def matching(self, line: str) -> list[int]:
        """The numbers of the patterns that match a line, sorted. It has no lone surrogates."""
        if len(line) > LONG_LINE and not self.lines(line.encode()):
            return []
        return self._set.matching(line)

    def lines(self, data: bytes) -> set[int]:
        """The numbers, from 0, of the lines of a UTF-8 text that may match a pattern."""
        return gate(self._asked, whole=self._whole, around=self._around).lines(data)


class Gate:
    """A loose expression over the lines of a text, for the patterns of one kind.

    ``whole``: patterns must match a whole line, with ``around`` before and behind;
    else they are searched for in it.
    """

    def __init__(self, patterns: Sequence[str], *, whole: bool, around: str = "") -> None:
        self._head = f"(?m)^{around}(?:" if whole else "(?m)(?:"
        self._tail = f"){around}$" if whole else ")"
        free = [pattern for pattern in patterns if not _BOUND.search(pattern)]
        #: Patterns that only a look at each line can tell of: every line may match.
        self.is_open = len(free) < len(patterns)
        self._parts: list[Any] = []
        narrow = [loose for pattern in free if not _takes_prose(loose := loosened(pattern))]
        for part in _shared_out(narrow):
            self._add(part)
        for pattern in free:
            if _takes_prose(loosened(pattern)):
                self._add([pattern])

    def lines(self, data: bytes) -> set[int]:
        """The numbers, from 0, of the lines of a UTF-8 text that may match.

        Cost: a pass over the text a part, most often one; some microseconds a match.
        """
        if self.is_open:
            return {*range(data.count(b"\n") + 1)}
        found: set[int] = set()
        for part in self._parts:
            number = at = 0
            for match in part.finditer(data):
                start = match.start()
                number += data.count(b"\n", at, start)
                at = start
                found.add(number)
        return found

    def _add(self, patterns: Sequence[str]) -> None:
        """Compile patterns to one expression, or to several where it would be too large."""
        if not patterns:
            return
        made = _compile(self._head + "|".join(f"(?:{one})" for one in patterns) + self._tail)
        if made is not None:
            self._parts.append(made)
        elif len(patterns) == 1:
            self.is_open = True
        else:
            half = len(patterns) // 2
            self._add(patterns[:half])
            self._add(patterns[half:])


@lru_cache(maxsize=48)
def gate(patterns: tuple[str, ...], *, whole: bool, around: str = "") -> Gate:
    """A gate that is kept: compiling one costs as much as cleaning many texts."""
    return Gate(patterns, whole=whole, around=around)


def loosened(pattern: str) -> str:
    """The pattern with every counted repetition taken as any number of times."""
    return "".join(
        token[0] if token["counted"] is None else "*" if int(token["least"]) == 0 else "+"
        for token in _TOKEN.finditer(pattern)
    )


def _shared_out(patterns: Sequence[str]) -> list[Sequence[str]]:
    """The patterns in parts of which each has so few loops that its automaton stays small."""
    loops = sum(len(_LOOP.findall(pattern)) for pattern in patterns)
    parts = max(1, -(-loops // MAX_LOOPS))
    return [patterns[first::parts] for first in range(parts)]


def _takes_prose(pattern: str) -> bool:
    made = _compile(f"^(?:{pattern})$")
    return made is not None and any(made.search(line.encode()) for line in _PROSE)


def _compile(pattern: str) -> Any:  # noqa: ANN401 -- re2 has no types
    """The expression over many lines, none of which it crosses; None where RE2 cannot take it."""
    import re2

    over_lines = options()
    over_lines.never_nl = True
    over_lines.never_capture = True
    try:
        return re2.compile(pattern.encode(), over_lines)
    except re2.error:
        return None
