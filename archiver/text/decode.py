"""Bytes to text, once, strictly, and with the reason written down.

The order of trust: a byte order mark; UTF-8, which other bytes hardly ever fit by
chance; what the index, the page or the XML prolog declares; zero bytes in the
pattern of UTF-16 or UTF-32; detection. Nothing is replaced or ignored: what fits
no encoding becomes a finding.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from archiver.document import Document, Finding, Source
from archiver.findings import finding
from archiver.text.coherence import incoherence, is_strange
from archiver.text.detect import detect
from archiver.text.kinds import ZERO_PATTERNS, binary_kind, zero_pattern
from archiver.text.labels import SEVEN_BIT, codecs_for

#: Bytes searched for a declaration; HTML asks for 1,024, pages are laxer.
DECLARATION_BYTES = 4096

#: Faults per non-ASCII code point above which a declared encoding is not believed.
BELIEVABLE = 0.5

#: Share of control characters above which bytes that pass as UTF-8 are no text.
CONTROL_SHARE = 0.1

#: Share of a text's non-ASCII bytes that must form UTF-8 sequences for it to be
#: called damaged UTF-8, and how many such sequences there must be at least.
UTF8_SHARE, UTF8_SEQUENCES = 0.8, 5

#: Bytes looked at for that on either side of the first bad one.
UTF8_NEAR = 1 << 19

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_XML = re.compile(
    rb"^\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._:-]{1,40})", re.IGNORECASE
)
_META = re.compile(
    rb"<meta[^>]{0,500}?charset\s*=\s*[\"']?\s*([A-Za-z0-9._:-]{1,40})", re.IGNORECASE
)
_COMMENT = re.compile(rb"<!--.*?(?:-->|\Z)", re.DOTALL)
_UTF8_SEQUENCE = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
)
_NOT_CONTROLS = bytes(b for b in range(256) if b >= 0x20 or b in b"\t\n\r\x0b\x0c\x1b")
_ASCII = bytes(range(128))


@dataclass(frozen=True, slots=True)
class _Decoded:
    text: str
    codec: str
    why: str


def decode(source: Source) -> Document | Finding:
    """Decode a source, or say why it cannot be decoded.

    ``document.encode() == source.data`` for every codec that maps both ways; a few
    (ISO-2022, some East Asian bytes) do not, and the record keeps the bytes. A byte
    order mark stays in the text as U+FEFF.
    Returns: a Document, or a Finding E201 (empty), E202 (not text), E203 (no
    encoding fits). Raises: nothing. Cost: about one pass for UTF-8; detection,
    where needed, some milliseconds and one pass more a candidate.
    """
    data = source.data
    if not data.strip():
        what = "holds only white space" if data else "is empty"
        return finding("E201", f"{source.file_path} {what}", where=source.file_path)
    kind = binary_kind(data)
    if kind is not None:
        return finding("E202", f"{source.file_path} is {kind}, not text", where=source.file_path)
    found = _by_mark(data) or _by_content(source)
    if isinstance(found, Finding):
        return found
    if not found.text.strip("\ufeff \t\r\n\f\v"):
        return finding("E201", f"{source.file_path} holds only white space", where=source.file_path)
    text, newline = _newlines(found.text)
    return Document(text=text, encoding=found.codec, newline=newline, evidence=found.why)


def _by_mark(data: bytes) -> _Decoded | None:
    for mark, codec in _MARKS:
        if data.startswith(mark):
            text = _strict(data, codec)
            if text is not None and not is_strange(text):
                return _Decoded(text, codec, "byte order mark")
    return None


def _by_content(source: Source) -> _Decoded | Finding:
    data, where = source.data, source.file_path
    declared, notes = _declared(source)
    if b"\0" in data:
        return _by_zeros(data, declared, where)
    seven_bit = _seven_bit(data, declared)
    if seven_bit is not None:
        return seven_bit
    text = _strict(data, "utf-8")
    if text is not None:
        if len(data.translate(None, _NOT_CONTROLS)) > len(data) * CONTROL_SHARE:
            return finding("E202", f"{where} is full of control characters, not text", where=where)
        why = "ASCII" if text.isascii() else "valid UTF-8"
        return _Decoded(text, "utf-8", "; ".join([why, *notes]))
    for label, said_by in declared:
        believed = _believed(data, label)
        if believed is not None:
            return _Decoded(*believed, f"declared by {said_by} as {label}")
        notes.append(f"{said_by} declares {label}, which does not fit")
    return _damaged_utf8(data, where) or _by_detection(data, notes, where)


def _by_detection(data: bytes, notes: list[str], where: str) -> _Decoded | Finding:
    guess = detect(data)
    if guess is None:
        message = f"{where} fits no encoding: neither UTF-8 nor any that was detected gives text"
        return finding("E203", "; ".join([message, *notes]), where=where)
    return _Decoded(guess.text, guess.codec, "; ".join([guess.why, *notes]))


def _declared(source: Source) -> tuple[list[tuple[str, str]], list[str]]:
    """What is declared, by whom, best first; and notes on labels nobody knows."""
    labels: list[tuple[str, str]] = []
    if source.provenance.encoding:
        labels.append((source.provenance.encoding, "the index"))
    head = source.data[:DECLARATION_BYTES]
    if xml := _XML.search(head):
        labels.append((xml[1].decode("ascii"), "the XML prolog"))
    if source.media_type == "text/html" and (meta := _META.search(_COMMENT.sub(b"", head))):
        labels.append((meta[1].decode("ascii"), "the page"))
    known = [(label, by) for label, by in labels if codecs_for(label)]
    notes = [f"{by} declares {label!r}, unknown" for label, by in labels if not codecs_for(label)]
    return known, notes


def _believed(data: bytes, label: str) -> tuple[str, str] | None:
    """The text and the codec of a declared encoding, if the text looks written."""
    for codec in codecs_for(label):
        text = _strict(data, codec)
        if text is not None and not is_strange(text) and incoherence(text) <= BELIEVABLE:
            return text, codec
    return None


def _seven_bit(data: bytes, declared: list[tuple[str, str]]) -> _Decoded | None:
    """Encodings whose bytes are all ASCII: they must be declared or escape in JIS's way."""
    if not data.isascii():
        return None
    tried = [(codec, f"declared by {by}") for label, by in declared for codec in codecs_for(label)]
    if b"\x1b$" in data:
        tried += [("iso2022_jp", "escape sequences"), ("iso2022_kr", "escape sequences")]
    for codec, why in tried:
        if codec in SEVEN_BIT and SEVEN_BIT[codec] in data:
            text = _strict(data, codec)
            if text is not None and not text.isascii() and not is_strange(text):
                return _Decoded(text, codec, why)
    return None


def _by_zeros(data: bytes, declared: list[tuple[str, str]], where: str) -> _Decoded | Finding:
    """Text with zero bytes is UTF-16 or UTF-32, or it is no text at all."""
    tried = [
        (codec, f"declared by {said_by} as {label}")
        for label, said_by in declared
        for codec in codecs_for(label)
        if codec in ZERO_PATTERNS
    ]
    pattern = zero_pattern(data)
    if pattern is not None:
        tried.append((pattern, "zero bytes in its pattern, no byte order mark"))
    for codec, why in tried:
        text = _strict(data, codec)
        if text is not None and "\0" not in text and not is_strange(text):
            return _Decoded(text, codec, why)
    at = data.index(b"\0")
    return finding("E202", f"{where} is not text: a zero byte at offset {at}", where=where)


def _damaged_utf8(data: bytes, where: str) -> Finding | None:
    """UTF-8 with some bad bytes: a one-byte table would turn all of it to mojibake."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        at, reason = error.start, error.reason
    else:
        return None
    near = data[max(0, at - UTF8_NEAR) : at + UTF8_NEAR]
    high = len(near.translate(None, _ASCII))
    sequences = _UTF8_SEQUENCE.findall(near)
    if len(sequences) < UTF8_SEQUENCES or sum(map(len, sequences)) < high * UTF8_SHARE:
        return None
    bad = f"byte 0x{data[at]:02x} at offset {at} ({reason})"
    return finding("E203", f"{where} is UTF-8 except for {bad}", where=where)


def _strict(data: bytes, codec: str) -> str | None:
    try:
        return data.decode(codec)
    except (UnicodeError, ValueError):
        return None


def _newlines(text: str) -> tuple[str, str]:
    r"""The text with ``\n``, and the line end it had, if it had one kind only."""
    if "\r" not in text:
        return text, "\n"
    pairs, feeds, returns = text.count("\r\n"), text.count("\n"), text.count("\r")
    if pairs == feeds == returns:
        return text.replace("\r\n", "\n"), "\r\n"
    if feeds == 0:
        return text.replace("\r", "\n"), "\r"
    return text, "\n"
