"""A validation in JUnit's XML, which most CI systems show: a test case a layer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from archiver.cli.screen import LISTED, finding_line
from archiver.cli.verdict import layers
from archiver.cli.visible import visible
from archiver.document import Finding

if TYPE_CHECKING:
    from archiver.archive.checks.validate import Report

#: What XML 1.0 cannot hold, not even escaped: https://www.w3.org/TR/xml/#charsets.
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(place: str, report: Report, *, started_at: datetime, seconds: float) -> str:
    """One test suite: errors are failures, layers left out are skipped, warnings are output."""
    import click

    by_layer: dict[str, list[Finding]] = {layer: [] for layer in layers(report)}
    for found in report.findings:
        by_layer.setdefault(found.layer or "other", []).append(found)
    cases: list[str] = []
    failures = skipped = 0
    for layer, what in {**dict.fromkeys(by_layer, "-"), **layers(report)}.items():
        errors = [found for found in by_layer[layer] if found.is_error]
        warnings = [found for found in by_layer[layer] if not found.is_error]
        inner = ""
        if errors:
            failures += 1
            codes = ", ".join(sorted({found.code for found in errors}))
            words = f"{len(errors)} found: {codes}"
            inner += f"<failure message={_quoted(words)} type={_quoted(errors[0].code)}>"
            inner += f"{_lines(errors)}</failure>"
        elif not what:
            skipped += 1
            inner += '<skipped message="left out"/>'
        if warnings:
            inner += f"<system-out>{_lines(warnings)}</system-out>"
        cases.append(f'<testcase classname="archiver.validate" name={_quoted(layer)} time="0">')
        cases.append(f"{inner}</testcase>")
    numbers = f'tests="{len(cases) // 2}" failures="{failures}" errors="0" skipped="{skipped}"'
    moment = started_at.replace(microsecond=0, tzinfo=None).isoformat()
    suite = f'{numbers} time="{seconds:.3f}" timestamp="{moment}" hostname="localhost"'
    named = f"name={_quoted(f'archiver validate {place}')}"
    return click.unstyle(
        '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n'
        f"<testsuite {named} {suite}>\n" + "\n".join(cases) + "\n</testsuite>\n</testsuites>"
    )


def _lines(findings: Sequence[Finding]) -> str:
    shown = [finding_line(found) for found in findings[: 10 * LISTED]]
    if len(findings) > len(shown):
        shown.append(f"and {len(findings) - len(shown)} more")
    return escape(_plain("\n".join(shown)))


def _quoted(text: str) -> str:
    return quoteattr(_plain(text))


def _plain(text: str) -> str:
    import click

    return _NO_XML.sub("\ufffd", visible(click.unstyle(text)))
