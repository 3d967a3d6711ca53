"""UTF-16 and UTF-32 without a byte order mark: texts in any script, and no binary."""

from __future__ import annotations

import math
from array import array

import pytest

from archiver.document import Finding, Source
from archiver.text.decode import decode
from archiver.text.wide import CODECS, wide

TEXTS = {
    "Russian": "Встреча прошла во Владивостоке в четверг, 25 апреля.\n",
    "Greek": "Η συνάντηση έγινε την Πέμπτη στο Βλαδιβοστόκ.\n",
    "Arabic": "عقدت القمة يوم الخميس في مدينة فلاديفوستوك الروسية.\n",
    "Hebrew": "הפגישה נערכה ביום חמישי בוולדיווסטוק.\n",
    "Hindi": "बैठक गुरुवार को व्लादिवोस्तोक में हुई।\n",
    "Thai": "การประชุมจัดขึ้นเมื่อวันพฤหัสบดีที่เมืองวลาดิวอสต็อก",
    "Japanese": "首脳会談は木曜日にウラジオストクで行われた。",
    "Chinese": "会谈于星期四在符拉迪沃斯托克举行。双方确认加强关系。",
    "Taiwan": "會談於星期四在海參崴舉行，雙方確認加強兩國關係。",
    "Korean": "정상회담은 목요일 블라디보스토크에서 열렸다. 😀\n",
    "German": "Größere Maße für die Straße müßten genügen.\n",
    "page": "<html>\n<body><p>会谈于星期四在海参崴举行。</p></body>\n</html>\n",
}


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("name", sorted(TEXTS))
@pytest.mark.parametrize("times", [1, 40])
def test_every_script(name, codec, times):
    text = TEXTS[name] * times
    document = decode(Source("x", "x", text.encode(codec)))
    assert not isinstance(document, Finding), document
    assert (document.text, document.encoding) == (text, codec)


def numbers(kind: str, values: object) -> bytes:
    return array(kind, values).tobytes()  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "data",
    [
        numbers("h", (int(300 * math.sin(i / 9)) for i in range(2_000))),
        numbers("H", (0x430 + (i * i) % 31 for i in range(2_000))),
        numbers("H", (0x6000 + (i * 7919) % 3000 for i in range(2_000))),
        numbers("H", range(0x4E00, 0x9F00)),
        numbers("H", (0x0100 for _ in range(300))),
        numbers("I", range(32, 3_000)),
        numbers("I", ((i * 7919) % 3000 for i in range(2_000))),
        numbers("f", (math.sin(i) for i in range(2_000))),
        bytes(range(256)) * 8,
        b"\0" * 400,
    ],
    ids=range(10),
)
def test_numbers_are_no_text(data):
    assert wide(data) is None
    assert isinstance(decode(Source("x", "x", data)), Finding)


def test_pairs_of_ascii_are_no_ideographs():
    assert wide(b"Bush hid the facts and more of them.") is None
