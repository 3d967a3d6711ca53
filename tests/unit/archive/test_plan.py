"""What a validation checks when: ages, durations, shares, and two weeks of nights."""

import random
from datetime import timedelta
from types import SimpleNamespace

import archive_support as support
import pytest
from archive_support import NOW, part_paths

from archiver.archive.archive import create_archive, open_archive
from archiver.archive.checks.fixity import EVENTS, read_log
from archiver.archive.checks.validate import Clock, Scope, validate

TOOL = "archiver test"
DAY = timedelta(days=1)


def wide_archive(path, parts=60):
    """One version of so many parts, and one of quarantine."""
    archive = create_archive(path, NOW, tool=TOOL)
    batches = [
        support.records_from_rows([support.document(f"d{number:03d}", f"Text {number}.\n" * 40)])
        for number in range(parts)
    ]
    support.commit(archive, rejects=[support.rejected("x")], batches=batches, batch_id="run-1")
    return open_archive(archive.path)


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """An archive of eight parts that tests of this module share: only their log grows."""
    return wide_archive(tmp_path_factory.mktemp("plan") / "archive", 7)


@pytest.fixture
def shared(kept):
    (kept.path / EVENTS).unlink(missing_ok=True)
    return kept


def run(archive, at, *, minutes_a_part=1, quick=False, **scope):
    """A validation at a moment, in which each part takes so long."""
    spent = SimpleNamespace(seconds=0.0)

    def progress(_done, _total):
        spent.seconds += 60 * minutes_a_part

    return validate(
        archive.path,
        clock=Clock(at, lambda: spent.seconds),
        tool=TOOL,
        scope=Scope(**scope),
        progress=progress,
        quick=quick,
    )


def checked(archive, event):
    """The parts that an event says it checked."""
    names = sorted(
        path.stem for table in ("documents", "quarantine") for path in part_paths(archive, table)
    )
    if event.checked is None:
        return set(names)
    return {name for name in names if any(a <= name <= b for a, b in event.checked)}


def newest(archive):
    return checked(archive, read_log(archive.path).events[-1])


def flip(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 3] ^= 1
    path.write_bytes(data)


def test_two_weeks_of_nights(tmp_path):
    """Every part is checked within its age; damage is found when due, and then every night."""
    archive = wide_archive(tmp_path / "archive")
    chance = random.Random(7)  # noqa: S311 -- the same nights each time
    age, night_takes = 7 * DAY, timedelta(minutes=12)
    last, found_at = {}, {}
    hurt = part_paths(archive)[31]
    sound = hurt.read_bytes()
    for night in range(21):
        at = NOW + night * DAY + timedelta(minutes=chance.uniform(0, 45))
        if night == 5:
            assert hurt.stem in last
            flip(hurt)
        if night == 16:
            hurt.write_bytes(sound)
        report = run(archive, at, max_age=age, max_duration=night_takes)
        seen = newest(archive)
        last.update(dict.fromkeys(seen, at))
        if night >= 6:
            assert len(last) == 61
            assert min(last.values()) > at - age
            assert report.coverage.oldest_seconds <= age.total_seconds()
            # A damaged part takes the place of another, whose turn is a night later.
            assert report.coverage.is_complete or found_at or not report.is_sound
        assert len(seen) <= 12
        if not report.is_sound:
            found_at[night] = (last[hurt.stem], {item.where for item in report.findings})
        elif 5 <= night < 16:
            assert hurt.stem not in seen
    nights = sorted(found_at)
    assert nights == list(range(nights[0], 16))  # found once, then every night until mended
    assert nights[0] <= 7 + 5
    assert all(hurt.name in " ".join(places) for _, places in found_at.values())
    events = read_log(archive.path).events  # some of notes on the way: the night's last one counts
    outcomes = [*{event.started_at: event.body["outcome"] for event in events}.values()]
    assert len(outcomes) == 21
    assert outcomes[:5] == ["partial"] * 5
    assert set(outcomes[6 : nights[0]]) == {"pass"}
    assert set(outcomes[nights[0] : 16]) == {"fail"}
    assert "fail" not in outcomes[16:]


def test_a_run_that_is_out_of_time_says_so_and_the_next_goes_on(shared):
    first = run(shared, NOW, max_duration=timedelta(minutes=3))
    assert [(item.code, item.layer) for item in first.findings] == [("W104", "files")]
    assert first.is_sound
    assert (first.coverage.checked, first.coverage.due, first.coverage.parts) == (3, 8, 8)
    assert not first.coverage.is_complete
    seen = newest(shared)
    for number, more in ((1, 3), (2, 2)):
        run(shared, NOW + number * DAY, max_duration=timedelta(minutes=3))
        assert len(newest(shared) - seen) == more
        seen |= newest(shared)
    assert len(seen) == 8


def test_one_part_is_checked_however_short_the_time(shared):
    report = run(shared, NOW, max_duration=timedelta(seconds=1))
    assert report.coverage.checked == 1


def test_only_what_is_too_old_is_checked(shared):
    assert run(shared, NOW, max_age=30 * DAY).coverage.checked == 8
    report = run(shared, NOW + 10 * DAY, max_age=30 * DAY)
    assert (report.coverage.due, report.coverage.checked) == (0, 0)
    assert report.findings == ()
    assert read_log(shared.path).events[-1].body["parts"] == []
    assert run(shared, NOW + 30 * DAY, max_age=30 * DAY).coverage.checked == 8


def test_a_part_that_would_be_too_old_at_the_next_run_is_due(shared):
    run(shared, NOW, max_age=30 * DAY)
    assert run(shared, NOW + 7 * DAY, max_age=30 * DAY).coverage.due == 0
    assert run(shared, NOW + 14 * DAY, max_age=30 * DAY).coverage.due == 0
    assert run(shared, NOW + 21 * DAY, max_age=30 * DAY).coverage.due == 0
    assert run(shared, NOW + 28 * DAY, max_age=30 * DAY).coverage.due == 8


def test_a_quick_check_does_not_stand_for_a_full_one(shared):
    run(shared, NOW, quick=True)
    assert run(shared, NOW + DAY, max_age=9 * DAY, quick=True).coverage.due == 0
    assert run(shared, NOW + DAY, max_age=9 * DAY).coverage.due == 8
    assert run(shared, NOW + 2 * DAY, max_age=9 * DAY, quick=True).coverage.due == 0


@pytest.mark.parametrize("shares", [1, 3, 9])
def test_shares_cover_every_part_once(shared, shares):
    seen = []
    for number in range(1, shares + 1):
        run(shared, NOW, subset=(number, shares), quick=True)
        seen += newest(shared)
    assert sorted(seen) == sorted(set(seen))
    assert len(seen) == 8


def test_a_share_is_the_same_each_time(shared):
    run(shared, NOW, subset=(2, 3), quick=True)
    once = newest(shared)
    run(shared, NOW + DAY, subset=(2, 3), quick=True)
    assert newest(shared) == once != set()


def test_missing_and_truncated_parts_are_found_though_not_due(tmp_path):
    archive = wide_archive(tmp_path / "archive", 4)
    run(archive, NOW, max_age=30 * DAY)
    gone, short, *_ = part_paths(archive)
    gone.unlink()
    short.write_bytes(short.read_bytes()[:-10])
    report = run(archive, NOW + DAY, max_age=30 * DAY)
    assert {item.code for item in report.findings if gone.name in item.where} == {"E106"}
    assert "E107" in {item.code for item in report.findings if short.name in item.where}
    late = run(archive, NOW + DAY, subset=(1, 1), max_duration=timedelta(seconds=1))
    assert {gone.name, short.name} <= {item.where.rpartition("/")[2] for item in late.findings}


def test_damaged_and_unchecked_parts_take_turns(tmp_path):
    """Damage that nobody repairs must not keep the rest from being checked."""
    archive = wide_archive(tmp_path / "archive", 7)
    for path in part_paths(archive)[:4]:
        flip(path)
    seen = set()
    for night in range(8):
        run(archive, NOW + night * DAY, max_age=7 * DAY, max_duration=timedelta(minutes=2))
        seen |= newest(archive)
    assert len(seen) == 8


def test_a_check_that_is_interrupted_is_noted_as_far_as_it_came(shared):
    calls = []

    def interrupt(_done, _total):
        calls.append(1)
        if len(calls) == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        validate(shared.path, clock=Clock(NOW, lambda: 0.0), tool=TOOL, progress=interrupt)
    (event,) = read_log(shared.path).events
    assert event.body["outcome"] == "partial"
    assert event.body["counts"]["parts_checked"] == 3
    assert run(shared, NOW + DAY, max_age=9 * DAY).coverage.due == 5


def test_a_long_check_notes_how_far_it_came(shared):
    """So that one that is killed goes on from there."""
    report = run(shared, NOW, minutes_a_part=4)
    events = read_log(shared.path).events
    reached = [event.body["counts"]["parts_checked"] for event in events]
    assert reached == [3, 6, 8]
    assert [event.body["outcome"] for event in events] == ["partial", "partial", "pass"]
    assert events[-1].id == report.event


def test_parts_that_come_later_are_due(tmp_path):
    archive = wide_archive(tmp_path / "archive", 3)
    run(archive, NOW, max_age=30 * DAY)
    support.commit(archive, [support.document("new")], batch_id="run-2", at=NOW + DAY)
    report = run(archive, NOW + 2 * DAY, max_age=30 * DAY)
    assert report.coverage.checked == 1
    assert newest(archive) == {part_paths(open_archive(archive.path))[-1].stem}


def test_checks_of_another_history_and_of_the_future_do_not_count(tmp_path):
    """A copy restored from before, and a clock that was wrong."""
    ours = wide_archive(tmp_path / "ours", 3)
    run(ours, NOW + 1000 * DAY)
    assert run(ours, NOW, max_age=30 * DAY).coverage.due == 4
    other = wide_archive(tmp_path / "other", 2)
    (other.path / "fixity").mkdir()
    (other.path / EVENTS).write_bytes((ours.path / EVENTS).read_bytes())
    assert run(other, NOW + DAY, max_age=30 * DAY).coverage.due == 3


def test_a_rewritten_log_gives_no_part_a_rest(shared):
    run(shared, NOW, max_age=30 * DAY)
    run(shared, NOW + DAY, max_age=30 * DAY)
    path = shared.path / EVENTS
    path.write_bytes(path.read_bytes().replace(b'"parts":"all"', b'"parts":"alL"', 1))
    assert run(shared, NOW + 2 * DAY, max_age=30 * DAY).coverage.due == 8


def test_no_part_counts_as_checked_where_the_log_of_the_archive_is_broken(archive):
    support.entry_path(archive, 1).unlink()
    assert not run(archive, NOW).is_sound
    assert read_log(archive.path).events[0].body["parts"] == []


def test_pieces_of_a_large_source_are_checked_together(tmp_path):
    archive = create_archive(tmp_path / "archive", NOW, tool=TOOL)
    whole = bytes(range(256)) * 60_000
    pieces = [whole[: len(whole) // 2], whole[len(whole) // 2 :]]
    rows = [
        support.rejected("big", piece, chunk=at, chunks=2, whole=whole)
        for at, piece in enumerate(pieces)
    ]
    from archiver.archive.write.writer import Writer

    with Writer(archive, batch_id="b", ingested_at=NOW, tool=TOOL, part_bytes=0) as writer:
        for row in rows:
            writer.stage_quarantine(support.quarantine_from_rows([row]))
            writer._flush()
        writer.commit(
            ruleset_digest=support.RULESET_DIGEST,
            ruleset_json=support.RULESET,
            profile="standard",
            index_sha256=None,
            counts={},
        )
    assert len(part_paths(open_archive(archive.path), "quarantine")) == 2
    report = run(archive, NOW, max_duration=timedelta(seconds=1))
    assert report.findings == ()
    assert report.coverage.checked == 2
    for number in (1, 2):
        assert run(archive, NOW, subset=(number, 2)).findings == ()


@pytest.mark.parametrize(
    "options",
    [
        {"quick": True, "replay": True},
        {"tool": TOOL},
        {"scope": Scope(max_age=DAY)},
        {"scope": Scope(max_duration=DAY)},
    ],
)
def test_options_that_do_not_go_together(shared, options):
    with pytest.raises(ValueError, match=r"."):
        validate(shared.path, **options)


@pytest.mark.slow
def test_planning_stays_quick_with_many_parts_and_events():
    """100,000 parts and ten years of nights: a few seconds, most of it reading the log."""
    import time

    from archiver.archive.checks.fixity import Event, FixityLog
    from archiver.archive.checks.plan import choose, remember
    from archiver.archive.log.entry import Entry, Part, part_path
    from archiver.digest import sha256

    names = [sha256(str(number).encode()) for number in range(100_000)]
    parts = [
        ("documents", number % 1000, Part(part_path(name), name, "0" * 64, 1, 1))
        for number, name in enumerate(names)
    ]
    entries = {
        "documents": [
            Entry(number, sha256(b"%d" % number), {"quarantine": None}, added, (), ())
            for number, added in enumerate(
                tuple(part for _, _, part in parts[number::1000]) for number in range(1000)
            )
        ]
    }
    names.sort()
    events = []
    for night in range(3650):
        start = night * 14_000 % 100_000
        body = {"type": "fixity check", "scope": {"max_age_seconds": 1}, "id": ""}
        head = entries["documents"][min(999, night // 3)].head
        span = ((names[start], names[min(start + 14_000, 99_999)]),)
        events.append(Event(body, NOW + night * DAY, 1, head, span, ()))
    log = FixityLog(tuple(events), (), 0, len(events))
    began = time.process_time()
    now = NOW + 3650 * DAY
    history = remember(parts, entries, log, level=1, now=now)
    due = choose(parts, history, Scope(max_age=7 * DAY), now=now, interval=DAY)
    assert len(history.checked) == 100_000
    assert 0 < len(due) < 60_000
    assert time.process_time() - began < 100, "time grows faster than the size"
