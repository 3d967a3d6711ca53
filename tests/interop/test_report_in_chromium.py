"""The page of `archiver report` in a real browser: what it shows, tells, keeps and refuses."""

import re
from pathlib import Path

import pytest
from archive_support import NOW, commit, document
from report_support import CHROMIUM, HOSTILE, Opened, archiver, chromium, write_pages

from archiver.archive.archive import create_archive
from archiver.document import Edit
from archiver.report.build import Page
from archiver.report.corpus import Archived
from archiver.report.decisions import pack_text, read_pack
from archiver.rules.load import builtin
from archiver.rules.rule import Rule, Ruleset
from archiver.text import diff

pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
pytest.importorskip("jinja2", reason="the extra `report` is not installed")
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed")

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def browser():
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Reports on the seeds' archive, and on two pages of the harbour."""
    folder = tmp_path_factory.mktemp("report")
    write_pages(folder / "pages")
    for words in (
        ("ingest", ROOT / "seeds", "--archive", "kept", "--quiet"),
        ("report", "kept", "-o", "seeds.html"),
        ("report", "pages", "-o", "harbour.html"),
    ):
        done = archiver(*words, folder=folder)
        assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def window(browser):
    """Opens pages; each must be silent, and ask nobody for anything."""
    opened = []

    def open_page(path, **how):
        opened.append(Opened(browser, path, **how))
        return opened[-1]

    yield open_page
    for each in opened:
        assert (each.said, each.strangers()) == ([], [])
        each.context.close()


def test_search_filter_and_sort(window, folder):
    shown = window(folder / "seeds.html")
    shown.go("documents")
    assert len(shown.found()) == 4
    shown.page.fill("#search", "nordkorea krone")
    shown.told("1 document")
    assert shown.found() == ["Nordkorea und Russland vertiefen Beziehungen"]
    shown.page.fill("#search", "seidenstraßen")
    shown.told("No document")
    shown.page.check("#texts")
    shown.told("1 document")
    shown.page.click("text=Clear")
    shown.told("4 documents")
    shown.page.select_option("#language", label="de (1)")
    shown.told("1 document")
    shown.page.select_option("#language", "")
    shown.page.select_option("#family", label="citation-mark (1)")
    shown.told("1 document")
    assert shown.found() == ["2019 North Korea–Russia summit"]
    shown.page.select_option("#family", "")
    shown.page.select_option("#share", "0.1")
    shown.told("3 documents")
    shown.page.select_option("#order", "share")
    shares = shown.page.locator("#list .share").all_inner_texts()
    assert shares == sorted(shares, reverse=True)
    shown.page.select_option("#order", "title")
    assert shown.found() == sorted(shown.found())


def test_pointer_and_focus_tell_rule_and_reason(window, folder):
    shown = window(folder / "seeds.html")
    shown.go("document=002_d1f2fb6d55798c4b")
    shown.line("Kommentare").locator("del").hover()
    told = shown.page.locator("#why-told")
    assert "comment-chrome.plural – The heading of the comments" in told.inner_text()
    shown.page.locator("#lines .line", has_text="expand_more").locator(".no").focus()
    assert "icon-ligature.name – " in told.inner_text()
    assert "Line 23, removed" in told.inner_text()
    facts = shown.page.locator("#facts").inner_text()
    assert "Digests" in facts
    assert "Provenance" in facts


def test_the_score_of_the_line_model_is_told(window, tmp_path):
    row = document("scored", "Text.\n", cut="About us\n")
    row["edits"][0] |= {"rule": "model.line", "score": 0.0123}
    shown = window(report_on(tmp_path, [row]))
    shown.go("document=scored")
    shown.line("About us").locator(".no").focus()
    assert "Score 0.0123" in shown.page.locator("#why-told").inner_text()


def test_before_and_after(window, folder):
    shown = window(folder / "harbour.html")
    shown.go("documents")
    shown.page.click("text=The harbour is frozen")
    shown.page.wait_for_selector(".line")
    lines = shown.page.locator("#lines")
    shown.page.keyboard.press("3")
    assert "play_arrow" not in lines.text_content()
    assert "The pilots" in lines.text_content()
    shown.page.keyboard.press("4")
    assert "play_arrow" in lines.text_content()
    shown.page.keyboard.press("2")
    assert "play_arrow" in lines.text_content()
    assert "kept" in lines.locator(".gap").first.inner_text()


def test_decisions_by_keyboard_alone_become_a_pack_that_holds(window, folder, tmp_path):
    shown = window(folder / "harbour.html")
    keys = shown.page.keyboard
    keys.press("/")
    keys.type("frozen")
    shown.told("1 document")
    for _ in range(20):
        keys.press("Tab")
        if "The harbour is frozen" in (
            shown.page.evaluate("document.activeElement.innerText") or ""
        ):
            break
    keys.press("Enter")
    shown.page.wait_for_selector(".line")
    keys.press("n")
    assert "play_arrow" in focused(shown)
    keys.press("w")
    for _ in range(20):
        if "Harbour Times" in focused(shown):
            break
        keys.press("ArrowUp")
    keys.press("m")
    keys.press("d")
    assert shown.page.locator("#decided tr").count() == 2
    shown.page.locator("#download").focus()
    with shown.page.expect_download() as download:
        keys.press("Enter")
    rules = tmp_path / "rules"
    rules.mkdir()
    download.value.save_as(rules / "decisions.toml")

    checked = archiver("rules", "check", "rules", folder=tmp_path)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    text = (rules / "decisions.toml").read_text(encoding="utf-8")
    decisions, _ = read_pack(text)
    assert [made.host for made in decisions] == ["harbour.example"] * 2
    page = folder / "pages" / "first.txt"
    words = ("clean", page, "--rules", "rules", "--host", "www.harbour.example", "--quiet")
    cleaned = archiver(*words, folder=tmp_path).stdout
    assert "play_arrow" in cleaned
    assert "inbox" not in cleaned


def focused(shown):
    return shown.page.evaluate("document.activeElement.closest('.line')?.innerText || ''")


def test_a_pack_is_the_one_that_the_terminal_writes(window, tmp_path):
    rows = [
        document(f"d{at}", f"{text}\nKept.\n", cut=f"{text} and more\n", url=None)
        for at, text in enumerate(
            [*HOSTILE, "Straße ΣΑΣ İ", "» Kommentare (12) «", "It froze.[1] Yes"]
        )
        if "\x00" not in text
    ]
    shown = window(report_on(tmp_path, rows, known=builtin()))
    for row in rows:
        shown.go(f"document={row['id']}")
        shown.page.wait_for_function("id => lines.dataset.document === id", arg=row["id"])
        for n, key in ((1, "w"), (2, "m"), (3, "m")):
            shown.page.locator(f"[data-n='{n}'] .no").focus()
            shown.page.keyboard.press(key)
    shown.go("decisions")
    text = downloaded(shown, tmp_path)
    decisions, _ = read_pack(text)
    assert len(decisions) == 3 * len(rows)
    assert pack_text(decisions) == pack_text(read_pack(pack_text(decisions))[0])
    assert text == pack_text(in_order(decisions, rows))
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "d.toml").write_text(text, encoding="utf-8", newline="\n")
    checked = archiver("rules", "check", "rules", folder=tmp_path)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def in_order(decisions, rows):
    """The decisions as they were made: document by document, the removed line first."""
    place = {row["id"]: at for at, row in enumerate(rows)}
    return sorted(decisions, key=lambda d: (place[d.document], d.kind == "drop", d.text == "Kept."))


def downloaded(shown, folder):
    with shown.page.expect_download() as download:
        shown.page.click("#download")
    download.value.save_as(folder / "downloaded.toml")
    return (folder / "downloaded.toml").read_bytes().decode("utf-8")


def test_decisions_outlive_a_reload_and_are_read_back(window, folder, tmp_path):
    shown = window(folder / "harbour.html")
    shown.go("documents")
    shown.page.click("text=A new keeper")
    shown.line("Kommentare").locator(".no").click()
    shown.page.click("#wrong")
    shown.page.fill("#note", "It is a heading.")
    shown.page.keyboard.press("Tab")
    shown.go("decisions")
    text = downloaded(shown, tmp_path)
    assert "It is a heading." in text
    shown.page.reload()
    shown.page.wait_for_selector("html[data-ready=yes]", state="attached")
    assert shown.page.locator("#made").inner_text() == "1"
    shown.page.click("#decided button")
    assert shown.page.locator("#made").inner_text() == "0"
    shown.page.set_input_files("#read", tmp_path / "downloaded.toml")
    shown.page.wait_for_function("() => made.textContent === '1'")
    assert downloaded(shown, tmp_path) == text
    bad = tmp_path / "bad.toml"
    bad.write_text('#= {"kind":"keep"}\n', encoding="utf-8")
    shown.page.set_input_files("#read", bad)
    shown.page.wait_for_function(
        "() => document.getElementById('read-told').textContent.includes('line 1')"
    )


#: No rules: enough where nothing is cleaned, and quicker than those that ship.
NONE = Ruleset(())


def report_on(folder, rows, ruleset=NONE, known=NONE, **how):
    archive = create_archive(folder / "archive", NOW)
    changed = [row | {"ruleset": ruleset.digest} for row in rows]
    commit(archive, changed, batch_id="one", ruleset=ruleset.to_json())
    page = Page(Archived(archive, known), known, **how)
    path = folder / "report.html"
    path.write_text("".join(page.pieces(NOW, "archiver")), encoding="utf-8")
    return path


def test_hostile_texts_are_shown_as_text(window, tmp_path):
    rows = []
    for at, evil in enumerate(HOSTILE):
        sound = evil.replace("\x00", "")
        row = document(f"{sound}{at}", f"{evil}\nKept {sound}\n", cut=f"{evil} gone\n")
        row["edits"][0]["rule"] = f"evil-{at}.{sound}"
        row["dropped"][0]["rule"] = f"evil-{at}.{sound}"
        row |= dict.fromkeys(("title", "source", "license", "language", "url"), sound)
        row |= {"file_path": sound, "metadata": {sound: sound}, "facts": {sound: sound}}
        rows.append(row)
    reasons = Ruleset(
        tuple(
            Rule(row["edits"][0]["rule"], "drop", row["title"], "", literals=("x",)) for row in rows
        )
    )
    shown = window(report_on(tmp_path, rows, reasons), viewport={"width": 360, "height": 740})
    mine = shown.page.locator("img, iframe, object, embed, base, meta[http-equiv=refresh], style")
    assert mine.count() == 1  # our own style
    for row in rows:
        shown.page.evaluate(
            "id => { location.hash = 'document=' + encodeURIComponent(id); }", row["id"]
        )
        shown.page.wait_for_function(
            "id => about.textContent && lines.dataset.document === id",
            arg=row["id"],
        )
        shown.line(" gone").locator(".no").focus()
        plain = re.sub(
            r"[\x00-\x1f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff].*", "", row["title"]
        )
        assert plain in shown.page.locator("#why-told").inner_text()
        assert plain in shown.page.locator("#lines").text_content()
        assert plain in shown.page.locator("#facts").text_content()
        shown.page.keyboard.press("w")
        assert mine.count() == 1
        assert no_sideways(shown)
    shown.go("decisions")
    assert no_sideways(shown)
    shown.go("overview")
    assert no_sideways(shown)
    assert shown.page.evaluate("window.hit") is None
    links = shown.page.evaluate("[...document.links].map(link => link.protocol)")
    assert set(links) <= {"file:", "http:", "https:"}


def no_sideways(shown):
    width = shown.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    return width <= 0


@pytest.mark.parametrize(
    "place", ["overview", "documents", "document=002_d1f2fb6d55798c4b", "decisions"]
)
def test_a_phone_needs_no_sideways_scrolling(window, folder, place):
    shown = window(folder / "seeds.html", viewport={"width": 360, "height": 740})
    shown.go(place)
    assert no_sideways(shown)


def test_both_themes(window, folder):
    grounds = "getComputedStyle(document.body).backgroundColor"
    light = window(folder / "harbour.html", color_scheme="light")
    dark = window(folder / "harbour.html", color_scheme="dark")
    seen = light.page.evaluate(grounds), dark.page.evaluate(grounds)
    assert seen == ("rgb(255, 255, 255)", "rgb(20, 23, 28)")
    light.page.click("#theme")  # light
    light.page.click("#theme")
    assert light.page.evaluate(grounds) == seen[1]
    light.page.reload()
    assert light.page.evaluate(grounds) == seen[1]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_to_object_to(browser, folder, scheme):
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="axe is not installed"
    ).Axe()
    shown = Opened(browser, folder / "harbour.html", color_scheme=scheme, bypass_csp=True)
    found = {}
    for place in ("overview", "documents", "decisions"):
        shown.go(place)
        if place == "documents":
            shown.page.click("text=The harbour is frozen")
            shown.page.wait_for_selector(".line")
            shown.page.keyboard.press("n")
            shown.page.keyboard.press("w")
        found[place] = [
            (issue["id"], [node["html"][:200] for node in issue["nodes"]][:3])
            for issue in axe.run(shown.page).response["violations"]
        ]
    shown.context.close()
    assert found == {"overview": [], "documents": [], "decisions": []}


def test_lines_are_those_that_explain_shows(window, tmp_path):
    texts = {
        "ends": [("one\ntwo\nthree", [(0, 4, ""), (8, 13, "")])],
        "within": [("one two\nthree", [(3, 4, ""), (8, 8, "new ")])],
        "joins": [("one\ntwo\n\n\nthree\n", [(3, 4, " "), (7, 10, "\n")])],
        "blank": [("\n\none\n\n\n", [(0, 2, ""), (6, 8, "")])],
        "whole": [("one\n", [(0, 4, "")])],
    }
    rows = []
    for id_, [(raw, changes)] in texts.items():
        edits = [Edit(start, end, raw[start:end], after, "t.t") for start, end, after in changes]
        clean, at = "", 0
        for edit in edits:
            clean += raw[at : edit.start] + edit.after
            at = edit.end
        row = document(id_, clean + raw[at:])
        row["edits"] = [
            {
                "start": e.start,
                "end": e.end,
                "before": e.before,
                "after": e.after,
                "rule": e.rule,
                "score": None,
            }
            for e in edits
        ]
        rows.append((row, list(diff.lines(raw, edits))))
    shown = window(report_on(tmp_path, [row for row, _ in rows]))
    kinds = {" ": "kept", "-": "gone", "~": "part"}
    for row, lines in rows:
        shown.go(f"document={row['id']}")
        shown.page.wait_for_function("id => lines.dataset.document === id", arg=row["id"])
        found = shown.page.evaluate(
            "[...document.querySelectorAll('.line')]"
            ".map(line => [Number(line.dataset.n), line.classList[1]])"
        )
        assert found == [[line.number, kinds[line.mark]] for line in lines], row["id"]


def test_texts_beyond_the_room_are_reached_otherwise(window, tmp_path):
    rows = [
        document(f"d{at}", f"Text {at}.\n", cut="A line of many words that went.\n" * (9 - at))
        for at in range(9)
    ]
    shown = window(report_on(tmp_path, rows, room=700))
    shown.go("document=d0")
    assert shown.page.locator(".line").count() > 0
    shown.go("document=d8")
    shown.page.wait_for_selector("#absent:not([hidden])")
    assert "archiver show d8 --archive" in shown.page.locator("#absent").inner_text()
    assert "texts of the" in shown.page.locator("#v-overview").text_content()
