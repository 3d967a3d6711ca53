"""Each finding of the readers of records has a file that brings it out."""

from __future__ import annotations

import io
import json
import lzma
import stat
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from archiver.document import Finding, Reject
from archiver.findings import CATALOGUE
from archiver.readers import opened as opened_module
from archiver.readers.files import read_files

WARC = (
    b"WARC/1.0\r\nWARC-Type: resource\r\nContent-Type: %s\r\n%s"
    b"Content-Length: 5\r\n\r\nwords\r\n\r\n"
)


def packed(name: str, data: bytes = b"x", *, link: bool = False, locked: bool = False) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        info = zipfile.ZipInfo(name)
        if link:
            info.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, data)
    made = bytearray(out.getvalue())
    if locked:
        made[made.index(b"PK\x01\x02") + 8] |= 1
    return bytes(made)


def cut_tar() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        info = tarfile.TarInfo("a.txt")
        info.size = 2000
        archive.addfile(info, io.BytesIO(b"a" * 2000))
    return out.getvalue()[:1000]


def block_digest() -> bytes:
    import base64
    import hashlib

    digest = hashlib.sha1(b"words", usedforsecurity=False).digest()
    return b"WARC-Block-Digest: sha1:" + base64.b32encode(digest) + b"\r\n"


BAD_PAYLOAD = b"WARC-Payload-Digest: sha1:" + b"A" * 32 + b"\r\n"

CASES: dict[str, tuple[str, Callable[[], bytes]]] = {
    "E230": ("a.jsonl", lambda: b"[]\n"),
    "E231": ("a.jsonl", lambda: b"{}\n"),
    "E232": ("a.zip", lambda: b"nothing"),
    "E233": ("a.jsonl.xz", lambda: lzma.compress(json.dumps({"text": "x" * 5_000_000}).encode())),
    "E234": ("a.zip", lambda: packed("../x.txt")),
    "E235": ("a.zip", lambda: packed("x.txt", link=True)),
    "E236": ("a.zip", lambda: packed("x.txt", locked=True)),
    "E237": ("a.warc", lambda: WARC % (b"text/plain", BAD_PAYLOAD)),
    "E238": ("a.parquet.csv", lambda: b"a,b\n"),
    "E239": ("a.tar", cut_tar),
    "E240": ("a.warc", lambda: WARC % (b"text/plain", b"")),
    "W230": ("a.warc", lambda: WARC % (b"image/png", b"")),
    "W231": ("a.warc", lambda: WARC % (b"text/plain", BAD_PAYLOAD + block_digest())),
}


@pytest.mark.parametrize("code", CASES)
def test_each_code_has_a_file_that_brings_it_out(tmp_path: Path, monkeypatch, code):
    name, data = CASES[code]
    (tmp_path / name).write_bytes(data())
    if code == "E233":
        monkeypatch.setattr(opened_module, "FREE_BYTES", 1_000_000)
    if code == "E240":
        monkeypatch.setitem(sys.modules, "fastwarc", None)
    items = list(read_files([name], base=tmp_path))
    found = [item.finding if isinstance(item, Reject) else item for item in items]
    codes = {item.code for item in found if isinstance(item, Finding)} - {"W307"}
    assert codes == {code}


def test_no_code_of_theirs_lacks_a_case():
    theirs = {code for code in CATALOGUE if code[1:3] in {"23", "24"}}
    assert theirs == set(CASES)
