"""What delta-rs does for us: checkpoints, and the view that other Delta readers have."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pyarrow as pa

from archiver.archive.files.disk import read_small, sync_folder
from archiver.archive.files.mounts import is_copy, need, need_all
from archiver.archive.log.chain import LOG_FOLDER
from archiver.archive.log.entry import READER_VERSION, WRITER_VERSION, entry_name
from archiver.archive.log.plain_place import NoPlaceError, plain_place
from archiver.archive.rows.columns import table_schema

#: Without checkpoints a table of 400 versions opened 33 times slower.
CHECKPOINT_INTERVAL = 10

#: Nothing may ever expire: by default delta-rs deletes log entries after 30 days.
_FOREVER = "interval 36500 days"

CONFIGURATION = {
    "delta.appendOnly": "true",
    "delta.checkpointInterval": str(CHECKPOINT_INTERVAL),
    # The default copies the beginning of every text into the log.
    "delta.dataSkippingStatsColumns": "id",
    "delta.deletedFileRetentionDuration": _FOREVER,
    "delta.enableExpiredLogCleanup": "false",
    "delta.logRetentionDuration": _FOREVER,
}

LAST_CHECKPOINT = "_last_checkpoint"

#: It holds one short object.
_MAX_POINTER_BYTES = 1 << 20


class ViewError(Exception):
    """delta-rs cannot open the table; its words say why."""


def creation_actions(table: str, table_id: str, moment_ms: int) -> list[dict[str, object]]:
    """The actions of version 0: protocol and metadata."""
    from deltalake import Schema

    schema = Schema.from_arrow(table_schema(table)).to_json()
    return [
        {"protocol": {"minReaderVersion": READER_VERSION, "minWriterVersion": WRITER_VERSION}},
        {
            "metaData": {
                "id": table_id,
                "name": table,
                "format": {"provider": "parquet", "options": {}},
                "schemaString": schema,
                "partitionColumns": [],
                "createdTime": moment_ms,
                "configuration": CONFIGURATION,
            }
        },
    ]


def write_checkpoint(table: Path, version: int, staging: Path) -> bool:
    """Write Delta's checkpoint of a version, so that other readers open the table fast.

    Returns: False where the newest checkpoint is that one already, or where
    delta-rs can open no table here: readers then read the entries.

    delta-rs never waits for the disk, so it works on a copy of the log; only a
    finished checkpoint comes to the real one. Ours reads entries and needs none.
    Raises: OSError; ViewError where delta-rs cannot read the log.
    """
    from deltalake import DeltaTable
    from deltalake.exceptions import DeltaError

    # Under the lock there is one such folder at most; an older one is of a killed run.
    scratch = staging / "checkpoint"
    shutil.rmtree(scratch, ignore_errors=True)
    log, copy = table / LOG_FOLDER, scratch / LOG_FOLDER
    if newest_checkpoint(log) == version:
        return False
    try:
        copy.mkdir(parents=True)
        for name in _needed(log, version):
            need(log / name)
            shutil.copyfile(log / name, copy / name)
        names = f"{version:020d}.checkpoint.parquet", LAST_CHECKPOINT
        try:
            with plain_place(scratch) as place:
                DeltaTable(place).create_checkpoint()
                _bring(place / LOG_FOLDER, copy, names)
        except NoPlaceError:
            return False
        except DeltaError as problem:
            raise ViewError(str(problem)) from problem
        for name in names:
            with (copy / name).open("rb+") as stream:
                os.fsync(stream.fileno())
            (copy / name).replace(log / name)
            sync_folder(log)  # the second file names the first
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return True


def _bring(made: Path, log: Path, names: Sequence[str]) -> None:
    """Copy files to a log, where it is not there that they were made."""
    if not made.samefile(log):
        for name in names:
            shutil.copyfile(made / name, log / name)


def newest_checkpoint(log: Path) -> int | None:
    """The version of the newest checkpoint, as other readers find it; None where they find none."""
    with suppress(OSError, ValueError, KeyError, TypeError, RecursionError):
        last = json.loads(read_small(log / LAST_CHECKPOINT, _MAX_POINTER_BYTES))["version"]
        if isinstance(last, int) and (log / f"{last:020d}.checkpoint.parquet").is_file():
            return last
    return None


def _needed(log: Path, version: int) -> list[str]:
    """The files delta-rs needs to see a version: the last checkpoint and what came since."""
    start, names = 0, []
    last = newest_checkpoint(log)
    if last is not None and last <= version:
        start, names = last, [f"{last:020d}.checkpoint.parquet", LAST_CHECKPOINT]
    return [*names, *(entry_name(number) for number in range(start, version + 1))]


def visible_parts(table: Path) -> tuple[int, set[str]]:
    """Version and part paths as any Delta reader sees them, checkpoint included.

    Raises: ViewError for whatever goes wrong inside delta-rs; NoPlaceError where
    it can open no table of such a path.
    """
    if is_copy(table):
        need_all(sorted((table / LOG_FOLDER).iterdir()))
    with plain_place(table) as place:
        return _visible_parts(place)


def _visible_parts(table: Path) -> tuple[int, set[str]]:
    from deltalake import DeltaTable

    try:
        view = DeltaTable(table)
        found = pa.table(view.get_add_actions(flatten=True)).column("path").to_pylist()
        return view.version(), {unquote(urlsplit(str(path)).path) for path in found}
    except Exception as problem:
        raise ViewError(f"{type(problem).__name__}: {problem}"[:500]) from problem
    except BaseException as problem:
        # A panic of the Rust code is no Exception, lest it be caught unawares.
        if type(problem).__name__ != "PanicException":
            raise
        raise ViewError(f"delta-rs panicked: {problem}"[:500]) from problem
