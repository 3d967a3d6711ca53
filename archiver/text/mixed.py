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
from dataclasses import dataclass

from archiver.text.coherence import incoherence, is_strange
from archiver.text.detect import detect, is_doubtful
from archiver.text.stray import SEQUENCE, Tally, mend, utf8_text

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

_ASCII = bytes(range(128))
#: What UTF-8 was made of, whole or damaged.
_REMAINS = re.compile(
    SEQUENCE.pattern + rb"|\xed[\xa0-\xbf][\x80-\xbf]|[\xe1-\xef][\x80-\xbf]|[\xc2-\xf4]\Z"
)


@dataclass(frozen=True, slots=True)
class Mixed:
    """A text read by more than one encoding, and which was used where."""

    text: str
    why: str


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
    rest = SEQUENCE.sub(b"", data)
    sequences = high - _high(rest)
    if sequences >= 2 * UTF8_SEQUENCES and sequences >= high * UTF8_SHARE:
        return True
    if sequences < high * LINES_SHARE:
        return False
    good = sum(
        count
        for line in data.split(b"\n")
        if (count := _high(line)) >= LINE_BYTES and utf8_text(line) is not None
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
    tally = Tally()
    pieces: list[str] = []
    places: list[str] = []
    for stretch in stretches:
        if stretch.is_utf8:
            pieces.append(mend(stretch.data, tally))
            continue
        found = _read(stretch.data, joint_codec, look=len(places) < ALONE)
        if found is None:
            pieces.append(mend(stretch.data, tally))
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


def _why(places: list[str], tally: Tally) -> str:
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


def _high(data: bytes) -> int:
    return len(data.translate(None, _ASCII))
