"""What changed between two versions, and why."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta

import archive_support as support
import pytest
from archive_support import document

from archiver.archive.versions.changes import Change, FieldChange, LineChange, compare
from archiver.archive.versions.diff import diff_versions
from archiver.errors import DamageError, InputError


def commit(archive, row, number):
    at = support.NOW + timedelta(hours=number)
    support.commit(archive, [row | {"ingested_at": at}], batch_id=f"more-{number}", at=at)


def only_change(archive):
    newest = archive.head().version
    (change,) = diff_versions(archive, newest - 1)
    return change


def test_added_and_revised(archive):
    found = {change.id: change for change in diff_versions(archive, 1, 2)}
    assert found.keys() == {"b", "c"}
    assert found["c"] == Change("c", None, 1)
    assert found["c"].is_new
    assert (found["b"].before, found["b"].revision) == (1, 2)
    assert found["b"].reasons == ("bytes",)
    assert found["b"].lines == (LineChange("-", "Beta.", None), LineChange("+", "Beta two.", None))


def test_from_the_start_all_is_new_in_its_newest_revision(archive):
    found = sorted((change.id, change.revision) for change in diff_versions(archive, 0))
    assert found == [("a", 1), ("b", 2), ("c", 1)]


def test_a_version_with_itself_and_one_document_only(archive):
    assert list(diff_versions(archive, 2, 2)) == []
    assert [change.id for change in diff_versions(archive, 1, only="b")] == ["b"]
    assert list(diff_versions(archive, 1, only="a")) == []


def test_the_older_version_comes_first(archive):
    with pytest.raises(InputError, match="newer"):
        list(diff_versions(archive, 2, 1))
    with pytest.raises(InputError, match="no version 9"):
        list(diff_versions(archive, 0, 9))


def test_new_provenance(archive):
    before = archive.record("a")
    commit(archive, before | {"revision": 2, "title": "T", "source_sha256": "0" * 64}, 5)
    change = only_change(archive)
    assert change.reasons == ("provenance",)
    assert change.fields == (FieldChange("title", None, "T"),)
    assert change.lines == ()


def test_new_rules_tell_which_one_took_a_line_and_which_gave_one_back(archive):
    before = archive.record("a")
    text = "play_arrow\nAlpha"
    row = document("a", text, revision=2) | {
        name: before[name] for name in ("raw_sha256", "source_sha256")
    }
    edit = {"start": 16, "end": 18, "before": ".\n", "after": "", "rule": "t.end", "score": None}
    row |= {"edits": [edit], "dropped": [{"rule": "t.end", "count": 1}], "ruleset": "1" * 64}
    commit(archive, row, 5)
    change = only_change(archive)
    assert change.reasons == ("ruleset",)
    assert change.rules == {"t.cut": (1, 0), "t.end": (0, 1)}
    assert LineChange("+", "play_arrow", "t.cut") in change.lines
    assert LineChange("-", "Alpha.", None) in change.lines  # changed within: no rule took it


def test_a_rule_that_takes_a_line(archive):
    old = document("d", "Ad.\nProse.\n")
    new = document("d", "Prose.\n", cut="Ad.\n", revision=2, profile="strict")
    change = compare(old, new)
    assert change.reasons == ("profile",)
    assert change.lines == (LineChange("-", "Ad.", "t.cut"),)


def test_an_encoding_that_is_declared_otherwise_is_provenance():
    old = document("d")
    new = document("d", revision=2, source_sha256="0" * 64)
    assert compare(old, new).reasons == ("provenance",)
    assert compare(old, document("d", revision=2, newline="crlf")).reasons == ("reading",)
    assert compare(old, document("d", revision=2, tool_version="x")).reasons == ("tool",)


def test_changes_over_many_parts_come_in_the_order_of_the_archive(tmp_path):
    archive = support.long_archive(tmp_path / "archive", 12)
    found = list(diff_versions(archive, 3, 9))
    assert [change.id for change in found] == [f"d{n:03d}" for n in range(4, 10)] + ["z"]
    assert (found[-1].before, found[-1].revision) == (3, 9)


def test_texts_of_many_lines_do_not_take_for_ever():
    old = "".join(f"line {number % 7} {number}\n" for number in range(60_000))
    new = "".join(f"line {number % 5} {number}\n" for number in range(60_000))
    begun = time.process_time()
    change = compare(document("d", old), document("d", new, revision=2))
    assert time.process_time() - begun < 100, "time grows faster than the size"
    marks = {line.mark for line in change.lines}
    assert marks == {"-", "+"}


def test_damage_is_not_passed_over(archive):
    path = support.part_paths(archive)[1]
    data = bytearray(path.read_bytes())
    data[-20] ^= 1
    path.write_bytes(data)
    with pytest.raises(DamageError):
        list(diff_versions(archive, 0))


def test_changes_are_values(archive):
    change = next(diff_versions(archive, 0))
    assert replace(change, revision=9) != change
