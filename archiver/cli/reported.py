"""What `archiver report` and `archiver review` are about: an archive, or files cleaned for it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from archiver.cli.globs import expand
from archiver.cli.places import archive_path, is_archive
from archiver.cli.progress import byte_bar
from archiver.cli.reading import wanted_of
from archiver.cli.screen import Screen, binary_stdin
from archiver.cli.session import settings
from archiver.document import Finding, Reject, Source
from archiver.errors import InputError, UsageError

if TYPE_CHECKING:
    from archiver.report.corpus import Corpus, Row
    from archiver.rules.rule import Ruleset
    from archiver.settings import Settings


def corpus_of(
    screen: Screen, named: Sequence[str], *, profile: str | None, rules: str | None
) -> tuple[Corpus, Ruleset, list[Finding]]:
    """The documents meant, the rules that decisions must hold beside, and findings on files.

    named: one archive, or sources as `archiver ingest` takes them; nothing: the archive
    of the settings. Raises: what opening either raises; UsageError; InputError.
    """
    from archiver.archive.archive import open_archive
    from archiver.report.corpus import Archived
    from archiver.rules.load import load

    known = settings(profile=profile, rules=rules)
    ruleset = load(Path(known.rules) if known.rules else None)
    archives = [name for name in named if names_archive(name)]
    if named and not archives:
        return _cleaned(screen, named, known, ruleset)
    if len(named) > 1:
        raise UsageError(
            f"{archives[0]} is an archive, and more was named",
            hint="Name one archive, or files and folders of sources.",
        )
    if profile is not None:
        raise UsageError(
            "--profile goes with files; an archive was cleaned already",
            hint="`archiver ingest --reclean --profile NAME` cleans it again.",
        )
    place = archive_path((archives or [known.archive])[0])
    return Archived(open_archive(place), ruleset), ruleset, []


def names_archive(name: str) -> bool:
    """Whether an argument is the path of an archive, sound or not."""
    return name != "-" and is_archive(archive_path(name))


def _cleaned(
    screen: Screen, named: Sequence[str], known: Settings, ruleset: Ruleset
) -> tuple[Corpus, Ruleset, list[Finding]]:
    from archiver.report.corpus import Cleaned

    rows, findings = _rows(screen, named, known, ruleset)
    if not rows:
        raise InputError(
            "no document could be read",
            hint=findings[0].message if findings else "Name a file, a folder or an archive.",
        )
    name = named[0] if len(named) == 1 else f"{named[0]} and {len(named) - 1:,} more"
    return Cleaned(name, rows, ruleset, known.profile), ruleset, findings


def _rows(
    screen: Screen, named: Sequence[str], known: Settings, ruleset: Ruleset
) -> tuple[list[Row], list[Finding]]:
    """The records that `archiver ingest` would make of sources. Memory: all of them."""
    from archiver.clean import clean_source
    from archiver.readers.files import MAX_SOURCE_BYTES, plan, read_files
    from archiver.record import record_row

    base = Path.cwd()
    sources = expand(named, base)
    index = base / known.index if known.index else None
    rows: list[Row] = []
    findings: list[Finding] = []
    with byte_bar(screen, "cleaning") as reach:
        total, done = plan(sources, base=base, index=index).bytes, 0
        reach(done, total)
        for item in read_files(
            sources,
            base=base,
            index=index,
            max_bytes=known.max_bytes or MAX_SOURCE_BYTES,
            stdin=binary_stdin,
            wanted=wanted_of(known),
        ):
            if isinstance(item, Reject):
                findings.append(item.finding)
            elif isinstance(item, Source):
                outcome = clean_source(item, ruleset, profile=known.profile)
                if isinstance(outcome, Finding):
                    findings.append(outcome)
                else:
                    rows.append(record_row(item, *outcome) | {"profile": known.profile})
                done += len(item.data)
                reach(done, total)
            elif item.is_error:  # where it is from matters less here
                findings.append(item)
    return rows, findings
