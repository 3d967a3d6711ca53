"""A document under review, drawn for a terminal: its changes, and one of them in question."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from archiver.archive.rows.records import raw_text
from archiver.cli.explain import changed_rows, unchanged_row
from archiver.cli.screen import count, labelled, paint
from archiver.cli.visible import clip, visible_line, wrap
from archiver.report.corpus import Row, edits_of, reasons_of
from archiver.report.decisions import Decision, Kind
from archiver.report.doubt import doubt_of
from archiver.report.ranked import source_of
from archiver.report.trial import Trial, Tried
from archiver.rules.hosts import host_of
from archiver.rules.rule import Ruleset
from archiver.text import diff

#: Lines shown around a change.
_LINES = 2

KEYS = (
    ("Enter, n", "the next change; behind the last one, the next document"),
    ("p", "the change before"),
    ("w", "this line was wrongly removed"),
    ("m", "a line was missed: its number follows, and its family if you like"),
    ("u", "take the last decision on this document back"),
    ("a", "show the whole text"),
    ("j, k", "the next document, the one before"),
    ("q", "stop; the next run goes on here"),
    ("?", "this help"),
)


@dataclass(frozen=True, slots=True)
class Shown:
    """A document as it is reviewed: its lines, and what a decision on each would say."""

    row: Row
    lines: Sequence[diff.Line]
    tried: Mapping[int, Tried]
    scores: Mapping[str, float]

    @property
    def changes(self) -> list[diff.Line]:
        """The lines in question, in the order of the text: those that change visibly."""
        return [
            line
            for line in self.lines
            if line.mark != " " and "".join(span.text for span in line.spans).strip()
        ]

    def decision(self, kind: Kind, number: int, family: str = "navigation") -> Decision | None:
        """The decision on a line, by its number; None where it is blank or was not removed."""
        line, tried = self.lines[number - 1], self.tried.get(number)
        if tried is None or (kind == "keep") != (line.mark == "-"):
            return None
        return Decision(
            kind=kind,
            text=tried.text,
            key=tried.key,
            document=self.row["id"],
            file=self.row["file_path"] if self.row["file_path"] != self.row["id"] else "",
            host=host_of(self.row["url"]),
            rule=line.rules[0] if kind == "keep" else "",
            family=family,
            cannot=tried.cannot,
        )


def open_document(row: Row, trial: Trial) -> Shown:
    """Lay a document out. Raises: DamageError where its edits do not fit its text."""
    edits = edits_of(row)
    tried = trial.lines(raw_text(row), edits, host_of(row["url"]))
    return Shown(
        row,
        [line for line, _ in tried],
        {line.number: found for line, found in tried if found is not None},
        {edit.rule: edit.score for edit in edits if edit.score is not None},
    )


def head(shown: Shown, place: int, total: int) -> Iterator[str]:
    """What names the document, and how much went."""
    row, found = shown.row, doubt_of(shown.row["text"], shown.row["edits"])
    yield f"\n{paint(visible_line(row['title'] or row['id']), 'strong')}"
    known = (row["id"], row["language"], source_of(row))
    about = " · ".join(visible_line(part) for part in known if part)
    yield paint(f"document {place + 1:,} of {total:,} · {about}", "faint")
    yield paint(
        f"{100 * found.share:.0f} % removed · {count(found.edits, 'edit')} · doubt {found.words}",
        "faint",
    )


def body(shown: Shown, width: int, marked: Mapping[int, str], *, whole: bool) -> Iterator[str]:
    """The changes with some lines around them, or the whole text.

    marked: what was decided, by the number of the line.
    """
    if not whole and not shown.changes:
        yield "Nothing goes: this text is clean."
        return
    gutter = len(str(len(shown.lines)))
    for item in shown.lines if whole else diff.hunks(shown.lines, _LINES):
        if isinstance(item, diff.Gap):
            yield paint(f"{'⋮':>{gutter}}   {count(item.lines, 'line')} unchanged", "faint")
            continue
        if item.mark == " ":
            yield unchanged_row(item, gutter, None if whole else width)
        else:
            yield from changed_rows(item, gutter, width)
        if item.number in marked:
            yield " " * (gutter + 3) + paint(f"^ marked as {marked[item.number]}", "warn")


def question(shown: Shown, line: diff.Line, width: int, ruleset: Ruleset) -> Iterator[str]:
    """The change in question: its line, and each rule with its reason."""
    changes = shown.changes
    place = changes.index(line) + 1
    text = visible_line("".join(span.text for span in line.spans)).strip()
    what = "removed" if line.mark == "-" else "changed within"
    yield ""
    yield f"{paint(f'change {place:,} of {len(changes):,}', 'strong')}, line {line.number}, {what}:"
    yield f"  {paint(line.mark, 'bad' if line.mark == '-' else 'warn')} {clip(text, width - 4)}"
    for rule, why in reasons_of(ruleset, set(line.rules)).items():
        score = shown.scores.get(rule)
        more = (
            "" if score is None else f" Score {score:.4f}: the probability that it is no content."
        )
        rows = wrap(visible_line(f"{rule}: {why}{more}"), max(20, width - 4))
        yield from (f"    {row}" for row in rows)


def keys() -> list[str]:
    """The keys and what they do."""
    return labelled(KEYS)
