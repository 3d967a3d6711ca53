"""Detection of legacy encodings: two detectors, and their evidence weighed.

chardetng (Firefox's) knows the web's encodings best, chardet also those of DOS
and Mac. Where they agree they are nearly always right. Where they differ, the
text that looks more written wins (``coherence``); what was not agreed on is said
in the evidence.
"""

from __future__ import annotations

from dataclasses import dataclass

from archiver.document import Document, Finding
from archiver.findings import finding
from archiver.text.coherence import incoherence, is_strange
from archiver.text.labels import codecs_for, is_old

#: Bytes the detectors look at: they gain nothing measurable from more.
DETECT_BYTES = 200_000

#: How evidence begins that a person should look at: the detectors differ, or few
#: bytes tell. A program asks ``is_doubtful``.
LOW = "low confidence: "

#: Bytes that are not ASCII below which even two detectors agree by chance.
FEW_BYTES = 6

#: Encodings of the web's early days that hardly any page is in; detectors like them.
_RARE = frozenset({"iso8859-3", "iso8859-4", "iso8859-10", "iso8859-14", "iso8859-16"})

_ASCII = bytes(range(128))
_BEFORE = 4096

#: Difference in faults per non-ASCII code point that decides between two texts.
MARGIN = 0.02

#: Below this confidence of chardet, an old DOS or Mac table needs better grounds.
OLD_CONFIDENCE = 0.3

#: Faults per non-ASCII code point from which on a detected text is mere noise.
NOISE = 1.0


@dataclass(frozen=True, slots=True)
class Guess:
    """A text, the codec that gives it, and why this one."""

    text: str
    codec: str
    why: str


@dataclass(frozen=True, slots=True)
class _Candidate:
    text: str
    codec: str
    by: str
    faults: float


def is_doubtful(evidence: str) -> bool:
    """Whether a document's evidence tells of a guess rather than of knowledge."""
    return evidence.startswith(LOW)


def doubt(document: Document, where: str) -> Finding | None:
    """W213 where a document's encoding is a guess: what it was read as, and what else may be."""
    if not is_doubtful(document.evidence):
        return None
    why = document.evidence.removeprefix(LOW)
    return finding("W213", f"{where} was read as {document.encoding}: {why}", where=where)


def detect(data: bytes) -> Guess | None:
    """The likeliest reading of bytes that are neither UTF-8 nor declared.

    Returns: a strict decoding of all the bytes, or None where no candidate gives a
    text that looks written. Deterministic. Raises: nothing.
    Cost: 1-5 ms a document for the detectors, and one decoding a candidate.
    """
    window = _window(data)
    web_label = _chardetng(window)
    any_label, confidence = _chardet(window)
    web = _candidate(data, web_label, "chardetng")
    any_ = _candidate(data, any_label, "chardet")
    missing = "; chardetng is not installed" if web_label is None else ""
    if web is not None and any_ is not None:
        if web.text == any_.text:
            few = len(data.translate(None, _ASCII)) < FEW_BYTES
            why = "chardetng and chardet agree" + ", few bytes tell" * few
            return Guess(web.text, web.codec, f"{LOW * few}detected: {why}")
        return _weigh(web, any_, confidence)
    sole = web or any_
    if sole is None:
        sole = _candidate(data, "windows-1252", "the web's default")
    if sole is None:
        return None
    return Guess(sole.text, sole.codec, f"{LOW}detected: {sole.by} alone{missing}")


def _weigh(web: _Candidate, any_: _Candidate, confidence: float) -> Guess:
    """Two readings of the same bytes: the better written one, or the likelier one."""
    if abs(web.faults - any_.faults) > MARGIN:
        best, why = min(web, any_, key=lambda found: found.faults), "it reads better"
    elif any_.codec in _RARE or (is_old(any_.codec) and confidence < OLD_CONFIDENCE):
        best, why = web, "the other is rare"
    else:
        best, why = any_, "both read well"
    other = any_ if best is web else web
    return Guess(
        best.text,
        best.codec,
        f"{LOW}detected: {best.by} says {best.codec}, {other.by} {other.codec}; {why}",
    )


def _candidate(data: bytes, label: str | None, by: str) -> _Candidate | None:
    for codec in codecs_for(label) if label else ():
        try:
            text = data.decode(codec)
        except (UnicodeError, ValueError):
            continue
        if is_strange(text):
            continue
        faults = incoherence(text)
        if faults < NOISE:
            return _Candidate(text, codec, by, faults)
    return None


def _window(data: bytes) -> bytes:
    """The bytes that tell something: from shortly before the first that is not ASCII."""
    first = len(data) - len(data.lstrip(_ASCII))
    start = max(0, first - _BEFORE)
    return data[start : start + DETECT_BYTES]


def _chardetng(data: bytes) -> str | None:
    """Chardetng's label, or None where the platform has no wheel of it."""
    try:
        from chardetng_py import EncodingDetector
    except ImportError:
        return None
    detector = EncodingDetector()
    detector.feed(data, last=True)
    label: str = detector.guess(tld=None, allow_utf8=False)
    return label


def _chardet(data: bytes) -> tuple[str | None, float]:
    import chardet

    found = chardet.detect(data, max_bytes=DETECT_BYTES)
    return found["encoding"], found["confidence"] or 0.0
