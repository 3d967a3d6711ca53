"""``archiver explain``: what goes, by which rule, why; nothing is written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from archiver.cli.screen import Screen, count, finding_json, labelled, paint, show_findings
from archiver.cli.session import cleaning_options, command, host_option
from archiver.cli.visible import cells, clip, pad, visible_line, wrap
from archiver.document import Cleaning, Document, Finding
from archiver.text import diff

if TYPE_CHECKING:
    from archiver.rules.rule import Ruleset

#: Lines shown around a change, and characters around a change within a line.
_LINES, _CHARACTERS = 1, 30

_MARK = {"gone": ("[-", "-]", "bad"), "new": ("{+", "+}", "good")}


@dataclass(frozen=True, slots=True)
class Explained:
    """One text with what was done to it, and the rules that know why."""

    path: str
    document: Document
    cleaning: Cleaning
    ruleset: Ruleset
    profile: str
    host: str = ""

    def findings(self) -> list[Finding]:
        """What a person should know before trusting the result."""
        from archiver.rules.hosts import unplaced
        from archiver.text.detect import doubt

        found = doubt(self.document, self.path)
        told = [found] if found is not None else []
        if self.ruleset.hosts and not self.host:
            told.append(unplaced(self.ruleset.hosts, 1, self.path))
        return told

    def why(self, rule: str) -> str:
        """The reason that a rule states for itself."""
        from archiver.model import RULE, WHY
        from archiver.text.repair import REASONS

        known = self.ruleset.by_id.get(rule)
        if known and known.hosts:
            return f"{known.why} [only on {', '.join(known.hosts)}]"
        return known.why if known else {RULE: WHY, **REASONS}.get(rule, "")


@command("explain")
@click.argument("file", default="-", type=click.Path())
@cleaning_options
@host_option
@click.option("--all", "whole", is_flag=True, help="Show every line, not only those near a change.")
def explain(
    file: str,
    profile: str | None,
    rules: str | None,
    host: str | None,
    whole: bool,
    as_json: bool,
    quiet: bool,
) -> int:
    """Show what cleaning takes out of a text, by which rule, and why.

    A line that goes whole is marked -, a line changed within ~; there [-this-]
    goes and {+that+} comes. Nothing is written.

    \b
    Examples:
      archiver explain page.txt
      archiver explain page.html --profile strict --all
      archiver explain --json - < page.txt | jq '.edits[].rule'
    """
    from archiver.cli.clean import clean_file

    screen = Screen(as_json, quiet)
    explained = clean_file(file, profile=profile, rules=rules, host=host)
    if as_json:
        screen.json(_as_json(explained))
        return 0
    show_findings(screen, explained.findings())
    for line in _head(explained):
        screen.result(line)
    for line in _diff(explained, screen.width, whole=whole):
        screen.result(line)
    for line in _reasons(explained, screen.width):
        screen.result(line)
    if explained.cleaning.facts:
        screen.result("\nFacts saved")
        for line in labelled(explained.cleaning.facts):
            screen.result(line)
    return 0


def _head(shown: Explained) -> Iterator[str]:
    text, cleaning = shown.document.text, shown.cleaning
    repairs = sum(1 for edit in cleaning.edits if edit.rule.startswith("repair."))
    parts = [
        count(text.count("\n") + (not text.endswith("\n") and bool(text)), "line"),
        f"{len(cleaning.edits) - repairs:,} removed",
        f"{repairs:,} repaired",
        count(len(cleaning.facts), "fact"),
    ]
    how = f"{shown.document.encoding}, profile {shown.profile}"
    yield f"{paint(visible_line(shown.path), 'strong')}  {paint(how, 'faint')}"
    yield paint(" · ".join(parts), "faint")
    if shown.document.extractor:
        yield paint(f"text extracted by {shown.document.extractor}", "faint")


def _diff(shown: Explained, width: int, *, whole: bool) -> Iterator[str]:
    found = list(diff.lines(shown.document.text, shown.cleaning.edits))
    changed = any(line.mark != " " for line in found)
    if not changed and not whole:
        yield "\nNothing goes: this text is clean."
        return
    yield ""
    gutter = len(str(len(found)))
    for item in found if whole else diff.hunks(found, _LINES):
        if isinstance(item, diff.Gap):
            yield paint(f"{'⋮':>{gutter}}   {count(item.lines, 'line')} unchanged", "faint")
        elif item.mark == " ":
            yield unchanged_row(item, gutter, None if whole else width)
        else:
            yield from changed_rows(item, gutter, width)


def unchanged_row(line: diff.Line, gutter: int, width: int | None) -> str:
    """A line that stays, behind its number; cut to so many columns, or whole."""
    text = visible_line(line.spans[0].text)
    shown = text if width is None else clip(text, width - gutter - 3)
    return f"{paint(f'{line.number:>{gutter}}', 'faint')}   {shown}".rstrip()


def changed_rows(line: diff.Line, gutter: int, width: int) -> Iterator[str]:
    """The line wrapped, and the rules at its right end where there is room."""
    role = "bad" if line.mark == "-" else "warn"
    room = width - gutter - 3
    text = visible_line(line.spans[0].text) if line.mark == "-" else _spans(line.spans)
    rules = ", ".join(line.rules) if text.strip() else ""  # blank lines go with a neighbour
    rows = wrap(text, room) or [""]
    for place, row in enumerate(rows):
        number = f"{line.number:>{gutter}}" if place == 0 else " " * gutter
        shown = paint(row, role) if line.mark == "-" else _coloured(row)
        fits = cells(row) + 2 + cells(rules) <= room
        if place == len(rows) - 1 and rules and fits:
            shown += " " * (room - cells(row) - cells(rules)) + paint(rules, "faint")
        yield f"{paint(number, 'faint')} {paint(line.mark, role)} {shown}".rstrip()
        if place == len(rows) - 1 and rules and not fits:
            yield " " * max(0, width - cells(rules)) + paint(rules, "faint")


def _spans(spans: tuple[diff.Span, ...]) -> str:
    """A changed line: what goes and comes in brackets, long calm stretches cut short."""
    parts = []
    for place, span in enumerate(spans):
        text = visible_line(span.text)
        if span.kind != "same":
            before, after, _ = _MARK[span.kind]
            parts.append(f"{before}{text}{after}")
            continue
        parts.append(_calm(text, first=place == 0, last=place == len(spans) - 1))
    return "".join(parts)


def _calm(text: str, *, first: bool, last: bool) -> str:
    """A stretch that stays, cut at words to what stands near a change."""
    head = "" if first else text[:_CHARACTERS]
    tail = "" if last else text[-_CHARACTERS:]
    if len(text) <= len(head) + len(tail) + 2:
        return text
    before = f"{head.rpartition(' ')[0] or head} " if head else ""
    after = f" {tail.partition(' ')[2] or tail}" if tail else ""
    return f"{before}…{after}"


def _coloured(row: str) -> str:
    """Brackets that open and close on this row, in their colours."""
    for before, after, role in _MARK.values():
        pieces = row.split(before)
        for place in range(1, len(pieces)):
            inner, closed, rest = pieces[place].partition(after)
            painted = paint(before + inner + closed, role)
            pieces[place] = painted + rest
        row = "".join(pieces)
    return row


def _reasons(shown: Explained, width: int) -> Iterator[str]:
    dropped = shown.cleaning.dropped()
    if not dropped:
        return
    yield "\nWhy"
    name = max(map(cells, dropped))
    number = max(len(f"{hits:,}") for hits in dropped.values())
    for rule, hits in sorted(dropped.items(), key=lambda item: (-item[1], item[0])):
        indent = name + number + 6
        rows = wrap(visible_line(shown.why(rule)), max(20, width - indent)) or [""]
        yield f"  {pad(rule, name)}  {hits:>{number},}  {rows[0]}".rstrip()
        for row in rows[1:]:
            yield " " * indent + row


def _as_json(shown: Explained) -> dict[str, object]:
    return {
        "file": shown.path,
        "encoding": shown.document.encoding,
        "evidence": shown.document.evidence,
        "extractor": shown.document.extractor,
        "profile": shown.profile,
        "ruleset": shown.ruleset.digest,
        "edits": _edits(shown),
        "facts": shown.cleaning.facts_by_key(),
        "dropped": shown.cleaning.dropped(),
        "findings": [finding_json(found) for found in shown.findings()],
        "text": shown.cleaning.text,
    }


def _edits(shown: Explained) -> list[dict[str, object]]:
    places = diff.positions(shown.document.text, [edit.start for edit in shown.cleaning.edits])
    return [
        {
            "line": line,
            "column": column,
            "start": edit.start,
            "end": edit.end,
            "before": edit.before,
            "after": edit.after,
            "rule": edit.rule,
            "why": shown.why(edit.rule),
            "score": edit.score,
        }
        for edit, (line, column) in zip(shown.cleaning.edits, places, strict=True)
    ]
