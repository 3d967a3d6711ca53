"""Many texts cleaned together: the rules and the line model are asked once for all of them.

Each text goes its own way (``archiver.clean.steps``); they only wait for each other where
they ask the line model, which answers many documents much cheaper than one after the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from archiver.clean import Steps, clean_with, matcher_for, steps
from archiver.document import Cleaning
from archiver.rules.match import Matcher, Verdict
from archiver.rules.rule import Ruleset
from archiver.settings import Profile

if TYPE_CHECKING:
    from archiver.model.many import Decider

#: A verdict on a longer line is not kept: such lines hardly ever stand twice.
MAX_KEPT_LINE = 200

Judge = Callable[[str], Verdict]


@dataclass(frozen=True, slots=True)
class Text:
    """A text to be cleaned, its language and the host it is from, where they are known."""

    text: str
    language: str | None = None
    host: str | None = None


@dataclass(slots=True)
class Together:
    """Cleans texts with one ruleset and profile, and remembers what lines they share.

    The memory (verdicts per matcher and line, features of lines) makes nothing but the
    time depend on what was cleaned before. It grows with the lines seen: keep one for
    a batch, not for a corpus.
    """

    ruleset: Ruleset
    profile: Profile
    _judges: dict[tuple[str, str], tuple[Matcher, Judge]] = field(default_factory=dict)
    _decider: Decider | None = None

    def clean(self, texts: Iterable[Text]) -> list[Cleaning | Exception]:
        """As ``clean.clean_text`` does each; where one fails, what it failed with.

        Cost: linear; a text waits for the others of the call.
        """
        asked = list(texts)
        done: dict[int, Cleaning | Exception] = {}
        works = [self._steps(text) for text in asked]
        answers: dict[int, Mapping[int, float] | None] = dict.fromkeys(range(len(asked)))
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

    def _steps(self, text: Text) -> Steps:
        matcher, judge = self._judge(text)
        return (yield from steps(text.text, matcher, self.profile, judge))

    def _decide(self, documents: list[list[str]]) -> list[dict[int, float]]:
        if not documents:
            return []
        from archiver.model.many import Decider  # loads numpy, which rules alone do not need

        if self._decider is None:
            self._decider = Decider(self.profile)
        return self._decider.decide(documents)

    def _alone(self, text: Text) -> Cleaning | Exception:
        try:
            matcher, judge = self._judge(text)
            return clean_with(text.text, matcher, self.profile, judge)
        except Exception as problem:  # noqa: BLE001
            return problem

    def _judge(self, text: Text) -> tuple[Matcher, Judge]:
        found = matcher_for(self.ruleset, self.profile, text.language, text.host)
        # Documents of hosts that no rule names share their verdicts.
        key = (text.language or "").partition("-")[0].lower(), found.site
        return self._judges.setdefault(key, (found, _remembering(found)))


def _advanced(work: Steps, sure: Mapping[int, float] | None) -> list[str] | Cleaning | Exception:
    """The lines that a text asks about next, or what became of it."""
    try:
        return next(work) if sure is None else work.send(sure)
    except StopIteration as end:
        cleaning: Cleaning = end.value
        return cleaning
    except Exception as problem:  # noqa: BLE001 -- one text must not stop the others
        return problem


def _remembering(matcher: Matcher) -> Judge:
    known: dict[str, Verdict] = {}

    def judge(line: str) -> Verdict:
        verdict = known.get(line)
        if verdict is None:
            verdict = matcher.verdict(line)
            if len(line) <= MAX_KEPT_LINE:
                known[line] = verdict
        return verdict

    return judge
