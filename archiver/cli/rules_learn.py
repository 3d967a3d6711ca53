"""``archiver rules learn``: what the pages of a site have in common, as a rule pack."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archiver.cli.outcome import QUARANTINED
from archiver.cli.screen import (
    Screen,
    finding_json,
    paint,
    show_findings,
    table,
)
from archiver.cli.session import at_least, command, named_host
from archiver.cli.site_pages import pages_by_site
from archiver.cli.visible import visible_line
from archiver.document import Finding
from archiver.errors import InputError, StorageError, UsageError

if TYPE_CHECKING:
    from archiver.rules.sites import Template


@dataclass(frozen=True, slots=True)
class _Pack:
    """What was learned of one site, and the file that says it (nothing: no text)."""

    template: Template
    path: str
    text: str


@command("learn")
@click.argument("sources", nargs=-1, required=True, type=click.Path())
@click.option("-o", "--output", metavar="DIR", type=click.Path(), help="Where HOST.toml goes.")
@click.option(
    "--index", metavar="FILE", type=click.Path(), help="The INDEX.md that knows the addresses."
)
@click.option("--host", metavar="NAME", help="The host of what has no address.  [default: none]")
@click.option(
    "--min-pages",
    metavar="N",
    type=at_least(2),
    default="3",
    show_default=True,
    help="A line must stand on so many pages,",
)
@click.option(
    "--min-share",
    metavar="SHARE",
    type=click.FloatRange(0, 1),
    default=0.5,
    show_default=True,
    help="and on such a share of the site's.",
)
@click.option("--dry-run", is_flag=True, help="List the lines, write nothing.")
@click.option("--force", is_flag=True, help="Write over packs that exist.")
def learn(
    sources: tuple[str, ...],
    output: str | None,
    index: str | None,
    host: str | None,
    min_pages: int,
    min_share: float,
    dry_run: bool,
    force: bool,
    as_json: bool,
    quiet: bool,
) -> int:
    """Learn the menus and other chrome of sites, as rule packs to review.

    Pages are grouped by the host of their url in INDEX.md, else by its source,
    else by folder. A pack acts on its host alone; where none is known, on every
    page. Look through each pack before you use it with --rules DIR.

    \b
    Examples:
      archiver rules learn crawl/ --dry-run
      archiver rules learn crawl/ -o my-rules
      archiver rules learn pages/ --host harbour.example -o my-rules
    """
    from archiver.rules.sites import Thresholds, mine

    screen = Screen(as_json, quiet)
    if output is None and not dry_run:
        raise UsageError("no folder to write to", hint="Give -o DIR, or --dry-run.")
    sites, findings = pages_by_site(sources, index=index, host=named_host(host))
    thresholds = Thresholds(min_pages, min_share)
    templates = [
        mine(name, site.pages, thresholds, hosts=(name,) if site.is_host else ())
        for name, site in sorted(sites.items())
    ]
    packs = _packs(templates, output)
    written: list[str] = []
    if not dry_run and output is not None:
        written = _write(packs, Path(output), force=force)
    if as_json:
        screen.json(_as_json(packs, written, findings))
    else:
        show_findings(screen, findings)
        _tell(screen, packs, dry_run=dry_run)
    status = QUARANTINED if findings else 0
    return _check(screen, output) or status if written and output is not None else status


def _packs(templates: Sequence[Template], output: str | None) -> list[_Pack]:
    """The packs in the order in which they load, each sound beside those before it."""
    from archiver.rules.load import builtin, load
    from archiver.rules.rule import Ruleset
    from archiver.rules.site_pack import file_name, pack_text, site_rules

    is_used = output is not None and any(Path(output).glob("*.toml"))
    known = load(Path(output or "")) if is_used else builtin()
    ours = {file_name(template.host) for template in templates}
    known = Ruleset(tuple(rule for rule in known.rules if rule.pack not in ours), known.engine)
    packs = []
    for template in sorted(templates, key=lambda template: file_name(template.host)):
        rules = site_rules(template, known) if template.lines else ()
        known = Ruleset((*known.rules, *rules), known.engine)
        path = (Path(output or "") / file_name(template.host)).as_posix()
        packs.append(_Pack(template, path, pack_text(template, rules) if rules else ""))
    return packs


def _write(packs: Sequence[_Pack], folder: Path, *, force: bool) -> list[str]:
    """Write the packs; none of them where one is in the way."""
    chosen = [pack for pack in packs if pack.text]
    if not force and (there := [pack.path for pack in chosen if Path(pack.path).exists()]):
        raise InputError(
            f"{there[0]} exists, and may hold what you changed",
            hint="Take another folder with -o, or write over it with --force.",
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for pack in chosen:
            Path(pack.path).write_text(pack.text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise StorageError(f"{folder}: cannot be written: {error.strerror or error}") from error
    return [pack.path for pack in chosen]


def _check(screen: Screen, folder: str) -> int:
    """Say so where the folder's packs do not hold beside one another; the exit status."""
    from archiver.rules.load import check

    problems = check(Path(folder))
    for problem in problems:
        screen.warn(f"{paint('wrong', 'bad')}  {visible_line(problem.message)}")
    return problems[0].exit_status if problems else 0


def _tell(screen: Screen, packs: Sequence[_Pack], *, dry_run: bool) -> None:
    rows = []
    for pack in packs:
        found = pack.template
        labels, sentences = len(found.at("menu")), len(found.at("sentence"))
        outcome = "nothing to learn"
        if pack.text:
            outcome = "" if dry_run else pack.path
            if not found.hosts:
                outcome = f"{outcome}  on every page: no address is known".strip()
        elif found.lines:
            outcome = "other rules know it"
        rows.append((found.host, f"{found.pages:,}", f"{labels:,}", f"{sentences:,}", outcome))
    for line in table(
        ("site", "pages", "labels", "sentences", ""), rows, right="pages labels sentences"
    ):
        screen.result(line)
    if dry_run:
        _list_lines(screen, packs)
    elif any(pack.text for pack in packs):
        screen.say("\nLook through the packs before you clean with --rules.")


def _list_lines(screen: Screen, packs: Sequence[_Pack]) -> None:
    for pack in packs:
        if not pack.template.lines:
            continue
        screen.result(f"\n{paint(visible_line(pack.template.host), 'strong')}")
        rows = [
            (str(line.pages), line.place, line.text, line.examples[0])
            for line in pack.template.lines
        ]
        for row in table(("pages", "place", "line", "for example in"), rows, right="pages"):
            screen.result(row)


def _as_json(
    packs: Sequence[_Pack], written: Sequence[str], findings: Sequence[Finding]
) -> dict[str, object]:
    return {
        "sites": [
            {**asdict(pack.template), "pack": pack.path if pack.path in written else None}
            for pack in packs
        ],
        "findings": [finding_json(found) for found in findings],
    }
