"""Archives made to exhaust whoever checks them: findings, in bounded memory and time.

Each is validated in a process of its own, whose peak memory is measured.
"""

import os
import shutil
import subprocess
import sys

import archive_support as support
import pytest
from archive_support import entry_path, part_paths, where
from bomb_support import lying_bomb, validate_apart

from archiver.archive.archive import Archive, open_archive
from archiver.archive.mend.salvage import salvage
from archiver.errors import DamageError

#: MiB of a process that validated; ~150 are its libraries.
PEAK = 400

SECONDS = 60

GIANT = 10 << 30

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="sparse files and peak memory")


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    return support.long_archive(tmp_path_factory.mktemp("bounds") / "archive", 10).path


def copies(sound, folder, changes):
    """One copy of an archive for each change, changed. Returns: name -> its path."""
    made = {}
    for name, change in changes.items():
        made[name] = folder / name
        shutil.copytree(sound, made[name])
        change(made[name])
    return made


def check(made, wanted):
    """Validate all in one process: each gives what is wanted, soon, and in little memory."""
    told = validate_apart(*made.values())
    for (name, path), result in zip(made.items(), told["archives"], strict=True):
        found = {tuple(item) for item in result["findings"]}
        assert found & wanted(name, path), (name, sorted(found)[:5])
        assert result["seconds"] < SECONDS, name
    assert told["peak"] < PEAK, told["peak"]


def test_a_part_of_150_kb_that_unpacks_to_gigabytes_in_spite_of_its_footer(tmp_path):
    archive = support.small_archive(tmp_path / "archive")
    path = lying_bomb(archive, 1500)
    assert path.stat().st_size < 1 << 18
    check({"bomb": archive.path}, lambda *_: {("E108", where(archive, path))})
    found = []
    assert sum(table.num_rows for table in salvage(Archive(archive.path), None, found.append)) == 4
    assert [item.code for item in found] == ["E108"]
    with pytest.raises(DamageError, match="unfolds"):
        open_archive(archive.path).history("a")


def giant(path):
    def change(root):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).touch()
        os.truncate(root / path, GIANT)

    return change


def test_ten_gigabytes_in_place_of_any_file(sound, tmp_path):
    archive = Archive(sound)
    log = "data/documents/_delta_log"
    places = {
        "part": where(archive, part_paths(archive)[0]),
        "entry": where(archive, entry_path(archive, 5)),
        "newest": where(archive, entry_path(archive, 10, "quarantine")),
        "checkpoint": f"{log}/{10:020d}.checkpoint.parquet",
        "last": f"{log}/_last_checkpoint",
        "ruleset": next((sound / "data/rulesets").iterdir()).relative_to(sound).as_posix(),
        "manifest": "manifest-sha256.txt",
        "tagmanifest": "tagmanifest-sha256.txt",
        "info": "bag-info.txt",
        "bagit": "bagit.txt",
        "readme": "README.md",
        "croissant": "croissant.json",
        "events": "fixity/events.jsonl",
        "stranger": "data/documents/stranger.bin",
        "stray": f"data/documents/parts/00/{'0' * 64}.parquet",
    }
    made = copies(sound, tmp_path, {name: giant(path) for name, path in places.items()})
    codes = ("E103", "E107", "E108", "E114", "E115", "E116", "E117", "E118", "W102")
    check(made, lambda name, path: {(code, places[name]) for code in codes})


DEEP = b'{"a":' * 200_000 + b"1" + b"}" * 200_000 + b"\n"
LONG = b'{"commitInfo":{"archiver":{"files":{' + b'"x":[1,2,3],' * 1_000_000 + b'"y":1}}}}\n'
DIGITS = b'{"commitInfo":{"archiver":{"format":' + b"9" * 1_000_000 + b"}}}\n"


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(DEEP, id="deep"),
        pytest.param(LONG, id="long", marks=pytest.mark.slow),
        pytest.param(DIGITS, id="digits"),
    ],
)
def test_json_that_is_deep_or_endless(sound, tmp_path, data):
    places = {
        "entry": where(Archive(sound), entry_path(Archive(sound), 5)),
        "newest": where(Archive(sound), entry_path(Archive(sound), 10)),
        "last": "data/documents/_delta_log/_last_checkpoint",
        "ruleset": f"data/rulesets/{support.RULESET_DIGEST}.json",
        "croissant": "croissant.json",
        "events": "fixity/events.jsonl",
    }

    def written(path):
        def change(root):
            (root / path).parent.mkdir(exist_ok=True)
            (root / path).write_bytes(data)

        return change

    made = copies(sound, tmp_path, {name: written(path) for name, path in places.items()})
    codes = ("E103", "E114", "E116", "E117", "E118")
    check(made, lambda name, path: {(code, places[name]) for code in codes})


def pipe(path):
    def change(root):
        (root / path).unlink(missing_ok=True)
        os.mkfifo(root / path)

    return change


def loop(path):
    def change(root):
        (root / path).unlink(missing_ok=True)
        (root / path).symlink_to(root / path)

    return change


@pytest.mark.parametrize("make", [pipe, loop])
def test_pipes_and_loops_in_place_of_any_file(sound, tmp_path, make):
    archive = Archive(sound)
    places = {
        "part": where(archive, part_paths(archive)[0]),
        "entry": where(archive, entry_path(archive, 5)),
        "checkpoint": f"data/documents/_delta_log/{10:020d}.checkpoint.parquet",
        "last": "data/documents/_delta_log/_last_checkpoint",
        "ruleset": next((sound / "data/rulesets").iterdir()).relative_to(sound).as_posix(),
        "manifest": "manifest-sha256.txt",
        "tagmanifest": "tagmanifest-sha256.txt",
        "info": "bag-info.txt",
        "readme": "README.md",
        "stranger": "data/documents/stranger.bin",
    }
    made = copies(sound, tmp_path, {name: make(path) for name, path in places.items()})
    codes = ("E101", "E103", "E106", "E114", "E115", "E116", "E117", "W101", "W102", "W112")
    check(made, lambda name, path: {(code, places[name]) for code in codes})


def test_names_with_control_characters_are_one_line_on_the_screen(sound, tmp_path):
    root = tmp_path / "archive"
    shutil.copytree(sound, root)
    for name in ("a\nb", "c\x1b[31m", "d\re", "\u202ef", os.fsdecode(b"g\xff")):
        try:
            (root / "data" / name).write_bytes(b"x")
        except OSError:  # macOS takes only UTF-8
            continue
    for options in ([], ["--json"]):
        done = subprocess.run(
            [sys.executable, "-m", "archiver", "validate", str(root), *options],
            capture_output=True,
            check=False,
            cwd=support.__file__.rpartition("/tests/")[0],
        )
        assert done.returncode == 0, done.stderr
        assert b"W102" in done.stdout
        assert b"Traceback" not in done.stderr
        for sign in (b"\x1b[31m", b"\r", "\u202e".encode(), b"\xff"):
            assert sign not in done.stdout


@pytest.mark.slow
def test_ten_thousand_entries_of_which_none_is_right(sound, tmp_path):
    root = tmp_path / "archive"
    shutil.copytree(sound, root)
    data = entry_path(Archive(root), 5).read_bytes()
    for version in range(11, 10_000):
        entry_path(Archive(root), version).write_bytes(data)
    check({"many": root}, lambda *_: {("E104", f"data/documents/_delta_log/{12:020d}.json")})
