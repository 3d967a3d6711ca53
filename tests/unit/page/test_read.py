"""Choosing lines: by promise, never without cause, and only in the eager profile."""

from __future__ import annotations

import numpy as np
import pytest

from archiver.clean import clean_source
from archiver.document import Document, Finding, Source
from archiver.page.align import covered, words
from archiver.page.combine import chosen
from archiver.page.lines import lines_of
from archiver.page.read import read_page
from archiver.page.trees import Trees, pack, shipped, unpack
from archiver.text.extract import extract

MENU = "".join(f'<li><a href="/{name}">{name}</a></li>' for name in ("Home", "Shop", "Help", "FAQ"))
FOOT = '<footer class="site-footer"><p>© 2024 Example Ltd. All rights reserved.</p></footer>'


OPINIONS = (
    "I waited for two weeks with the last version, and it paid off: the fixes came soon.",
    "We cannot afford to wait at work, so I installed it on one machine and watched it overnight.",
    "My old disk failed during the upgrade. Make a copy first, whatever you decide in the end.",
    "The release notes say that the network bug is gone, but I can still see it at home.",
    "Has anybody tried it on a laptop with little memory? Mine gets slow after an hour or so.",
    "It runs well on mine with four gigabytes, as long as the browser has few tabs.",
    "There is no hurry. The version that you have gets its security fixes until next summer.",
    "I went back to the old one yesterday, since my printer was not found any more.",
    "The printer needs the new driver from its maker, and then it works as it did before.",
    "Thanks, that helped! After the driver was in place I could print from all my programs.",
    "For me the start takes half the time now, and that alone was worth the evening it took.",
    "Then I shall wait for the first update, and try it on the children's computer before mine.",
)


def post(at: int) -> str:
    return (
        f'<div class="post"><div class="author"><a href="/u{at}">member{at}</a></div>'
        f'<div class="post-message">{OPINIONS[at]}</div></div>'
    )


FORUM = (
    f'<html><head><title>Should we wait? - Board</title></head><body><nav class="menu"><ul>{MENU}'
    f'</ul></nav><h1>Should we wait?</h1><div class="thread">{"".join(map(post, range(12)))}</div>'
    f"{FOOT}</body></html>"
)


def document(text: str) -> Document:
    return Document(text, "utf-8", evidence="valid UTF-8")


def read(text: str, profile: str = "strict") -> Document:
    found = read_page(document(text), profile=profile)  # type: ignore[arg-type]
    assert isinstance(found, Document)
    return found


@pytest.mark.parametrize("profile", ["safe", "standard"])
def test_gentle_profiles_have_the_extractors_text(profile):
    assert read(FORUM, profile) == extract(document(FORUM))


def test_where_the_extractor_misses_posts_the_page_has_them(monkeypatch):
    alone = extract(document(FORUM))
    assert isinstance(alone, Document)
    cut = Document(OPINIONS[2] + "\n", "utf-8", extractor="trafilatura 0")
    monkeypatch.setattr("archiver.page.read.extract", lambda *_, **__: cut)
    found = read(FORUM)
    assert [said for said in OPINIONS if said not in found.text] == []
    assert "rights reserved" not in found.text
    assert "FAQ" not in found.text
    assert (found.extractor or "").startswith("trafilatura 0; archiver.page ")
    assert read(FORUM) == found


def test_a_page_without_text_stays_a_finding():
    found = read_page(document("<html><body></body></html>"), profile="strict")
    assert isinstance(found, Finding)
    assert found.code == "E209"


def test_the_whole_way_gives_each_time_the_same():
    source = Source("a", "a.html", FORUM.encode(), "text/html")
    first = clean_source(source, profile="strict")
    assert first == clean_source(source, profile="strict")
    assert not isinstance(first, Finding)
    assert OPINIONS[3] in first[1].text


def test_deep_pages_fall_back_to_the_extractor():
    assert lines_of("<div>" * 100_000 + "x", "x") is None


def test_covered():
    lines = [words(line) for line in ("One two", "a b c d e", "x y z w", "两个字", "")]
    text = "one  TWO!\nsaid: a b c d, and so on\n两个字\nx\ny\nz"
    assert covered(lines, text).tolist() == [1.0, 2 / 3, 0.0, 1.0, 0.0]


def test_chosen_lines_make_the_promise_highest():
    bags = [("w",) * 10] * 4
    found = chosen(bags, np.array([4.0, -4.0, 4.0, -4.0]), "")
    assert found is not None
    assert found.tolist() == [True, False, True, False]


def test_what_promises_no_more_than_the_extractor_is_not_chosen():
    bags = [tuple(f"{at}w{number}" for number in range(10)) for at in range(4)]
    extracted = " ".join(bags[0]) + "\n" + " ".join(bags[2])
    odds = np.array([4.0, -4.0, 4.0, -4.0])
    assert chosen(bags, odds, extracted) is None
    assert chosen(bags, odds, " ".join(bags[1])) is not None
    assert chosen([(), ()], np.zeros(2), "") is None


def test_trees_step_from_root_to_leaf():
    trees = Trees(
        names=("a", "b"),
        roots=np.array([0, 3], np.int32),
        figure=np.array([0, 0, 0, 1, 0, 0], np.int32),
        limit=np.array([0.5, 0, 0, 2.0, 0, 0], np.float32),
        left=np.array([1, 1, 2, 4, 4, 5], np.int32),
        right=np.array([2, 1, 2, 5, 4, 5], np.int32),
        value=np.array([0, -1, 1, 0, 10, 20], np.float32),
        depth=1,
    )
    columns = {"a": np.array([0.5, 0.6]), "b": np.array([2.0, 2.1])}
    assert trees.log_odds(columns).tolist() == [9.0, 21.0]
    assert pack(unpack(pack(trees))) == pack(trees)
    many = {"a": np.zeros(2_500), "b": np.full(2_500, 3.0)}
    assert trees.log_odds(many).tolist() == [19.0] * 2_500


def test_the_shipped_trees_are_whole():
    trees = shipped()
    nodes = np.arange(len(trees.figure))
    leaf = trees.left == nodes
    assert np.isfinite(trees.value).all()
    assert (trees.right[leaf] == nodes[leaf]).all()
    assert (trees.left[~leaf] > nodes[~leaf]).all()
    assert trees.figure.max() < len(trees.names)
