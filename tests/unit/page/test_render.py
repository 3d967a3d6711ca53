"""Pages as lines: what stands on one, what is said of it, and pages made to break it."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.page.marks import MARKS
from archiver.page.render import Line, render


def lines(body: str) -> list[str]:
    return [line.text for line in render(f"<html><body>{body}</body></html>").lines]


def marks(line: Line, *, near: bool = False) -> set[str]:
    bits = line.near if near else line.marks
    return {mark for at, mark in enumerate(MARKS) if bits >> at & 1}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<p>One</p><p>Two</p>", ["One", "Two"]),
        ("<p>a <b>b</b>c\n  d</p>", ["a bc d"]),
        ("one<br>two<hr>three", ["one", "two", "three"]),
        ("<ul><li>x<ul><li>y</ul><li>z</ul>", ["x", "y", "z"]),
        ("before<div>in</div>after", ["before", "in", "after"]),
        ("<table><tr><th>Size<td>10 cm<td></tr><tr><td><td>b</table>", ["Size | 10 cm", "b"]),
        ("<table><tr><td><p>Two</p><p>lines</p><td>x</table>", ["Two", "lines", "x"]),
        ("<a href=1>Home</a><a href=2>News</a>, <a>a</a>b", ["Home News, ab"]),
        ("<pre>def f():\n    return  1\n\n</pre>", ["def f():", "    return  1"]),
        ("caf&eacute; &lt;b&gt; &nbsp; &unknown;", ["café <b> &unknown;"]),
        ("a<script>x<p>y</script>b<style>c</style><svg><text>d</text></svg>e", ["abe"]),
        ("<select><option>Afghanistan</select><template><p>t</template>x", ["x"]),
        ("<!-- c -->a<?php echo 1 ?>b", ["ab"]),
        ("<noscript><p>Only here</p></noscript>", ["Only here"]),
        ("<p>\u200b \u00a0</p>|<p>| |</p>", []),
    ],
)
def test_lines(body, expected):
    assert lines(body) == expected


def test_title():
    assert render("<title> A\n page </title><p>x").title == "A page"
    assert render("<p>x").title == ""


def test_what_is_said_of_a_line():
    page = render(
        '<body><nav class="siteMenu"><a href=1>Home</a></nav><main id="post-content">'
        '<article><h1>News</h1><div><div><div><p style="display: none">Half <a>linked</a></p>'
        "</div></div></div></article></main>"
    )
    home, news, half = page.lines
    assert marks(home) == {"nav", "navigation"}
    assert marks(news) == {"main", "article", "content", "post", "heading", "title_heading"}
    assert marks(half) >= {"main", "article", "p", "undisplayed"}
    assert marks(half, near=True) == {"p", "undisplayed"}
    assert (home.linked, news.linked) == (1.0, 0.0)
    assert half.linked == pytest.approx(6 / 11)
    assert half.depth > news.depth


def test_items_of_a_list_share_a_place():
    items = "".join(f"<li class=item><a>{at}</a>" for at in range(3))
    *listed, other = render(f"<ul class=a>{items}</ul><ul class=b><li>4</ul>").lines
    assert len({line.place for line in listed}) == 1
    assert other.place not in {line.place for line in listed}


@pytest.mark.parametrize(
    "page",
    [
        "<div>" * 100_000 + "deep",
        "<p>" + "<b>" * 100_000 + "deep",
        "<table><tr><td>" * 30_000 + "deep",
        "<table>" + ("<tr>" + "<td>a" * 90) * 1_000,
        "<ul>" + "<li>a" * 99_000,
        "<a href=x>" * 99_000 + "t",
        "<pre>" + "\n" * 1_000_000,
        "x" * 5_000_000,
        "<p class='" + "menu " * 200_000 + "'>x",
        "<p class='" + "aB" * 200_000 + "'>x",
        "<svg>" * 50_000 + "<p>x",
    ],
    ids=["div", "b", "tables", "cells", "list", "links", "pre", "text", "class", "camel", "svg"],
)
def test_hostile_pages_take_bounded_time(page):
    start = time.process_time()
    render(page)
    assert time.process_time() - start < 100, "time grows faster than the size"


@pytest.mark.parametrize("page", ["", " ", "<!--", "<html>", "<frameset>", "<script>a"])
def test_nothing_to_see(page):
    assert render(page).lines == ()


PIECES = st.sampled_from(
    (
        *("<p>", "</p>", "<td>", "</table>", "<table>", "<a href=x>", "</a>", "<pre>", "</pre>"),
        *("<script>", "</script>", "<!--", "-->", "<br/>", "</div>", "<h1 class=title>", "word"),
        *("<svg>", "</svg>", "</body>", "</html>", "<body>", "<li>", "&amp;", "&#0;", "é", "|"),
        *("\u2028", " ", "\n"),
    )
)


@given(st.lists(PIECES, max_size=30))
@settings(max_examples=150, deadline=None)
def test_any_markup_gives_lines_that_are_lines(pieces):
    page = render("".join(pieces))
    assert render("".join(pieces)) == page
    for line in page.lines:
        assert line.text.strip()
        assert "\n" not in line.text
        assert 0 <= line.linked <= 1
