"""Thrift's compact protocol, read into plain values and written back byte for byte.

What the footer of a Parquet file is written in. No types are known here: a struct is
a dict of ``(kind, value)`` by field number, in the order in which the fields stood.

Source: thrift-compact-protocol.md in the repository apache/thrift.
"""

from __future__ import annotations

import struct
from typing import Any

#: Kinds of values. In a struct a boolean has no bytes: it is its kind.
TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, SET, _MAP, STRUCT = range(1, 13)

#: A struct: kind and value of each field, by number.
Struct = dict[int, tuple[int, Any]]

_NUMBERS = frozenset({I16, I32, I64})
_DOUBLE = struct.Struct("<d")

#: Footers nest to six; a hostile one must not exhaust the stack.
_DEPTH = 16


def read_struct(data: bytes, at: int = 0, depth: int = 0) -> tuple[Struct, int]:
    """A struct, and where it ends. Lists are ``(kind, values)``.

    Raises: ValueError for bytes that are none, or hold a map; IndexError where they end early.
    """
    if depth > _DEPTH:
        raise ValueError("a struct is nested too deeply")
    found: Struct = {}
    field = 0
    while head := data[at]:
        at += 1
        kind, step = head & 15, head >> 4
        if step:
            field += step
        else:
            field, at = _number(data, at)
        if kind <= FALSE:
            found[field] = kind, None
        else:
            value, at = _read(data, at, kind, depth)
            found[field] = kind, value
    return found, at + 1


def write_struct(fields: Struct) -> bytes:
    """The bytes of a struct. Raises: ValueError for a kind that is not known."""
    out = bytearray()
    _write_struct(out, fields)
    return bytes(out)


def _read(data: bytes, at: int, kind: int, depth: int) -> tuple[Any, int]:
    if kind in _NUMBERS:
        return _number(data, at)
    if kind == BINARY:
        size, at = _varint(data, at)
        if at + size > len(data):
            raise IndexError
        return data[at : at + size], at + size
    if kind == STRUCT:
        return read_struct(data, at, depth + 1)
    if kind in {LIST, SET}:
        return _list(data, at, depth + 1)
    if kind in {TRUE, FALSE, BYTE}:  # booleans have a byte of their own in lists
        return data[at], at + 1
    if kind == DOUBLE:
        if at + _DOUBLE.size > len(data):
            raise IndexError
        (value,) = _DOUBLE.unpack_from(data, at)
        return value, at + _DOUBLE.size
    raise ValueError(f"a value of kind {kind}")


def _list(data: bytes, at: int, depth: int) -> tuple[tuple[int, list[Any]], int]:
    head = data[at]
    at += 1
    item, size = head & 15, head >> 4
    if size == 15:
        size, at = _varint(data, at)
    if depth > _DEPTH:
        raise ValueError("a list is nested too deeply")
    values = []
    for _ in range(size):
        value, at = _read(data, at, item, depth)
        values.append(value)
    return (item, values), at


def _varint(data: bytes, at: int) -> tuple[int, int]:
    byte = data[at]
    at += 1
    if byte < 128:
        return byte, at
    value, shift = byte & 127, 7
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7
        if shift > 63:
            raise ValueError("a number has no end")


def _number(data: bytes, at: int) -> tuple[int, int]:
    raw, at = _varint(data, at)
    return (raw >> 1) ^ -(raw & 1), at


def _write_struct(out: bytearray, fields: Struct) -> None:
    last = 0
    for field, (kind, value) in fields.items():
        if 0 < field - last < 16:
            out.append(field - last << 4 | kind)
        else:
            out.append(kind)
            _write_varint(out, field << 1)
        last = field
        if kind > FALSE:
            _write(out, kind, value)
    out.append(0)


def _write(out: bytearray, kind: int, value: Any) -> None:  # noqa: ANN401 -- as it was read
    if kind in _NUMBERS:
        _write_varint(out, value << 1 if value >= 0 else (-value << 1) - 1)
    elif kind == BINARY:
        _write_varint(out, len(value))
        out += value
    elif kind == STRUCT:
        _write_struct(out, value)
    elif kind in {LIST, SET}:
        item, values = value
        if len(values) < 15:
            out.append(len(values) << 4 | item)
        else:
            out.append(0xF0 | item)
            _write_varint(out, len(values))
        for one in values:
            _write(out, item, one)
    elif kind in {TRUE, FALSE, BYTE}:
        out.append(value)
    elif kind == DOUBLE:
        out += _DOUBLE.pack(value)
    else:
        raise ValueError(f"a value of kind {kind}")


def _write_varint(out: bytearray, value: int) -> None:
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
