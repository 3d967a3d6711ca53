"""How a command ends: one place turns every exception into words and a status."""

from __future__ import annotations

import errno
import os
import signal
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import FrameType

import click

from archiver.cli.places import spoken
from archiver.cli.plain import failure_was_logged, stderr_is_a_log
from archiver.cli.screen import echo, paint, wants_color
from archiver.cli.visible import dump_json, visible, visible_line
from archiver.errors import ArchiverError, InputError, StorageError, UsageError

#: Done, yet some documents were kept out, or some lines of a pipe were.
QUARANTINED = 3

#: A process that ends on a signal has 128 plus its number as status.
_SIGNALLED = 128
_SIGPIPE = 13

#: What the operating system says when the place written to is full or broken.
_STORAGE = frozenset(
    getattr(errno, name, None) for name in ("ENOSPC", "EROFS", "EFBIG", "EIO", "EDQUOT")
) - {None}

_INTERRUPTED = "interrupted; nothing half-written is visible"


class Stopped(KeyboardInterrupt):
    """A signal asked the process to end. It unwinds just as Ctrl-C does."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@contextmanager
def signals() -> Iterator[None]:
    """Let SIGTERM and SIGHUP unwind like Ctrl-C, so that everything is put in order."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    names = ("SIGTERM", "SIGHUP")
    caught = [getattr(signal, name) for name in names if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in caught}
    for number, handler in before.items():
        if handler is signal.SIG_DFL:  # under nohup SIGHUP is ignored, and stays so
            signal.signal(number, _stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _stop(number: int, _frame: FrameType | None) -> None:
    raise Stopped(number)


@dataclass(frozen=True, slots=True)
class Ending:
    """How an exception ends a command: its stable code, the words, and the exit status."""

    code: str
    message: str
    hint: str
    status: int


def ending(error: BaseException) -> Ending:
    """What an exception means for the command. Pure but for the folders of working copies."""
    if is_broken_pipe(error):
        return Ending("pipe", "the reader of the output went away", "", _SIGNALLED + _SIGPIPE)
    if isinstance(error, KeyboardInterrupt | click.Abort):
        hint = "Run the same command again."
        return Ending("interrupted", _INTERRUPTED, hint, _SIGNALLED + _signal_of(error))
    if isinstance(error, click.ClickException):
        known: ArchiverError = _from_click(error)
    elif isinstance(error, ArchiverError):
        known = error
    elif isinstance(error, OSError) and error.errno in _STORAGE:
        known = StorageError(f"the result could not be written: {error.strerror}")
    else:
        known = _bug(error)
    return Ending(known.code, spoken(known.message), known.hint, known.exit_status)


def report(error: BaseException, *, as_json: bool) -> int:
    """Say what went wrong, and give the exit status. Never raises."""
    end = ending(error)
    if is_broken_pipe(error):
        _mute_stdout()
        return end.status
    if end.code == ArchiverError.code and os.environ.get("ARCHIVER_DEBUG"):
        traceback.print_exception(error, file=sys.stderr)
    _show(end, as_json=as_json)
    return end.status


def cannot_read(path: str, error: OSError | ValueError) -> InputError:
    """The error for a file that the system does not let us read, or for a name that is none."""
    reason = error.strerror if isinstance(error, OSError) else None
    return InputError(f"{path}: {reason or error}")


def is_broken_pipe(error: BaseException) -> bool:
    """Whether the reader of our output went away; Windows reports that as EINVAL."""
    if isinstance(error, BrokenPipeError):
        return True
    return os.name == "nt" and isinstance(error, OSError) and error.errno == errno.EINVAL


def _signal_of(error: BaseException) -> int:
    """Ctrl-C or a signal; click wraps them in an Abort, whose cause tells which."""
    stopped = error if isinstance(error, Stopped) else error.__cause__
    return stopped.number if isinstance(stopped, Stopped) else int(signal.SIGINT)


def _from_click(error: click.ClickException) -> ArchiverError:
    context = error.ctx if isinstance(error, click.UsageError) else None
    hint = f"Run `{context.command_path} -h` to see its options." if context else None
    return UsageError(error.format_message(), hint=hint)


def _bug(error: BaseException) -> ArchiverError:
    return ArchiverError(
        f"unexpected {type(error).__name__}: {error}",
        hint="This is a defect of archiver; please report it with the output of the same "
        "command after ARCHIVER_DEBUG=1 was set.",
    )


def _show(end: Ending, *, as_json: bool) -> None:
    """An error where it belongs: an object on stdout, or words (or a line of the log) on stderr."""
    with suppress(OSError, ValueError):  # where nothing can be written, the status must do
        if as_json:
            told = {"code": end.code, "message": end.message, "hint": end.hint}
            error = {**told, "exit_status": end.status}
            echo(dump_json({"error": error}, indent=2), color=False)
            sys.stdout.flush()
        if stderr_is_a_log():
            if not failure_was_logged():
                from archiver.cli.joblog import log_failure

                log_failure(end)
        elif not as_json:
            _say(end)


def _say(end: Ending) -> None:
    color = wants_color(sys.stderr)
    echo(f"{paint('error:', 'bad')} {visible(end.message)}", err=True, color=color)
    if end.hint:
        echo(f"{paint('hint:', 'faint')}  {visible_line(end.hint)}", err=True, color=color)


def _mute_stdout() -> None:
    """Send what is still buffered nowhere, so that the interpreter ends in silence."""
    with suppress(OSError, ValueError):
        stdout = sys.stdout.fileno()
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stdout)
        os.close(nowhere)
