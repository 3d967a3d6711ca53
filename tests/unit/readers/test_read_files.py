"""Files and folders as sources: good ones, and every bad one that can be met."""

from __future__ import annotations

import io
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from archiver.digest import sha256
from archiver.document import Finding, Reject, Source
from archiver.errors import IndexFileError, InputError
from archiver.readers import reader as reader_module
from archiver.readers import slurp as slurp_module
from archiver.readers.files import MAX_SOURCE_BYTES, plan, read_files

HEAD = "---\nschema: archiver-index/1\n---\n\n"
posix = pytest.mark.skipif(os.name != "posix", reason="links, pipes and odd names of POSIX")


def make(folder: Path, **files: str) -> Path:
    """A folder with files; ``a__txt`` is written as ``a.txt``."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text, encoding="utf-8")
    return folder


def index(folder: Path, *rows: str, columns: str = "file | id | sha256", front: str = HEAD) -> None:
    lines = [f"| {columns} |", "|" + "---|" * (columns.count("|") + 1), *rows]
    (folder / "INDEX.md").write_text(front + "\n".join(lines) + "\n", encoding="utf-8")


def read(base: Path, *paths: str, **options: object) -> list[Source | Reject | Finding]:
    return list(read_files(paths or ("in",), base=base, **options))


def sources(items: list) -> list[Source]:
    return [item for item in items if isinstance(item, Source)]


def rejects(items: list) -> list[tuple[str, str, bool]]:
    found = [item for item in items if isinstance(item, Reject)]
    return [(item.finding.code, item.file_path, item.data is not None) for item in found]


def findings(items: list) -> list[str]:
    return [item.code for item in items if isinstance(item, Finding)]


def test_a_folder_is_read_sorted_with_addresses(tmp_path):
    make(tmp_path / "in", b__txt="b", a__html="<p>a", **{"a-z__txt": "z"})
    make(tmp_path / "in/a", x__TXT="x")
    items = read(tmp_path)
    paths = [source.file_path for source in sources(items)]
    assert paths == sorted(paths) == ["in/a-z.txt", "in/a.html", "in/a/x.TXT", "in/b.txt"]
    assert [s.media_type for s in sources(items)][1] == "text/html"
    assert {s.id for s in sources(items)} == set(paths)
    assert findings(items) == ["W307"] * 4


def test_it_is_lazy_and_one_file_at_a_time(tmp_path, monkeypatch):
    make(tmp_path / "in", a__txt="a", b__txt="b")
    opened: list[str] = []
    true = slurp_module.slurp_stamped

    def slurp(path, limit):
        opened.append(path.name)
        return true(path, limit)

    monkeypatch.setattr(reader_module, "slurp_stamped", slurp)
    stream = read_files(["in"], base=tmp_path)
    assert opened == []
    next(item for item in stream if isinstance(item, Source))
    assert opened == ["a.txt"]


@pytest.mark.parametrize("typed", ["in", "in/", "./in", "in/a.txt", "./in/a.txt"])
def test_the_address_is_the_path_as_typed(tmp_path, typed):
    make(tmp_path / "in", a__txt="a")
    assert [s.file_path for s in sources(read(tmp_path, typed))] == ["in/a.txt"]


def test_addresses_of_climbing_and_absolute_arguments(tmp_path):
    folder = make(tmp_path / "in", a__txt="a")
    for base, typed in (
        (folder, "."),
        (folder / "..", str(folder)),
        (folder, "../in"),
        (folder, str(folder / "a.txt")),
        (folder, "../in/a.txt"),
    ):
        assert [s.file_path for s in sources(read(base, typed))] == ["in/a.txt"], typed


def test_folders_with_equal_names_do_not_collide(tmp_path):
    make(tmp_path / "x", a__txt="1")
    make(tmp_path / "y", a__txt="2")
    assert [s.id for s in sources(read(tmp_path, "x", "y"))] == ["x/a.txt", "y/a.txt"]


def test_two_folders_of_one_name_do_collide_and_nothing_is_lost(tmp_path):
    one, two = make(tmp_path / "1/in", a__txt="1"), make(tmp_path / "2/in", a__txt="2")
    items = read(tmp_path, str(one), str(two))
    assert len(sources(items)) == 1
    assert rejects(items) == [("E210", "in/a.txt", True)]


def test_overlapping_arguments_bring_a_file_once(tmp_path):
    make(tmp_path / "in", a__txt="a")
    make(tmp_path / "in/sub", b__txt="b")
    items = read(tmp_path, "in", "in/a.txt", "in/sub", "in")
    assert [s.file_path for s in sources(items)] == ["in/a.txt", "in/sub/b.txt"]
    assert rejects(items) == []


def test_what_no_reader_knows_is_skipped_with_a_word(tmp_path):
    make(tmp_path / "in", a__txt="a", b__xls="b", INDEX__md="# just a page", __hidden__txt="h")
    items = read(tmp_path)
    assert [s.file_path for s in sources(items)] == ["in/a.txt"]
    assert [(f.code, f.where) for f in items if isinstance(f, Finding) and f.code == "W208"] == [
        ("W208", "in/b.xls")
    ]


def test_a_file_that_is_named_is_read_whatever_its_ending(tmp_path):
    make(tmp_path / "in", page="<!DOCTYPE html><p>x", notes__md="# a")
    items = read(tmp_path, "in/page", "in/notes.md")
    assert {s.file_path: s.media_type for s in sources(items)} == {
        "in/page": "text/html",
        "in/notes.md": "text/plain",
    }


def test_provenance_comes_from_the_index(tmp_path):
    folder = make(tmp_path / "in", a__txt="a")
    index(
        folder,
        f"| a.txt | one | {sha256(b'a')} | A \\| B | 2019-04-26 10:51 | no | by hand |",
        columns="file | id | sha256 | title | date | language | editor",
        front="---\nschema: archiver-index/1\nlicense: CC0-1.0\nlanguage: de\n---\n",
    )
    (source,) = read(tmp_path)
    assert isinstance(source, Source)
    known = source.provenance
    assert (source.id, known.title, known.license, known.language) == (
        "one",
        "A | B",
        "CC0-1.0",
        "no",
    )
    assert known.date is not None
    assert known.date.isoformat() == "2019-04-26T10:51:00+00:00"
    assert dict(known.metadata) == {"date_as_written": "2019-04-26 10:51", "editor": "by hand"}


def test_the_same_document_by_folder_by_file_and_by_index(tmp_path):
    folder = make(tmp_path / "in", a__txt="a")
    index(folder, "| a.txt | one |  |")
    (one,) = read(tmp_path, "in")
    (two,) = read(tmp_path, "in/a.txt")
    (three,) = read(tmp_path, "in", index=Path("in/INDEX.md"))
    assert one == two == three


def test_an_index_elsewhere_is_relative_to_its_own_folder(tmp_path):
    make(tmp_path / "in", a__txt="a", b__txt="b")
    (tmp_path / "list.md").write_text(
        HEAD + "| file | id |\n|-|-|\n| in/a.txt | A |\n| in/gone.txt | G |\n| other/x.txt | X |\n",
        encoding="utf-8",
    )
    items = read(tmp_path, "in", index=Path("list.md"))
    assert [s.id for s in sources(items)] == ["A", "in/b.txt"]
    assert findings(items) == ["W307"]
    assert rejects(items) == [("E302", "in/gone.txt", False)]
    (gone,) = (item for item in items if isinstance(item, Reject))
    assert gone.finding.where == "list.md"
    assert read(tmp_path, "in", index=tmp_path / "list.md") == items


def test_rows_and_files_that_do_not_match(tmp_path):
    folder = make(tmp_path / "in", good__txt="g", other__txt="o", extra__txt="e", data__xls="d")
    index(
        folder,
        "| good.txt | g |  |",
        f"| other.txt | o | {'0' * 64} |",
        "| missing.txt | m |  |",
        "| data.xls | d |  |",
    )
    items = read(tmp_path)
    assert [s.id for s in sources(items)] == ["in/extra.txt", "g"]
    assert sorted(rejects(items)) == [
        ("E208", "in/data.xls", True),
        ("E302", "in/missing.txt", False),
        ("E303", "in/other.txt", True),
    ]
    by_code = {item.finding.code: item.finding for item in items if isinstance(item, Reject)}
    assert by_code["E302"].line == 9
    assert by_code["E303"].where == "in/INDEX.md"


def test_require_index_keeps_unlisted_files_out(tmp_path):
    folder = make(tmp_path / "in", a__txt="a", b__txt="b")
    index(folder, "| a.txt |  |  |")
    items = read(tmp_path, require_index=True)
    assert [s.file_path for s in sources(items)] == ["in/a.txt"]
    assert rejects(items) == [("E307", "in/b.txt", True)]


def test_a_malformed_row_keeps_its_file_out(tmp_path):
    folder = make(tmp_path / "in", a__txt="a", b__txt="b", c__txt="c", d__txt="d", e__txt="e")
    index(
        folder,
        "| a.txt | x |",  # a cell too few
        "| b.txt | x | | y |",  # a cell too many
        "| c.txt | c | 123 |",  # no sha256
        "| d.txt | d |  |",
        "| d.txt | d2 |  |",  # twice
        "| gone.txt |",  # malformed, and there is no such file
    )
    items = read(tmp_path)
    assert [s.id for s in sources(items)] == ["in/e.txt"]
    assert rejects(items) == [
        ("E301", "in/a.txt", True),
        ("E301", "in/b.txt", True),
        ("E306", "in/c.txt", True),
        ("E305", "in/d.txt", True),
    ]
    assert findings(items) == ["W307", "E301"]


def test_ids_that_stand_twice(tmp_path):
    folder = make(tmp_path / "in", a__txt="a", b__txt="b", c__txt="c")
    index(folder, "| a.txt | same |  |", "| b.txt | same |  |", "| c.txt | in/c.txt |  |")
    items = read(tmp_path)
    assert [s.id for s in sources(items)] == ["same", "in/c.txt"]
    assert rejects(items) == [("E305", "in/b.txt", True)]


def test_an_id_that_is_another_files_address(tmp_path):
    folder = make(tmp_path / "in", a__txt="a", b__txt="b")
    index(folder, "| a.txt | in/b.txt |  |")
    items = read(tmp_path)
    assert [s.file_path for s in sources(items)] == ["in/a.txt"]
    assert rejects(items) == [("E210", "in/b.txt", True)]


@pytest.mark.parametrize(
    "path",
    ["../out.txt", "a/../../out.txt", "/etc/passwd", "C:/x.txt", "c:x.txt", "..\\out.txt",
     "\\\\host\\x.txt", "a//b.txt", "./a.txt", "x&#0;.txt"],
)  # fmt: skip
def test_a_path_that_leaves_the_folder_is_never_opened(tmp_path, path):
    folder = make(tmp_path / "in", a__txt="a")
    (tmp_path / "out.txt").write_text("secret", encoding="utf-8")
    index(folder, f"| {path} | x |  |", "| a.txt | a |  |")
    items = read(tmp_path)
    assert [s.id for s in sources(items)] == ["a"]
    (reject,) = (item for item in items if isinstance(item, Reject))
    assert (reject.finding.code, reject.finding.line, reject.data) == ("E304", 7, None)
    assert reject.id == "in/INDEX.md:7"


def test_a_path_that_does_not_exist_is_told_before_anything_is_read(tmp_path):
    make(tmp_path / "in", a__txt="a")
    with pytest.raises(InputError, match="gone") as error:
        read_files(["in", "gone", "also-gone"], base=tmp_path)
    assert "also-gone" in error.value.message
    with pytest.raises(InputError):
        read_files(["in\0"], base=tmp_path)


def test_a_folder_without_anything_to_read(tmp_path):
    make(tmp_path / "in", a__xls="a")
    with pytest.raises(InputError, match="no file that could be read"):
        read_files(["in"], base=tmp_path)


def test_a_broken_index_stops_the_run_before_it_begins(tmp_path):
    folder = make(tmp_path / "in", a__txt="a")
    index(folder, front="---\nschema: archiver-index/2\n---\n")
    with pytest.raises(IndexFileError, match="archiver-index/2"):
        read_files(["in"], base=tmp_path)


def test_an_index_named_as_a_source_is_kept_out(tmp_path):
    folder = make(tmp_path / "in", a__txt="a")
    index(folder, "| a.txt | a |  |", "| INDEX.md | i |  |")
    assert rejects(read(tmp_path, "in/INDEX.md")) == [("E208", "in/INDEX.md", False)]
    assert rejects(read(tmp_path)) == [("E208", "in/INDEX.md", False)]


def test_standard_input(tmp_path):
    (page,) = sources(read(tmp_path, "-", stdin=lambda: io.BytesIO(b"\n<!-- x --><html><p>x")))
    assert page.id == page.file_path == f"stdin-{page.raw_sha256[:16]}"
    assert page.media_type == "text/html"
    items = read(tmp_path, "-", stdin=lambda: io.BytesIO(b"12345"), max_bytes=4)
    assert [code for code, *_ in rejects(items)] == ["E204"]
    with pytest.raises(InputError):
        read_files(["-"], base=tmp_path)


def test_a_plan_counts_what_will_be_read(tmp_path):
    folder = make(tmp_path / "in", a__txt="aaa", b__txt="bb", c__xls="c")
    index(folder, "| a.txt | a |  |")
    found = plan(["in"], base=tmp_path)
    assert (found.files, found.bytes) == (2, 5)
    assert found.index_sha256 == sha256((folder / "INDEX.md").read_bytes())


# What must not hang, crash or eat the memory


def test_too_large_a_file_is_not_read(tmp_path):
    make(tmp_path / "in", a__txt="a" * 11, b__txt="b" * 10)
    items = read(tmp_path, max_bytes=10)
    assert [s.file_path for s in sources(items)] == ["in/b.txt"]
    (reject,) = (item for item in items if isinstance(item, Reject))
    assert reject.finding.code == "E204"
    assert reject.data is None
    assert reject.path == tmp_path / "in/a.txt"


def test_a_line_of_200_mb_is_rejected_by_its_size_alone(tmp_path):
    make(tmp_path / "in")
    with (tmp_path / "in/huge.txt").open("wb") as stream:
        stream.truncate(200_000_000)  # sparse: takes no room
    assert MAX_SOURCE_BYTES < 200_000_000
    import tracemalloc

    tracemalloc.start()
    items = read(tmp_path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert rejects(items) == [("E204", "in/huge.txt", False)]
    assert peak < 5_000_000


@posix
def test_links(tmp_path):
    folder = make(tmp_path / "in", a__txt="a")
    make(tmp_path / "in/sub", b__txt="b")
    make(tmp_path / "out", hidden__txt="hidden")
    links = {
        "good.txt": "a.txt",
        "folder": "sub",
        "leaves.txt": "../out/hidden.txt",
        "leaving": "../out",
        "self.txt": "self.txt",
        "sub/up": "..",
        "nothing.txt": "gone.txt",
        "dev.txt": "/dev/zero",
    }
    for name, target in links.items():
        (folder / name).symlink_to(target)
    items = read(tmp_path)
    assert [s.file_path for s in sources(items)] == [
        "in/a.txt", "in/folder/b.txt", "in/good.txt", "in/sub/b.txt"
    ]  # fmt: skip
    assert sorted(rejects(items)) == [
        ("E205", "in/nothing.txt", False),
        ("E206", "in/folder/up", False),
        ("E206", "in/self.txt", False),
        ("E206", "in/sub/up", False),
        ("E207", "in/dev.txt", False),
        ("E207", "in/leaves.txt", False),
        ("E207", "in/leaving", False),
    ]


@posix
def test_links_cannot_make_the_walk_explode(tmp_path):
    make(tmp_path / "in")
    for level in range(14):
        here = make(tmp_path / f"in/d{level}", x__txt="x")
        if level < 13:
            for name in ("l", "m", "n"):
                (here / name).symlink_to(f"../d{level + 1}")
    items = read(tmp_path)
    assert len(sources(items)) == 14 + 13 * 3


@posix
def test_a_link_out_of_the_folder_is_not_followed_for_a_row_either(tmp_path):
    folder = make(tmp_path / "in", a__txt="a")
    make(tmp_path / "out", hidden__txt="hidden")
    (folder / "way").symlink_to("../out")
    index(folder, "| way/hidden.txt | s |  |", "| a.txt | a |  |")
    items = read(tmp_path)
    assert [s.id for s in sources(items)] == ["a"]
    assert not any(item.data for item in items if isinstance(item, Reject))


@posix
def test_pipes_sockets_and_devices_are_not_opened(tmp_path):
    folder = make(tmp_path / "in", a__txt="a")
    os.mkfifo(folder / "pipe.txt")
    os.mkfifo(folder / "listed.txt")
    index(folder, "| a.txt | a |  |", "| listed.txt | l |  |")
    with socket.socket(socket.AF_UNIX) as server:
        path = folder / "s.txt"
        if len(os.fsencode(path)) < 100:
            server.bind(os.fspath(path))
        items = read(tmp_path)
    assert [s.file_path for s in sources(items)] == ["in/a.txt"]
    assert rejects(items) == [("E208", "in/listed.txt", False)]
    assert set(findings(items)) == {"W208"}
    assert rejects(read(tmp_path, "in/pipe.txt")) == [("E208", "in/pipe.txt", False)]


@posix
def test_names_that_are_no_utf8(tmp_path):
    folder = os.fsencode(make(tmp_path / "in"))
    for name in (b"caf\xe9.txt", b"caf%%E9.txt", b"caf%C3%A9.txt"):
        try:
            with open(os.path.join(folder, name), "wb") as stream:  # noqa: PTH118, PTH123
                stream.write(b"x")
        except OSError:
            pytest.skip("this file system takes UTF-8 names only")
    found = [s.file_path for s in sources(read(tmp_path))]
    assert found == ["in/caf%%25%%25E9.txt", "in/caf%%E9.txt", "in/caf%C3%A9.txt"]
    index(Path(os.fsdecode(folder)), "| caf%%E9.txt | odd |  |")
    assert [s.id for s in sources(read(tmp_path)) if s.id == "odd"] == ["odd"]


def test_a_file_that_vanishes_or_changes_between_walk_and_reading(tmp_path, monkeypatch):
    folder = make(tmp_path / "in", a__txt="a", b__txt="b", c__txt="c")
    stream = read_files(["in"], base=tmp_path)
    next(item for item in stream if isinstance(item, Source))
    (folder / "b.txt").unlink()
    rest = list(stream)
    assert rejects(rest) == [("E205", "in/b.txt", False)]
    assert [s.file_path for s in sources(rest)] == ["in/c.txt"]

    true = os.fstat
    calls = [0]

    def fstat(descriptor):  # a file that is written to all the time
        calls[0] += 1
        with (folder / "a.txt").open("a", encoding="utf-8") as busy:
            busy.write("more")
        return true(descriptor)

    monkeypatch.setattr(slurp_module.os, "fstat", fstat)
    items = read(tmp_path, "in/a.txt")
    assert calls[0] > 2
    assert rejects(items) == [("E205", "in/a.txt", False)]


def test_a_file_that_may_not_be_read(tmp_path, monkeypatch):
    make(tmp_path / "in", a__txt="a", b__txt="b")
    true = os.open

    def forbid(path, *rest, **more):
        if os.fspath(path).endswith("a.txt"):
            raise PermissionError(13, "Permission denied", os.fspath(path))
        return true(path, *rest, **more)

    monkeypatch.setattr(slurp_module.os, "open", forbid)
    items = read(tmp_path)
    assert rejects(items) == [("E205", "in/a.txt", False)]
    assert [s.file_path for s in sources(items)] == ["in/b.txt"]


_AS_NOBODY = """
import os, sys
sys.path.insert(0, sys.argv[2])
from pathlib import Path
from archiver.readers.files import read_files
from archiver.document import Reject, Source
os.setgroups([]); os.setgid(65534); os.setuid(65534)
for item in read_files(["in"], base=Path(sys.argv[1])):
    if isinstance(item, (Reject, Source)):
        print(type(item).__name__, item.file_path)
"""


@pytest.mark.skipif(
    not hasattr(os, "getuid") or os.getuid() != 0, reason="only root can become another user"
)
def test_files_and_folders_without_permission(tmp_path):
    folder = make(tmp_path / "in", a__txt="a", b__txt="b")
    make(folder / "shut", c__txt="c")
    (folder / "a.txt").chmod(0)
    (folder / "shut").chmod(0)
    for above in (tmp_path, tmp_path.parent, tmp_path.parent.parent):  # pytest's own folders
        above.chmod(0o755)
    package = Path(reader_module.__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", _AS_NOBODY, str(tmp_path), str(package)],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    if done.returncode:
        pytest.skip(f"another user cannot run Python here: {done.stderr[-200:]}")
    assert done.stdout.split("\n")[:-1] == ["Reject in/a.txt", "Source in/b.txt", "Reject in/shut"]


def test_deep_folders(tmp_path):
    here = tmp_path / "in"
    for _ in range(230):
        here /= "d"
    make(here, a__txt="a")
    assert [code for code, *_ in rejects(read(tmp_path))] == ["E205"]
