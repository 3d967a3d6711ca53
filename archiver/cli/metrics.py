"""Figures in Prometheus' text format; docs/reference/metrics.md lists them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from archiver.cli.verdict import documents_hit
from archiver.errors import StorageError

if TYPE_CHECKING:
    from archiver.archive.checks.validate import Report

#: The name of a family without our prefix, labels beside the archive, and the value.
Sample = tuple[str, Mapping[str, str], float]

HELP = {
    "validate_last_run_timestamp_seconds": "When the run ended.",
    "validate_exit_status": "Exit status of the run.",
    "validate_sound": "Whether the run found no error.",
    "validate_complete": "Whether all that was due was checked.",
    "validate_duration_seconds": "How long the run took.",
    "validate_errors": "Findings that are errors.",
    "validate_warnings": "Findings that are warnings.",
    "validate_findings": "Findings of one code.",
    "validate_documents_hit": "Documents that findings name.",
    "validate_parts_due": "Parts that the run meant to check.",
    "validate_parts_checked": "Parts that the run checked.",
    "validate_bytes_checked": "Bytes of the parts checked.",
    "validate_documents_checked": "Rows of documents whose digests were computed again.",
    "validate_parts_damaged": "Parts known to be damaged.",
    "validate_oldest_check_age_seconds": "Age of the check that is longest ago.",
    "archive_version": "Newest version.",
    "archive_parts": "Parts of the newest version.",
    "archive_bytes": "Bytes of these parts.",
    "archive_documents": "Documents.",
    "archive_revisions": "Rows of documents.",
    "archive_quarantined": "Rows in quarantine.",
}


_Command = TypeVar("_Command", bound=Callable[..., Any])


def metrics_option(function: _Command) -> _Command:
    """``--metrics FILE``: the figures of a run."""
    return click.option(
        "--metrics",
        metavar="FILE",
        type=click.Path(dir_okay=False),
        help="Write figures for Prometheus.",
    )(function)


def metrics(
    place: str, report: Report | None, *, status: int, ended_at: datetime, seconds: float
) -> str:
    """The whole file. report: None where the archive could not be read at all."""
    codes: Mapping[str, int] = {} if report is None else report.tally
    samples: list[Sample] = [(name, {}, value) for name, value in _run(status, ended_at, seconds)]
    if report is not None:
        figures = _figures(report, codes)
        samples += ((name, {}, value) for name, value in figures if value is not None)
        samples += finding_samples("validate_findings", codes)
    return exposition(place, HELP, samples)


def finding_samples(name: str, codes: Mapping[str, int]) -> Iterator[Sample]:
    """Findings by code and severity."""
    for code, number in sorted(codes.items()):
        yield name, {"code": code, "severity": _severity(code)}, number


def exposition(place: str, helps: Mapping[str, str], samples: Iterable[Sample]) -> str:
    """Samples in the text format: each family under its head, in the order of ``helps``.

    place: the archive, which every sample has as its label. Families without samples are
    left out. Raises: KeyError for a sample of no family.
    """
    found: dict[str, list[str]] = {name: [] for name in helps}
    for name, labels, value in samples:
        found[name].append(_sample(f"archiver_{name}", {"archive": place, **labels}, value))
    lines: list[str] = []
    for name, rows in found.items():
        full = f"archiver_{name}"
        if rows:
            lines += [f"# HELP {full} {helps[name]}", f"# TYPE {full} gauge", *rows]
    return "\n".join(lines) + "\n"


def _run(status: int, ended_at: datetime, seconds: float) -> Iterator[tuple[str, float]]:
    yield "validate_last_run_timestamp_seconds", ended_at.timestamp()
    yield "validate_exit_status", status
    yield "validate_sound", int(status == 0)
    yield "validate_duration_seconds", round(seconds, 3)


def _figures(report: Report, codes: Mapping[str, int]) -> Iterator[tuple[str, float | None]]:
    reach, held = report.coverage, report.holdings
    yield "validate_complete", int(reach.is_complete)
    yield "validate_errors", sum(number for code, number in codes.items() if code[0] == "E")
    yield "validate_warnings", sum(number for code, number in codes.items() if code[0] == "W")
    yield "validate_documents_hit", len(documents_hit(report))
    yield "validate_parts_due", reach.due
    yield "validate_parts_checked", reach.checked
    yield "validate_bytes_checked", report.checked.bytes
    yield "validate_documents_checked", report.checked.documents
    yield "validate_parts_damaged", reach.damaged
    yield "validate_oldest_check_age_seconds", reach.oldest_seconds
    yield "archive_version", held.version
    yield "archive_parts", held.parts
    yield "archive_bytes", held.bytes
    yield "archive_documents", held.documents
    yield "archive_revisions", held.revisions
    yield "archive_quarantined", held.quarantined


def _severity(code: str) -> str:
    return "error" if code.startswith("E") else "warning"


def _sample(name: str, labels: Mapping[str, str], value: float) -> str:
    inner = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
    return f"{name}{{{inner}}} {value!r}"


def _escaped(text: str) -> str:
    """A label's value, as the text format wants it; what is no UTF-8 is shown as an escape."""
    plain = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return plain.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')


def write_metrics(path: Path, text: str) -> None:
    """Write the file aside and rename it. Its name meanwhile is none that collectors read.

    Raises: StorageError.
    """
    aside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with aside.open("w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    except OSError as error:
        raise StorageError(
            f"{path} could not be written: {error.strerror or error}",
            hint="Name a file in a folder that exists and that you may write to.",
        ) from error
    finally:
        with suppress(OSError):  # gone by its rename, or never made
            aside.unlink()
