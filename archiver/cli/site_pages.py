"""The pages of each site, out of files and folders: by host, else by source, else by folder."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from archiver.cli.globs import expand
from archiver.cli.screen import binary_stdin
from archiver.document import Finding, Reject, Source

if TYPE_CHECKING:
    from archiver.rules.sites import Page


@dataclass(slots=True)
class SitePages:
    """Pages taken together, and whether their name is a host that some of them are from."""

    pages: list[Page] = field(default_factory=list)
    is_host: bool = False


def pages_by_site(
    sources: Sequence[str], *, index: str | None, host: str | None
) -> tuple[dict[str, SitePages], list[Finding]]:
    """The pages of each site, after repair, and findings on what could not be read.

    host: of what has no address. Without one such pages go by their source, else by
    the name of their folder, which is no host.
    Raises: what ``read_files`` raises. Memory: the texts of all pages.
    """
    from archiver.clean import host_for, open_source
    from archiver.readers.files import read_files
    from archiver.rules.sites import Page
    from archiver.text.repair import repair

    base = Path.cwd()
    sites: defaultdict[str, SitePages] = defaultdict(SitePages)
    findings: list[Finding] = []
    for item in read_files(
        expand(sources, base),
        base=base,
        index=Path(index) if index else None,
        stdin=binary_stdin,
    ):
        if isinstance(item, Reject):
            findings.append(item.finding)
        elif isinstance(item, Source):
            document = open_source(item)
            if isinstance(document, Finding):
                findings.append(document)
                continue
            known = host_for(item, document) or host
            site = sites[known or _named(item)]
            site.pages.append(Page(item.file_path, repair(document.text)[0]))
            site.is_host |= known is not None
    return sites, findings


def _named(source: Source) -> str:
    """A name for the site of a page without an address."""
    folder = source.file_path.rpartition("/")[0].rpartition("/")[2]
    return source.provenance.source or folder or Path.cwd().name or "site"
