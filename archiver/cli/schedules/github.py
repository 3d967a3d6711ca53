"""The job as a workflow of GitHub Actions."""

from __future__ import annotations

import json
import shlex
from datetime import timedelta

from archiver.cli.schedules.job import LOCKED, PAUSE, TRIES, File, Job, case, check_plain
from archiver.cli.schedules.template import fill
from archiver.errors import UsageError

#: What GitHub gives a job of its own runners at most.
_LONGEST = timedelta(hours=6)


def github(job: Job, *, version: str) -> list[File]:
    """The workflow, for an archive in the repository; an absolute path is one on your own runner.

    version: of archiver, to install. Raises: UsageError for what the runner would forget,
    or would take for an expression.
    """
    own = job.archive.startswith("/")
    _check(job, own=own)
    minutes = int(min(job.limit or _LONGEST, _LONGEST) / timedelta(minutes=1))
    content = fill(
        "workflow.yml",
        NAME=job.name,
        SCHEDULE=_text(job.cron),
        RUNS_ON="self-hosted" if own else "ubuntu-latest",
        MINUTES=str(minutes),
        CHECKOUT="" if own else _CHECKOUT,
        VERSION=version,
        TRIES=" ".join(map(str, range(1, TRIES + 1))),
        LAST=str(TRIES),
        HEAD=f"head=$(cat {shlex.quote(job.head_file)}) || exit 6" if job.head_file else "",
        WORDS=" ".join(map(shlex.quote, job.words(*([] if own else ["--no-event"]))))
        + (' --expect-head-or-newer="$head"' if job.head_file else ""),
        LOCKED=str(LOCKED),
        PAUSE=str(int(PAUSE.total_seconds())),
        CASE=case("status", "meaning"),
        HOOK=_hook(job),
    )
    return [File(f"{job.name}.yml", content)]


_CHECKOUT = """\
- uses: actions/checkout@v5
  with: {lfs: true, persist-credentials: false}"""


def _check(job: Job, *, own: bool) -> None:
    for option, value in (("--archive", job.archive), ("--expect-head-file", job.head_file)):
        if value is not None and "${{" in value:
            raise UsageError(f"{option} holds ${{{{, which GitHub takes for an expression")
    forgotten = {
        "--max-age": job.max_age,
        "--max-duration": job.max_duration,
        "--metrics": job.metrics,
    }
    for option, value in forgotten.items():
        if value is not None and not own:
            raise UsageError(
                f"{option} is of no use on a runner that forgets what it wrote",
                hint="Leave it out, or check an archive on a runner of yours: --archive /PATH.",
            )
        if value is not None and "${{" in value:
            raise UsageError(f"{option} holds ${{{{, which GitHub takes for an expression")


def _hook(job: Job) -> str:
    if job.on_failure is None:
        return ""
    check_plain("--on-failure", job.on_failure)
    return (
        "- name: Tell somebody\n"
        "  if: failure()\n"
        "  env:\n"
        "    status: ${{ steps.check.outputs.status }}\n"
        "    meaning: ${{ steps.check.outputs.meaning }}\n"
        f"  run: {_text(job.on_failure)}"
    )


def _text(value: str) -> str:
    """A text in YAML; JSON is YAML too."""
    return json.dumps(value, ensure_ascii=False)
