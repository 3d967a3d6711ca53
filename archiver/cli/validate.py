"""``archiver validate``: is every byte of an archive still what was written?"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archiver.cli.progress import byte_bar
from archiver.cli.screen import (
    Screen,
    count,
    finding_json,
    finding_lines,
    paint,
    size,
    table,
)
from archiver.cli.session import command, settings
from archiver.cli.visible import visible_line
from archiver.errors import DamageError

if TYPE_CHECKING:
    from archiver.archive.validate import Report

_HEAD = re.compile(r"(?:[0-9]{1,18}:)?[0-9a-f]{64}")

#: The layers that --quick leaves out.
_SLOW = frozenset({"pages", "records", "raw", "delta"})


def _expected(_ctx: click.Context, _param: click.Parameter, value: str | None) -> str | None:
    if value is not None and not _HEAD.fullmatch(value.strip().lower()):
        raise click.BadParameter("write VERSION:SHA256 or SHA256, as `archiver log` shows it")
    return value.strip().lower() if value else None


@command("validate")
@click.argument("archive", metavar="[ARCHIVE]", required=False, type=click.Path())
@click.option("--quick", is_flag=True, help="Digests of files only; rows are not read.")
@click.option(
    "--expect-head", metavar="HEAD", callback=_expected, help="The head you noted elsewhere."
)
def validate(
    archive: str | None, quick: bool, expect_head: str | None, as_json: bool, quiet: bool
) -> int:
    """Check every byte of an archive, and say what is damaged.

    Checked are the log and its chain, the digests of files, pages, records and
    texts, the received bytes as they would be restored, what other Delta readers
    see, and the bag. Nothing is written. Exit status 4 if anything is damaged.

    \b
    Examples:
      archiver validate
      archiver validate corpus --quick
      archiver validate --expect-head "$(cat head.txt)"
      archiver validate --json | jq '.findings[].documents'
    """
    from archiver.archive.validate import validate as check

    screen = Screen(as_json, quiet)
    place = settings(archive=archive).archive
    with byte_bar(screen, "checking") as reach:
        report = check(Path(place), quick=quick, expect_head=expect_head, progress=reach)
    if as_json:
        screen.json(_as_json(place, report, quick=quick))
    else:
        for line in _lines(place, report, quick=quick, quiet=quiet):
            screen.result(line)
    return 0 if report.is_sound else DamageError.exit_status


def _lines(place: str, report: Report, *, quick: bool, quiet: bool) -> Iterator[str]:
    yield from (line for error, line in finding_lines(report.findings) if error or not quiet)
    if quiet:
        return
    if report.findings:
        yield ""
    yield from table(("layer", "checked", "result"), _layers(report, quick=quick))
    yield ""
    yield _verdict(visible_line(place), report, quick=quick)
    if report.head is not None:
        yield paint(f"head {report.head}", "faint")


def _layers(report: Report, *, quick: bool) -> Iterator[tuple[str, str, str]]:
    done = report.checked
    parts = f"{count(done.parts, 'part')}, {size(done.bytes)}"
    rows = f"{count(done.documents, 'document')}, {done.quarantined:,} quarantined"
    checked = {
        "structure": "files that every archive has",
        "chain": count(done.versions, "version"),
        "files": parts,
        "pages": parts,
        "records": rows,
        "raw": count(done.documents, "document"),
        "delta": "what other readers see",
        "bag": count(done.files, "file"),
    }
    hits = Counter(found.layer for found in report.findings if found.is_error)
    warnings = Counter(found.layer for found in report.findings if not found.is_error)
    for layer, what in checked.items():
        if hits[layer]:
            yield layer, what, count(hits[layer], "error")
        elif quick and layer in _SLOW:
            yield layer, "", "left out"
        elif warnings[layer]:
            yield layer, what, f"sound, {count(warnings[layer], 'warning')}"
        else:
            yield layer, what, "sound"


def _verdict(place: str, report: Report, *, quick: bool) -> str:
    if report.is_sound:
        what = "every file is" if quick else "every byte is"
        return f"{paint('Sound', 'good')}: {place}, {what} what was written"
    errors = sum(found.is_error for found in report.findings)
    hit = len({name for found in report.findings for name in found.documents})
    whose = f", {count(hit, 'document')} hit" if hit else ""
    return f"{paint('Damaged', 'bad')}: {place}, {count(errors, 'error')}{whose}"


def _as_json(place: str, report: Report, *, quick: bool) -> dict[str, object]:
    return {
        "archive": place,
        "sound": report.is_sound,
        "quick": quick,
        "head": str(report.head) if report.head else None,
        "checked": asdict(report.checked),
        "findings": [finding_json(item) for item in report.findings],
    }
