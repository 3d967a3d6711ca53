"""Repair: damaged and missing files are taken from a second copy, by digest.

The archive's own log and manifest say which digest a file must have; the copy
only supplies bytes. What is sound is never touched, what is damaged is put
aside, and the copy is only read.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from archiver.archive.archive import open_archive
from archiver.archive.bag import bag
from archiver.archive.checks.bag import check_bag
from archiver.archive.checks.check import Check
from archiver.archive.checks.delta import check_delta
from archiver.archive.checks.log import check_chain, check_structure
from archiver.archive.checks.parts import check_part, check_rulesets
from archiver.archive.checks.rows import RowCheck
from archiver.archive.checks.strangers import check_strangers
from archiver.archive.files.aside import aside_folder, move_aside
from archiver.archive.files.disk import storing
from archiver.archive.files.lock import locked
from archiver.archive.files.staging import noted_by_the_living, workspace
from archiver.archive.log.chain import live_parts
from archiver.archive.log.entry import Head
from archiver.archive.mend.promises import promises
from archiver.archive.mend.take_file import Taken, UnfitError, take_file
from archiver.archive.mend.witnesses import Promises
from archiver.archive.rows.columns import TABLES
from archiver.archive.write.finish import ever_named
from archiver.document import Finding
from archiver.errors import ArchiverError, DamageError, InputError, NoArchiveError
from archiver.findings import finding


@dataclass(frozen=True, slots=True)
class Repair:
    """What was done, or in a dry run would be done.

    ``findings`` is what is still wrong: E126 for each file that the copy could
    not mend, and what the validation afterwards found. ``aside`` names further
    files put aside: manifests that could not be used. ``newer``: versions that
    only the copy has; they are left there.
    """

    taken: tuple[Taken, ...]
    aside: tuple[str, ...]
    findings: tuple[Finding, ...]
    sealed: bool
    newer: int
    head: Head | None
    dry_run: bool

    @property
    def is_sound(self) -> bool:
        """Whether no damage is left in what was looked at."""
        return not any(item.is_error for item in self.findings)


def repair(
    root: Path,
    copy: Path,
    *,
    moment: datetime,
    dry_run: bool = False,
    lock_timeout: float = 60.0,
    told: Callable[[str], object] = str,
) -> Repair:
    """Mend an archive from a copy of it: an older, a newer or an equal one, damaged or not.

    A file is taken only where the archive's own has not the digest promised,
    and the copy's has. Log entries are taken only where they fit the chain.
    moment: names the folder for what is put aside. told: each path taken.
    Afterwards the bag is sealed where nothing is missing any more, and what was
    touched is validated, down to the rows.
    Raises: NoArchiveError; InputError where both are one folder; LockedError;
    StorageError, after which the same command goes on; NewerArchiveError.
    Cost: every byte of the archive is digested once; memory stays flat.
    """
    _check_folders(root, copy)
    with nullcontext() if dry_run else locked(root, lock_timeout):
        before = Check(root)
        check_structure(before)
        check_chain(before)
        found = promises(before, copy)
        folder = aside_folder(root, moment)
        taken: list[Taken] = []
        for need in sorted(found.needs, key=lambda need: need.path):
            try:
                taken.append(take_file(root, copy, need, folder, dry_run=dry_run))
            except UnfitError as problem:
                found.hopeless[need.path] = str(problem)
            else:
                told(need.path)
        if dry_run:
            return _planned(found, taken)
        return _finish(before, found, taken, folder)


def _check_folders(root: Path, copy: Path) -> None:
    known = (bag.DECLARATION, bag.MANIFEST, "data")
    if not root.is_dir() or not any((root / name).exists() for name in known):
        raise NoArchiveError(f"{root}: there is no archive here")
    if not (copy / "data").is_dir():
        raise NoArchiveError(
            f"{copy}: there is no copy of an archive here", hint="Name its folder with --from."
        )
    if root.resolve() == copy.resolve():
        raise InputError(f"{copy}: this is the archive itself", hint="Name another copy of it.")


def _hopeless(found: Promises) -> list[Finding]:
    return [
        finding("E126", words, where=path, layer="files")
        for path, words in sorted(found.hopeless.items())
    ]


def _planned(found: Promises, taken: list[Taken]) -> Repair:
    findings = tuple(_hopeless(found))
    newer = found.newer.get("documents", 0)
    return Repair(tuple(taken), (), findings, False, newer, None, True)


def _finish(before: Check, found: Promises, taken: list[Taken], folder: Path) -> Repair:
    """Seal where all is there, and validate what was touched."""
    root = before.root
    touched = {item.path for item in taken}
    check = _checked(before, touched)
    bagged = (item for item in check.findings if item.layer == "bag" or item.code == "E101")
    problems = {item.where for item in bagged}
    aside: list[str] = []
    sealed = False
    if not found.hopeless and (touched or problems):
        try:
            with storing(f"what is damaged in {root}"):
                aside = [
                    move_aside(root, name, folder)
                    for name in (*bag.TAG_FILES, bag.TAG_MANIFEST)
                    if os.path.lexists(root / name)
                    and (name in problems or not (root / name).is_file())
                ]
            _seal(root)
            sealed = True
        except (DamageError, NoArchiveError):
            pass  # the validation below says what is damaged
        check = _checked(before, touched)
    head = check.entries["documents"][-1].head if check.entries["documents"] else None
    newer = found.newer.get("documents", 0)
    left = (item for item in check.close() if item.code != "W102")
    findings = (*_hopeless(found), *left)
    return Repair(tuple(taken), tuple(aside), findings, sealed, newer, head, False)


def _seal(root: Path) -> None:
    """Seal as a commit does: parts that runs noted and no version names stay out of the bag.

    They are not swept: where a log entry is lost, nothing else may hold their rows.
    """
    archive = open_archive(root)
    with workspace(root) as work:
        noted = noted_by_the_living(root)
        bag.seal(root, staging=work.folder, leaving=noted - ever_named(archive, noted))


def _checked(before: Check, touched: set[str]) -> Check:
    """The files again; rows of those that were touched. Digests of others are known."""
    check = Check(before.root)
    payload = {path: digest for path, digest in before.digests.items() if path not in touched}
    check.digests.update({path: payload[path] for path in payload if path.startswith("data/")})
    check_structure(check)
    try:
        head = check_chain(check)
        _check_parts(check, touched)
        check_rulesets(check)
        files = check_strangers(check)
        check_delta(check)
        check_bag(check, files, head)
    except ArchiverError as problem:  # a newer program's entry came to light
        check.add("E103", "chain", "data", problem.message)
    return check


def _check_parts(check: Check, touched: set[str]) -> None:
    """Parts that were touched down to their rows, the others by the digest known."""
    rows = RowCheck()
    for table, folder in TABLES.items():
        for _, part in live_parts(check.entries[table]).values():
            quick = f"{folder}/{part.path}" not in touched
            check_part(check, table, part, rows, quick=quick)
    for digest, user in sorted(rows.rulesets.items()):
        check.rulesets.setdefault(digest, user)
