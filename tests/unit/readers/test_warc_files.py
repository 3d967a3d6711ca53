"""WARC and WET as warcio writes them, damaged ones, and digests that `warcio check` agrees on."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest
from warcio.recordloader import ArcWarcRecord
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from archiver.document import Finding, Reject, Source
from archiver.readers import warc as warc_module
from archiver.readers.files import read_files
from archiver.readers.formats import Wanted
from archiver.readers.warc_digests import digest_fits

PAGE = "<html><body><p>Record {}, with some words in it: Grüße.</p></body></html>"


def read(base: Path, **options: object) -> list[Source | Reject | Finding]:
    return list(read_files(["in"], base=base, **options))


def sources(items: list) -> list[Source]:
    return [item for item in items if isinstance(item, Source)]


def rejects(items: list) -> list[str]:
    return [item.finding.code for item in items if isinstance(item, Reject)]


def notes(items: list) -> list[Finding]:
    return [item for item in items if isinstance(item, Finding) and item.code != "W307"]


def response(
    writer: WARCWriter,
    number: int,
    body: bytes,
    *headers: tuple[str, str],
    status: str = "200 OK",
    kind: str = "text/html; charset=utf-8",
    **warc: str,
) -> None:
    http = StatusAndHeaders(status, [("Content-Type", kind), *headers], protocol="HTTP/1.1")
    record = writer.create_warc_record(
        f"https://example.org/{number}",
        "response",
        payload=io.BytesIO(body),
        http_headers=http,
        warc_headers_dict={"WARC-Date": "2021-03-04T05:06:07Z", **warc},
    )
    write(writer, record)


def write(writer: WARCWriter, record: ArcWarcRecord) -> None:
    """Write a record, and close the temporary file that warcio measured it in."""
    writer.write_record(record)
    if hasattr(record.raw_stream, "close"):
        record.raw_stream.close()


def page(number: int) -> bytes:
    return PAGE.format(number).encode()


def made(*, packed: bool = True, count: int = 4) -> bytes:
    out = io.BytesIO()
    writer = WARCWriter(out, gzip=packed)
    write(writer, writer.create_warcinfo_record("a.warc", {"software": "test"}))
    for number in range(count):
        response(writer, number, page(number))
    return out.getvalue()


def put(base: Path, data: bytes, name: str = "in/a.warc.gz") -> Path:
    path = base / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def record(block: bytes, *lines: str, size: int | None = None) -> bytes:
    head = ["WARC/1.0", "WARC-Type: resource", "Content-Type: text/plain", *lines]
    head.append(f"Content-Length: {len(block) if size is None else size}")
    return "\r\n".join(head).encode() + b"\r\n\r\n" + block + b"\r\n\r\n"


@pytest.mark.parametrize(
    ("name", "packed"), [("in/a.warc.gz", True), ("in/a.warc", False), ("in/a.warc", True)]
)
def test_responses_are_pages_with_their_origin(tmp_path, name, packed):
    put(tmp_path, made(packed=packed), name)
    items = read(tmp_path)
    assert [s.data for s in sources(items)] == [page(number) for number in range(4)]
    first = sources(items)[0]
    assert (first.media_type, first.file_path) == ("text/html", name)
    assert first.id.startswith("urn:uuid:")
    known = first.provenance
    assert (known.url, known.encoding) == ("https://example.org/0", "utf-8")
    assert known.fetched_at is not None
    assert known.fetched_at.isoformat() == "2021-03-04T05:06:07+00:00"
    digest = base64.b32encode(hashlib.sha1(page(0), usedforsecurity=False).digest()).decode()
    assert known.metadata["warc_payload_digest"] == f"sha1:{digest}"
    assert notes(items) == rejects(items) == []
    assert [s.source_sha256 for s in sources(read(tmp_path))] == [
        s.source_sha256 for s in sources(items)
    ]


def test_whole_file_zstandard_is_read_too(tmp_path):
    put(tmp_path, pa.Codec("zstd").compress(made(packed=False), asbytes=True), "in/a.warc.zst")
    assert len(sources(read(tmp_path))) == 4


def test_encodings_of_the_transport_are_undone(tmp_path):
    out = io.BytesIO()
    writer = WARCWriter(out, gzip=True)
    chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (len(page(2)), page(2))
    response(writer, 1, gzip.compress(page(1)), ("Content-Encoding", "gzip"))
    response(writer, 2, chunked, ("Transfer-Encoding", "chunked"))
    put(tmp_path, out.getvalue())
    assert [s.data for s in sources(read(tmp_path))] == [page(1), page(2)]


def test_wet_records_are_texts(tmp_path):
    out = io.BytesIO()
    writer = WARCWriter(out, gzip=True)
    headers = {"WARC-Refers-To": "<urn:uuid:1>", "WARC-Identified-Content-Language": "deu"}
    conversion = writer.create_warc_record(
        "https://example.org/",
        "conversion",
        payload=io.BytesIO("Nur Text, schön.".encode()),
        warc_content_type="text/plain",
        warc_headers_dict=headers,
    )
    write(writer, conversion)
    put(tmp_path, out.getvalue(), "in/a.warc.wet.gz")
    (found,) = sources(read(tmp_path))
    assert (found.data.decode(), found.media_type) == ("Nur Text, schön.", "text/plain")
    assert found.provenance.metadata["warc_identified_content_language"] == "deu"


def test_what_is_no_text_is_counted(tmp_path):
    out = io.BytesIO()
    writer = WARCWriter(out, gzip=True)
    response(writer, 1, b"GIF89a", kind="image/gif")
    response(writer, 2, b"gone", status="404 Not Found")
    response(writer, 3, page(3))
    write(
        writer,
        writer.create_revisit_record(
            "https://example.org/3", "sha1:AAAA", "https://x.org/", "2020"
        ),
    )
    put(tmp_path, out.getvalue())
    items = read(tmp_path)
    assert len(sources(items)) == 1
    (note,) = notes(items)
    assert note.code == "W230"
    assert note.message.endswith(
        "1 of type image/gif, 1 responses of another status than 2xx, 1 revisit records"
    )


def check(path: Path) -> int:
    """What warcio says of the digests of a file."""
    done = subprocess.run(
        [sys.executable, "-m", "warcio.cli", "check", str(path)], capture_output=True, check=False
    )
    return done.returncode


def test_warcio_agrees_with_us_on_sound_and_on_changed_records(tmp_path):
    data = made(packed=False)
    path = put(tmp_path, data, "in/a.warc")
    assert (check(path), rejects(read(tmp_path))) == (0, [])
    for at in (data.index(b"Record 1") + 2, data.index(b"Record 3") + 9):
        changed = bytearray(data)
        changed[at] ^= 1
        path.write_bytes(bytes(changed))
        assert check(path) != 0
        items = read(tmp_path)
        assert (rejects(items), len(sources(items))) == (["E237"], 3)


@pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha256", "sha512"])
def test_digests_are_checked_however_they_are_written(algorithm):
    digest = hashlib.new(algorithm, b"x", usedforsecurity=False).digest()
    base32 = base64.b32encode(digest).decode().rstrip("=")
    for words in (digest.hex(), base32, base32.lower()):
        assert digest_fits(f"{algorithm}:{words}", b"x")
        assert not digest_fits(f"{algorithm}:{words}", b"y")
    assert not digest_fits(f"{algorithm}:no digest!", b"x")
    assert digest_fits("crc32:1234", b"x")


def test_a_payload_digest_that_only_the_block_contradicts_warns(tmp_path):
    block = b"Some text of a record."
    good = "sha1:" + hashlib.sha1(block, usedforsecurity=False).hexdigest()
    wrong = "WARC-Payload-Digest: sha1:" + "A" * 32
    put(tmp_path, record(block, wrong, f"WARC-Block-Digest: {good}"), "in/a.warc")
    items = read(tmp_path)
    assert ([n.code for n in notes(items)], len(sources(items))) == (["W231"], 1)
    put(tmp_path, record(block, wrong), "in/a.warc")
    assert rejects(read(tmp_path)) == ["E237"]


def test_damage_costs_a_record_and_reading_goes_on(tmp_path):
    data = made(count=20)
    members = [at for at in range(len(data)) if data.startswith(b"\x1f\x8b\x08", at)]
    changed = bytearray(data)
    changed[members[5] + 30 : members[5] + 60] = bytes(30)
    put(tmp_path, bytes(changed))
    items = read(tmp_path)
    assert len(sources(items)) == 19
    assert rejects(items) == ["E230"]
    junk = data[: members[5]] + b"JUNK" * 50 + data[members[5] :]
    put(tmp_path, junk)
    items = read(tmp_path)
    assert len(sources(items)) == 20
    assert rejects(items) == ["E230"]


@pytest.mark.parametrize("packed", [True, False])
def test_a_file_that_is_cut_off_is_told(tmp_path, packed):
    data = made(packed=packed)
    put(tmp_path, data[:-60], "in/a.warc.gz")
    items = read(tmp_path)
    assert len(sources(items)) == 3
    assert rejects(items)[0] in {"E230", "E232", "E239"}


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"this is no WARC\r\n" * 20, "E232"),
        (record(b"x", size=99_999_999_999), "E204"),
        (record(b"short", size=50), "E239"),
        (record(b"five5", "X: " + "y" * 1_000_000), "E232"),
        (record(b"", "Content-Type: application/http").replace(b"text/plain", b"x/y"), "W230"),
    ],
)
def test_hostile_records_are_findings(tmp_path, data, code):
    put(tmp_path, data, "in/a.warc")
    items = read(tmp_path)
    assert sources(items) == []
    assert code in [*rejects(items), *(n.code for n in notes(items))]


def test_a_payload_that_unpacks_to_gigabytes_is_stopped(tmp_path):
    out = io.BytesIO()
    writer = WARCWriter(out, gzip=True)
    response(writer, 1, gzip.compress(bytes(50_000_000)), ("Content-Encoding", "gzip"))
    response(writer, 2, page(2))
    put(tmp_path, out.getvalue())
    items = read(tmp_path, max_bytes=1_000_000)
    assert (rejects(items), len(sources(items))) == (["E204"], 1)


def test_standard_input_is_read_as_it_comes(tmp_path):
    data = made()
    stream = read_files(
        ["-"], base=tmp_path, stdin=lambda: io.BytesIO(data), wanted=Wanted(format="warc")
    )
    assert len(sources(list(stream))) == 4


def test_without_the_extra_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "fastwarc", None)
    put(tmp_path, made())
    (kept_out,) = (item for item in read(tmp_path) if isinstance(item, Reject))
    assert kept_out.finding.code == "E240"
    assert "archiver-toolkit[warc]" in kept_out.finding.hint
    assert warc_module.MAX_RESUMED > 0
