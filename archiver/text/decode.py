"""Bytes to text, once, strictly, and with the reason written down.

The order of trust: a byte order mark; UTF-8, which other bytes hardly ever fit by
chance; what the index, the page or the XML prolog declares; zero bytes in the
pattern of UTF-16 or UTF-32, or words in them; UTF-8 with stretches of something
else; detection. No byte is ignored: what fits no encoding becomes a finding, or, a
few times in a long text of UTF-8, U+FFFD, which the evidence tells. Evidence that
begins with ``LOW`` is a guess that a person should look at.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from archiver.document import Document, Finding, Source
from archiver.findings import finding
from archiver.text.coherence import incoherence, is_strange
from archiver.text.detect import LOW, detect
from archiver.text.kinds import ZERO_PATTERNS, binary_kind, zero_pattern
from archiver.text.labels import SEVEN_BIT, codecs_for
from archiver.text.mixed import decode_mixed, is_mostly_utf8
from archiver.text.wide import wide

#: Bytes searched for a declaration; HTML asks for 1,024, pages are laxer.
DECLARATION_BYTES = 4096

#: Faults per non-ASCII code point above which a declared encoding is not believed.
BELIEVABLE = 0.5

#: Share of control characters above which bytes that pass as UTF-8 are no text.
CONTROL_SHARE = 0.1

#: The same, above which bytes may be UTF-16 without any character below U+0100.
CONTROL_SHARE_WIDE = 0.02

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
_CONTROLS = bytes(b for b in range(32) if b not in b"\t\n\r\x0b\x0c\x1b")


@dataclass(frozen=True, slots=True)
class _Decoded:
    text: str
    codec: str
    why: str


def decode(source: Source) -> Document | Finding:
    """Decode a source, or say why it cannot be decoded.

    ``document.encode() == source.data`` for every codec that maps both ways; a few
    (ISO-2022, some East Asian bytes) do not, nor do files of mixed encodings, and the
    record keeps the bytes. A byte
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
    # Of 128 low bytes a script's letters take many that no other text has: controls.
    controls = len(data) - len(data.translate(None, _CONTROLS))
    if controls > len(data) * CONTROL_SHARE_WIDE and (spelled := _wide(data)) is not None:
        return spelled
    if (seven_bit := _seven_bit(data, declared)) is not None:
        return seven_bit
    text = _strict(data, "utf-8")
    if text is not None:
        if controls > len(data) * CONTROL_SHARE:
            return finding("E202", f"{where} is full of control characters, not text", where=where)
        why = "ASCII" if text.isascii() else "valid UTF-8"
        return _Decoded(text, "utf-8", "; ".join([why, *notes]))
    return _by_evidence(data, declared, notes, where)


def _by_evidence(
    data: bytes, declared: list[tuple[str, str]], notes: list[str], where: str
) -> _Decoded | Finding:
    """Bytes that are no UTF-8: mostly UTF-8 after all, as declared, or as detected."""
    mixed = _mixed(data, notes, where)
    if isinstance(mixed, _Decoded):
        return mixed
    for label, said_by in declared:
        believed = _believed(data, label)
        if believed is not None:
            return _Decoded(*believed, f"declared by {said_by} as {label}")
        notes.append(f"{said_by} declares {label}, which does not fit")
    return mixed or _by_detection(data, notes, where)


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
    if (spelled := _wide(data)) is not None:
        return spelled
    at = data.index(b"\0")
    return finding("E202", f"{where} is not text: a zero byte at offset {at}", where=where)


def _wide(data: bytes) -> _Decoded | None:
    found = wide(data)
    if found is None:
        return None
    return _Decoded(found.text, found.codec, f"{found.codec} gives words, no byte order mark")


def _mixed(data: bytes, notes: list[str], where: str) -> _Decoded | Finding | None:
    """UTF-8 with some other bytes: a one-byte table would turn all of it to mojibake."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        at, reason = error.start, error.reason
    else:
        return None
    if not is_mostly_utf8(data):
        return None
    found = decode_mixed(data)
    if found is not None:
        why = "; ".join([found.why, *notes])
        return _Decoded(found.text, "utf-8", f"{LOW}{why}")
    bad = f"byte 0x{data[at]:02x} at offset {at} ({reason})"
    return finding("E203", f"{where} is UTF-8 except for {bad} and others", where=where)


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
