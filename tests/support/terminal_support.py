"""A command at a real terminal: a pseudo-terminal of a given width, and answers typed into it."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]

#: A prompt that does not come in so many seconds is a hang.
PATIENCE = 120


@dataclass(frozen=True)
class Seen:
    """How the command ended, and all that the screen was sent."""

    status: int
    screen: str


def at_terminal(
    words: Sequence[str],
    answers: Sequence[tuple[str, str]] = (),
    *,
    columns: int = 80,
    environ: Mapping[str, str] | None = None,
) -> Seen:
    """Run ``archiver`` with its three streams on a terminal; type each answer after its prompt."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    known = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "LINES"}}
    process = subprocess.Popen(
        [sys.executable, "-m", "archiver", *words],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**known, "PYTHONPATH": str(ROOT), "TERM": "xterm", **(environ or {})},
        start_new_session=True,
    )
    os.close(theirs)
    seen = b""
    waiting = list(answers)
    try:
        while True:
            if not select.select([ours], [], [], PATIENCE)[0]:
                raise AssertionError(f"nothing came for {PATIENCE} s after {seen!r}")
            try:
                chunk = os.read(ours, 1 << 16)
            except OSError:  # Linux tells so that the other end is closed
                break
            if not chunk:
                break
            seen += chunk
            while waiting and waiting[0][0].encode() in seen.rpartition(b"\n")[2]:
                os.write(ours, f"{waiting.pop(0)[1]}\n".encode())
                seen += b"\n"
        status = process.wait(PATIENCE)
    finally:
        process.kill()
        process.wait()
        os.close(ours)
    assert not waiting, f"never asked: {waiting[0][0]!r}; seen {seen!r}"
    return Seen(status, seen.decode("utf-8", "replace").replace("\r\n", "\n"))
