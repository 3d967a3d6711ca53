"""Make the documentation site, and check every link of it.

    python docs/build.py            into build/docs; open build/docs/index.html
    python docs/build.py FOLDER     into another folder

Warnings are errors. Each link to a page, an anchor or a picture must lead somewhere, no page
may load anything from elsewhere, and every picture needs words. Links to other sites are
checked for their form only: the network is not asked.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).parents[1]

#: What a page loads when it is opened, by tag.
LOADED = {"script": "src", "img": "src", "iframe": "src", "source": "src", "video": "src"}


class Page(HTMLParser):
    """What one page holds: its anchors, links, what it loads, and pictures without words."""

    def __init__(self, text: str) -> None:
        """Read a page's HTML."""
        super().__init__()
        self.anchors: set[str] = {"top", ""}
        self.links: list[str] = []
        self.loads: list[str] = []
        self.mute: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """What HTMLParser calls at each tag."""
        found = {name: value or "" for name, value in attrs}
        self.anchors.update(found[name] for name in ("id", "name") if name in found)
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
        if tag == "link" and not found.get("rel", "").startswith(
            ("next", "prev", "search", "index")
        ):
            self.loads.append(found.get("href", ""))
        if found.get(LOADED.get(tag, "")):
            self.loads.append(found[LOADED[tag]])
        if tag == "img" and not found.get("alt", "").strip():
            self.mute.append(found.get("src", "?"))


def problems(site: Path) -> Iterator[str]:
    """What is wrong with a built site, a line each; none where all is well.

    Cost: each page is read once and held as its anchors and links.
    """
    pages = {
        path.relative_to(site).as_posix(): Page(path.read_text(encoding="utf-8"))
        for path in sorted(site.rglob("*.html"))
    }
    for name, page in pages.items():
        for link in page.links:
            if problem := _wrong(site, pages, name, link):
                yield f"{name}: {link}: {problem}"
        for load in page.loads:
            if urlsplit(load).scheme not in ("", "data") or load.startswith("//"):
                yield f"{name}: {load}: is loaded from elsewhere"
            elif not load.startswith("data:") and not _target(site, name, load).exists():
                yield f"{name}: {load}: does not exist"
        yield from (f"{name}: {picture}: a picture without words" for picture in page.mute)


def _wrong(site: Path, pages: dict[str, Page], name: str, link: str) -> str:
    """What is wrong with a link of a page; nothing: empty."""
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        formed = parts.scheme == "https" and "." in parts.netloc and " " not in link
        return "" if formed or parts.scheme == "mailto" else "is not https, or malformed"
    target = _target(site, name, link) if parts.path else site / name
    if target.is_dir():
        target /= "index.html"
    if not target.exists():
        return "does not exist"
    page = (
        pages.get(target.relative_to(site.resolve()).as_posix())
        if target.suffix == ".html"
        else None
    )
    return "" if page is None or unquote(parts.fragment) in page.anchors else "no such anchor"


def _target(site: Path, name: str, link: str) -> Path:
    return (site / name).parent.joinpath(unquote(urlsplit(link).path)).resolve()


def main(words: list[str]) -> int:
    """Build, check, and say what was found."""
    if len(words) > 1 or any(word.startswith("-") for word in words):
        print(__doc__, file=sys.stderr)
        return 2
    from sphinx.cmd.build import build_main

    site = Path(words[0] if words else ROOT / "build" / "docs").resolve()
    work = site.with_name(site.name + ".work")
    if site.exists() and not (site / ".buildinfo").is_file() and any(site.iterdir()):
        print(f"{site} is not empty, and no site: name another folder", file=sys.stderr)
        return 2
    shutil.rmtree(site, ignore_errors=True)
    shutil.rmtree(work, ignore_errors=True)  # an unchanged page is not read, and warns of nothing
    flags = ["--quiet", "--fail-on-warning", "--keep-going", "--nitpicky", "--jobs", "2"]
    status = build_main([*flags, "-d", str(work), str(ROOT / "docs"), str(site)])
    shutil.rmtree(work, ignore_errors=True)
    found = list(problems(site)) if status == 0 else []
    print("\n".join(found), end="\n" if found else "")
    if status or found:
        print("The site has errors.", file=sys.stderr)
        return 1
    print(f"{len(list(site.rglob('*.html')))} pages in {site}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
