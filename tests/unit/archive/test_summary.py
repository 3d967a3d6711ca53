"""The summary of the log: a shorter way to the same entries, and never believed unproved."""

from __future__ import annotations

import json

import archive_support as support
import pytest

from archiver.archive.archive import open_archive
from archiver.archive.checks.validate import validate
from archiver.archive.log import summary
from archiver.archive.log.chain import replay
from archiver.archive.log.history import History, mentioning, total_counts
from archiver.archive.log.summary import CACHE, INTERVAL, decode, encode, summarised
from archiver.archive.rows.columns import TABLES
from archiver.digest import sha256


@pytest.fixture
def archive(tmp_path):
    return support.long_archive(tmp_path / "archive", INTERVAL + 3)


def summary_file(archive, table="documents"):
    (path,) = (archive.path / CACHE).glob(f"{table}-*.json")
    return path


def plain(entries):
    """Entries as they are without what the summary leaves out."""
    return encode(entries)


@pytest.mark.parametrize("table", TABLES)
def test_it_holds_what_the_log_holds(archive, table):
    found = summarised(archive.path, table, INTERVAL + 3)
    assert len(found) == INTERVAL + 1
    whole = replay(archive.path / TABLES[table])
    assert plain(found) == plain(whole[: len(found)])
    opened = open_archive(archive.path)
    assert opened.head() == archive.head()
    assert opened.versions().equals(archive.versions())
    assert [part for _, part in opened.parts()] == [part for _, part in archive.parts()]
    assert validate(archive.path).findings == ()


def test_entries_come_back_as_they_were(archive):
    entries = replay(archive.path / TABLES["documents"])
    assert encode(decode(encode(entries))) == encode(entries)


def test_old_lines_are_not_read_by_a_commit(archive, monkeypatch):
    """What a commit asks of old versions is found in the bytes of the summary."""
    read = []
    real = summary.read_line
    monkeypatch.setattr(
        summary, "read_line", lambda version, line: (read.append(version), real(version, line))[1]
    )
    opened = open_archive(archive.path)
    for number in range(3):
        support.commit(opened, [support.document(f"m{number}")], batch_id=f"m{number}")
    assert max(read) == INTERVAL  # its last, which the chain goes on from
    assert set(read) <= {0, 1, INTERVAL}  # the creation, for the date of croissant.json
    assert validate(archive.path).findings == ()


def test_words_are_found_in_old_lines_as_in_the_log(archive):
    whole = replay(archive.path / TABLES["documents"])
    lazy = open_archive(archive.path).entries()
    assert isinstance(lazy, History)
    assert plain(lazy) == plain(whole)
    for entry in whole:
        for word in (*entry.transactions, *(part.sha256 for part in entry.added)):
            assert entry.version in {found.version for found in mentioning(lazy, word)}
    assert total_counts(lazy) == total_counts(whole)
    assert [entry.version for entry in lazy[3:8]] == [3, 4, 5, 6, 7]
    assert lazy[-1].head == lazy[len(whole) - 1].head == archive.head()
    with pytest.raises(IndexError):
        lazy[len(whole)]


@pytest.mark.parametrize("word", ['a "quoted" one', "back\\slash", "Grüße", "tab\t"])
def test_a_word_is_found_however_json_writes_it(archive, word):
    support.commit(archive, [support.document("odd")], batch_id=word)
    for number in range(INTERVAL):
        support.commit(archive, [support.document(f"m{number}")], batch_id=f"m{number}")
    lazy = open_archive(archive.path).entries()
    assert isinstance(lazy, History)
    found = mentioning(History(lazy.old), word)
    assert [entry.version for entry in found if word in entry.transactions] == [INTERVAL + 4]


def test_old_entries_are_not_read_again(archive, monkeypatch):
    read = []
    real = summary.read_entry
    opened = open_archive(archive.path)  # which looks at the first and the newest
    monkeypatch.setattr(
        "archiver.archive.log.chain.read_entry", lambda t, v: (real(t, v), read.append(v))[0]
    )
    opened.entries()
    assert read == list(range(INTERVAL + 1, INTERVAL + 4))


def test_one_is_kept_and_it_is_named_on(archive):
    for number in range(INTERVAL):
        at = support.NOW
        support.commit(archive, [support.document(f"m{number}", at=at)], batch_id=f"m{number}")
    named = archive.entries()[-1].info["summary"]
    assert named["version"] == 2 * INTERVAL
    assert summary_file(archive).name == f"documents-{named['sha256']}.json"


@pytest.mark.parametrize("how", ["gone", "emptied", "flipped", "no JSON", "folder"])
def test_one_that_is_damaged_is_not_believed(archive, how):
    head, path = archive.head(), summary_file(archive)
    data = path.read_bytes()
    path.unlink()
    if how == "folder":
        path.mkdir()
    elif how != "gone":
        made = {"emptied": b"", "flipped": data[:-9] + b"x" + data[-8:], "no JSON": b"["}
        path.write_bytes(made[how])
    assert summarised(archive.path, "documents", INTERVAL + 3) == ()
    opened = open_archive(archive.path)
    assert opened.head() == head
    assert opened.latest(["id"]).num_rows == INTERVAL + 4
    codes = [item.code for item in validate(archive.path).findings]
    assert codes == ([] if how == "gone" else ["W111"])


def lie(archive, change):
    """A summary with another story, named by the newest entry as if a commit had made it."""
    rows = [json.loads(line) for line in summary_file(archive).read_bytes().splitlines()]
    change(rows)
    data = b"".join(summary._json(row) + b"\n" for row in rows)
    path = archive.path / CACHE / f"documents-{sha256(data)}.json"
    path.write_bytes(data)

    def rename(actions):
        actions[0]["commitInfo"]["archiver"]["summary"]["sha256"] = sha256(data)

    support.change_newest(archive, rename)


@pytest.mark.parametrize(
    "change",
    [
        lambda rows: rows[4][1]["counts"].update(added=7),
        lambda rows: rows[0]["counts"].update(added=7),
        lambda rows: rows[0]["fields"].update(takedown=[4], about=[2]),
    ],
)
def test_e123_one_that_lies_is_found(archive, change):
    lie(archive, change)
    (found,) = validate(archive.path).findings
    assert (found.code, found.layer) == ("E123", "chain")


@pytest.mark.parametrize(
    "change",
    [
        lambda rows: rows[4].append(1),
        lambda rows: rows[4].__setitem__(0, "no digest"),
        lambda rows: rows[4][2][0].__setitem__(0, "../../../etc/passwd"),
        lambda rows: rows[4][2][0].__setitem__(3, -1),
        lambda rows: rows[4].__setitem__(1, None),
        lambda rows: rows.__setitem__(4, None),
        lambda rows: rows.__setitem__(4, 10**400),
        lambda rows: rows.pop(),
        lambda rows: rows[0]["counts"].update(added=-1),
        lambda rows: rows.__setitem__(0, []),
        lambda rows: rows[0].update(counts=None),
        lambda rows: rows[0].pop("fields"),
        lambda rows: rows[0]["fields"].update(schema=[10**6]),
        lambda rows: rows[0]["fields"].update(about=[-1]),
    ],
)
def test_a_hostile_one_ends_at_the_log(archive, change):
    before = replay(archive.path / TABLES["documents"])
    lie(archive, change)
    opened = open_archive(archive.path).entries()
    assert [entry.sha256 for entry in opened[:-1]] == [entry.sha256 for entry in before[:-1]]
    assert [item.added for item in opened] == [item.added for item in before]
    assert [item.code for item in validate(archive.path).findings] == ["W111"]


def test_a_summary_of_another_branch_breaks_the_chain(archive):
    """The entry after a summary must name the last one in it."""
    lie(archive, lambda rows: rows[-1].__setitem__(0, "0" * 64))
    with pytest.raises(Exception, match="chain"):
        open_archive(archive.path).entries()
    assert "E123" in {item.code for item in validate(archive.path).findings}


def test_a_disk_that_refuses_it_costs_time_only(archive, monkeypatch):
    def refuse(*_):
        raise OSError(28, "full")

    monkeypatch.setattr(summary, "write_aside", refuse)
    for number in range(INTERVAL):
        support.commit(archive, [support.document(f"m{number}")], batch_id=f"m{number}")
    assert archive.entries()[-1].info["summary"]["version"] == INTERVAL
    assert validate(archive.path).findings == ()


def test_without_them_the_next_commits_make_new_ones(archive):
    summary.drop_summaries(archive.path)
    assert not list((archive.path / CACHE).glob("documents-*"))
    support.commit(archive, [support.document("m")], batch_id="m")
    assert archive.entries()[-1].info["summary"]["version"] == INTERVAL + 3
