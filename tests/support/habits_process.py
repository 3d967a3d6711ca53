"""Runs many commands one after the other, each with its stdout in a bad place. See test_habits.py.

Arguments: the mode (pipe: nobody reads; console: a terminal), the encoding of a console, its
columns, and further words for each command. Stdin: a JSON list of lists of words. Stdout: one
JSON object a command, with status, what was shown and what went to stderr.
"""

from __future__ import annotations

import io
import json
import os
import sys
import threading

from archiver.cli.main import archiver


def run(words: list[str], stdout: int, encoding: str) -> tuple[int, str]:
    """The status of a command that writes to a descriptor, and its stderr."""
    kept = os.dup(1)
    os.dup2(stdout, 1)
    errors = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="strict", newline="")
    binary = io.BufferedWriter(io.FileIO(1, "w", closefd=False))
    before = sys.stdin, sys.stdout, sys.stderr
    sys.stdin = io.TextIOWrapper(io.BytesIO(b""), encoding="utf-8")
    sys.stdout = io.TextIOWrapper(binary, encoding=encoding, errors="strict")
    sys.stderr = errors
    try:
        archiver.main(words, "archiver")
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    else:
        status = -1
    finally:
        ours, (sys.stdin, sys.stdout, sys.stderr) = sys.stdout, before
        ours.flush()
        ours.detach()
        os.dup2(kept, 1)
        os.close(kept)
    errors.flush()
    return status, errors.buffer.getvalue().decode("utf-8", "replace")


def into_nobody(words: list[str], encoding: str) -> dict[str, object]:
    """Into a pipe whose reader is gone, as of ``| head`` once it has its lines."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        status, errors = run(words, writer, encoding)
    finally:
        os.close(writer)
    return {"status": status, "shown": "", "errors": errors}


def onto_a_console(words: list[str], encoding: str) -> dict[str, object]:
    """Onto a terminal of some encoding; what it is sent must be of that."""
    import pty
    import tty

    outer, inner = pty.openpty()
    tty.setraw(inner)
    shown: list[bytes] = []

    def drain() -> None:
        try:
            while chunk := os.read(outer, 1 << 16):
                shown.append(chunk)
        except OSError:  # Linux says so that the other end is closed
            return

    reader = threading.Thread(target=drain)
    reader.start()
    try:
        status, errors = run(words, inner, encoding)
    finally:
        os.close(inner)
        reader.join()
        os.close(outer)
    text = b"".join(shown).decode(encoding, "replace")
    return {"status": status, "shown": text, "errors": errors}


def main() -> None:
    mode, encoding, columns, *more = sys.argv[1:]
    os.environ["COLUMNS"] = columns
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    names = sys.getfilesystemencoding()
    for given in json.load(sys.stdin):
        # As the system hands words over: what the locale lacks comes in as surrogates.
        words = [word.encode().decode(names, "surrogateescape") for word in given]
        done = {"pipe": into_nobody, "console": onto_a_console}[mode]([*words, *more], encoding)
        out.write(json.dumps({"words": given, **done}) + "\n")
        out.flush()


if __name__ == "__main__":
    main()
