"""``archiver schedule KIND``: units that check an archive again and again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from archiver.cli.places import local_path
from archiver.cli.restore import write_pieces
from archiver.cli.schedules.job import INTERVALS, KINDS, File, Job, check_job, moment_of
from archiver.cli.screen import Screen
from archiver.cli.session import archive_option, command, settings
from archiver.cli.spans import span
from archiver.cli.visible import visible_line
from archiver.errors import StorageError

#: What to type next.
_INSTALL = {
    "systemd": (
        "sudo cp {name}*.service {name}.timer /etc/systemd/system/",
        "sudo systemctl daemon-reload",
        "sudo systemctl enable --now {name}.timer",
    ),
    "cron": ("crontab {name}.crontab   # in place of all lines you have; crontab -e adds to them",),
    "cron.d": ("sudo install -m 644 {name} /etc/cron.d/",),
    "kubernetes": ("kubectl apply -f {name}.yaml",),
    "github": ("git add .github/workflows/{name}.yml",),
}


def _span(text: str) -> str:
    span(text)
    return text.strip().lower()


@command("schedule")
@click.argument("kind", type=click.Choice(KINDS))
@archive_option
@click.option("--every", type=click.Choice(list(INTERVALS)), help="How often.  [default: daily]")
@click.option("--at", metavar="HH:MM", help="When a run begins.  [default: by the archive's path]")
@click.option(
    "--max-age", metavar="TIME", type=_span, help="Only parts not checked for so long, as 30d."
)
@click.option(
    "--max-duration", metavar="TIME", type=_span, help="Begin no part after so long, as 10m."
)
@click.option(
    "--expect-head-file", metavar="FILE", help="Where a head stands that must not be lost."
)
@click.option("--metrics", metavar="FILE", help="Write figures for Prometheus.")
@click.option(
    "--on-failure", metavar="CMD", help="A shell command, or a systemd unit, that tells somebody."
)
@click.option("--name", metavar="NAME", help="What it is called.  [default: archiver-validate]")
@click.option("--user", metavar="USER", help="Who runs it.  [default: the archive's owner]")
@click.option("--program", metavar="FILE", help="Where archiver is.  [default: this one]")
@click.option("--mailto", metavar="ADDRESS", help="cron: who gets the mail.")
@click.option("--image", metavar="REF", help="kubernetes: an image that has archiver.")
@click.option(
    "--claim", metavar="NAME[/DIR]", help="kubernetes: the volume claim with the archive."
)
@click.option("--metrics-claim", metavar="NAME", help="kubernetes: the claim for --metrics.")
@click.option("-o", "--output", metavar="DIR", type=click.Path(), help="Write files into DIR.")
@click.option("--force", is_flag=True, help="Replace files that exist.")
def schedule(
    kind: str,
    archive: str | None,
    every: str | None,
    at: str | None,
    max_age: str | None,
    max_duration: str | None,
    expect_head_file: str | None,
    metrics: str | None,
    on_failure: str | None,
    name: str | None,
    output: str | None,
    force: bool,
    as_json: bool,
    quiet: bool,
    **only: str | None,
) -> int:
    """Print units that run `archiver validate` on a schedule.

    KIND is systemd (a hardened service and a timer), cron, kubernetes (a CronJob)
    or github (a workflow). Runs do not overlap; damage fails at once and tells
    somebody, a held lock is tried again. Nothing is installed.

    \b
    Examples:
      archiver schedule systemd --on-failure alert@%n.service
      archiver schedule systemd --max-age 30d --max-duration 10m -o units
      archiver schedule cron --mailto ops@example.org >> my.crontab
      archiver schedule kubernetes --archive /archive --image IMAGE --claim corpus
      archiver schedule github --every weekly -o .github/workflows
    """
    from archiver.cli.schedules.kinds import MAKERS, check_only, path_of, place_of

    screen = Screen(as_json, quiet)
    for option, value in only.items():
        check_only(kind, option, value)
    known = settings(archive=archive).archive
    local_path(known, "schedule", "Let your scheduler run `archiver validate s3://...` itself.")
    place = place_of(kind, known)
    hour, minute = moment_of(place, at)
    local = kind == "github" and not place.startswith("/")
    job = Job(
        name=name or "archiver-validate",
        archive=place,
        every=every or "daily",
        hour=hour,
        minute=minute,
        max_age=max_age,
        max_duration=max_duration,
        head_file=path_of("--expect-head-file", expect_head_file, local=local),
        metrics=path_of("--metrics", metrics, local=local),
        on_failure=on_failure,
    )
    check_job(job)
    files = MAKERS[kind](job, only)
    if output is not None:
        _write(Path(output), files, force=force)
    _show(screen, kind, job, files, output)
    return 0


def _write(folder: Path, files: Sequence[File], *, force: bool) -> None:
    """Write the files. Raises: UsageError where one exists; StorageError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"{folder} could not be made: {error.strerror or error}") from error
    for file in files:
        write_pieces(folder / file.name, [file.content.encode()], force=force)


def _show(screen: Screen, kind: str, job: Job, files: Sequence[File], output: str | None) -> None:
    """The files on stdout, or where they were written; then what to type next."""
    system_wide = kind == "cron" and files[0].name == job.name
    install = [line.format(name=job.name) for line in _INSTALL["cron.d" if system_wide else kind]]
    if screen.as_json:
        told = [{"name": file.name, "content": None if output else file.content} for file in files]
        screen.json({"kind": kind, "folder": output, "files": told, "install": install})
        return
    for file in files:
        if output is not None:
            screen.result(visible_line(str(Path(output) / file.name)))
            continue
        if len(files) > 1:
            screen.result(f"# {file.name}")
        screen.result(file.content)
    screen.say("next:" if output else "next, with the files that -o DIR writes:")
    for line in install:
        screen.say(f"  {line}")
