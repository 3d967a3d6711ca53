"""The kinds of schedule: which options each takes, what they must look like, what it makes."""

from __future__ import annotations

import re
import shutil
import sys
import sysconfig
from collections.abc import Callable, Mapping
from pathlib import Path

from archiver.cli.schedules.cron import cron
from archiver.cli.schedules.github import github
from archiver.cli.schedules.job import File, Job, absolute, check_plain
from archiver.cli.schedules.kubernetes import kubernetes
from archiver.cli.schedules.systemd import systemd
from archiver.cli.session import tool_version
from archiver.cli.visible import visible_line
from archiver.errors import UsageError

_USER = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,30}\$?|[0-9]{1,10}")
_MAILTO = re.compile(r"[A-Za-z0-9._+@,-]{1,254}")

#: Options of one kind or a few, as they were given.
Only = Mapping[str, str | None]

_ONLY = {
    "user": ("systemd", "cron", "kubernetes"),
    "program": ("systemd", "cron"),
    "mailto": ("cron",),
    "image": ("kubernetes",),
    "claim": ("kubernetes",),
    "metrics_claim": ("kubernetes",),
}


def check_only(kind: str, option: str, value: str | None) -> None:
    """Refuse an option that this kind has no use for. Raises: UsageError."""
    if value is None:
        return
    flag = f"--{option.replace('_', '-')}"
    check_plain(flag, value)
    if kind not in _ONLY[option]:
        raise UsageError(f"{flag} is not for {kind}", hint=f"It is for {', '.join(_ONLY[option])}.")


def place_of(kind: str, archive: str) -> str:
    """The archive as the runner knows it; that of a checkout is relative to it.

    Raises: UsageError for a path that the runner would not have.
    """
    if kind != "github" or archive.startswith("/"):
        return absolute("--archive", archive)
    check_plain("--archive", archive)
    if ".." in archive.split("/") or archive.startswith("-") or "\\" in archive:
        raise UsageError(
            f"--archive {visible_line(archive)} is no path in the repository",
            hint="Give it from the repository's root with slashes, as output/archive.",
        )
    return archive


def path_of(option: str, value: str | None, *, local: bool) -> str | None:
    """A further path; with ``local`` it may lie in the repository. Raises: UsageError."""
    if value is None:
        return None
    if local and not value.startswith("/"):
        return place_of("github", value)
    return absolute(option, value)


def _systemd(job: Job, only: Only) -> list[File]:
    user, program = _user(only["user"] or _owner(job.archive)), only["program"]
    needs = [] if program else [sys.prefix, sys.base_prefix]
    return systemd(job, program=_program(program), user=user, needs=needs)


def _cron(job: Job, only: Only) -> list[File]:
    user, mailto = only["user"], only["mailto"]
    if mailto and not _MAILTO.fullmatch(mailto):
        raise UsageError(f"{mailto} is no address", hint="Give it like ops@example.org.")
    named = _user(user) if user else None
    return cron(job, program=_program(only["program"]), user=named, mailto=mailto)


def _kubernetes(job: Job, only: Only) -> list[File]:
    image, user = only["image"], only["user"] or "1000"
    if image is None:
        raise UsageError(
            "kubernetes needs --image", hint="Name a container image that has archiver in it."
        )
    if not user.isdecimal() or not 0 < int(user) < 2**31:
        raise UsageError(
            f"--user {user} is no number of a user, or is root",
            hint="In a cluster users are numbers; give the one that owns the archive.",
        )
    return kubernetes(
        job,
        image=image,
        user=int(user),
        claim=only["claim"] or "archive",
        metrics_claim=only["metrics_claim"],
    )


def _github(job: Job, only: Only) -> list[File]:
    del only  # GitHub says who runs it, and where
    return github(job, version=tool_version())


def _program(given: str | None) -> str:
    """Where ``archiver`` is: as given, beside this interpreter, or on the path."""
    if given is not None:
        return absolute("--program", given)
    beside = Path(sysconfig.get_path("scripts")) / "archiver"
    found = str(beside) if beside.is_file() else shutil.which("archiver")
    if found is None:
        raise UsageError("archiver is not on the path", hint="Name it with --program.")
    return absolute("--program", found)


def _user(name: str) -> str:
    if not _USER.fullmatch(name):
        raise UsageError(f"--user {visible_line(name)} is no name of a user")
    return name


def _owner(archive: str) -> str:
    """Who owns the archive and may read all of it, without the rights of root."""
    try:
        return Path(archive).owner()
    except (OSError, KeyError, NotImplementedError) as error:
        raise UsageError(
            f"the owner of {visible_line(archive)} cannot be told", hint="Name a user with --user."
        ) from error


#: What makes the files of a kind; each raises UsageError for what its reader would refuse.
MAKERS: dict[str, Callable[[Job, Only], list[File]]] = {
    "systemd": _systemd,
    "cron": _cron,
    "kubernetes": _kubernetes,
    "github": _github,
}
