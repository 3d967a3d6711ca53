"""A job: which archive is checked, how often, by which command, and what is told of its end."""

from __future__ import annotations

import os
import posixpath
import re
from dataclasses import dataclass
from datetime import timedelta

from archiver.cli.spans import span
from archiver.cli.visible import is_plain, visible_line
from archiver.digest import sha256
from archiver.errors import UsageError

#: What every kind runs with; the others are told of in the command's options.
KINDS = ("cron", "github", "kubernetes", "systemd")

#: How often, and how long from one run to the next at most.
INTERVALS = {
    "hourly": timedelta(hours=1),
    "daily": timedelta(days=1),
    "weekly": timedelta(days=7),
    "monthly": timedelta(days=31),
}

#: After five minutes the lock is asked for again; after so many runs it is a failure.
TRIES = 4
PAUSE = timedelta(minutes=5)

#: What an exit status of `archiver validate` means, in words that fit into a line of mail.
MEANINGS = {
    1: "a defect of archiver",
    2: "wrong options",
    4: "DAMAGE: bytes are not what was written",
    5: "a setting is wrong",
    6: "input cannot be read",
    7: "the disk refused",
    10: "there is no archive",
    11: "another run holds the lock",
    12: "made by a newer archiver",
    75: "skipped, the last run goes on",
    127: "a program is missing",
}
OTHERWISE = "stopped by a signal"

LOCKED = 11
#: BSD's EX_TEMPFAIL: what a run says that finds the run before still at work.
OVERLAP = 75

#: Another try would end in the same way: somebody must look.
FINAL = tuple(status for status in MEANINGS if status not in {LOCKED, OVERLAP, 127})

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,50}[a-z0-9])?")
_AT = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
_LONGEST = 4096  # PATH_MAX of Linux


@dataclass(frozen=True, slots=True)
class File:
    """One file of a schedule: its name in the folder where its reader looks, and its text."""

    name: str
    content: str


@dataclass(frozen=True, slots=True)
class Job:
    """What to run and when. Paths are those of the machine that runs it.

    ``hour`` and ``minute``: when a run begins. ``max_age`` and ``max_duration``
    as `archiver validate` takes them. ``on_failure``: a command for the shell,
    or a unit of systemd.
    """

    name: str
    archive: str
    every: str
    hour: int
    minute: int
    max_age: str | None = None
    max_duration: str | None = None
    head_file: str | None = None
    metrics: str | None = None
    on_failure: str | None = None

    @property
    def cron(self) -> str:
        """When, in the five fields of cron."""
        days = {"weekly": "* * 0", "monthly": "1 * *"}.get(self.every, "* * *")
        return f"{self.minute} {'*' if self.every == 'hourly' else self.hour} {days}"

    @property
    def limit(self) -> timedelta | None:
        """How long a run may take before it is taken to hang; None for no limit.

        The part begun last is read to its end, and the log of every version before the first.
        """
        longest = span(self.max_duration) if self.max_duration else None
        return None if longest is None else 2 * longest + timedelta(minutes=15)

    def words(self, *more: str) -> list[str]:
        """The words after ``archiver``; the head is added where it is read."""
        given = {"--max-age": self.max_age, "--max-duration": self.max_duration}
        given["--metrics"] = self.metrics
        options = [f"{option}={value}" for option, value in given.items() if value is not None]
        return ["validate", self.archive, *more, *options]


def check_job(job: Job) -> None:
    """Refuse what no schedule can keep. Raises: UsageError."""
    if not _NAME.fullmatch(job.name):
        raise UsageError(
            f"{visible_line(job.name)} is no name for a schedule",
            hint="Use up to 52 of a-z, 0-9 and dashes, as in archiver-validate.",
        )
    for option, path in (("--metrics", job.metrics), ("--expect-head-file", job.head_file)):
        if path is not None and f"{path}/".startswith(f"{job.archive}/"):
            raise UsageError(
                f"{option} {visible_line(path)} lies in the archive",
                hint="Name a file outside it: in it lies only what it has a digest of.",
            )
    interval = INTERVALS[job.every]
    if job.max_age is not None and span(job.max_age) < interval:
        raise UsageError(
            f"{job.every} is too seldom to check every part within {job.max_age}",
            hint="Run it more often with --every, or allow a greater age.",
        )
    if job.max_duration is not None and span(job.max_duration) >= interval:
        raise UsageError(
            f"a run of {job.max_duration} would not end before the next one begins",
            hint="Give a shorter --max-duration, or run it less often with --every.",
        )


def check_plain(option: str, value: str) -> None:
    """Refuse what could end a line or hide a word in a unit. Raises: UsageError."""
    if not value or not is_plain(value) or "\n" in value or "\t" in value:
        raise UsageError(
            f"{option} is empty or holds control characters: {visible_line(value)}",
            hint="Give it as one line of visible characters.",
        )
    if len(value.encode()) > _LONGEST:
        raise UsageError(
            f"{option} is longer than {_LONGEST:,} bytes", hint="Call a script by a short path."
        )


def absolute(option: str, value: str) -> str:
    """The path as the machine that runs the job has it. Raises: UsageError for none.

    A relative path is taken from the current folder, where the machine has such paths.
    """
    check_plain(option, value)
    if not value.startswith("/") and os.name == "posix":
        value = os.path.abspath(value)  # noqa: PTH100 -- Path.resolve would follow links
    path = "/" + posixpath.normpath(value).lstrip("/")
    if not value.startswith("/") or path == "/":
        raise UsageError(
            f"{option} {visible_line(value)} is no absolute path below /",
            hint="Give the path on the machine that runs the job, as /srv/archive.",
        )
    return path


def moment_of(archive: str, at: str | None) -> tuple[int, int]:
    """Hour and minute of the run; without ``at`` between 3:01 and 5:59, by the path alone.

    So many machines do not begin at once, none at the full hour, and none in the hours
    that summer time skips or repeats. Raises: UsageError for no time of day.
    """
    if at is None:
        number = int(sha256(archive.encode())[:16], 16)
        return 3 + number // 59 % 3, 1 + number % 59
    found = _AT.fullmatch(at)
    if found is None:
        raise UsageError(f"{visible_line(at)} is no time of day", hint="Give it like 03:30.")
    return int(found[1]), int(found[2])


def case(variable: str, result: str) -> str:
    """Shell: put what a status means into a variable."""
    arms = " ".join(f"{status}) {result}='{words}';;" for status, words in MEANINGS.items())
    return f"case ${variable} in {arms} *) {result}='{OTHERWISE}';; esac"
