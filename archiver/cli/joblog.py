"""A log for machines (``--log-json``): what a command does, one JSON object a line.

Names, fields and levels are stable: docs/reference/logs.md and schemas/log-1.schema.json hold them.
"""

from __future__ import annotations

import functools
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any, Literal, TypeVar

import click

from archiver.cli.outcome import Ending, ending
from archiver.cli.plain import failure_was_logged
from archiver.cli.session import batch_id, tool_version
from archiver.cli.visible import dump_json
from archiver.document import Finding
from archiver.errors import StorageError

Level = Literal["info", "warning", "error"]

#: Every event, and what it tells.
EVENTS: Mapping[str, str] = MappingProxyType(
    {
        "run.started": "A command began; `tool` is the program and its version.",
        "run.finished": "It came to its end: `status` is its exit status, `seconds` its time.",
        "run.failed": "It ended with an error: `code` is that of the error.",
        "document.quarantined": "A source was kept out: `code` is that of the finding.",
        "finding": "Another finding, with its code.",
        "version.committed": "A version of the archive is on the disk.",
        "ingest.summary": "What `archiver ingest` did, in `figures`.",
        "validate.summary": "What `archiver validate` checked and found, in `figures`.",
    }
)

#: Every further field that an event may have, beside those that each has.
MORE = ("tool", "file", "line", "version", "head", "status", "seconds", "figures")

#: Where a log goes that goes to no file.
STDERR = "-"

_Command = TypeVar("_Command", bound=Callable[..., Any])


@dataclass(slots=True)
class JobLog:
    """Writes events of one run. Without a stream it writes nothing."""

    command: str = ""
    stream: IO[str] | None = None
    run: str = ""
    began: float = field(default_factory=time.monotonic)
    #: How many findings of each code there were, also where no log is written.
    codes: Counter[str] = field(default_factory=Counter)
    #: The newest version that was told of.
    version: int | None = None

    def event(
        self,
        name: str,
        *,
        level: Level = "info",
        code: str | None = None,
        document: str | None = None,
        message: str | None = None,
        **more: object,
    ) -> None:
        """Write a line, at once. ``more``: those of ``MORE`` that the event has; None leaves out.

        Raises: KeyError for a name that is none; OSError, as of a full disk.
        """
        if self.stream is None:
            return
        assert name in EVENTS and set(more) <= set(MORE), name  # noqa: PT018, S101 -- our own slip
        line = {
            "time": datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
            "level": level,
            "event": name,
            "command": self.command,
            "run": self.run,
            "code": code,
            "document": document,
            "message": message,
            **{name: value for name, value in more.items() if value is not None},
        }
        self.stream.write(dump_json(line) + "\n")
        self.stream.flush()

    def finding(
        self,
        found: Finding,
        *,
        name: str = "finding",
        document: str | None = None,
        file: str | None = None,
    ) -> None:
        """A finding, a line for each document that it names (one, where it names none)."""
        self.codes[found.code] += 1
        for named in found.documents or (document,):
            self.event(
                name,
                level="error" if found.is_error else "warning",
                code=found.code,
                document=named,
                message=found.message,
                file=file or found.where or None,
                line=found.line,
            )

    def committed(self, version: int, head: str) -> None:
        """A version that is on the disk, told once."""
        if version != self.version:
            self.version = version
            self.event("version.committed", version=version, head=f"{version}:{head}")

    def failed(self, end: Ending) -> None:
        """The error that ends the run."""
        self.event(
            "run.failed",
            level="error",
            code=end.code,
            message=end.message,
            status=end.status,
            seconds=self.seconds(),
        )

    def follow(self, work: Callable[[], Any]) -> Any:  # noqa: ANN401 -- what the command gives
        """Do the work of a command between its first line and its last one."""
        self.event("run.started", tool=f"archiver {tool_version()}")
        try:
            done = work()
        except click.exceptions.Exit as error:
            self.event("run.finished", status=error.exit_code, seconds=self.seconds())
            raise
        except BaseException as error:
            self.failed(ending(error))
            if self.stream is not None:
                failure_was_logged(now=True)
            raise
        self.event("run.finished", status=done or 0, seconds=self.seconds())
        return done

    def seconds(self) -> float:
        """How long the command runs by now."""
        return round(time.monotonic() - self.began, 3)


_CURRENT: ContextVar[JobLog] = ContextVar("archiver_log")


def current_log() -> JobLog:
    """The log of the command that runs; one that writes nothing where none is wanted."""
    return _CURRENT.get(None) or JobLog()


def log_failure(end: Ending) -> None:
    """Log an error that came before the command began, as of a wrong option, on stderr."""
    JobLog("", sys.stderr, batch_id()).failed(end)


def logged(function: _Command) -> _Command:
    """``--log-json FILE``: the command's events, also where it fails."""

    @functools.wraps(function)
    def run(*args: Any, log_json: str | None, **kwargs: Any) -> Any:  # noqa: ANN401 -- click's own
        command = click.get_current_context().info_name or ""
        with _opened(log_json) as stream:
            log = JobLog(command, stream, batch_id() if stream else "")
            token = _CURRENT.set(log)
            try:
                return log.follow(lambda: function(*args, **kwargs))
            finally:
                _CURRENT.reset(token)

    option = click.option(
        "--log-json",
        metavar="FILE",
        type=click.Path(dir_okay=False, allow_dash=True),
        help="Add events to FILE, a JSON object a line; - for stderr.",
    )
    return option(run)  # type: ignore[return-value]  # click takes both


@contextmanager
def _opened(place: str | None) -> Iterator[IO[str] | None]:
    """The stream that lines go to. Raises: StorageError where it cannot be opened."""
    if place is None:
        yield None
        return
    if place == STDERR:
        yield sys.stderr
        return
    try:
        stream = Path(place).open("a", encoding="utf-8", newline="\n")  # noqa: SIM115 -- told apart
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else None
        raise StorageError(f"{place}: the log cannot be written: {reason or error}") from error
    with stream:
        yield stream
