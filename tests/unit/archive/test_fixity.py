"""The log of fixity checks: its chain, torn ends, hostile lines, what an event tells."""

import json
import os
import subprocess
import threading
from datetime import timedelta

import archive_support as support
import pyarrow.parquet as pq
import pytest
from archive_support import NOW, part_paths
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.archive.checks import coverage, fixity
from archiver.archive.checks.fixity import EVENTS, append_event, parse_event, read_log
from archiver.archive.checks.validate import Clock, Scope, validate
from archiver.archive.files.lock import locked
from archiver.digest import canonical_json, sha256

TOOL = "archiver test"


def at(days=0.0):
    return Clock(NOW + timedelta(days=days), lambda: 0.0)


def check(archive, days=0.0, **options):
    return validate(archive.path, clock=at(days), tool=TOOL, **options)


def lines(archive):
    return (archive.path / EVENTS).read_bytes().splitlines(keepends=True)


def codes(archive):
    return {item.code for item in validate(archive.path).findings}


def test_each_validation_adds_an_event(archive):
    first = check(archive)
    second = check(archive, 1, quick=True)
    assert first.findings == second.findings == ()
    assert (first.events, second.events) == (0, 1)
    log = read_log(archive.path)
    assert log.problems == ()
    assert log.torn == 0
    assert [event.id for event in log.events] == [first.event, second.event]
    body = log.events[0].body
    assert body["type"] == "fixity check"
    assert (body["outcome"], body["parts"], body["findings"]) == ("pass", "all", {})
    assert body["started_at"] == "2026-03-01T12:30:00.000000Z"
    assert body["head"] == str(archive.head())
    assert body["tool"] == TOOL
    assert body["counts"]["documents_checked"] == 4
    assert [event.body["scope"]["level"] for event in log.events] == ["full", "quick"]


def test_the_chain_is_the_digest_of_the_line_before_line_end_included(archive):
    for day in range(3):
        check(archive, day)
    written = lines(archive)
    assert [json.loads(line)["prev"] for line in written] == [
        None,
        sha256(written[0]),
        sha256(written[1]),
    ]
    for line in written:
        body = json.loads(line)
        claimed = body.pop("id")
        assert claimed == sha256(canonical_json(body))


def test_nothing_is_written_unless_asked(archive):
    before = sorted(archive.path.rglob("*"))
    validate(archive.path)
    validate(archive.path, clock=at())
    assert sorted(archive.path.rglob("*")) == before


def test_an_event_changes_nothing_of_the_bag(archive):
    from archiver.archive.bag import bag

    check(archive)
    before = (archive.path / bag.MANIFEST).read_bytes()
    bag.seal(archive.path)
    assert (archive.path / bag.MANIFEST).read_bytes() == before
    assert "fixity" not in (archive.path / bag.TAG_MANIFEST).read_text()
    assert codes(archive) == set()


def damage(path):
    """Flip a bit in the last page of the texts."""
    with pq.ParquetFile(path) as file:
        group = file.metadata.row_group(0)
        chunks = [group.column(number) for number in range(group.num_columns)]
    chunk = next(item for item in chunks if item.path_in_schema == "text")
    data = bytearray(path.read_bytes())
    data[chunk.data_page_offset + chunk.total_compressed_size - 2] ^= 1
    path.write_bytes(data)


def test_damage_is_told_by_parts_and_by_digests_of_ids(archive):
    path = part_paths(archive)[0]
    damage(path)
    report = check(archive)
    assert not report.is_sound
    body = read_log(archive.path).events[0].body
    assert body["outcome"] == "fail"
    assert body["findings"] == {item.code: 1 for item in report.findings}
    assert body["damaged"]["parts"] == [[path.stem, path.stem]]
    hit = sorted({name for item in report.findings for name in item.documents})
    assert hit
    assert body["damaged"]["document_sha256"] == [sha256(name.encode()) for name in hit]


def break_line(archive, number, change):
    written = lines(archive)
    written[number : number + 1] = change(written[number])
    (archive.path / EVENTS).write_bytes(b"".join(written))


def lie(line):
    """A line rewritten with its own digest in order."""
    body = json.loads(line)
    del body["id"]
    body["outcome"] = "fail"
    return [canonical_json({**body, "id": sha256(canonical_json(body))}) + b"\n"]


@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize(
    "change",
    [lie, lambda _: [], lambda line: [line, line], lambda _: [b"\n"], lambda _: [b"{}\n"]],
    ids=["rewritten", "dropped", "doubled", "emptied", "another"],
)
def test_a_broken_chain_is_found(archive, number, change):
    for day in range(3):
        check(archive, day)
    break_line(archive, number, change)
    report = validate(archive.path)
    assert {(item.code, item.layer, item.where) for item in report.findings} == {
        ("E118", "fixity", EVENTS)
    }
    assert not report.is_sound


def test_every_flipped_bit_of_the_log_is_found(archive):
    for day in range(2):
        check(archive, day)
    whole = (archive.path / EVENTS).read_bytes()
    for place in range(0, len(whole), 7):
        data = bytearray(whole)
        data[place] ^= 1 << (place % 8)
        (archive.path / EVENTS).write_bytes(data)
        log = read_log(archive.path)
        assert log.problems or log.torn, place


@pytest.mark.parametrize("kept", [1, 50, -1])
def test_a_torn_last_line_is_told_and_replaced(archive, kept):
    check(archive)
    check(archive, 1)
    first, second = lines(archive)
    (archive.path / EVENTS).write_bytes(first + second[:kept])
    report = check(archive, 2)
    assert [(item.code, item.where) for item in report.findings] == [("W105", EVENTS)]
    assert report.is_sound
    log = read_log(archive.path)
    assert (len(log.events), log.problems, log.torn) == (2, (), 0)
    assert codes(archive) == set()


def test_after_a_break_events_go_on_and_only_later_ones_are_trusted(archive):
    for day in range(3):
        check(archive, day)
    break_line(archive, 1, lie)
    assert read_log(archive.path).trusted == 0
    check(archive, 3)
    log = read_log(archive.path)
    assert (len(log.events), log.trusted) == (4, 1)
    assert len(log.problems) == 1


@pytest.mark.parametrize(
    "data",
    [
        b"[" * 200_000 + b"\n",
        b'{"id":' + b"9" * 6000 + b"}\n",
        b"\xff\xfe\n" * 100,
        b"\n" * 100_000,
        b"x" * (3 << 20),
        b'{"a":NaN,"id":"x"}\n',
        b'{"id":"\\ud800"}\n',
    ],
    ids=["deep", "number", "no-utf8", "empty-lines", "endless", "nan", "surrogate"],
)
def test_hostile_logs_end_with_findings(archive, data):
    (archive.path / "fixity").mkdir()
    (archive.path / EVENTS).write_bytes(data)
    report = check(archive)
    assert "E118" in {item.code for item in report.findings}
    assert len(report.findings) <= fixity.MAX_PROBLEMS + 2


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("started_at", "0001-01-01T00:00:00+23:59"),
        ("started_at", "2026-01-01T00:00:00"),
        ("outcome", "x" * 1000),
        ("head", "1:2"),
        ("counts", {"parts": 1 << 70}),
        ("counts", []),
        ("parts", [["a", "b"]]),
        ("parts", 7),
        ("scope", {"level": "none"}),
        ("findings", {"E101": -1}),
        ("tool", 5),
        ("prev", {}),
    ],
)
def test_events_with_values_that_would_harm_are_refused(archive, name, value):
    check(archive)
    body = json.loads(lines(archive)[0])
    del body["id"]
    body[name] = value
    with pytest.raises(ValueError, match=r"."):
        parse_event(canonical_json({**body, "id": sha256(canonical_json(body))}) + b"\n")


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_an_event_or_refused(data):
    with pytest.raises(ValueError, match=r"."):
        parse_event(data)


def test_a_sparse_giant_and_a_pipe_are_not_read(archive):
    (archive.path / "fixity").mkdir()
    path = archive.path / EVENTS
    with path.open("wb") as stream:
        stream.truncate(1 << 42)
    report = check(archive)
    assert {item.code for item in report.findings} == {"E118", "W105"}
    path.unlink()
    if hasattr(os, "mkfifo"):
        os.mkfifo(path)
        assert codes(archive) == {"E118"}


def test_a_link_is_not_followed_when_writing(archive, tmp_path):
    victim = tmp_path / "victim.txt"
    victim.write_text("mine\n")
    (archive.path / "fixity").mkdir()
    (archive.path / EVENTS).symlink_to(victim)
    report = check(archive)
    assert "W105" in {item.code for item in report.findings}
    assert victim.read_text() == "mine\n"


def test_where_no_event_can_be_written_the_check_is_still_done(archive):
    (archive.path / "fixity").write_text("a file, not a folder")
    report = check(archive)
    assert report.is_sound
    assert report.event is None
    (finding,) = report.findings
    assert (finding.code, finding.layer) == ("W105", "fixity")
    assert "in the way" in finding.message
    assert report.checked.documents == 4


def test_a_read_only_disk_is_validated_all_the_same(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(disk)]
    try:
        done = subprocess.run(mount, capture_output=True, check=False)
    except OSError as problem:
        pytest.skip(f"cannot mount: {problem}")
    if done.returncode:
        pytest.skip(f"cannot mount a small disk here: {done.stderr.decode().strip()}")
    try:
        archive = support.small_archive(disk / "archive")
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        report = check(archive, scope=Scope(max_age=timedelta(days=1)))
        assert [item.code for item in report.findings] == ["W105"]
        assert "read-only" in report.findings[0].message
        assert report.coverage.checked == 3
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_commit_under_way_is_waited_for_but_not_for_ever(archive, monkeypatch):
    monkeypatch.setattr("archiver.archive.checks.validate.LOCK_SECONDS", 0.2)
    with locked(archive.path, 0):
        report = check(archive)
    assert [item.code for item in report.findings] == ["W105"]
    assert "another process" in report.findings[0].message
    assert check(archive).event is not None


def test_many_at_once_make_one_chain(archive):
    def run():
        for _ in range(5):
            append_event(archive.path, body, lock_timeout=30)

    check(archive)
    body = {
        name: value
        for name, value in read_log(archive.path).events[0].body.items()
        if name not in ("id", "prev")
    }
    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    log = read_log(archive.path)
    assert (len(log.events), log.problems, log.torn) == (21, (), 0)


def test_a_full_log_says_what_to_do(archive, monkeypatch):
    check(archive)
    monkeypatch.setattr(fixity, "MAX_LOG_BYTES", 1000)
    report = check(archive)
    assert {item.code for item in report.findings} == {"W105"}
    assert "too large" in report.findings[0].message
    (archive.path / EVENTS).rename(archive.path / "fixity/events-1.jsonl")
    assert check(archive).event is not None


def test_an_event_stays_small_however_many_parts(monkeypatch):
    known = [sha256(str(number).encode()) for number in range(20_000)]
    known.sort()
    odd = set(known[::2])
    assert len(coverage._damaged_ranges(odd, known)) == coverage.MAX_DAMAGED_RANGES
    first, last = coverage._damaged_ranges(odd, known)[-1]
    assert first in odd
    assert last == known[-2]
    assert list(coverage.joined(set(known), known)) == [(known[0], known[-1])]


@given(st.sets(st.integers(0, 30)), st.sets(st.integers(0, 30)))
def test_ranges_hold_what_is_wanted_and_nothing_else(known, wanted):
    names = [f"{number:064x}" for number in sorted(known)]
    inside = {f"{number:064x}" for number in known & wanted}
    ranges = list(coverage.joined(inside, names))
    back = {name for name in names if any(first <= name <= last for first, last in ranges)}
    assert back == inside
