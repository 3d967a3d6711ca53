"""Readers in the middle of an archive while another process takes a document down from it."""

import shutil
import subprocess
import sys
from datetime import timedelta
from itertools import chain
from pathlib import Path

import archive_support as support
import pytest
from archive_support import document, part_paths, rejected

from archiver.archive.archive import create_archive, open_archive
from archiver.archive.mend.salvage import salvage
from archiver.archive.takedown.take_down import World
from archiver.archive.takedown.take_down import take_down as carry_out
from archiver.archive.versions.diff import diff_versions
from archiver.archive.versions.export import Selection, selected
from archiver.errors import DamageError, InputError

PROGRAM = Path(support.__file__).with_name("takedown_process.py")


def take_down(path, *ids):
    """As another process does it: with a handle of its own."""
    world = World(support.NOW + timedelta(days=9), support.TOOL, f"case {ids}")
    carry_out(open_archive(path), ids, "case 7", world)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Version n has ``dn``, revision n of ``z``, and ``jane`` where n is 2 or 3; 5 of them."""
    path = tmp_path_factory.mktemp("snapshot") / "archive"
    made = create_archive(path, support.NOW, tool=support.TOOL)
    for number in range(1, 6):
        at = support.NOW + timedelta(hours=number)
        rows = [document(f"d{number}", f"Text {number}.\n", at=at)]
        rows += [document("z", f"State {number}.\n", revision=number, at=at)]
        if number in {2, 3}:
            rows.insert(0, document("jane", f"Jane {number}.\n", revision=number - 1, at=at))
        rejects = [rejected(f"r{number}", f"r {number}".encode(), at=at)]
        if number == 4:
            rejects.insert(0, rejected("jane", b"Jane again", at=at))
        support.commit(made, rows, rejects, batch_id=f"run-{number}", at=at)
    return path


@pytest.fixture
def archive(made, tmp_path):
    shutil.copytree(made, tmp_path / "archive")
    return open_archive(tmp_path / "archive")


def ids(tables):
    return [id_ for table in tables for id_ in table["id"].to_pylist()]


OTHERS = ["d1", "z", "d2", "z", "d3", "z", "d4", "z", "d5", "z"]


@pytest.mark.parametrize("before", range(6))
def test_a_scan_goes_on_with_what_is_left(archive, before):
    """Parts given before hold her still; of those after the rows are all there, less hers."""
    tables = archive.scan(["id", "text"])
    first = [next(tables) for _ in range(before)]
    take_down(archive.path, "jane")
    found = ids(chain(first, tables))
    assert [id_ for id_ in found if id_ != "jane"] == OTHERS
    assert found.count("jane") == max(0, min(before - 1, 2))


def test_with_a_process_of_its_own(archive):
    tables = archive.scan(["id"])
    first = [next(tables)]
    subprocess.run([sys.executable, PROGRAM, archive.path, "never", "jane"], check=True)
    assert ids(chain(first, tables)) == OTHERS


@pytest.mark.parametrize("before", range(6))
def test_the_newest_rows_go_on_with_what_is_left(archive, before):
    tables = archive.newest(["id", "revision", "text"])
    first = [next(tables) for _ in range(min(before, 5))]
    take_down(archive.path, "jane", "d4")
    rows = [row for table in chain(first, tables) for row in table.to_pylist()]
    kept = [row for row in rows if row["id"] not in {"jane", "d4"}]
    assert [row["id"] for row in kept] == ["d1", "d2", "d3", "d5", "z"]
    assert [row["text"] for row in kept] == [*(f"Text {n}.\n" for n in (1, 2, 3, 5)), "State 5.\n"]
    assert ("jane" in ids(first)) == (before >= 3)


def test_one_take_down_after_another(archive):
    tables = archive.scan(["id"])
    first = [next(tables)]
    take_down(archive.path, "jane")
    second = [next(tables)]
    take_down(archive.path, "d3")
    take_down(archive.path, "z", "d5")
    assert ids(first + second) == ["d1", "z", "d2", "z"]
    assert ids(tables) == ["d4"]  # of two parts nothing is left, and no empty table is given


def test_differences_go_on_with_what_is_left(archive):
    """Each change is told once, whichever parts went meanwhile."""
    changes = diff_versions(archive, 1)
    first = next(changes)
    take_down(archive.path, "jane", "d4")
    found = [first, *changes]
    assert [change.id for change in found] == ["d2", "d3", "d5", "z"]
    assert (found[-1].before, found[-1].revision) == (1, 5)


class Between:
    """Takes a document down at the first look that the reader takes at a part."""

    def __init__(self, monkeypatch, path, *ids):
        self.done = False
        for module in ("parts", "find"):
            name = f"archiver.archive.read.{module}.open_part"
            monkeypatch.setattr(name, self.wrap(path, ids, vars(sys.modules[name[:-10]])))

    def wrap(self, path, ids, names):
        real = names["open_part"]

        def look(part, footer):
            if not self.done:
                self.done = True
                take_down(path, *ids)
            return real(part, footer)

        return look


READS = {
    "latest": lambda archive: ids([archive.latest()]),
    "older": lambda archive: ids([archive.at(5, ["id"])]),
    "newest": lambda archive: ids(archive.newest(["id"])),
    "scan": lambda archive: sorted(set(ids(archive.scan()))),
    "ids": lambda archive: archive.ids(),
    "paths": lambda archive: list(archive.paths()),
    "all": lambda archive: sorted(set(ids(selected(archive, Selection(), None)))),
}


@pytest.mark.parametrize("read", READS)
def test_a_read_that_a_take_down_comes_into_is_whole(archive, monkeypatch, read):
    between = Between(monkeypatch, archive.path, "jane")
    found = READS[read](archive)
    assert between.done
    assert sorted(found) == ["d1", "d2", "d3", "d4", "d5", "z"]


def test_one_document_while_another_of_its_part_goes(archive, monkeypatch):
    Between(monkeypatch, archive.path, "jane")
    assert archive.record("d2")["text"] == "Text 2.\n"
    assert archive.history("z")["text"].to_pylist() == [f"State {n}.\n" for n in range(1, 6)]


def test_a_document_that_goes_while_it_is_looked_for(archive, monkeypatch):
    Between(monkeypatch, archive.path, "jane")
    assert archive.record("jane") is None
    assert archive.history("jane").num_rows == 0
    assert archive.damaged_parts() == []


def test_quarantine_while_a_source_goes(archive):
    key = next(key for key in archive.quarantined_keys() if key[0] == "r4")
    hers = next(key for key in archive.quarantined_keys() if key[0] == "jane")
    quarantine = archive.snapshot("quarantine")
    take_down(archive.path, "jane")
    assert ids(quarantine.scan(["id"])) == ["r1", "r2", "r3", "r4", "r5"]
    assert b"".join(archive.quarantined_bytes(key)) == b"r 4"
    with pytest.raises(InputError, match="not here"):
        b"".join(archive.quarantined_bytes(hers))


def test_what_is_sound_is_read_on(archive):
    """``--skip-damaged`` calls no part damaged that was taken down meanwhile."""
    found = []
    tables = salvage(archive, None, found.append)
    first = next(tables)
    take_down(archive.path, "jane")
    rest = ids(chain([first], tables))
    assert rest == OTHERS
    assert found == []


@pytest.mark.parametrize("read", READS)
@pytest.mark.parametrize("harm", ["gone", "other"])
def test_damage_stays_damage(archive, read, harm):
    """Also where a take-down removes parts that were on the reader's list."""
    take_down(archive.path, "jane")
    path = part_paths(archive)[4]
    if harm == "gone":
        path.unlink()
    else:
        data = path.read_bytes()
        path.write_bytes(data[:100] + bytes(len(data) - 100))
    if read == "paths":
        assert archive.damaged_parts() == [path]
        return
    with pytest.raises(DamageError, match=path.name):
        READS[read](archive)


def test_damage_beside_a_take_down_stays_damage(archive):
    tables = archive.scan(["id"])
    first = [next(tables)]
    part_paths(archive)[4].unlink()
    with pytest.raises(DamageError):
        take_down(archive.path, "jane", "d5")  # it must read that part
    take_down(archive.path, "jane")
    found = first + [next(tables) for _ in range(3)]
    assert ids(found) == OTHERS[:-2]
    with pytest.raises(DamageError):
        next(tables)
