"""``archiver ingest``: the main job, from files to a new version of the archive."""

from __future__ import annotations

import click

from archiver.cli import session
from archiver.cli.engine import Limit, engine_of, engine_options, every_of
from archiver.cli.ingest_log import check_metrics, figures_of
from archiver.cli.ingest_run import archive_sources, clean_again
from archiver.cli.ingest_summary import summary_json, tell
from archiver.cli.joblog import logged
from archiver.cli.metrics import metrics_option
from archiver.cli.outcome import QUARANTINED
from archiver.cli.places import cache_option
from archiver.cli.reading import given_fields, reading_options
from archiver.cli.screen import Screen, count, show_findings
from archiver.errors import UsageError


@session.command("ingest")
@click.argument("paths", nargs=-1, type=click.Path())
@session.archive_option
@cache_option
@click.option(
    "--index",
    metavar="FILE",
    type=click.Path(),
    help="The INDEX.md of all sources.  [default: the one in their folder]",
)
@session.cleaning_options
@click.option("--require-index", is_flag=True, default=None, help="Quarantine unlisted files.")
@click.option(
    "--max-bytes", metavar="SIZE", type=session.byte_size, help="Quarantine larger files."
)
@reading_options
@click.option(
    "--allow-taken-down", is_flag=True, help="Archive again what `archiver takedown` removed."
)
@click.option(
    "--reclean", is_flag=True, help="Clean again what the archive holds, without the files."
)
@click.option(
    "--near-duplicates",
    type=click.Choice(["mark"]),
    help="Mark documents that are like one archived before.",
)
@click.option(
    "--trust-mtime",
    is_flag=True,
    help="Do not read files again whose size and times are as they were.",
)
@engine_options
@metrics_option
@click.option("--dry-run", is_flag=True, help="Read and clean everything, write nothing.")
@logged
def ingest(
    paths: tuple[str, ...],
    archive: str | None,
    index: str | None,
    profile: str | None,
    rules: str | None,
    require_index: bool | None,
    max_bytes: int | None,
    form: str | None,
    text_field: str | None,
    fields: tuple[str, ...],
    keep_fields: tuple[str, ...],
    allow_taken_down: bool,
    reclean: bool,
    near_duplicates: str | None,
    trust_mtime: bool,
    workers: int | None,
    engine: str | None,
    scheduler: str | None,
    document_timeout: int | None,
    commit_every: Limit | None,
    atomic: bool,
    metrics: str | None,
    dry_run: bool,
    as_json: bool,
    quiet: bool,
) -> int:
    """Clean sources and archive them: a run that finds news makes a version.

    PATHS are files, folders, globs, or - for stdin; without any, seeds/ is taken.
    What did not change since the last run is skipped. What cannot be used goes
    to quarantine with its bytes and the reason; the exit status is 3 then. What
    was taken down is refused (E122): nothing of it is kept, and the status is 3.

    A file of many records (.jsonl, .csv, .tsv, .parquet, .warc, .wet; .gz, .zst,
    .bz2, .xz of them) gives a document each, an archive (.zip, .tar) its members.

    A large run makes several versions, so that one that is stopped goes on where
    it was when it is started again; --atomic makes one at the end.

    \b
    Examples:
      archiver ingest
      archiver ingest crawl/ 'more/*.html' --archive corpus
      curl -s https://example.org/ | archiver ingest -
      archiver ingest crawl.warc.gz posts.jsonl.zst --text-field body
      zstdcat dump.zst | archiver ingest - --format jsonl --field url=link
      archiver ingest dump/ --commit-every 256MiB --document-timeout 60
      archiver ingest dump/ --engine dask --scheduler tcp://10.0.0.5:8786
      archiver ingest mirrors/ --near-duplicates mark --trust-mtime
      archiver ingest --reclean --profile strict
      archiver ingest --dry-run --json | jq .added
    """
    screen = Screen(as_json, quiet)
    known = session.settings(
        archive=archive,
        sources=paths or None,
        index=index,
        profile=profile,
        rules=rules,
        require_index=require_index,
        max_bytes=max_bytes,
        format=form,
        fields=given_fields(text_field, fields),
        keep_fields=keep_fields or None,
    )
    how = (
        engine_of(workers, engine, scheduler, document_timeout),
        every_of(commit_every, atomic=atomic),
        document_timeout,
    )
    check_metrics(metrics, dry_run=dry_run)
    if reclean and (
        paths or index or require_index or max_bytes or allow_taken_down or trust_mtime
    ):
        hint = "Leave out paths, and options about them."
        raise UsageError("--reclean takes its sources from the archive", hint=hint)
    with figures_of(metrics, known.archive) as figures:
        if reclean:
            told = clean_again(
                screen, known, how, dry_run=dry_run, near=near_duplicates is not None
            )
        else:
            told = archive_sources(
                screen,
                known,
                known.sources,
                how,
                dry_run=dry_run,
                allow_taken_down=allow_taken_down,
                near=near_duplicates is not None,
                trusting=trust_mtime,
            )
        summary, findings, left_out = told
        status = QUARANTINED if summary.quarantined or summary.refused else 0
        figures(summary, status)
    if as_json:
        screen.json(summary_json(known, summary, findings, left_out))
    else:
        show_findings(screen, findings)
        if left_out:
            screen.warn(f"… and {count(left_out, 'more finding')}")
        if findings:
            screen.say("")
        tell(screen, known.archive, summary)
    return status
