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


def post(at: int) -> str:
    words = " ".join(f"reason{at}x{number}" for number in range(12))
    return (
        f'<div class="post"><div class="author"><a href="/u{at}">member{at}</a></div>'
        f'<div class="post-message">I think that {words}, and so we should wait.</div></div>'
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
    cut = Document(words_of_post(2) + "\n", "utf-8", extractor="trafilatura 0")
    monkeypatch.setattr("archiver.page.read.extract", lambda *_, **__: cut)
    found = read(FORUM)
    assert all(words_of_post(at) in found.text for at in range(12))
    assert "rights reserved" not in found.text
    assert "FAQ" not in found.text
    assert (found.extractor or "").startswith("trafilatura 0; archiver.page ")
    assert read(FORUM) == found


def words_of_post(at: int) -> str:
    return post(at).split('message">')[1].split("</div>")[0]


def test_a_page_without_text_stays_a_finding():
    found = read_page(document("<html><body></body></html>"), profile="strict")
    assert isinstance(found, Finding)
    assert found.code == "E209"


def test_the_whole_way_gives_each_time_the_same():
    source = Source("a", "a.html", FORUM.encode(), "text/html")
    first = clean_source(source, profile="strict")
    assert first == clean_source(source, profile="strict")
    assert not isinstance(first, Finding)
    assert "I think that reason3x0" in first[1].text


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
