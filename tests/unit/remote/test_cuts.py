"""The network goes in the middle of a commit: the archive is whole, and a next run completes it."""

from collections import Counter
from datetime import UTC, datetime

import pytest

from archiver.archive.archive import open_archive
from archiver.archive.checks.validate import validate
from archiver.archive.mend.recover import recover
from archiver.archive.takedown.take_down import World, finish_takedown, take_down
from archiver.archive.write.writer import MovedOnError
from archiver.document import Source
from archiver.errors import RemoteError
from archiver.ingest import Finished, Job, ingest
from archiver.remote.brought import PROBE
from archiver.rules.load import builtin
from archiver.rules.rule import Ruleset

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def texts(*numbers):
    return [Source(f"d{at}", f"d{at}.txt", f"text {at}\n".encode()) for at in numbers]


def run(copy, *numbers, batch="run"):
    plain = Ruleset(builtin().rules[:1], builtin().engine)
    job = Job(copy.root, plain, "safe", NOW, batch, "test")
    *_, last = ingest(iter(texts(*numbers)), job)
    assert isinstance(last, Finished)
    return last.summary


def check(copy, number, versions, findings=()):
    archive = open_archive(copy.root)
    rows = Counter(id_ for table in archive.scan(["id"]) for id_ in table["id"].to_pylist())
    assert rows == Counter(f"d{at}" for at in range(number))
    assert archive.head().version == versions
    assert {item.code for item in validate(copy.root).findings} == set(findings)


def is_part(request):
    return request.method == "PUT" and "/parts/" in request.key


def is_entry(request):
    return request.method == "PUT" and "documents/_delta_log/" in request.key


def is_manifest(request):
    return request.method == "PUT" and request.key.endswith("/manifest-sha256.txt")


def is_tag_manifest(request):
    return request.method == "PUT" and request.key.endswith("/tagmanifest-sha256.txt")


@pytest.mark.parametrize(
    ("where", "fate", "left"),
    [
        (is_part, "dead", set()),
        (is_part, "dead after", {"W102"}),
        (is_entry, "dead", {"W102"}),
    ],
    ids=["before the parts", "before the answer for a part", "between parts and entry"],
)
def test_cut_before_the_entry(copies, proxy, where, fate, left):
    run(copies(), 0, 1, 2)
    proxy.rule = lambda request: fate if where(request) else "pass"
    with pytest.raises(RemoteError):
        run(copies(), *range(6), batch="cut")
    proxy.calm()
    check(copies(), 3, versions=1, findings=left)
    again = run(copies(), *range(6), batch="again")
    assert (again.added, again.unchanged) == (3, 3)
    recover(copies().root, name="aside", orphans=True, alone=True)
    check(copies(), 6, versions=2)


def test_cut_after_the_entry_before_its_answer(copies, proxy):
    run(copies(), 0, 1, 2)
    proxy.rule = lambda request: "dead after" if is_entry(request) else "pass"
    with pytest.raises(RemoteError):  # it cannot know: nothing is acknowledged
        run(copies(), *range(6), batch="cut")
    proxy.calm()
    check(copies(), 6, versions=2, findings={"W101"})  # it is there, and not sealed so far
    again = run(copies(), *range(6), batch="again")
    assert (again.added, again.unchanged, again.sealed) == (0, 6, True)
    check(copies(), 6, versions=2)


def test_an_answer_that_is_lost_is_settled_by_reading_back(copies, proxy):
    run(copies(), 0, 1, 2)
    lost = []

    def once(request):
        if is_entry(request) and not lost:
            lost.append(request)
            return "after"
        return "pass"

    proxy.rule = once
    done = run(copies(), *range(6), batch="cut")
    assert lost
    assert (done.added, done.version, done.sealed) == (3, 2, True)
    proxy.calm()
    check(copies(), 6, versions=2)


@pytest.mark.parametrize("where", [is_manifest, is_tag_manifest])
def test_cut_before_the_files_of_the_bag(copies, proxy, where):
    run(copies(), 0, 1, 2)
    proxy.rule = lambda request: "dead" if where(request) else "pass"
    done = run(copies(), *range(6), batch="cut")
    assert (done.added, done.version, done.sealed) == (3, 2, False)
    proxy.calm()
    check(copies(), 6, versions=2, findings={"W101"})
    assert recover(copies().root, name="aside").sealed
    check(copies(), 6, versions=2)


def test_cut_while_an_archive_is_made(copies, proxy):
    proxy.rule = lambda request: "dead" if is_entry(request) else "pass"
    with pytest.raises(RemoteError):
        run(copies(), 0, 1)
    proxy.calm()
    assert run(copies(), 0, 1).added == 2
    check(copies(), 2, versions=1)


def test_another_writer_is_first(copies):
    run(copies(), 0)
    slow, quick = copies(), copies()
    archive = open_archive(slow.root)
    assert run(quick, 0, 1, batch="quick").added == 1
    assert archive.head().version == 1
    # The slow one planned on version 1: it sees the other's as it takes the lock.
    assert run(slow, 0, 2, batch="slow").added == 1
    check(copies(), 3, versions=3)


@pytest.mark.parametrize("others", [(0, 3), (0, 1, 3)], ids=["other documents", "the same"])
def test_the_name_of_an_entry_is_taken_between_look_and_request(copies, proxy, others):
    run(copies(), 0)
    slow, quick = copies(), copies()
    met = []

    def first(request):
        if is_entry(request) and not met:
            met.append(request)
            run(quick, *others, batch="quick")
        return "pass"

    proxy.rule = first
    if 1 in others:  # its plan does not hold any more
        with pytest.raises(MovedOnError):
            run(slow, 0, 1, 2, batch="slow")
        assert run(slow, 0, 1, 2, batch="slow again").added == 1
    else:
        assert run(slow, 0, 1, 2, batch="slow").added == 2
    assert met
    recover(copies().root, name="aside", orphans=True, alone=True)
    check(copies(), 4, versions=3)


def test_a_service_that_ignores_conditions_is_refused(copies, proxy, store):
    def forget(request):  # then every condition holds, as if nobody asked for it
        if request.method == "PUT" and request.key.endswith(PROBE):
            store.delete([PROBE])
        return "pass"

    proxy.rule = forget
    with pytest.raises(RemoteError, match="ignores If-None-Match"):
        run(copies(), 0)
    assert not [request for request in proxy.requests if is_entry(request)]


def test_cut_in_mid_take_down(copies, proxy, store):
    run(copies(), 0, 1, 2)
    proxy.rule = lambda request: "dead" if "delete" in request.path else "pass"
    with pytest.raises(RemoteError):
        take_down(open_archive(copies().root), ["d1"], "asked to", World(NOW, "test", "down"))
    proxy.calm()
    before = store.list("data/documents/parts")
    copy = copies()
    assert finish_takedown(open_archive(copy.root), World(NOW, "test", "again"))
    assert len(store.list("data/documents/parts")) == len(before) - 1
    assert open_archive(copies().root).ids() == ["d0", "d2"]
    assert validate(copies().root).findings == ()


def test_a_network_that_goes_is_no_damage(copies, proxy):
    run(copies(), 0, 1, 2)
    copy = copies()
    proxy.rule = lambda request: "dead" if "/parts/" in request.path else "pass"
    with pytest.raises(RemoteError):
        validate(copy.root)
    with pytest.raises(RemoteError):
        list(open_archive(copy.root).scan())
    proxy.calm()
    assert [len(table) for table in open_archive(copy.root).scan()] == [3]
    assert validate(copy.root).findings == ()
