"""How much of what was removed from a document may be missed: its doubt, in words.

A removal counts the words it took, less where they do not read like a sentence, and
less where a rule with a reason of its own took them:

- words: those of the stretch; of scripts without blanks, half the characters;
- times 1 where a line of it reads like a sentence (five words or more, and an end
  mark), 0.5 for twelve words or more without one, else 0.1;
- times 0.25 for a rule; for the line model, 0.5 and the probability that it left to the
  line to be content (its score is that of the contrary); 0 for repairs, which lose no
  words, for rows saved as facts, and for lines that the clean text still has.

A document's doubt is the sum over its removals, times one and the share of its
characters that went: so the same lines weigh more in a document of which little is left.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from archiver.model import RULE
from archiver.report.family import REPAIR, family_of

#: Words that make a sentence with an end mark, and a paragraph without one.
SENTENCE, PARAGRAPH = 5, 12

#: What a word counts by its line, and by who took it.
READS_LIKE_TEXT, LONG, LABEL = 1.0, 0.5, 0.1
BY_RULE, BY_MODEL = 0.25, 0.5

#: Families whose removals lose nothing: repairs, and rows that are kept as facts.
_LOSSLESS = frozenset({REPAIR, "infobox"})

_WORD = re.compile(r"\w+")
_DENSE = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
_ENDS = re.compile(r"[.!?。！？।؟…][\"'”’»）)\]]*$")


@dataclass(frozen=True, slots=True)
class Doubt:
    """What was removed from a document: its doubt in words, and what it is made of.

    ``chars``: of the raw text; ``gone``: of them, those that no clean text has;
    ``families``: edits by family, in the order of their names.
    """

    words: float
    chars: int
    gone: int
    edits: int
    families: Mapping[str, int]

    @property
    def share(self) -> float:
        """The share of the raw text's characters that went, 0 to 1."""
        return self.gone / self.chars if self.chars else 0.0


def doubt_of(clean: str, edits: Iterable[Mapping[str, Any]]) -> Doubt:
    """The doubt of a document.

    clean: its clean text. edits: as records have them. Cost: a few passes over both.
    """
    families: dict[str, int] = {}
    left = {line.strip() for line in clean.split("\n")}
    words, chars, gone, number = 0.0, len(clean), 0, 0
    for edit in edits:
        before, after = edit["before"], edit["after"]
        family = family_of(edit["rule"])
        families[family] = families.get(family, 0) + 1
        number += 1
        chars += len(before) - len(after)
        gone += max(0, len(before) - len(after))
        words += edit_doubt(edit["rule"], before, edit["score"], left)
    share = gone / chars if chars else 0.0
    return Doubt(round(words * (1 + share), 1), chars, gone, number, dict(sorted(families.items())))


def edit_doubt(rule: str, before: str, score: float | None, left: AbstractSet[str]) -> float:
    """The doubt of one removal, in words. left: the lines of the clean text, stripped."""
    if family_of(rule) in _LOSSLESS:
        return 0.0
    unsure = 1 - score if score is not None else 1.0
    weight = min(1.0, BY_MODEL + unsure) if rule == RULE else BY_RULE
    return weight * sum(
        _line_doubt(line) for line in before.split("\n") if line.strip() not in left
    )


def _line_doubt(line: str) -> float:
    words = word_count(line)
    if words >= SENTENCE and _ENDS.search(line.rstrip()):
        return words * READS_LIKE_TEXT
    return words * (LONG if words >= PARAGRAPH else LABEL)


def word_count(text: str) -> float:
    """Words of a line; in scripts without blanks two characters count as one."""
    if text.isascii():
        return len(_WORD.findall(text))
    dense = len(_DENSE.findall(text))
    return dense / 2 + len(_WORD.findall(_DENSE.sub(" ", text) if dense else text))
