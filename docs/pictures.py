"""The pictures of the report in ``docs/pictures``, from the seeds: ``python docs/pictures.py``.

Needs Chromium, Playwright for Python and the extra ``report``. Fonts differ from machine to
machine, so that pictures made elsewhere look alike and are not the same bytes.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).parents[1]
PICTURES = ROOT / "docs" / "pictures"

#: Name, columns and rows of the window, theme, part of the page, line to go to.
SHOTS = (
    ("report-overview", 1180, 720, "light", "overview", 0),
    ("report-overview-dark", 1180, 720, "dark", "overview", 0),
    ("report-document", 1180, 760, "light", "document=002_d1f2fb6d55798c4b", 39),
    ("report-document-dark", 1180, 760, "dark", "document=002_d1f2fb6d55798c4b", 39),
    ("report-phone", 360, 720, "light", "document=003_2658b3f4c87e2377", 5),
)

_ARGUMENTS = (
    *("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--disable-quic"),
)


def main() -> None:
    """Make them all."""
    with tempfile.TemporaryDirectory() as folder, _browser() as browser:
        _run("ingest", str(ROOT / "seeds"), "--archive", "archive", "--quiet", folder=folder)
        _run("report", "archive", "-o", "report.html", "--quiet", folder=folder)
        for name, width, height, theme, place, line in SHOTS:
            page = browser.new_page(
                viewport={"width": width, "height": height},
                color_scheme="dark" if theme == "dark" else "light",
            )
            page.goto((Path(folder) / "report.html").as_uri())
            page.wait_for_selector("html[data-ready=yes]", state="attached")
            _go(page, place, line)
            page.screenshot(path=PICTURES / f"{name}.png")
            page.close()
            print(PICTURES / f"{name}.png")


def _go(page: Page, place: str, line: int) -> None:
    page.evaluate("place => { location.hash = place; }", place)
    if line:
        number = page.locator(f"[data-n='{line}'] .no")
        number.wait_for()
        number.focus()
        number.evaluate("number => number.scrollIntoView({ block: 'center' })")
    page.mouse.move(0, 0)
    page.wait_for_timeout(200)


@contextmanager
def _browser() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        raise SystemExit("Chromium is not installed")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=path, args=list(_ARGUMENTS))
        yield browser
        browser.close()


def _run(*words: str, folder: str) -> None:
    subprocess.run(  # noqa: S603 -- our own command
        [sys.executable, "-m", "archiver", *words], cwd=folder, check=True
    )


if __name__ == "__main__":
    main()
