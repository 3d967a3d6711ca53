"""Files of more than one encoding: UTF-8 with stretches of something else.

Feeds are joined without a look at their encodings, databases cut a text inside a
character, one editor pastes a byte of Windows into a page of UTF-8. Every stretch
is read by its own encoding. Where a byte fits none, U+FFFD stands for it, a few
times in a long text at most; a file with more is refused. Such a text does not
give the received bytes back: whoever keeps a record keeps the bytes too, and the
evidence says what was done where.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

from archiver.text.coherence import incoherence, is_strange
from archiver.text.detect import detect, is_doubtful

#: UTF-8 sequences that must be there at least, and their share of the bytes that are
#: not ASCII: over the whole text, or (in lines that are UTF-8 throughout) for a file
#: of which the rest is something else.
UTF8_SEQUENCES, UTF8_SHARE, LINES_SHARE = 5, 0.8, 0.1

#: Bytes that are not ASCII from which on a line without a fault counts as UTF-8: two
#: characters in another encoding look like it now and then.
LINE_BYTES = 6

#: Characters that may be lost (U+FFFD), as a share of the text; and how many always
#: may: two bytes that got into a character of four leave so many.
LOST_SHARE, LOST_ALWAYS = 0.001, 5

#: Faults per non-ASCII code point above which a stretch is not believed.
BELIEVABLE = 0.25

#: Stretches named in the evidence.
NAMED = 5

#: Stretches that are looked at by themselves; the others take the joint encoding.
ALONE = 50

#: Bytes before and after a stray one that tell whether its reading fits.
_NEAR = 12

_ASCII = bytes(range(128))
_SEQUENCE = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}"
    rb"|\xed[\x80-\x9f][\x80-\xbf]|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}"
    rb"|\xf4[\x80-\x8f][\x80-\xbf]{2}"
)
#: What is no UTF-8: a pair of surrogates, each written as three bytes; the beginning
#: of a character whose end is missing; any other byte.
_BAD = re.compile(
    rb"(?P<pair>\xed[\xa0-\xaf][\x80-\xbf]\xed[\xb0-\xbf][\x80-\xbf])"
    rb"|(?P<cut>[\xe1-\xec\xee\xef][\x80-\xbf]|\xe0[\xa0-\xbf]|\xed[\x80-\x9f]"
    rb"|\xf0[\x90-\xbf][\x80-\xbf]?|[\xf1-\xf3][\x80-\xbf]{1,2}|\xf4[\x80-\x8f][\x80-\xbf]?)"
    rb"|(?P<byte>[\x80-\xff])"
)
#: What UTF-8 was made of, whole or damaged.
_REMAINS = re.compile(
    _SEQUENCE.pattern + rb"|\xed[\xa0-\xbf][\x80-\xbf]|[\xe1-\xef][\x80-\xbf]|[\xc2-\xf4]\Z"
)
_PIECE = re.compile(rb"(?:[\x00-\x7f]|(?:" + _SEQUENCE.pattern + rb"))+")


@dataclass(frozen=True, slots=True)
class Mixed:
    """A text read by more than one encoding, and which was used where."""

    text: str
    why: str


@dataclass(slots=True)
class _Tally:
    """What was done to stray bytes, how often."""

    lost: int = 0
    pairs: int = 0
    read: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Whole lines of one kind: UTF-8 (perhaps with stray bytes), or something else."""

    first: int
    last: int
    data: bytes
    is_utf8: bool


def is_mostly_utf8(data: bytes) -> bool:
    """Bytes that are no UTF-8, but in large part were. Cost: some passes in C."""
    high = _high(data)
    rest = _SEQUENCE.sub(b"", data)
    sequences = high - _high(rest)
    if sequences >= 2 * UTF8_SEQUENCES and sequences >= high * UTF8_SHARE:
        return True
    if sequences < high * LINES_SHARE:
        return False
    good = sum(
        count
        for line in data.split(b"\n")
        if (count := _high(line)) >= LINE_BYTES and _utf8(line) is not None
    )
    return good >= 2 * UTF8_SEQUENCES and good >= high * LINES_SHARE


def decode_mixed(data: bytes) -> Mixed | None:
    """Read each stretch by its own encoding; None where that would be guesswork.

    data: bytes that are no UTF-8 and of which ``is_mostly_utf8`` is true.
    Raises: nothing. Cost: linear; some milliseconds more for each of at most
    ``ALONE`` stretches.
    """
    stretches = _stretches(data)
    foreign = [stretch for stretch in stretches if not stretch.is_utf8]
    joint = detect(b"".join(stretch.data for stretch in foreign)) if foreign else None
    joint_codec = joint.codec if joint is not None else None
    tally = _Tally()
    pieces: list[str] = []
    places: list[str] = []
    for stretch in stretches:
        if stretch.is_utf8:
            pieces.append(_mend(stretch.data, tally))
            continue
        found = _read(stretch.data, joint_codec, look=len(places) < ALONE)
        if found is None:
            pieces.append(_mend(stretch.data, tally))
            continue
        text, codec = found
        pieces.append(text)
        lines = f"line {stretch.first}"
        if stretch.last > stretch.first:
            lines = f"lines {stretch.first}-{stretch.last}"
        places.append(f"{lines} as {codec}")
    text = "".join(pieces)
    if tally.lost > max(LOST_ALWAYS, int(len(text) * LOST_SHARE)) or is_strange(text):
        return None
    return Mixed(text, _why(places, tally))


def _why(places: list[str], tally: _Tally) -> str:
    notes = places[:NAMED]
    if len(places) > NAMED:
        notes.append(f"{len(places) - NAMED} more such stretches")
    for codec, count in sorted(tally.read.items()):
        notes.append(f"{count} stray byte{'s' * (count > 1)} as {codec}")
    if tally.pairs:
        notes.append(f"{tally.pairs} pair{'s' * (tally.pairs > 1)} of surrogates")
    if tally.lost:
        notes.append(f"{tally.lost} cut or unreadable, now U+FFFD")
    return "mixed encodings: UTF-8, but " + ", ".join(notes)


def _stretches(data: bytes) -> list[_Stretch]:
    """The lines, joined to runs of one kind; ASCII lines go with what is before them."""
    done: list[_Stretch] = []
    run: list[bytes] = []
    first, kind = 1, True
    for number, line in enumerate(data.splitlines(keepends=True) or [data], 1):
        is_utf8 = kind if line.isascii() else _is_utf8_line(line)
        if is_utf8 != kind and run:
            done.append(_Stretch(first, number - 1, b"".join(run), kind))
            run, first = [], number
        kind = is_utf8
        run.append(line)
    done.append(_Stretch(first, first + len(run) - 1, b"".join(run), kind))
    return done


def _is_utf8_line(line: bytes) -> bool:
    """UTF-8, or mostly so: at least half of what is not ASCII forms sequences."""
    return _high(_REMAINS.sub(b"", line)) * 2 <= _high(line)


def _read(data: bytes, joint: str | None, *, look: bool) -> tuple[str, str] | None:
    """A stretch that is no UTF-8, in the encoding that reads best.

    Of equal ones its own is taken, where the detectors agree on it, else the joint one.
    """
    own = detect(data) if look else None
    tried = [joint, own.codec if own else None, "cp1252"]
    if own is not None and not is_doubtful(own.why):
        tried.insert(0, own.codec)
    codecs = [codec for codec in tried if codec]
    best: tuple[float, str, str] | None = None
    for codec in dict.fromkeys(codecs):
        try:
            text = data.decode(codec)
        except (UnicodeError, ValueError):
            continue
        faults = incoherence(text)
        if not is_strange(text) and faults <= BELIEVABLE and (best is None or faults < best[0]):
            best = faults, text, codec
    return None if best is None else (best[1], best[2])


def _mend(data: bytes, tally: _Tally) -> str:
    """UTF-8 with stray bytes, each by what stands beside it."""
    text = _utf8(data)
    if text is not None:
        return text
    pieces: list[str] = []
    at = 0
    while at < len(data):
        if piece := _PIECE.match(data, at):
            pieces.append(piece[0].decode("utf-8"))
            at = piece.end()
            continue
        bad = _BAD.match(data, at)
        end = bad.end() if bad else at + 1
        before = pieces[-1][-_NEAR:] if pieces else ""
        after = data[end : end + _NEAR].decode("utf-8", "ignore")
        pieces.append(_stray(data[at:end], bad.lastgroup if bad else None, before, after, tally))
        at = end
    return "".join(pieces)


def _stray(data: bytes, kind: str | None, before: str, after: str, tally: _Tally) -> str:
    """What some bytes that are no UTF-8 stand for: a character, or U+FFFD."""
    if kind == "pair":
        tally.pairs += 1
        return (
            data.decode("utf-8", "surrogatepass").encode("utf-16", "surrogatepass").decode("utf-16")
        )
    if kind == "byte":
        text = data.decode("cp1252", "replace")
        near = _word_end(before) + text + _word_start(after)
        is_cut = not after and data >= b"\xc2" and not before[-1:].isalpha()
        if not is_cut and text != "\ufffd" and (incoherence(near) == 0.0 or text.isspace()):
            tally.read["cp1252"] += 1
            return text
    tally.lost += 1
    return "\ufffd"


def _word_end(text: str) -> str:
    return text[-1:] if text[-1:].isalpha() else " "


def _word_start(text: str) -> str:
    return text[:1] if text[:1].isalpha() else " "


def _utf8(data: bytes) -> str | None:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _high(data: bytes) -> int:
    return len(data.translate(None, _ASCII))
