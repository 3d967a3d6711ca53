"""``archiver index``: draft or check the INDEX.md that tells where sources are from."""

from __future__ import annotations

from pathlib import Path

import click

from archiver.cli.guess import Group
from archiver.cli.main import CONTEXT
from archiver.cli.restore import write_pieces
from archiver.cli.screen import Screen, count, finding_json, show_findings
from archiver.cli.session import command
from archiver.cli.visible import visible_line
from archiver.errors import IndexFileError, InputError, UsageError

NAME = "INDEX.md"


@click.group("index", cls=Group, context_settings=CONTEXT)
def index() -> None:
    """Write or check an INDEX.md: where sources are from, when, by whom.

    \b
    Examples:
      archiver index init seeds/
      archiver index check seeds/
      archiver index update seeds/
    """


@index.add_command
@command("init")
@click.argument("folder", metavar="DIR", type=click.Path())
@click.option("--stdout", "to_stdout", is_flag=True, help="Print it, and write nothing.")
@click.option("--force", is_flag=True, help="Replace the INDEX.md that is there.")
def init(folder: str, to_stdout: bool, force: bool, as_json: bool, quiet: bool) -> int:
    """Draft an INDEX.md for a folder: a row a file, with its digest.

    What is not known stays empty: fill it in by hand.

    \b
    Examples:
      archiver index init seeds/
      archiver index init seeds/ --stdout
    """
    from archiver.readers.index import draft_index

    screen = Screen(as_json, quiet)
    path = _folder(folder) / NAME
    if as_json and to_stdout:
        raise UsageError("--stdout and --json do not go together", hint="Leave --json out.")
    text = draft_index(path.parent)
    if to_stdout:
        screen.result(text.rstrip("\n"))
        return 0
    write_pieces(path, [text.encode("utf-8")], force=force)
    if as_json:
        screen.json({"index": path.as_posix()})
    screen.say(f"wrote {visible_line(path.as_posix())}; fill in what you know about each file")
    return 0


@index.add_command
@command("check")
@click.argument("folder", metavar="DIR", type=click.Path())
def check(folder: str, as_json: bool, quiet: bool) -> int:
    """Check an INDEX.md against its files: rows, digests, paths, dates.

    DIR is the folder, or the INDEX.md itself. Exit status 5 if anything is wrong.

    \b
    Examples:
      archiver index check seeds/
      archiver index check seeds/ --json | jq '.findings[].message'
    """
    from archiver.readers.index import check_index

    screen = Screen(as_json, quiet)
    given = Path(folder)
    path = given if given.is_file() else _folder(folder) / NAME
    if not path.is_file():
        raise InputError(f"{path}: no such file", hint=f"`archiver index init {folder}` drafts it.")
    findings = list(check_index(path))
    errors = sum(found.is_error for found in findings)
    if as_json:
        screen.json({"sound": not errors, "findings": [finding_json(item) for item in findings]})
        return IndexFileError.exit_status if errors else 0
    show_findings(screen, findings)
    if errors:
        screen.warn(count(errors, "error"))
        return IndexFileError.exit_status
    if not quiet:
        screen.result(f"{visible_line(path.as_posix())} is sound")
    return 0


@index.add_command
@command("update")
@click.argument("folder", metavar="DIR", type=click.Path())
def update(folder: str, as_json: bool, quiet: bool) -> int:
    """Say that the files are right as they are: take their digests, list new ones.

    Only the digests of changed files are written anew, and rows are added for
    files that have none; all else stays as you wrote it.

    \b
    Examples:
      archiver index update seeds/
      archiver index update seeds/ --json | jq -r '.changed[]'
    """
    from archiver.readers.index import refresh_index

    screen = Screen(as_json, quiet)
    given = Path(folder)
    path = given if given.is_file() else _folder(folder) / NAME
    if not path.is_file():
        raise InputError(f"{path}: no such file", hint=f"`archiver index init {folder}` drafts it.")
    done = refresh_index(path)
    if done.added or done.changed:
        write_pieces(path, [done.text.encode("utf-8")], force=True)
    if as_json:
        screen.json({"index": path.as_posix(), "added": done.added, "changed": done.changed})
        return 0
    for word, files in (("changed", done.changed), ("added", done.added)):
        for file in files:
            screen.result(f"{word}  {visible_line(file)}")
    screen.say(
        f"{count(len(done.changed), 'digest')} taken anew, {count(len(done.added), 'row')} added"
    )
    return 0


def _folder(name: str) -> Path:
    folder = Path(name)
    if not folder.is_dir():
        raise InputError(f"{name}: no such folder")
    return folder
