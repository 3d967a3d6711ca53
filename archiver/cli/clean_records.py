"""``archiver clean`` on files of many records: JSON lines out, one a document."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from archiver.cli.outcome import QUARANTINED
from archiver.cli.reading import wanted_of
from archiver.cli.screen import (
    Screen,
    binary_stdin,
    binary_stdout,
    count,
    finding_line,
    is_terminal,
    show_findings,
)
from archiver.cli.visible import visible_json
from archiver.digest import timestamp
from archiver.document import Cleaning, Document, Finding, Reject, Source
from archiver.settings import Settings

if TYPE_CHECKING:
    from archiver.rules.rule import Ruleset

_KNOWN = ("url", "title", "source", "license", "language")
_MOMENTS = ("date", "fetched_at")


def holds_records(file: str, form: str | None) -> bool:
    """Whether a file is one of many documents: as it is said, else by its name."""
    from archiver.readers.formats import format_of

    return (form or format_of(file) or "text") != "text"


def clean_records(
    screen: Screen, known: Settings, file: str, *, host: str | None, with_edits: bool
) -> int:
    """Clean every record or member of a file; the exit status.

    host: of those that have no address.

    What cannot be read is told, and the rest goes on. Memory holds one document.
    Raises: what ``read_files`` raises.
    """
    from archiver.clean import clean_text, host_for, open_source
    from archiver.readers.files import MAX_SOURCE_BYTES, read_files
    from archiver.rules.hosts import unplaced
    from archiver.rules.load import load

    ruleset: Ruleset = load(Path(known.rules) if known.rules else None)
    shown = is_terminal(sys.stdout)
    good = bad = unknown = 0
    out = binary_stdout()
    for item in read_files(
        [file],
        base=Path.cwd(),
        max_bytes=known.max_bytes or MAX_SOURCE_BYTES,
        stdin=binary_stdin,
        wanted=wanted_of(known),
    ):
        opened: Document | Finding
        if isinstance(item, Source):
            opened = open_source(item, known.profile)
        else:
            opened = item.finding if isinstance(item, Reject) else item
        if isinstance(opened, Finding) or not isinstance(item, Source):
            if isinstance(opened, Finding) and opened.code not in _ABOUT_THE_INDEX:
                bad += opened.is_error
                screen.warn(finding_line(opened))
            continue
        place = host_for(item, opened) or host
        unknown += not place
        good += 1
        language = item.provenance.language or opened.extracted.language
        cleaning = clean_text(
            opened.text, ruleset, profile=known.profile, language=language, host=place
        )
        line = _line(item, opened, cleaning, with_edits=with_edits)
        out.write((visible_json(line) if shown else line).encode("utf-8") + b"\n")
    out.flush()
    if unknown and ruleset.hosts:
        show_findings(screen, [unplaced(ruleset.hosts, unknown)])
    screen.say(f"{count(good, 'document')} cleaned, {count(bad, 'record')} left out")
    return QUARANTINED if bad else 0


#: Nothing is archived, so that no index is asked for.
_ABOUT_THE_INDEX = frozenset({"E307", "W307"})


def _line(source: Source, document: Document, cleaning: Cleaning, *, with_edits: bool) -> str:
    """A document as one JSON object; what is not known is left out."""
    known = source.provenance.filled(document.extracted)
    named = {name: getattr(known, name) for name in _KNOWN}
    moments = {name: timestamp(getattr(known, name)) for name in _MOMENTS}
    told: dict[str, object] = {
        "id": source.id,
        "text": cleaning.text,
        "facts": cleaning.facts_by_key(),
        **{name: value for name, value in (named | moments).items() if value is not None},
        **({"metadata": dict(known.metadata)} if known.metadata else {}),
        **({"edits": [asdict(edit) for edit in cleaning.edits]} if with_edits else {}),
    }
    return json.dumps(told, ensure_ascii=False)
