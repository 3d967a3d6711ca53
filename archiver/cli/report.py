"""``archiver report``: one page that shows what was removed, by which rule, and why."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from archiver.cli.outcome import QUARANTINED
from archiver.cli.places import is_archive
from archiver.cli.reported import corpus_of
from archiver.cli.screen import Screen, count, finding_json, paint, show_findings, size
from archiver.cli.session import byte_size, cleaning_options, command, now, tool_version
from archiver.cli.visible import visible_line
from archiver.errors import InputError, StorageError, UsageError

if TYPE_CHECKING:
    from archiver.report.build import Page

_STDOUT = "-"

#: Of a page of ours, so many bytes hold the line that says so.
_HEAD = 2_000


@command("report")
@click.argument("named", metavar="[ARCHIVE|FILES]...", nargs=-1, type=click.Path())
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(),
    default="report.html",
    show_default=True,
    help="The page to write; - for stdout.",
)
@click.option(
    "--embed",
    metavar="SIZE",
    type=byte_size,
    help="Characters of text that the page holds, the most doubtful first.  [default: 64MB]",
)
@cleaning_options
@click.option("--force", is_flag=True, help="Write over a file that is no report.")
def report(
    named: tuple[str, ...],
    output: str,
    embed: int | None,
    profile: str | None,
    rules: str | None,
    force: bool,
    as_json: bool,
    quiet: bool,
) -> int:
    """Write a page that shows every document with what was removed from it.

    One file, to open from disk: it fetches nothing. Without arguments it is about
    the archive; files and folders are cleaned for it, and nothing is archived. In
    the page lines are marked as wrongly removed or missed, and downloaded as a
    rule pack. Needs the extra `report` (Jinja2).

    \b
    Examples:
      archiver report
      archiver report output/archive -o report.html
      archiver report crawl/ --profile strict -o strict.html
    """
    from archiver.report.build import ROOM, Page, require_jinja

    screen = Screen(as_json, quiet)
    require_jinja()
    if as_json and output == _STDOUT:
        raise UsageError("--json and -o - both write to stdout", hint="Give -o FILE.")
    _check_place(output, force=force)
    corpus, ruleset, findings = corpus_of(screen, named, profile=profile, rules=rules)
    page = Page(corpus, ruleset, room=ROOM if embed is None else embed)
    written = _write(page, output)
    _tell(screen, page, output, written)
    if as_json:
        screen.json(
            {
                "output": output,
                "bytes": written,
                "documents": page.report().documents,
                "texts": page.report().held,
                "edits": page.report().edits,
                "findings": [finding_json(found) for found in findings],
            }
        )
    else:
        show_findings(screen, findings)
    return QUARANTINED if any(found.is_error for found in findings) else 0


def _check_place(output: str, *, force: bool) -> None:
    """Refuse to write over what is no report, and into an archive."""
    from archiver.report.build import GENERATOR

    if output == _STDOUT:
        return
    path = Path(output)
    if path.is_dir():
        raise InputError(f"{output} is a folder", hint="Name the file to write with -o.")
    inside = next((str(parent) for parent in path.absolute().parents if is_archive(parent)), "")
    if inside:
        raise InputError(
            f"{output} would lie inside the archive {inside}",
            hint="An archive holds nothing that it does not list; take another place with -o.",
        )
    if force or not path.exists():
        return
    with suppress(OSError), path.open("rb") as stream:
        if f'content="{GENERATOR}"'.encode() in stream.read(_HEAD):
            return
    raise InputError(
        f"{output} exists, and is no report", hint="Take another name, or --force to replace it."
    )


def _write(page: Page, output: str) -> int:
    """Write the page, whole or not at all; the bytes it has."""
    written = 0
    with _opened(output) as stream:
        for piece in page.pieces(now(), f"archiver {tool_version()}"):
            data = piece.encode("utf-8", "replace")
            stream.write(data)
            written += len(data)
    return written


@contextmanager
def _opened(output: str) -> Iterator[IO[bytes]]:
    if output == _STDOUT:
        sys.stdout.flush()
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    path = Path(output)
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with aside.open("wb") as stream:
            yield stream
        aside.replace(path)
    except OSError as error:
        raise StorageError(f"{output}: cannot be written: {error.strerror or error}") from error
    finally:
        with suppress(OSError):
            aside.unlink(missing_ok=True)


def _tell(screen: Screen, page: Page, output: str, written: int) -> None:
    made = page.report()
    if output != _STDOUT and not screen.as_json:
        screen.result(visible_line(output))
    screen.say(f"{count(made.documents, 'document')}, {count(made.edits, 'edit')}, {size(written)}")
    if made.held < made.documents:
        left = made.documents - made.held
        screen.say(
            f"the texts of {count(left, 'document')} with least doubt are not in the page; "
            "give more room with --embed"
        )
    if output != _STDOUT:
        screen.say(paint("Open it in a browser; it needs no network.", "faint"))
