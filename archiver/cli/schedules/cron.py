"""The job as a line of cron."""

from __future__ import annotations

import shlex

from archiver.cli.schedules.job import LOCKED, OVERLAP, PAUSE, TRIES, File, Job, case, check_plain
from archiver.cli.schedules.template import fill
from archiver.errors import UsageError

#: What Vixie's cron and its heirs take of a command (MAX_COMMAND), the end included.
_LONGEST = 1000


def cron(job: Job, *, program: str, user: str | None, mailto: str | None) -> list[File]:
    """A crontab; with a user, a file for /etc/cron.d.

    The archive's folder itself is what the runs lock against one another.
    Raises: UsageError for a line that cron would cut.
    """
    line = command(job, program).replace("%", "\\%")  # a bare % would end it
    if len(line.encode()) >= _LONGEST:
        raise UsageError(
            f"the line would be {len(line.encode()):,} bytes, and cron takes {_LONGEST - 1}",
            hint="Use shorter paths, and a script for --on-failure.",
        )
    content = fill(
        "crontab",
        MAILTO=f"MAILTO={mailto}" if mailto else "# MAILTO=you@example.org",
        LINE=" ".join(filter(None, [job.cron, user, line])),
    )
    return [File(job.name if user else f"{job.name}.crontab", content)]


def command(job: Job, program: str) -> str:
    """What /bin/sh runs: a try, more where the lock is held, and words about the end."""
    _, _, *options = job.words("--quiet")
    words = " ".join([shlex.quote(program), 'validate "$a"', *map(shlex.quote, options)])
    head = ""
    if job.head_file:
        head = f"h=$(cat {shlex.quote(job.head_file)}) || exit 6; "
        words += ' --expect-head-or-newer="$h"'
    run = (
        f'([ -d "$a" ] || exit 10; {head}exec 9<"$a"; '
        f"flock -n 9 || {{ [ $? = 1 ] && exit {OVERLAP}; exit 127; }}; exec {words})"
    )
    again = f"[ $s = {LOCKED} ] && [ $t != {TRIES} ] && sleep {int(PAUSE.total_seconds())} || break"
    tries = " ".join(map(str, range(1, TRIES + 1)))
    told = 'printf \'archiver: exit status %s: %s: %s\\n\' $s "$m" "$a"'
    return (
        f"a={shlex.quote(job.archive)}; for t in {tries}; do {run}; s=$?; {again}; done; "
        f"[ $s = 0 ] || {{ {case('s', 'm')}; {told}; {_hook(job)}}}; exit $s"
    )


def _hook(job: Job) -> str:
    """The user's command; a run that was left out is no failure."""
    if job.on_failure is None:
        return ""
    check_plain("--on-failure", job.on_failure)
    called = f"status=$s meaning=$m /bin/sh -c {shlex.quote(job.on_failure)}"
    return f"[ $s = {OVERLAP} ] || {called}; "
