"""Patterns in RE2, the only regex engine that rules run in.

Its time is linear in the text whatever the pattern, so that no rule, built in
or brought along, can hang a run. It has no look-around and no back references.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

Span = tuple[int, int]

#: What RE2 may take for a pattern or set: its default, 8 MB, is too little for all rules.
MAX_MEMORY = 64 << 20


class PatternError(ValueError):
    """A pattern that RE2 cannot take: wrong, too large, or beyond its syntax."""


class Pattern:
    """One compiled pattern, asked by the names of its groups."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self._compiled = _compile(pattern)
        self.groups = frozenset(self._compiled.groupindex)

    def fullmatch(self, text: str) -> dict[str, str] | None:
        """The named groups where the whole text matches, else None."""
        match = self._compiled.fullmatch(text)
        return match.groupdict(default="") if match else None

    def spans(self, text: str, group: str) -> Iterator[Span]:
        """Where a group matched, for every match in the text, left to right."""
        number = self._compiled.groupindex[group]
        for match in self._compiled.finditer(text):
            yield match.span(number)


class PatternSet:
    """Many patterns asked at once, in one pass over the text."""

    def __init__(self, patterns: Sequence[tuple[int, str]], *, whole: bool) -> None:
        import re2

        self._numbers = [number for number, _ in patterns]
        make = re2.Set.FullMatchSet if whole else re2.Set.SearchSet
        self._set = make(options())
        for _, pattern in patterns:
            self._set.Add(pattern)
        if patterns:
            self._set.Compile()

    def matching(self, text: str) -> list[int]:
        """The numbers of the patterns that match, sorted."""
        if not self._numbers:
            return []
        return sorted(self._numbers[index] for index in self._set.Match(text) or ())


@lru_cache(maxsize=24)
def pattern_set(patterns: tuple[tuple[int, str], ...], *, whole: bool) -> PatternSet:
    """A set that is kept: rulesets that differ in literals alone share it."""
    return PatternSet(patterns, whole=whole)


@lru_cache(maxsize=4096)
def _compile(pattern: str) -> Any:  # noqa: ANN401 -- re2 has no types
    import re2

    try:
        return re2.compile(pattern, options())
    except re2.error as problem:
        text = problem.args[0] if problem.args else ""
        words = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
        raise PatternError(words or "not a pattern") from None


def options() -> Any:  # noqa: ANN401 -- re2 has no types
    """What all expressions of rules are compiled with; a new one each time."""
    import re2

    found = re2.Options()
    found.log_errors = False
    found.max_mem = MAX_MEMORY
    return found
