"""Pages of `archiver report`, and Chromium to open them in."""

import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]

#: Debian's name, Fedora's, Chrome's own; nothing is downloaded for the tests.
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
)

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

FIRST = """\
The harbour is frozen for the first time since 1998.
Ships wait outside, and the ferries stay where they are until the ice has gone.
Get the Harbour Times in your inbox every morning.
The mayor said that the winter had been long, and that the spring would come.
play_arrow
skip_next
00:00 / 12:30
Subscribe to our newsletter
Your email
The pilots have not seen so much ice since the lighthouse was built in 1887.
"""

SECOND = """\
A new lighthouse keeper moved in on Monday.
She is the first to live on the rock for forty years, and she brought two cats.
Kommentare (12)
Share this article
The lamp will be lit again in May, when the last of the ice has gone from the bay.
"""

INDEX = """\
---
schema: archiver-index/1
---

| file | url | title |
|---|---|---|
| first.txt | https://www.harbour.example/ice | The harbour is frozen |
| second.txt | | A new keeper |
"""

#: What a page would run, load or obey if a text became markup.
HOSTILE = [
    "<script>window.hit = 1</script>",
    "</script><script>window.hit = 1</script>",
    "<!--data--><!-- <script>",
    '"><img src=x onerror="window.hit=1">',
    "' autofocus onfocus='window.hit=1' x='",
    "<svg/onload=window.hit=1>",
    "<iframe srcdoc='<script>parent.hit=1</script>'></iframe>",
    "{{ 7 * 7 }} {% for x in () %}{% endfor %}",
    "javascript:window.hit=1",
    "\u202egnp.exe\u2066 \u200b\ufeff \x1b[31m \x00",
    "<style>* { background: url(http://evil.example/x) }</style>",
    "<base href=http://evil.example/><meta http-equiv=refresh content=0>",
    "x" * 400,
]


def archiver(*words, folder, answers=None, environ=None):
    """Run the real command, and give what came of it."""
    return subprocess.run(
        [sys.executable, "-m", "archiver", *map(str, words)],
        cwd=folder,
        input=answers,
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONPATH": str(ROOT), **(environ or {})},
        timeout=120,
        check=False,
    )


def write_pages(folder):
    """Two pages, one of them with a known address."""
    folder.mkdir()
    (folder / "first.txt").write_text(FIRST, encoding="utf-8")
    (folder / "second.txt").write_text(SECOND, encoding="utf-8")
    (folder / "INDEX.md").write_text(INDEX, encoding="utf-8")
    return folder


@contextmanager
def chromium():
    """A browser of its own profile. Needs playwright, and CHROMIUM."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


class Opened:
    """A page in a window of its own, and what it said and asked for."""

    def __init__(self, browser, path, **window):
        self.said, self.asked = [], []
        self.context = browser.new_context(accept_downloads=True, **window)
        self.page = self.context.new_page()
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("dialog", lambda dialog: self.said.append(f"dialog {dialog.message}"))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.url = path.absolute().as_uri()
        self.page.goto(self.url)
        self.page.wait_for_selector("html[data-ready=yes]", state="attached")

    def go(self, place):
        """Go to a part of the page, and wait until it is there."""
        self.page.evaluate("place => { location.hash = place; }", place)
        if place.startswith("document="):
            self.page.wait_for_selector("#text-part:not([hidden]) .line, #absent:not([hidden])")
        else:
            self.page.wait_for_selector(f"#v-{place}:not([hidden])")

    def found(self):
        """The titles in the list, as they stand."""
        return self.page.locator("#list .title").all_inner_texts()

    def told(self, text):
        """Wait until the list says how much was found."""
        self.page.wait_for_function("text => found.textContent.startsWith(text)", arg=text)

    def line(self, text):
        """The line that holds a text."""
        return self.page.locator("#lines .line", has_text=text).first

    def strangers(self):
        """What was asked for beside the page itself and what it made."""
        own = (self.url, "blob:", "data:")
        return [url for url in self.asked if not url.startswith(own)]
