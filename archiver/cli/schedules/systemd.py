"""The job as a service and a timer of systemd."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from datetime import timedelta

from archiver.cli.schedules.job import FINAL, PAUSE, TRIES, File, Job, case, check_plain
from archiver.cli.schedules.template import fill
from archiver.errors import UsageError

_UNIT = re.compile(r"[A-Za-z0-9:_.\\@%-]+\.(?:service|target|path|socket|timer)")

#: Folders that ProtectHome= and PrivateTmp= would hide.
_HOMES = ("/home", "/root", "/run/user")
_TEMPORARY = ("/tmp", "/var/tmp")  # noqa: S108 -- their names, nothing is put there

#: Timers of many machines are spread over so long.
_SPREAD = {"hourly": "5min", "daily": "30min", "weekly": "1h", "monthly": "1h"}

#: The four tries of one run fall into it, the runs of two timers do not.
_WINDOW = {"hourly": "50min"}

#: Ended from outside, by a stop, a time limit or for want of memory: once more would not help.
_STOPPED = ("130", "143", "SIGKILL")

#: Adds the head to a command: the first word is the file that holds it.
READ_HEAD = 'head=$(cat "$1") || exit 6; shift; exec "$@" --expect-head-or-newer="$head"'


def systemd(job: Job, *, program: str, user: str, needs: Sequence[str]) -> list[File]:
    """The units. program: absolute path of ``archiver``. needs: further folders it reads.

    Raises: UsageError for a program that systemd cannot start.
    """
    if "$" in program:
        raise UsageError(f"systemd starts no program with a $ in its path: {program}")
    paths = [job.archive, program, *needs]
    paths += [path for path in (job.metrics, job.head_file) if path]
    writable = [f"-{job.archive}"]
    writable += [f"-{posixpath.dirname(job.metrics)}"] if job.metrics else []
    hook, more = _hook(job, user)
    service = fill(
        "validate.service",
        ARCHIVE=_specifiers(job.archive),
        MOUNTS=" ".join(map(_word, [job.archive, *([job.metrics] if job.metrics else [])])),
        ON_FAILURE=f"OnFailure={hook}" if hook else "",
        WINDOW=_WINDOW.get(job.every, "20h"),
        TRIES=str(TRIES),
        PAUSE=f"{PAUSE // timedelta(minutes=1)}min",
        FINAL=" ".join([*map(str, FINAL), *_STOPPED]),
        USER=user,
        COMMAND=" ".join(map(_argument, _command(job, program))),
        LIMIT="infinity" if job.limit is None else str(int(job.limit.total_seconds())),
        HOME="read-only" if _any_below(paths, _HOMES) else "true",
        TMP="false" if _any_below(paths, _TEMPORARY) else "true",
        WRITABLE=" ".join(map(_word, writable)),
        READ_ONLY=_word(f"-{job.archive}/data"),
    )
    timer = fill(
        "validate.timer",
        ARCHIVE=_specifiers(job.archive),
        EVERY=job.every,
        CALENDAR=_calendar(job),
        SPREAD=_SPREAD[job.every],
    )
    return [File(f"{job.name}.service", service), File(f"{job.name}.timer", timer), *more]


def _command(job: Job, program: str) -> list[str]:
    words = [program, *job.words()]
    return ["/bin/sh", "-c", READ_HEAD, "sh", job.head_file, *words] if job.head_file else words


def _hook(job: Job, user: str) -> tuple[str | None, list[File]]:
    """The unit that OnFailure= names, and the file that holds it where we make it."""
    if job.on_failure is None:
        return None, []
    check_plain("--on-failure", job.on_failure)
    if _UNIT.fullmatch(job.on_failure):
        return job.on_failure, []
    name = f"{job.name}-failure.service"
    # Since systemd 251 the unit that is started is told how the other one ended.
    status = f"status=${{MONITOR_EXIT_STATUS:-unknown}}; {case('status', 'meaning')}"
    script = f'{status}; export status meaning; exec /bin/sh -c "$1"'
    words = ["/bin/sh", "-c", script, "sh", job.on_failure]
    made = fill(
        "failure.service", NAME=job.name, USER=user, COMMAND=" ".join(map(_argument, words))
    )
    return name, [File(name, made)]


def _calendar(job: Job) -> str:
    at = f"{'*' if job.every == 'hourly' else f'{job.hour:02}'}:{job.minute:02}:00"
    day = {"weekly": "Sun *-*-*", "monthly": "*-*-01"}.get(job.every, "*-*-*")
    return f"{day} {at}"


def _any_below(paths: Sequence[str], folders: Sequence[str]) -> bool:
    return any(f"{path}/".startswith(f"{folder}/") for path in paths for folder in folders)


def _specifiers(text: str) -> str:
    return text.replace("%", "%%")


def _word(text: str) -> str:
    """A word in a list of paths: quoted, nothing in it expanded."""
    return '"' + _specifiers(text).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _argument(text: str) -> str:
    """A word of a command line, where variables would be expanded too."""
    return _word(text).replace("$", "$$")
