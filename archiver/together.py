"""Many texts cleaned together: the rules and the line model are asked once for all of them.

Each text goes its own way (``archiver.clean.steps``); they only wait for each other where
they ask the line model, which answers many documents much cheaper than one after the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from archiver.clean import Steps, clean_with, matcher_for, mended, steps
from archiver.document import Cleaning
from archiver.rules.judge import Judge
from archiver.rules.rule import Ruleset
from archiver.rules.sieve import Asked
from archiver.settings import Profile

if TYPE_CHECKING:
    from archiver.model.many import Decider


@dataclass(frozen=True, slots=True)
class Text:
    """A text to be cleaned, its language and the host it is from, where they are known."""

    text: str
    language: str | None = None
    host: str | None = None


@dataclass(slots=True)
class Together:
    """Cleans texts with one ruleset and profile, and remembers what lines they share.

    The memory (what names lines, verdicts on them, their features) makes nothing but the
    time depend on what was cleaned before. It grows with the lines seen: keep one for
    a batch, not for a corpus.
    """

    ruleset: Ruleset
    profile: Profile
    _asked: Asked | None = None
    _judges: dict[tuple[str, str], Judge] = field(default_factory=dict)
    _decider: Decider | None = None

    def clean(self, texts: Iterable[Text]) -> list[Cleaning | Exception]:
        """As ``clean.clean_text`` does each; where one fails, what it failed with.

        Cost: linear; a text waits for the others of the call.
        """
        asked = list(texts)
        done: dict[int, Cleaning | Exception] = {}
        works: dict[int, Steps] = {}
        for at, start in enumerate(self._mended(asked)):
            if isinstance(start, Cleaning):
                works[at] = self._steps(asked[at], start)
            else:
                done[at] = start
        answers: dict[int, Mapping[int, float] | None] = dict.fromkeys(works)
        while answers:
            waiting: dict[int, list[str]] = {}
            for at, sure in answers.items():
                reached = _advanced(works[at], sure)
                if isinstance(reached, list):
                    waiting[at] = reached
                else:
                    done[at] = reached
            try:
                answers = dict(zip(waiting, self._decide([*waiting.values()]), strict=True))
            except Exception:  # noqa: BLE001 -- whichever text it was: each by itself
                done |= {at: self._alone(asked[at]) for at in waiting}
                break
        return [done[at] for at in range(len(asked))]

    def _mended(self, texts: list[Text]) -> list[Cleaning | Exception]:
        """The first step of each; and the rules are asked about the lines of all at once."""
        starts = [_repaired(text) for text in texts]
        with suppress(Exception):  # whichever text it is: it will fail by itself
            self._known().ask([start.text for start in starts if isinstance(start, Cleaning)])
        return starts

    def _steps(self, text: Text, start: Cleaning) -> Steps:
        return (yield from steps(text.text, start, self._judge(text), self.profile))

    def _decide(self, documents: list[list[str]]) -> list[dict[int, float]]:
        if not documents:
            return []
        from archiver.model.many import Decider  # loads numpy, which rules alone do not need

        if self._decider is None:
            self._decider = Decider(self.profile)
        return self._decider.decide(documents)

    def _alone(self, text: Text) -> Cleaning | Exception:
        try:
            judge = self._judge(text)
            return clean_with(text.text, judge.matcher, self.profile, judge)
        except Exception as problem:  # noqa: BLE001
            return problem

    def _judge(self, text: Text) -> Judge:
        found = matcher_for(self.ruleset, self.profile, text.language, text.host)
        # Documents of hosts that no rule names share their verdicts.
        key = found.language, found.site
        if key not in self._judges:
            self._judges[key] = Judge(found, self._known())
        return self._judges[key]

    def _known(self) -> Asked:
        """What names lines, whatever their language and host."""
        if self._asked is None:
            self._asked = Asked(matcher_for(self.ruleset, self.profile, None).sieve)
        return self._asked


def _advanced(work: Steps, sure: Mapping[int, float] | None) -> list[str] | Cleaning | Exception:
    """The lines that a text asks about next, or what became of it."""
    try:
        return next(work) if sure is None else work.send(sure)
    except StopIteration as end:
        cleaning: Cleaning = end.value
        return cleaning
    except Exception as problem:  # noqa: BLE001 -- one text must not stop the others
        return problem


def _repaired(text: Text) -> Cleaning | Exception:
    try:
        return mended(text.text)
    except Exception as problem:  # noqa: BLE001 -- one text must not stop the others
        return problem
