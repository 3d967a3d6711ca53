"""The received bytes of a source in quarantine: out of the pieces that its rows hold."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from archiver.archive.read.snapshot import Snapshot
from archiver.errors import DamageError, InputError

#: What tells a source's bytes from all others, and a piece of them.
_KEY = ("id", "code", "raw_sha256")
_PIECE = (*_KEY, "chunk", "chunks")

#: id, code and raw_sha256 of a source in quarantine.
Key = tuple[str, str, str]


def kept_bytes(quarantine: Snapshot, key: Key) -> Iterator[bytes]:
    """The bytes of a source, in pieces.

    Memory: a part. Raises: InputError where they are not there; DamageError where
    the pieces do not give the digest.
    """
    whole, wanted = hashlib.sha256(), 0
    for _, part in quarantine.parts:
        keys = quarantine.read(part, _KEY)
        if keys is None or key not in _rows(keys):
            continue  # the bytes of others are not read
        table = quarantine.read(part, [*_PIECE, "raw"])
        if table is None:
            continue
        for at, row in enumerate(_rows(table.select(_PIECE))):
            if row[:-1] != (*key, wanted):
                continue
            piece = table["raw"][at].as_py()
            whole.update(piece)
            yield piece
            wanted += 1
            if wanted == row[-1]:
                if whole.hexdigest() != key[-1]:
                    raise DamageError(f"quarantined {key[0]!r}: not the bytes received")
                return
    raise InputError(f"quarantined {key[0]!r}: its bytes are not here")


def _rows(table: pa.Table) -> list[tuple[Any, ...]]:
    return list(zip(*(table[name].to_pylist() for name in table.column_names), strict=True))
