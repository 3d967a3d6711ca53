"""Damaged and missing files come back from a second copy, and nothing else changes."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import archive_support as support
import pytest
from archive_support import entry_path, part_paths, where
from damage_support import layer_of

from archiver.archive.archive import Archive, open_archive
from archiver.archive.checks.validate import validate
from archiver.archive.files import staging
from archiver.archive.files.lock import locked
from archiver.archive.mend.repair import repair
from archiver.archive.takedown.take_down import World, take_down
from archiver.errors import InputError, LockedError, NoArchiveError

NOW = support.NOW


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """Eleven versions and a checkpoint."""
    return support.long_archive(tmp_path_factory.mktemp("repair") / "archive", 11).path


@pytest.fixture
def pair(sound, tmp_path):
    """An archive and a copy of it."""
    for name in ("archive", "copy"):
        shutil.copytree(sound, tmp_path / name)
    return tmp_path / "archive", tmp_path / "copy"


def state(root):
    """Path -> bytes and moment of all that is not beside the archive."""
    return {
        path.relative_to(root).as_posix(): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in sorted(root.rglob("*"))
        if path.is_file() and not path.relative_to(root).parts[0].startswith(".")
    }


def contents(root):
    return {path: data for path, (data, _) in state(root).items()}


def files(root):
    return [path.relative_to(root).as_posix() for path in sorted(root.rglob("*")) if path.is_file()]


def damage(path, how):
    data = bytearray(path.read_bytes())
    if how == "flipped":
        data[len(data) // 2] ^= 4
        path.write_bytes(data)
    elif how == "emptied":
        path.write_bytes(b"")
    elif how == "deleted":
        path.unlink()
    elif how == "folder":
        path.unlink()
        path.mkdir()
    else:
        raise AssertionError(how)


@pytest.mark.parametrize("how", ["flipped", "emptied", "deleted", "folder"])
def test_one_file_of_each_kind_comes_back(pair, how):
    root, copy = pair
    before, untouched = contents(root), state(copy)
    one_of_each = {layer_of(name): name for name in files(root) if name.startswith("data/")}
    assert len(one_of_each) == 7
    for name in one_of_each.values():
        damage(root / name, how)
    done = repair(root, copy, moment=NOW)
    assert done.findings == ()
    assert done.sealed
    assert contents(root) == before
    assert state(copy) == untouched
    assert validate(root).findings == ()
    kept = [item.damaged for item in done.taken if item.damaged]
    assert len(kept) == (0 if how == "deleted" else len(done.taken))
    for name in kept:
        assert name.startswith(".damaged/20260301T123000Z/data/")
        assert (root / name).exists()


@pytest.mark.parametrize("how", ["flipped", "emptied", "deleted", "folder"])
def test_tag_files_are_written_anew(pair, how):
    root, copy = pair
    before = contents(root)
    for name in [name for name in before if "/" not in name]:
        damage(root / name, how)
    ruleset = next((root / "data/rulesets").iterdir())
    damage(ruleset, how)  # its name still promises the rules in it
    done = repair(root, copy, moment=NOW)
    assert done.findings == ()
    assert contents(root) == before
    # Without manifests nobody knows whether the others were damaged: some stay in their place.
    assert len(done.aside) >= (0 if how == "deleted" else 2)


@pytest.mark.parametrize("how", ["flipped", "deleted"])
def test_each_log_entry_comes_back(pair, how):
    root, copy = pair
    before = contents(root)
    for version in (0, 1, 5, 10, 11):
        for table in ("documents", "quarantine"):
            path = entry_path(Archive(root), version, table)
            damage(path, how)
            done = repair(root, copy, moment=NOW)
            assert [item.path for item in done.taken] == [path.relative_to(root).as_posix()]
            assert done.is_sound
            assert contents(root) == before


def test_the_whole_log_comes_back_by_the_manifest(pair):
    root, copy = pair
    before = contents(root)
    for table in ("documents", "quarantine"):
        shutil.rmtree(root / "data" / table)
    assert repair(root, copy, moment=NOW).is_sound
    assert contents(root) == before


def test_without_a_manifest_entries_are_taken_where_the_chain_holds(pair):
    root, copy = pair
    before = contents(root)
    (root / "manifest-sha256.txt").unlink()
    (root / "tagmanifest-sha256.txt").write_bytes(b"")
    for version in (3, 4, 11):
        entry_path(Archive(root), version).write_bytes(b"")
    done = repair(root, copy, moment=NOW)
    assert done.is_sound, done.findings
    assert len(done.taken) == 3
    assert contents(root) == before


def test_sound_files_are_not_touched(pair):
    root, copy = pair
    damage(part_paths(Archive(root))[0], "flipped")
    before = state(root)
    (done,) = repair(root, copy, moment=NOW).taken
    after = state(root)
    changed = {name for name in before if before[name] != after[name]}
    assert {name for name in changed if name.startswith("data/")} == {done.path}
    nothing = repair(root, copy, moment=NOW)
    assert (nothing.taken, nothing.sealed, nothing.findings) == ((), False, ())


def test_a_dry_run_writes_nothing(pair):
    root, copy = pair
    damage(part_paths(Archive(root))[0], "flipped")
    damage(entry_path(Archive(root), 4), "deleted")
    before = state(root)
    done = repair(root, copy, moment=NOW, dry_run=True)
    assert len(done.taken) == 2
    assert state(root) == before
    assert not (root / ".damaged").exists()


def test_a_copy_that_is_damaged_in_the_same_place(pair):
    root, copy = pair
    first, second = part_paths(Archive(root))[:2]
    damage(first, "flipped")
    damage(second, "flipped")
    damage(copy / first.relative_to(root), "flipped")
    broken = first.read_bytes()
    done = repair(root, copy, moment=NOW)
    assert [item.path for item in done.taken] == [second.relative_to(root).as_posix()]
    hit = {(item.code, item.where) for item in done.findings}
    assert ("E126", where(Archive(root), first)) in hit
    assert first.read_bytes() == broken
    assert not done.sealed  # the damage would pass for what was written
    assert [item.where for item in validate(root).findings if item.is_error] == [
        where(Archive(root), first)
    ] * 2


@pytest.mark.parametrize("versions", [2, 11])
def test_an_older_copy_gives_what_it_has(tmp_path, versions):
    root, copy = tmp_path / "archive", tmp_path / "copy"
    archive = support.long_archive(root, versions)
    shutil.copytree(root, copy)
    support.commit(archive, [support.document("late")], batch_id="late")
    parts = part_paths(archive)
    damage(parts[0], "emptied")
    damage(parts[-1], "emptied")
    damage(root / "README.md", "flipped")
    done = repair(root, copy, moment=NOW)
    assert [item.path for item in done.taken] == [where(archive, parts[0])]
    assert {item.where for item in done.findings} == {where(archive, parts[-1]), "README.md"}
    assert "no such file" in next(i.message for i in done.findings if i.code == "E126")


def test_a_newer_copy_mends_and_its_newer_versions_are_left(tmp_path):
    root, copy = tmp_path / "archive", tmp_path / "copy"
    archive = support.long_archive(root, 3)
    shutil.copytree(root, copy)
    support.commit(Archive(copy), [support.document("late")], batch_id="late")
    support.commit(Archive(copy), [support.document("later")], batch_id="later")
    before = contents(root)
    damage(entry_path(archive, 3), "emptied")
    damage(part_paths(Archive(copy))[0].relative_to(copy).__rtruediv__(root), "deleted")
    done = repair(root, copy, moment=NOW)
    assert done.is_sound
    assert done.newer == 2
    assert contents(root) == before
    assert open_archive(root).head().version == 3


def test_a_copy_of_another_archive_gives_nothing(pair, tmp_path):
    root, _ = pair
    other = support.small_archive(tmp_path / "other").path
    damage(part_paths(Archive(root))[0], "emptied")
    damage(entry_path(Archive(root), 2), "emptied")
    before = state(root)
    done = repair(root, other, moment=NOW)
    assert done.taken == ()
    assert not done.is_sound
    assert state(root) == before


def test_a_link_in_place_of_a_file_is_replaced_by_the_file(pair, tmp_path):
    root, copy = pair
    path = part_paths(Archive(root))[0]
    before = contents(root)
    away = path.rename(tmp_path / "away")
    try:
        path.symlink_to(away)
    except OSError as problem:
        pytest.skip(f"no links here: {problem}")
    assert repair(root, copy, moment=NOW).is_sound
    assert not path.is_symlink()
    assert away.read_bytes() == path.read_bytes()
    assert contents(root) == before


def test_nothing_is_written_behind_a_link(pair, tmp_path):
    root, copy = pair
    folder = root / "data/documents/parts"
    away = folder.rename(tmp_path / "away")
    name = next(path for path in sorted(away.rglob("*.parquet")))
    name.write_bytes(b"")
    try:
        folder.symlink_to(away, target_is_directory=True)
    except OSError as problem:
        pytest.skip(f"no links here: {problem}")
    done = repair(root, copy, moment=NOW)
    assert "is a link" in next(item.message for item in done.findings if item.code == "E126")
    assert name.read_bytes() == b""


def test_a_file_in_place_of_a_folder_is_put_aside(pair):
    root, copy = pair
    before = contents(root)
    shutil.rmtree(root / "data/documents/parts")
    (root / "data/documents/parts").write_bytes(b"in the way")
    assert repair(root, copy, moment=NOW).is_sound
    assert contents(root) == before
    (aside,) = (root / ".damaged").rglob("parts")
    assert aside.read_bytes() == b"in the way"


def test_a_document_taken_down_does_not_come_back(tmp_path):
    """The copy is older; the entry of the take-down is lost, and no manifest is left."""
    root, copy = tmp_path / "archive", tmp_path / "copy"
    archive = support.small_archive(root)
    shutil.copytree(root, copy)
    held = part_paths(archive)[0]
    take_down(archive, ["a"], "asked for", World(NOW, support.TOOL, "down"))
    assert not held.exists()
    newest = max((root / "data/documents/_delta_log").glob("*.json"))
    newest.write_bytes(b"")
    repair(root, copy, moment=NOW)
    assert not held.exists()


def test_a_repair_does_not_list_what_a_dead_run_left(pair):
    root, copy = pair
    run = root / ".staging" / f"run-{staging._host()}-1-0"
    run.mkdir(parents=True)
    (run / staging.ALIVE).touch()
    orphan = f"data/documents/parts/00/{'0' * 64}.parquet"
    (root / orphan).parent.mkdir(parents=True, exist_ok=True)
    (root / orphan).write_bytes(b"of a dead run")
    (run / staging.PLACED).write_text(f"{orphan}\n")
    (root / "bagit.txt").unlink()
    done = repair(root, copy, moment=NOW)
    assert done.sealed
    assert done.is_sound
    assert orphan not in (root / "manifest-sha256.txt").read_text("utf-8")
    assert (root / orphan).exists()
    assert [item.name for item in (root / ".staging").iterdir()] == [run.name]


def test_what_cannot_be_asked(pair, tmp_path):
    root, copy = pair
    with pytest.raises(InputError, match="archive itself"):
        repair(root, root, moment=NOW)
    with pytest.raises(NoArchiveError, match="copy"):
        repair(root, tmp_path / "gone", moment=NOW)
    with pytest.raises(NoArchiveError):
        repair(tmp_path / "gone", copy, moment=NOW)
    with locked(root, 1), pytest.raises(LockedError):
        repair(root, copy, moment=NOW, lock_timeout=0.1)


def archiver(*words):
    return subprocess.run(
        [sys.executable, "-m", "archiver", *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )


def test_the_command(pair):
    root, copy = pair
    part = part_paths(Archive(root))[0]
    damage(part, "flipped")
    planned = archiver("repair", root, "--from", copy, "--dry-run")
    assert planned.returncode == 0, planned.stderr
    assert "Nothing was written" in planned.stdout
    done = archiver("repair", root, "--from", copy, "--json")
    told = json.loads(done.stdout)
    assert (done.returncode, told["sound"], told["sealed"]) == (0, True, True)
    assert [item["path"] for item in told["taken"]] == [where(Archive(root), part)]
    damage(part, "flipped")
    damage(copy / part.relative_to(root), "flipped")
    left = archiver("repair", root, "--from", copy)
    assert left.returncode == 4
    assert "E126" in left.stdout
    assert "Traceback" not in left.stdout + left.stderr
