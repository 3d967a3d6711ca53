"""The job as a CronJob of Kubernetes."""

from __future__ import annotations

import json
import posixpath
import re

from archiver.cli.schedules.job import FINAL, INTERVALS, TRIES, File, Job, check_plain
from archiver.cli.schedules.template import fill
from archiver.cli.visible import visible_line
from archiver.errors import UsageError

_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?")
_IMAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@-]{0,511}")

#: A missed run is made good within half the interval, and within a day.
_LATEST = 86_400


def kubernetes(
    job: Job, *, image: str, user: int, claim: str, metrics_claim: str | None
) -> list[File]:
    """The manifest. user: the number of who owns the archive. claim: ``NAME`` or ``NAME/FOLDER``.

    Raises: UsageError for what the cluster would refuse.
    """
    if not _IMAGE.fullmatch(image):
        raise UsageError(f"{visible_line(image)} is no container image")
    if job.on_failure is not None:
        raise UsageError(
            "--on-failure is not for kubernetes: a CronJob starts nothing when it fails",
            hint="Alert on kube_job_status_failed, or on the figures of --metrics.",
        )
    if (job.metrics is None) != (metrics_claim is None):
        raise UsageError(
            "--metrics and --metrics-claim go together: the file needs a volume that lasts"
        )
    mounts, volumes = _volumes(job, claim, metrics_claim)
    content = fill(
        "cronjob.yaml",
        NAME=job.name,
        SCHEDULE=_text(job.cron),
        LATEST=str(min(int(INTERVALS[job.every].total_seconds()) // 2, _LATEST)),
        RETRIES=str(TRIES - 1),
        LIMIT=f"activeDeadlineSeconds: {_deadline(job)}" if job.limit else "",
        FINAL=", ".join(map(str, FINAL)),
        USER=str(user),
        IMAGE=_text(image),
        ARGS="\n".join(f"- {_argument(word)}" for word in job.words())
        + (f"\n- {_text('--expect-head-or-newer=$(HEAD)')}" if job.head_file else ""),
        HEAD=_head(job) if job.head_file else "",
        MOUNTS=mounts,
        VOLUMES=volumes,
    )
    return [File(f"{job.name}.yaml", content)]


def _deadline(job: Job) -> int:
    """Seconds for all tries together, for the pauses between them (at most 6 minutes) too."""
    each = 0 if job.limit is None else int(job.limit.total_seconds())
    return TRIES * (each + 360)


def _head(job: Job) -> str:
    return (
        "- name: HEAD\n"
        "  valueFrom:\n"
        f"    configMapKeyRef: {{name: {_text(f'{job.name}-head')}, key: head}}"
    )


def _volumes(job: Job, claim: str, metrics_claim: str | None) -> tuple[str, str]:
    """Mounts and volumes: the archive for writing, for its fixity log, its data/ for reading."""
    name, _, folder = claim.partition("/")
    data = f", subPath: {_text(_inside(posixpath.join(folder, 'data')))}"
    own = f", subPath: {_text(_inside(folder))}" if folder else ""
    mounts = [
        f"- {{name: archive, mountPath: {_text(job.archive)}{own}}}",
        f"- {{name: archive, mountPath: {_text(f'{job.archive}/data')}{data}, readOnly: true}}",
    ]
    volumes = [_claim("archive", "--claim", name)]
    if job.metrics and metrics_claim:
        folder = posixpath.dirname(job.metrics)
        mounts.append(f"- {{name: metrics, mountPath: {_text(folder)}}}")
        volumes.append(_claim("metrics", "--metrics-claim", metrics_claim))
    return "\n".join(mounts), "\n".join(volumes)


def _claim(volume: str, option: str, name: str) -> str:
    if not _LABEL.fullmatch(name):
        raise UsageError(f"{option} {visible_line(name)} is no name of a volume claim")
    return f"- {{name: {volume}, persistentVolumeClaim: {{claimName: {_text(name)}}}}}"


def _inside(folder: str) -> str:
    check_plain("--claim", folder)
    if folder.startswith("/") or ".." in folder.split("/"):
        raise UsageError(f"--claim: {folder} leaves the volume", hint="Give it like NAME/FOLDER.")
    return folder


def _text(value: str) -> str:
    """A text in YAML; JSON is YAML too."""
    return json.dumps(value, ensure_ascii=False)


def _argument(value: str) -> str:
    """A text in ``args``, where ``$(NAME)`` would be expanded."""
    return _text(value.replace("$", "$$"))
