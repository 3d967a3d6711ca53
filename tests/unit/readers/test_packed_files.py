"""Zip and tar: members as files would be; and everything an archive can do to its reader."""

from __future__ import annotations

import gzip
import io
import json
import lzma
import stat
import struct
import tarfile
import zipfile
from functools import partial
from pathlib import Path

import pyarrow as pa
import pytest

from archiver.digest import sha256
from archiver.document import Finding, Reject, Source
from archiver.readers import packed as packed_module
from archiver.readers.files import read_files
from archiver.readers.formats import Wanted

HEAD = "---\nschema: archiver-index/1\n---\n\n"
FILES = {
    "a.txt": b"Text.",
    "sub/b.html": b"<html><p>Page.</p></html>",
    "sub/c.jsonl": b'{"text": "One."}\n{"text": "Two."}\n',
    "d.jsonl.gz": gzip.compress(b'{"text": "Three."}\n'),
}


def read(base: Path, **options: object) -> list[Source | Reject | Finding]:
    return list(read_files(["in"], base=base, **options))


def sources(items: list) -> list[Source]:
    return [item for item in items if isinstance(item, Source)]


def rejects(items: list) -> list[tuple[str, str]]:
    return [(item.finding.code, item.id) for item in items if isinstance(item, Reject)]


def codes(items: list) -> list[str]:
    return [item.code for item in items if isinstance(item, Finding)]


def put(base: Path, name: str, data: bytes | str) -> None:
    path = base / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.encode() if isinstance(data, str) else data)


def zipped(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def tarred(files: dict[str, bytes], mode: str = "w", **options: object) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode, **options) as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("x.zip", zipped(FILES)),
        ("x.zip", zipped(FILES, zipfile.ZIP_STORED)),
        ("x.zip", zipped(FILES, zipfile.ZIP_LZMA)),
        ("x.tar", tarred(FILES)),
        ("x.tar", tarred(FILES, format=tarfile.GNU_FORMAT)),
        ("x.tar.gz", tarred(FILES, "w:gz")),
        ("x.tgz", tarred(FILES, "w:gz")),
        ("x.tar.bz2", tarred(FILES, "w:bz2")),
        ("x.tar.xz", tarred(FILES, "w:xz")),
        ("x.tar.zst", pa.Codec("zstd").compress(tarred(FILES), asbytes=True)),
    ],
    ids=range(10),
)
def test_members_are_read_as_files_would_be(tmp_path, name, data):
    put(tmp_path, f"in/{name}", data)
    items = read(tmp_path)
    found = {(s.id, s.file_path, s.media_type, s.data) for s in sources(items)}
    at = f"in/{name}"
    assert found == {
        (f"{at}/a.txt", f"{at}/a.txt", "text/plain", b"Text."),
        (f"{at}/sub/b.html", f"{at}/sub/b.html", "text/html", FILES["sub/b.html"]),
        (f"{at}/sub/c.jsonl#1", f"{at}/sub/c.jsonl", "text/plain", b"One."),
        (f"{at}/sub/c.jsonl#2", f"{at}/sub/c.jsonl", "text/plain", b"Two."),
        (f"{at}/d.jsonl.gz#1", f"{at}/d.jsonl.gz", "text/plain", b"Three."),
    }
    assert rejects(items) == []


def test_the_index_beside_it_may_list_the_archive_or_its_members(tmp_path):
    put(tmp_path, "in/x.zip", zipped({"a.txt": b"a", "b.txt": b"b", "c.txt": b"c"}))
    rows = (
        "| file | id | sha256 | license |\n|---|---|---|---|\n| x.zip | | | CC0-1.0 |\n"
        f"| x.zip/a.txt | one | {sha256(b'a')} | MIT |\n"
        f"| x.zip/b.txt | two | {'0' * 64} | |\n| x.zip/gone.txt | | | |\n"
    )
    put(tmp_path, "in/INDEX.md", HEAD + rows)
    items = read(tmp_path)
    assert [(s.id, s.provenance.license) for s in sources(items)] == [
        ("one", "MIT"),
        ("in/x.zip/c.txt", "CC0-1.0"),
    ]
    assert rejects(items) == [("E303", "two"), ("E302", "in/x.zip/gone.txt")]
    assert codes(items) == []


@pytest.mark.parametrize(
    "name", ["/etc/x.txt", "../x.txt", "a/../../x.txt", "C:/x.txt", "a//b.txt"]
)
@pytest.mark.parametrize("form", ["zip", "tar"])
def test_paths_that_leave_are_refused_and_the_others_read(tmp_path, name, form):
    pack = zipped if form == "zip" else tarred
    put(tmp_path, f"in/x.{form}", pack({name: b"evil", "good.txt": b"good"}))
    items = read(tmp_path)
    assert [s.data for s in sources(items)] == [b"good"]
    assert [code for code, _ in rejects(items)] == ["E234"]


def test_a_zip_whose_names_hold_zero_bytes_or_backslashes(tmp_path):
    data = zipped({"a@b.txt": b"evil", "good.txt": b"good"})
    for mark in (b"\0", b"\\"):
        put(tmp_path, "in/x.zip", data.replace(b"a@b.txt", b"a" + mark + b"b.txt"))
        items = read(tmp_path)
        assert [code for code, _ in rejects(items)] == ["E234"]
        assert [s.data for s in sources(items)] == [b"good"]


def test_links_and_devices_are_no_files(tmp_path):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE):
            info = tarfile.TarInfo(f"{kind.decode()}.txt")
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
    put(tmp_path, "in/x.tar", out.getvalue())
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        info = zipfile.ZipInfo("link.txt")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, "/etc/passwd")
    put(tmp_path, "in/y.zip", out.getvalue())
    items = read(tmp_path)
    assert sources(items) == []
    assert [code for code, _ in rejects(items)] == ["E235"] * 5


def test_members_that_cannot_be_unpacked_cost_themselves_alone(tmp_path):
    data = bytearray(zipped({"a.txt": b"a" * 5000, "b.txt": b"b"}, zipfile.ZIP_STORED))
    data[100] ^= 1
    put(tmp_path, "in/crc.zip", bytes(data))
    locked = bytearray(zipped({"a.txt": b"a", "b.txt": b"b"}))
    at = locked.index(b"PK\x01\x02")
    locked[at + 8] |= 1
    put(tmp_path, "in/locked.zip", bytes(locked))
    method = bytearray(zipped({"a.txt": b"a", "b.txt": b"b"}))
    at = method.index(b"PK\x01\x02")
    struct.pack_into("<H", method, at + 10, 97)
    put(tmp_path, "in/method.zip", bytes(method))
    items = read(tmp_path)
    assert [code for code, _ in rejects(items)] == ["E236"] * 3
    assert [s.data for s in sources(items)] == [b"b"] * 3


def test_archives_in_archives_and_other_files_are_passed_over_with_a_word(tmp_path):
    inner = zipped({"a.txt": b"a"})
    files = {"in.zip": inner, "x.png": b"PNG", ".hidden.txt": b"h", "__MACOSX/a.txt": b"m"}
    put(tmp_path, "in/x.zip", zipped({**files, "INDEX.md": b"#", "a.json": b"{\n}\n"}))
    items = read(tmp_path)
    assert (sources(items), rejects(items)) == ([], [])
    assert codes(items) == ["W307", "W208", "W208", "W208"]


def test_a_member_over_the_limit_and_bombs(tmp_path, monkeypatch):
    monkeypatch.setattr(packed_module, "FREE_BYTES", 3_000_000)
    monkeypatch.setattr(packed_module, "MAX_RATIO", 50)
    put(tmp_path, "in/x.zip", zipped({"a.txt": bytes(2_000_000), "b.txt": b"b"}))
    items = read(tmp_path, max_bytes=1_000_000)
    assert rejects(items) == [("E204", "in/x.zip/a.txt")]
    assert [s.data for s in sources(items)] == [b"b"]
    put(tmp_path, "in/x.zip", zipped({f"{n}.txt": b"y" * 900_000 for n in range(20)}))
    items = read(tmp_path, max_bytes=1_000_000)
    assert rejects(items)[-1] == ("E233", "in/x.zip")
    assert 1 <= len(sources(items)) <= 3


def test_a_tar_that_is_damaged_or_cut_off_is_told(tmp_path):
    whole = tarred({f"{n}.txt": b"text" * 300 for n in range(10)})
    for cut in (5000, 5 * 2048 + 700, 10 * 2048):
        put(tmp_path, "in/x.tar", whole[:cut])
        assert rejects(read(tmp_path))[-1] == ("E239", "in/x.tar"), cut
    flipped = bytearray(whole)
    flipped[5 * 2048 + 10] ^= 1
    put(tmp_path, "in/x.tar", bytes(flipped))
    items = read(tmp_path)
    assert (rejects(items), len(sources(items))) == ([("E232", "in/x.tar")], 5)


def test_a_header_that_claims_gigabytes_takes_no_memory(tmp_path):
    info = tarfile.TarInfo("x")
    info.type, info.size = tarfile.XHDTYPE, 1 << 33
    put(tmp_path, "in/x.tar.xz", lzma.compress(info.tobuf(tarfile.GNU_FORMAT) + bytes(1 << 20)))
    assert rejects(read(tmp_path)) == [("E232", "in/x.tar.xz")]


def test_no_zip_no_tar(tmp_path):
    put(tmp_path, "in/x.zip", b"nothing")
    put(tmp_path, "in/y.tar", b"nothing" * 1000)
    assert {code for code, _ in rejects(read(tmp_path))} == {"E232"}


def test_the_same_path_twice_is_told(tmp_path):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for data in (b"one", b"two"):
            info = tarfile.TarInfo("a.txt")
            info.size = 3
            archive.addfile(info, io.BytesIO(data))
    put(tmp_path, "in/x.tar", out.getvalue())
    items = read(tmp_path)
    assert ([s.data for s in sources(items)], rejects(items)) == (
        [b"one"],
        [("E210", "in/x.tar/a.txt")],
    )


def test_standard_input_takes_archives(tmp_path):
    for form, data in (("zip", zipped(FILES)), ("tar", tarred(FILES, "w:gz"))):
        stream = read_files(
            ["-"],
            base=tmp_path,
            stdin=partial(io.BytesIO, data),
            wanted=Wanted(format=form),
        )
        found = sources(list(stream))
        assert len(found) == 5
        assert found[0].file_path == "stdin/a.txt"


def test_a_record_in_a_member_goes_to_quarantine_with_its_place(tmp_path):
    bad = json.dumps({"text": "One."}) + "\nbroken\n"
    put(tmp_path, "in/x.zip", zipped({"c.jsonl": bad.encode(), "d.txt": b"d"}))
    items = read(tmp_path)
    assert rejects(items) == [("E230", "in/x.zip/c.jsonl#2")]
    assert len(sources(items)) == 2
