"""What a run of `archiver ingest` did, for a person and as one object for programs."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from archiver.cli.places import archive_path
from archiver.cli.screen import (
    Screen,
    finding_json,
    labelled,
    paint,
    size,
)
from archiver.cli.visible import visible_line
from archiver.document import Finding
from archiver.settings import Settings

if TYPE_CHECKING:
    from archiver.ingest import Summary


def tell(screen: Screen, archive: str, summary: Summary) -> None:
    """The summary for a person."""
    if not summary.sealed:
        screen.warn("warning: W101 the version is safe, but the bag could not be sealed")
    if screen.quiet:
        return
    screen.result(paint(_headline(visible_line(archive), summary), "strong"))
    blocks = [_documents(summary), _contents(archive, summary)]
    width = max(len(label) for block in blocks for label, _ in block)
    for block in filter(None, blocks):
        screen.result()
        for line in labelled(block, width):
            screen.result(line)
    if summary.head:
        screen.result(f"\n{paint('head', 'faint')} {summary.version}:{summary.head}")


def _headline(archive: str, summary: Summary) -> str:
    if summary.dry_run:
        return f"Dry run: nothing was written to {archive}"
    if summary.version is None:
        return "Nothing to archive"
    if not summary.committed:
        return f"Nothing changed: {archive} stays at version {summary.version}"
    return f"{archive} is now at version {summary.version}"


def _documents(summary: Summary) -> list[tuple[str, str]]:
    kept_out = f"{summary.quarantined:,}"
    if summary.quarantined_before:
        kept_out += f" (and {summary.quarantined_before:,} in earlier runs)"
    return [
        ("added", f"{summary.added:,}"),
        ("revised", f"{summary.revised:,}"),
        ("unchanged", f"{summary.unchanged:,}"),
        ("quarantined", kept_out),
        *([("near-duplicates", f"{near:,}, marked")] if (near := summary.near_duplicates) else []),
        *([("refused", f"{summary.refused:,}, taken down before")] if summary.refused else []),
    ]


def _contents(archive: str, summary: Summary) -> list[tuple[str, str]]:
    if not (summary.added or summary.revised):
        return []
    families = sorted(summary.dropped.items(), key=lambda item: (-item[1], item[0]))
    rows = [(family, f"{hits:,}") for family, hits in families]
    held = "" if summary.dry_run else size(_folder_bytes(archive_path(archive)))
    written = f", {held} in the archive" if held else ""
    return [
        ("read", f"{size(summary.bytes_in)}; {size(summary.bytes_text)} of clean text{written}"),
        ("facts", f"{summary.facts:,}"),
        ("edits", f"{sum(summary.dropped.values()):,}"),
        *((f"  {family}", hits) for family, hits in rows),
    ]


def _folder_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def summary_json(
    known: Settings, summary: Summary, findings: list[Finding], left_out: int
) -> dict[str, object]:
    """The one object of ``--json``."""
    folder = archive_path(known.archive)
    return {
        "archive": known.archive,
        **asdict(summary),
        "head": f"{summary.version}:{summary.head}" if summary.head else None,
        "archive_bytes": _folder_bytes(folder) if folder.is_dir() else 0,
        "findings": [finding_json(item) for item in findings],
        "findings_left_out": left_out,
    }
