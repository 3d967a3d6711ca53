"""Which of many lines rules name at all, and by what: asked once for all of them together.

Nearly all lines are prose that no rule means. They are folded and looked at together, at
the speed of C, so that only what is named is looked at one by one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import chain

from archiver.rules.gate import Patterns
from archiver.rules.label import bare_forms
from archiver.text.lines import fold_all

#: A longer line is prose, whatever it says: the longest boilerplate sentence in
#: the labelled sets has under 600 characters.
MAX_LINE = 1_000

#: Fewer lines are each asked about: the gates need not be compiled for them.
FEW_LINES = 8

#: Lines encoded together.
_SLICE = 200

#: What may name a line beside literals: patterns that cut, that find facts, that match it whole.
CUT, FACT, WHOLE = 1, 2, 4
ANY = CUT | FACT | WHOLE


class Sieve:
    """The literals and patterns of some rules, asked of many lines at once."""

    def __init__(
        self, literals: Collection[str], *, whole: Patterns, facts: Patterns, cuts: Patterns
    ) -> None:
        self._literals, self._whole, self._facts, self._cuts = literals, whole, facts, cuts
        self._longest = max(map(len, literals), default=0)

    def named(self, given: Sequence[str]) -> dict[str, int]:
        """The lines that may be named, each with what may name it (``CUT``, ``FACT``, ``WHOLE``).

        given: distinct lines without ``\\n``. Cost: a few passes over them in C, a look at
        the ends of each.
        """
        if len(given) < FEW_LINES:
            return dict.fromkeys(given, ANY)
        found: dict[str, int] = {}
        data = _joined(given)
        _mark(found, CUT, self._cuts.lines(data), given)
        _mark(found, FACT, self._facts.lines(data), given)
        lines = [line for line in given if len(line) <= MAX_LINE]
        forms = fold_all(lines)
        owners, labels = bare_forms(lines, forms)
        forms += labels
        lines += owners
        literals, longest = self._literals, self._longest
        for line in [
            line
            for line, form in zip(lines, forms, strict=True)
            if len(form) <= longest and form in literals
        ]:
            found[line] = found.get(line, 0)
        _mark(found, WHOLE, self._whole.lines(_joined(forms)), lines)
        return found


class Asked:
    """The lines that a sieve was asked about, and those of them that are named.

    It grows with the lines seen: keep one for a batch, not for a corpus.
    """

    def __init__(self, sieve: Sieve) -> None:
        self._sieve = sieve
        self._lines: dict[str, None] = {}
        self._texts: set[str] = set()
        self._named: dict[str, int] = {}

    def ask(self, texts: Iterable[str]) -> None:
        """Find out what is named in some texts, in one go."""
        given = [*texts]
        fresh = dict.fromkeys(chain.from_iterable(text.split("\n") for text in given))
        if self._lines:  # not at first, when all lines of a batch are new
            fresh = dict.fromkeys([line for line in fresh if line not in self._lines])
        if fresh:
            self._named |= self._sieve.named([*fresh])
            self._lines.update(fresh)
        self._texts.update(given)

    def named(self, text: str) -> Mapping[str, int]:
        """All lines that are named so far, those of the text among them."""
        if text not in self._texts:
            self.ask([text])
        return self._named


def _joined(lines: Sequence[str]) -> bytes:
    # In slices: one character of four bytes would make a text of all as wide.
    starts = range(0, len(lines), _SLICE)
    return b"\n".join(
        ["\n".join(lines[at : at + _SLICE]).encode("utf-8", "replace") for at in starts]
    )


def _mark(found: dict[str, int], by: int, numbers: Iterable[int], lines: Sequence[str]) -> None:
    """Note for some of the lines that patterns of a kind name them."""
    for number in numbers:
        line = lines[number]
        found[line] = found.get(line, 0) | by
