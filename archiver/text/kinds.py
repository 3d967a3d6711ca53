"""What bytes are when they are not text, told by their first bytes."""

from __future__ import annotations

#: First bytes that no text begins with. Formats whose first bytes are plain words
#: (RIFF, ID3, PAR1, GIF8) are left to the zero bytes that they all hold.
_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "a PNG image"),
    (b"%PDF-", "a PDF document"),
    (b"\x1f\x8b", "gzip data"),
    (b"PK\x03\x04", "a ZIP archive or an office document"),
    (b"PK\x05\x06", "an empty ZIP archive"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old office document"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"\xfd7zXZ\x00", "xz data"),
    (b"\x28\xb5\x2f\xfd", "zstd data"),
    (b"BZh91AY&SY", "bzip2 data"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"\x7fELF", "a program"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"{\\rtf1", "an RTF document"),
    (b"\x00\x00\x01\x00", "an icon"),
    (b"\x00asm", "a WebAssembly program"),
)

#: Bytes looked at for the pattern of zero bytes.
_SAMPLE = 65_536

#: Share of the expected positions that must be zero, and of the others that may be.
_MANY, _FEW = 0.6, 0.05

#: For each encoding, which bytes of a unit are zero in ASCII text.
ZERO_PATTERNS: dict[str, tuple[bool, ...]] = {
    "utf-32-le": (False, True, True, True),
    "utf-32-be": (True, True, True, False),
    "utf-16-le": (False, True),
    "utf-16-be": (True, False),
}


def binary_kind(data: bytes) -> str | None:
    """The format that the first bytes give away ("a PNG image"), or None."""
    return next((kind for magic, kind in _MAGIC if data.startswith(magic)), None)


def zero_pattern(data: bytes) -> str | None:
    """UTF-16 or UTF-32 without a byte order mark, by where the zero bytes stand.

    Works where most characters are ASCII or Latin; UTF-16 in other scripts has few
    zero bytes and must be declared.
    """
    sample = data[:_SAMPLE]
    for codec, zeros in ZERO_PATTERNS.items():
        width = len(zeros)
        if len(data) % width:
            continue
        shares = [_zero_share(sample[at::width]) for at in range(width)]
        if all(
            share >= _MANY if zero else share <= _FEW
            for zero, share in zip(zeros, shares, strict=True)
        ):
            return codec
    return None


def _zero_share(column: bytes) -> float:
    return column.count(0) / len(column) if column else 0.0
