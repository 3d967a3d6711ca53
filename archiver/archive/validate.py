"""Validation: is the archive what was written? Reads only; reports all, not the first.

Layers, in order: ``structure`` (the files every archive has), ``chain`` (the
log), ``files`` (digests of parts and rulesets), ``pages`` (Parquet checksums),
``records`` (digests of rows and texts), ``raw`` (the received bytes, rebuilt),
``delta`` (what other readers see), ``bag`` (the manifests).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from archiver.archive.bag import DECLARATION, MANIFEST
from archiver.archive.check import Check, Counts, Progress
from archiver.archive.check_bag import check_bag, check_delta, check_strangers
from archiver.archive.check_log import check_chain, check_structure
from archiver.archive.check_parts import check_parts, check_rulesets
from archiver.archive.columns import TABLES
from archiver.archive.entry import Head, entry_name
from archiver.archive.log import LOG_FOLDER
from archiver.document import Finding
from archiver.errors import NoArchiveError

__all__ = ["Counts", "Report", "validate"]


@dataclass(frozen=True, slots=True)
class Report:
    """What validation found. ``head`` is None where no entry could be read."""

    findings: tuple[Finding, ...]
    checked: Counts
    head: Head | None

    @property
    def is_sound(self) -> bool:
        """Whether nothing is damaged; warnings are not damage."""
        return not any(item.is_error for item in self.findings)


def validate(
    archive_path: Path,
    *,
    quick: bool = False,
    expect_head: Head | str | None = None,
    progress: Progress | None = None,
) -> Report:
    """Check an archive against its own log and manifests.

    quick: log, file digests and manifests only; rows are not read.
    expect_head: the head noted elsewhere: a ``Head``, ``version:sha256`` or the
    digest alone. Only with it is a removed newest version sure to be found.
    progress: told (bytes checked, bytes in all) after each part.
    Raises: NoArchiveError where there is none; NewerArchiveError. Damage is
    never raised. Memory: one row group. Cost: each byte is read twice, once
    for the file's digest and once for its rows.
    """
    known = (archive_path / DECLARATION, archive_path / MANIFEST, archive_path / "data")
    if not archive_path.is_dir() or not any(path.exists() for path in known):
        raise NoArchiveError(f"{archive_path}: there is no archive here")
    check = Check(archive_path)
    check_structure(check)
    head = check_chain(check, expect_head)
    for entry in check.entries["documents"]:
        if entry.info.get("ruleset"):
            where = f"{TABLES['documents']}/{LOG_FOLDER}/{entry_name(entry.version)}"
            check.rulesets.setdefault(entry.info["ruleset"], where)
    check_parts(check, quick=quick, progress=progress)
    check_rulesets(check)
    files = check_strangers(check)
    if not quick:
        check_delta(check)
    check_bag(check, files, head)
    return Report(check.close(), check.counts, head)
