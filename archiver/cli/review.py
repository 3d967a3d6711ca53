"""``archiver review``: step through what was removed, and say where it was wrong."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archiver.cli.decisions_file import DecisionsFile, open_decisions
from archiver.cli.reported import corpus_of
from archiver.cli.screen import Screen, count, is_terminal, paint, show_findings
from archiver.cli.session import cleaning_options, command
from archiver.cli.visible import visible_line

if TYPE_CHECKING:
    from archiver.cli.review_screen import Shown
    from archiver.report.corpus import Corpus
    from archiver.report.decisions import Kind
    from archiver.report.trial import Trial
    from archiver.rules.rule import Ruleset

_PROMPT = "[Enter] next  [w]rong  [m]issed  [u]ndo  [j] next document  [q]uit  [?] help > "

_WORDS = {"keep": "wrongly removed", "drop": "missed"}

#: Keys that leave a document, and where they lead.
_STEPS = {"q": 0, "j": 1, "k": -1}

#: What keys of a terminal stand for.
_MEANT = {"\r": "n", "\n": "n", "": "n", " ": "n", "\x1b[B": "n", "\x1b[A": "p", "\x04": "q"}


@command("review")
@click.argument("named", metavar="[ARCHIVE|FILES]...", nargs=-1, type=click.Path())
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(),
    default="decisions.toml",
    show_default=True,
    help="The rule pack of decisions; one that exists is gone on with.",
)
@cleaning_options
def review(
    named: tuple[str, ...],
    output: str,
    profile: str | None,
    rules: str | None,
    as_json: bool,
    quiet: bool,
) -> int:
    """Step through documents and judge what was removed, by single keys.

    Those whose removals give most reason to doubt come first. Decisions go into a
    rule pack at once: stop when you like, the next run goes on where you were. Where
    stdin is no terminal an answer is a line.

    \b
    Examples:
      archiver review
      archiver review output/archive -o my-rules/decisions.toml
      archiver review page.html --profile strict
    """
    from archiver.report.ranked import ranked
    from archiver.report.trial import Trial

    screen = Screen(as_json, quiet)
    file = open_decisions(Path(output))
    corpus, ruleset, findings = corpus_of(screen, named, profile=profile, rules=rules)
    show_findings(screen, findings)
    ids = [item.id for item in ranked(corpus)[0]]
    _Review(screen, file, corpus, ruleset, Trial(ruleset), ids).run()
    if as_json:
        left = sum(1 for id_ in ids if id_ not in file.reviewed)
        told = {"output": output, "decisions": len(file.decisions), "documents_left": left}
        screen.json(told)
    return 0


@dataclass(slots=True)
class _Review:
    screen: Screen
    file: DecisionsFile
    corpus: Corpus
    ruleset: Ruleset
    trial: Trial
    ids: Sequence[str]

    def run(self) -> None:
        """Until all were gone through, or the reader stops."""
        place = self._next(0)
        while place is not None and place < len(self.ids):
            step = self._document(place)
            if step == 0:
                break
            if step > 0:
                self.file.reviewed[self.ids[place]] = None
                self.file.write()
                place = self._next(place + 1)
            else:
                place = max(0, place - 1)
        left = sum(1 for id_ in self.ids if id_ not in self.file.reviewed)
        done = f"{count(len(self.file.decisions), 'decision')} in {self.file.path}"
        self.screen.say(f"{visible_line(done)}; {count(left, 'document')} left to look at")
        if self.file.decisions:
            folder = self.file.path.absolute().parent
            self.screen.say(paint(f"`archiver rules check {folder}` tells if they hold", "faint"))

    def _next(self, place: int) -> int | None:
        """The next document that was not gone through."""
        rest = range(place, len(self.ids))
        return next((at for at in rest if self.ids[at] not in self.file.reviewed), None)

    def _document(self, place: int) -> int:
        """Review one document; 1: go on, -1: go back, 0: stop."""
        from archiver.cli.review_screen import head, open_document

        row = self.corpus.row(self.ids[place])
        if row is None:  # taken down meanwhile
            return 1
        shown = open_document(row, self.trial)
        self._show(head(shown, place, len(self.ids)))
        self._body(shown, whole=False)
        at, asked = 0, -1
        while True:
            if at != asked:
                self._question(shown, at)
                asked = at
            key, rest = self._answer()
            if key in _STEPS:
                return _STEPS[key]
            if key == "n" and at + 1 >= len(shown.changes):
                return 1
            if key in {"n", "p"}:
                at, asked = max(0, at + (1 if key == "n" else -1)), -1
            else:
                self._act(shown, at, key, rest)

    def _act(self, shown: Shown, at: int, key: str, rest: str) -> None:
        """What a key does that stays with the change in question."""
        from archiver.cli.review_screen import keys

        match key:
            case "w" if at < len(shown.changes):
                self._mark(shown, "keep", shown.changes[at].number)
            case "m":
                self._missed(shown, rest)
            case "u":
                self._undo(shown.row["id"])
            case "a":
                self._body(shown, whole=True)
                self._question(shown, at)
            case _:
                self._show(keys())

    def _answer(self) -> tuple[str, str]:
        """A key, and what follows it on a line; the end of the input stops."""
        self.screen.say(paint(_PROMPT, "faint"))
        if is_terminal(sys.stdin):
            try:
                key = click.getchar()
            except EOFError:
                return "q", ""
            return _MEANT.get(key, key.lower()), ""
        line = sys.stdin.readline()
        if not line:
            return "q", ""
        key, _, rest = line.strip().partition(" ")
        return _MEANT.get(key, key.lower()), rest

    def _missed(self, shown: Shown, rest: str) -> None:
        """Mark a line by its number, ``12`` or ``12 share-bar``."""
        from archiver.rules.rule import FAMILIES

        if not rest and is_terminal(sys.stdin):
            rest = click.prompt("number of the line [and family]", default="", err=True)
        number, _, family = rest.partition(" ")
        family = family.strip() or "navigation"
        if not number.isdecimal() or not 1 <= int(number) <= len(shown.lines):
            self.screen.warn(f"no line {visible_line(number)!r}; write m 12 or m 12 share-bar")
        elif family not in FAMILIES:
            self.screen.warn(f"no family {visible_line(family)!r}; one of {', '.join(FAMILIES)}")
        else:
            self._mark(shown, "drop", int(number), family)

    def _mark(self, shown: Shown, kind: Kind, number: int, family: str = "navigation") -> None:
        made = shown.decision(kind, number, family)
        if made is None:
            stays = "is blank, or was removed" if kind == "drop" else "was not removed as a whole"
            self.screen.warn(f"line {number} {stays}: nothing is marked")
            return
        if made not in self.file.decisions:
            self.file.decisions.append(made)
            self.file.write()
        self.screen.say(f"line {number} is marked as {_WORDS[kind]}")
        if made.cannot:
            self.screen.say(f"  no rule can say this: {made.cannot}; it is noted as a comment")

    def _undo(self, id_: str) -> None:
        mine = [made for made in self.file.decisions if made.document == id_]
        if not mine:
            self.screen.say("nothing is marked in this document")
            return
        self.file.decisions.remove(mine[-1])
        self.file.write()
        self.screen.say(f"taken back: {visible_line(mine[-1].text)[:60]}")

    def _question(self, shown: Shown, at: int) -> None:
        from archiver.cli.review_screen import question

        if at < len(shown.changes):
            line = shown.changes[at]
            self._show(question(shown, line, self.screen.width, self.ruleset))

    def _body(self, shown: Shown, *, whole: bool) -> None:
        from archiver.cli.review_screen import body

        by_text = {
            made.text: _WORDS[made.kind]
            for made in self.file.decisions
            if made.document == shown.row["id"]
        }
        marked = {
            n: by_text[tried.text] for n, tried in shown.tried.items() if tried.text in by_text
        }
        self._show(body(shown, self.screen.width, marked, whole=whole))

    def _show(self, lines: Iterator[str] | Sequence[str]) -> None:
        for line in lines:
            if not self.screen.as_json:
                self.screen.result(line)
