"""Spans of time and shares of a whole, as people write them on the command line."""

from __future__ import annotations

import re
from datetime import timedelta

import click

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_SPAN = re.compile(r"(?:[0-9]{1,6}(?:\.[0-9]{1,3})?[smhdw]){1,5}")
_PIECE = re.compile(r"([0-9.]+)([smhdw])")
_SHARE = re.compile(r"([0-9]{1,4})/([0-9]{1,4})")


def span(text: str) -> timedelta:
    """``90s``, ``10m``, ``1h30m``, ``7d``, ``4w``. Raises: click.BadParameter."""
    plain = text.strip().lower()
    found = timedelta()
    if _SPAN.fullmatch(plain):
        for number, unit in _PIECE.findall(plain):
            found += timedelta(**{_UNITS[unit]: float(number)})
    if not found:
        raise click.BadParameter(f"{text!r} is no span of time; write 90s, 10m, 1h30m, 7d or 4w")
    return found


def share(text: str) -> tuple[int, int]:
    """``2/7``: the second of seven shares. Raises: click.BadParameter."""
    match = _SHARE.fullmatch(text.strip())
    if match is None or not 1 <= int(match[1]) <= int(match[2]):
        raise click.BadParameter(f"{text!r} is no share; write 1/7 for the first of seven")
    return int(match[1]), int(match[2])
