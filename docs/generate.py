"""Write the pages that follow from the code, so that they cannot drift from it.

    python docs/generate.py            write them
    python docs/generate.py --check    show what is out of date; status 1 if anything is

They are INDEX.md, schemas/*.json, packaging/man/*.1, docs/reference/rules/*.md, and of
docs/reference/ the pages cli, exit-statuses, findings, record, rules and settings.
"""

from __future__ import annotations

import difflib
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import man_pages
import reference_codes
import reference_pages
import reference_rules
import repository_map

from archiver.archive.rows.schema import write_schemas

ROOT = Path(__file__).parents[1]


def pages() -> Iterator[tuple[str, str]]:
    """Name and text of each page. The map comes last: it quotes the headings of the others."""
    yield "docs/reference/cli.md", reference_pages.cli()
    yield "docs/reference/exit-statuses.md", reference_pages.exit_statuses()
    yield "docs/reference/findings.md", reference_codes.findings()
    yield "docs/reference/record.md", reference_pages.record()
    yield "docs/reference/settings.md", reference_codes.settings()
    yield from reference_rules.pages()
    yield from man_pages.pages()
    with tempfile.TemporaryDirectory() as folder:
        for path in write_schemas(Path(folder)):
            yield f"schemas/{path.name}", path.read_text(encoding="utf-8")
    yield "INDEX.md", repository_map.index()


def main(words: list[str]) -> int:
    """Write every page, or with ``--check`` compare it."""
    if words not in ([], ["--check"]):
        print(__doc__, file=sys.stderr)
        return 2
    stale = 0
    written = dict(pages())
    for folder in ("docs/reference/rules", "packaging/man"):
        for path in sorted((ROOT / folder).glob("*.*")):
            if (name := path.relative_to(ROOT).as_posix()) not in written:
                stale += 1
                print(f"nothing has this page any more, delete it: {name}")
    for name, new in written.items():
        path = ROOT / name
        old = path.read_text(encoding="utf-8") if path.exists() else ""
        if new == old:
            continue
        stale += 1
        if words:
            lines = old.splitlines(), new.splitlines()
            print("\n".join(difflib.unified_diff(*lines, name, "the code says", lineterm="")))
        else:
            path.parent.mkdir(exist_ok=True)
            path.write_text(new, encoding="utf-8", newline="\n")
            print(f"written: {name}")
    if words and stale:
        print("\nOut of date: run `python docs/generate.py`.")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
