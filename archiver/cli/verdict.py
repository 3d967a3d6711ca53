"""What a validation found, as a table for people and as one object for programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

from archiver.cli.joblog import current_log
from archiver.cli.screen import count, finding_json, finding_lines, paint, size, table
from archiver.cli.visible import visible_line

if TYPE_CHECKING:
    from archiver.archive.checks.validate import Report

#: The layers that --quick leaves out.
SLOW = frozenset({"pages", "records", "raw", "delta"})


def report_lines(place: str, report: Report, *, quiet: bool) -> Iterator[str]:
    """The findings, a table of layers, the verdict. With ``quiet`` the errors alone."""
    yield from (line for error, line in finding_lines(report.findings) if error or not quiet)
    if quiet:
        return
    if report.findings:
        yield ""
    yield from table(("layer", "checked", "result"), _rows(report))
    yield ""
    yield _verdict(visible_line(place), report)
    if report.head is not None:
        yield paint(f"head {report.head}", "faint")


def layers(report: Report) -> dict[str, str]:
    """Layer -> what was checked there; what was left out stands there with no words."""
    done, reach = report.checked, report.coverage
    of_all = "" if reach.is_everything else f" of {reach.parts:,}"
    parts = f"{reach.checked:,}{of_all} part{'' if reach.parts == 1 else 's'}, {size(done.bytes)}"
    documents = count(done.documents, "document")
    found = {
        "structure": "files that every archive has",
        "chain": count(done.versions, "version"),
        "files": parts,
        "pages": parts,
        "records": f"{documents}, {done.quarantined:,} quarantined",
        "raw": documents,
        "delta": "what other readers see",
        "bag": count(done.files, "file"),
        "fixity": f"{count(report.events, 'event')} before this",
    }
    if report.level == "replay":
        found["replay"] = f"{documents}, cleaned again"
    if report.level == "quick":
        found.update(dict.fromkeys(SLOW, ""))
    return found


def _rows(report: Report) -> Iterator[tuple[str, str, str]]:
    hits = Counter(found.layer for found in report.findings if found.is_error)
    warnings = Counter(found.layer for found in report.findings if not found.is_error)
    for layer, what in layers(report).items():
        if hits[layer]:
            yield layer, what, count(hits[layer], "error")
        elif not what:
            yield layer, what, "left out"
        elif warnings[layer]:
            yield layer, what, f"sound, {count(warnings[layer], 'warning')}"
        else:
            yield layer, what, "sound"


def _verdict(place: str, report: Report) -> str:
    reach = report.coverage
    if report.is_sound:
        what = "file" if report.level == "quick" else "byte"
        checked = "" if reach.is_everything else f" of the {count(reach.checked, 'part')} checked"
        if not reach.checked and not reach.is_everything:
            return f"{paint('Sound', 'good')}: {place}, and no part was due"
        return f"{paint('Sound', 'good')}: {place}, every {what}{checked} is what was written"
    errors = sum(found.is_error for found in report.findings)
    hit = len(documents_hit(report))
    whose = f", {count(hit, 'document')} hit" if hit else ""
    return f"{paint('Damaged', 'bad')}: {place}, {count(errors, 'error')}{whose}"


def documents_hit(report: Report) -> set[str]:
    """The ids that findings name."""
    return {name for found in report.findings for name in found.documents}


def log_report(report: Report) -> None:
    """The findings and the figures of a validation, as lines of the log."""
    log = current_log()
    for found in report.findings:
        log.finding(found)
    reach = report.coverage
    log.event(
        "validate.summary",
        level="info" if report.is_sound else "error",
        version=report.head.version if report.head else None,
        head=str(report.head) if report.head else None,
        figures={
            "errors": sum(found.is_error for found in report.findings),
            "warnings": sum(not found.is_error for found in report.findings),
            "documents_hit": len(documents_hit(report)),
            "parts_due": reach.due,
            "parts_checked": reach.checked,
            "bytes_checked": report.checked.bytes,
            "documents_checked": report.checked.documents,
        },
    )


def report_json(place: str, report: Report) -> dict[str, object]:
    """The one object of ``--json``."""
    return {
        "archive": place,
        "sound": report.is_sound,
        "complete": report.coverage.is_complete,
        "quick": report.level == "quick",
        "level": report.level,
        "head": str(report.head) if report.head else None,
        "event": report.event,
        "checked": asdict(report.checked),
        "coverage": asdict(report.coverage),
        "findings": [finding_json(item) for item in report.findings],
    }
