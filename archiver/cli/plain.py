"""Screens that show less: no colours and bars, none of our words, or not every character."""

from __future__ import annotations

import codecs
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from itertools import pairwise


@dataclass(slots=True)
class _Wanted:
    """What one call of the program wants of the screen."""

    plain: bool = False
    log: bool = False
    told: bool = False


_WANTED: ContextVar[_Wanted] = ContextVar("archiver_screen")

#: The name under which streams ask for ``show_anyway``.
SHOW_ANYWAY = "archiver.show"

#: Signs of our own, and quotes: what stands for them where a screen has none.
LOOK_ALIKES = str.maketrans(
    {
        "…": "...",
        "⋮": ":",
        "·": "-",
        "–": "-",
        "—": "-",
        "‘": "'",
        "’": "'",
    }
)

_BMP = 0xFFFF


@contextmanager
def wanted_screen(options: Sequence[str]) -> Iterator[None]:
    """For as long as the program runs: what its words ask of the screen.

    They are looked at before the options are read, since errors in them are shown too.
    """
    log = "--log-json=-" in options or ("--log-json", "-") in pairwise(options)
    token = _WANTED.set(_Wanted(plain="--plain" in options, log=log))
    try:
        yield
    finally:
        _WANTED.reset(token)


def is_plain_wanted(environ: Mapping[str, str] | None = None) -> bool:
    """Whether colours and moving bars are unwelcome: ``--plain``, or a terminal that is dumb."""
    env = os.environ if environ is None else environ
    return _wanted().plain or env.get("TERM") == "dumb"


def stderr_is_a_log() -> bool:
    """Whether stderr belongs to JSON lines (``--log-json -``): no word of ours goes there."""
    return _wanted().log


def failure_was_logged(*, now: bool = False) -> bool:
    """Whether the log has the error that ends this command; ``now``: it has just got it."""
    wanted = _wanted()
    wanted.told |= now
    return wanted.told


def _wanted() -> _Wanted:
    return _WANTED.get(None) or _Wanted()


def show_anyway(error: UnicodeError) -> tuple[str, int]:
    """What a screen is sent for characters that it lacks: a look-alike, else an escape.

    The escapes are those of JSON, so that an object stays one. Named in
    ``codecs.register_error``. Raises: the error, where it is about reading.
    """
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(map(_shown, lacking)), error.end


def _shown(char: str) -> str:
    # A straight double quote would end a string of JSON: there is no look-alike for that one.
    if (plain := char.translate(LOOK_ALIKES)) != char:
        return plain
    point = ord(char)
    if point <= _BMP:
        return f"\\u{point:04x}"
    high, low = divmod(point - 0x10000, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"


codecs.register_error(SHOW_ANYWAY, show_anyway)
