"""Canonical JSON of many rows at once, column by column.

``records.sha256_of`` says what the bytes are; a test holds the two equal. What this
way cannot write surely raises ``OddError``, and the rows go the plain way.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

#: Years that both ``datetime`` and digests can write, as microseconds since 1970.
_FIRST, _END = -62_135_596_800_000_000, 253_402_300_800_000_000

#: Every byte but the control characters; what stays of a text without these is a rare thing.
_NO_CONTROLS = bytes(range(0x20, 0x100))
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\f": "\\f", "\b": "\\b"}

#: An Arrow array: its type stubs tell no kind of column from another.
Column = Any


class OddError(ValueError):
    """Rows that are to be looked at one by one."""


def rows_json(batch: pa.RecordBatch, names: Sequence[str], extra: dict[str, Any]) -> Column:
    """Canonical JSON of each row: the columns named, and ``extra`` ones of JSON text.

    batch: strings are known to be UTF-8. extra: name -> string array of JSON.
    Returns: a string array. Raises: OddError. Memory: a few times the columns.
    """
    return _objects(
        {name: _pieces(batch.column(name)) for name in names}
        | {name: [text] for name, text in extra.items()},
        batch.num_rows,
    )


def _objects(members: dict[str, list[Any]], size: int) -> Column:
    """JSON objects, so many, from the pieces of each member's value."""
    pieces: list[Any] = []
    lead = "{"
    for name in sorted(members):
        pieces += (f'{lead}"{name}":', *members[name])
        lead = ","
    return _join(size, *pieces, "}")


def _join(size: int, *pieces: Any) -> Column:  # noqa: ANN401 - arrays and strings
    """Text of several arrays of a size side by side; a null is written ``null``."""
    merged: list[Any] = []
    for piece in pieces:
        if merged and isinstance(piece, str) and isinstance(merged[-1], str):
            merged[-1] += piece
        else:
            merged.append(piece)
    if len(merged) == 1 and isinstance(merged[0], str):
        return pa.array(merged * size, pa.string())
    joined: Column = pc.binary_join_element_wise(
        *merged, "", null_handling="replace", null_replacement="null"
    )
    return joined


def _pieces(column: Column) -> list[Any]:
    """What stands side by side as canonical JSON of each value; a null stays null."""
    kind = column.type
    if column.null_count == len(column):
        return ["null"]
    for fits, write in _WRITERS:
        if fits(kind):
            return write(column)
    raise OddError(f"no JSON for {kind}")


def _string(column: Column) -> list[Any]:
    if not column.null_count:
        return ['"', _escaped(column), '"'] if _bytes_of(column) else ['""']
    return [pc.binary_join_element_wise('"', _escaped(column), '"', "")]


def _escaped(column: Column) -> Column:
    """As ``json`` escapes strings: quotes, backslashes, control characters."""
    data = _bytes_of(column)
    for mark in ("\\", '"'):
        if mark.encode() in data:
            column = pc.replace_substring(column, mark, "\\" + mark)
    for code in sorted(set(data.translate(None, _NO_CONTROLS))):
        mark = chr(code)
        column = pc.replace_substring(column, mark, _SHORT.get(mark, f"\\u{code:04x}"))
    return column


def _bytes_of(column: Column) -> bytes:
    """All bytes of a string column, one after the other."""
    _, offsets, data = column.buffers()
    if offsets is None or data is None or not len(column):
        return b""
    ends = np.frombuffer(memoryview(offsets), np.int32)[
        column.offset : column.offset + len(column) + 1
    ]
    return memoryview(data)[ends[0] : ends[-1]].tobytes()


def _number(column: Column) -> list[Any]:
    return [column.cast(pa.string())]


def _float(column: Column) -> list[Any]:
    """Python writes doubles its own way, and it is the one digests are made of."""
    found: list[float] = column.drop_null().to_pylist()
    if not all(map(math.isfinite, found)):
        raise OddError("NaN or infinite")
    text = pa.array(map(repr, found), pa.string())
    if not column.null_count:
        return [text]
    return [pc.replace_with_mask(pa.nulls(len(column), pa.string()), column.is_valid(), text)]


def _moment(column: Column) -> list[Any]:
    once = column.dictionary_encode()
    values = np.asarray(once.dictionary.cast(pa.int64()))
    if len(values) and not (values.min() >= _FIRST and values.max() < _END):
        raise OddError("a moment beyond the calendar")
    spelled = np.datetime_as_string(values.astype("datetime64[us]"), unit="us")
    text = pa.array([f'"{moment}Z"' for moment in spelled.tolist()], pa.string())
    return [text.take(once.indices)]


def _list(column: Column) -> list[Any]:
    """A list of structs, as a list of objects."""
    items = column.flatten()
    if items.null_count or column.null_count:
        raise OddError("null among lists")
    if not len(items):
        return ["[]"]
    names = [items.type.field(at).name for at in range(items.type.num_fields)]
    members = {name: _pieces(items.field(at)) for at, name in enumerate(names)}
    return _bracketed(column, _objects(members, len(items)))


def _map(column: Column) -> list[Any]:
    """A map, as a list of pairs sorted by key."""
    if column.null_count:
        raise OddError("null among maps")
    offsets = np.asarray(column.offsets)
    start, end = int(offsets[0]), int(offsets[-1])
    keys, values = column.keys[start:end], column.items[start:end]
    if start == end:
        return ["[]"]
    firsts = np.zeros(len(keys) + 1, bool)
    firsts[offsets - start] = True
    rising = pc.fill_null(pc.greater(keys[1:], keys[:-1]), False)
    if keys.null_count or not (np.asarray(rising) | firsts[1:-1]).all():
        raise OddError("keys that are not sorted")
    pairs = _join(len(keys), "[", *_string(keys), ",", *_string(values), "]")
    return _bracketed(column, pairs)


def _bracketed(column: Column, items: Column) -> list[Any]:
    offsets = np.asarray(column.offsets)
    lists = pa.ListArray.from_arrays(pa.array(offsets - offsets[0]), items)
    return ["[", pc.binary_join(lists, ","), "]"]


#: In this order: a map is a list too.
_WRITERS: list[tuple[Callable[[Any], bool], Callable[[Column], list[Any]]]] = [
    (pa.types.is_string, _string),
    (pa.types.is_integer, _number),
    (pa.types.is_floating, _float),
    (pa.types.is_timestamp, _moment),
    (pa.types.is_map, _map),
    (pa.types.is_list, _list),
]
