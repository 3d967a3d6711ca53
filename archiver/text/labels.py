"""Encoding labels as pages, detectors and people write them, as Python codecs.

The web's labels (https://encoding.spec.whatwg.org) name other tables than
Python's: a page that says ``iso-8859-1`` means windows-1252.
"""

from __future__ import annotations

import codecs

#: Codecs to try for a label, in order. Where a smaller table holds all the bytes
#: it is taken: then one JIS character is one code point, whether it came as
#: EUC-JP or as Shift_JIS (U+301C, not U+FF5E). GB2312's own Python table is the
#: exception: it has a Japanese dot and bar for the Chinese ones.
_CHAINS: dict[str, tuple[str, ...]] = {
    "ascii": ("cp1252", "iso8859-1"),
    "iso8859-1": ("cp1252", "iso8859-1"),
    "iso8859-9": ("cp1254", "iso8859-9"),
    "iso8859-11": ("cp874", "iso8859-11"),
    "tis-620": ("tis-620", "cp874", "iso8859-11"),
    "shift_jis": ("shift_jis", "cp932", "shift_jisx0213"),
    "cp932": ("shift_jis", "cp932"),
    "euc_jp": ("euc_jp", "euc_jisx0213"),
    "euc_kr": ("euc_kr", "cp949"),
    "gb2312": ("gbk", "gb18030"),
    "gbk": ("gbk", "gb18030"),
    "gb18030": ("gbk", "gb18030"),
    "big5": ("big5", "cp950", "big5hkscs"),
    "cp950": ("big5", "cp950", "big5hkscs"),
    "iso2022_jp": ("iso2022_jp", "iso2022_jp_2", "iso2022_jp_ext"),
    "utf-16": ("utf-16-le", "utf-16-be"),
    "utf-32": ("utf-32-le", "utf-32-be"),
    "utf-8-sig": ("utf-8",),
}

#: Labels of the web that Python does not know, or knows as something else.
_WEB: dict[str, str] = {
    "x-sjis": "shift_jis",
    "windows-31j": "cp932",
    "x-euc-jp": "euc_jp",
    "x-gbk": "gbk",
    "gb_2312-80": "gbk",
    "csgb2312": "gbk",
    "big5-hkscs": "big5hkscs",
    "x-x-big5": "big5",
    "cn-big5": "big5",
    "windows-949": "cp949",
    "ks_c_5601-1987": "cp949",
    "windows-874": "cp874",
    "dos-874": "cp874",
    "iso-8859-8-i": "iso8859-8",
    "iso-8859-8-e": "iso8859-8",
    "iso-8859-6-i": "iso8859-6",
    "iso-8859-6-e": "iso8859-6",
    "koi8-ru": "koi8-u",
    "koi8": "koi8-r",
    "koi": "koi8-r",
    "x-cp1250": "cp1250",
    "x-cp1251": "cp1251",
    "x-cp1252": "cp1252",
    "x-mac-roman": "mac_roman",
    "x-mac-cyrillic": "mac_cyrillic",
    "x-mac-ukrainian": "mac_cyrillic",
    "unicode-1-1-utf-8": "utf-8",
    "x-unicode20utf8": "utf-8",
    "unicode": "utf-16-le",
}

#: Codecs that carry text in seven bits, so that their bytes also pass as UTF-8,
#: and the bytes without which none of their text is more than ASCII.
SEVEN_BIT: dict[str, bytes] = {
    "iso2022_jp": b"\x1b",
    "iso2022_jp_1": b"\x1b",
    "iso2022_jp_2": b"\x1b",
    "iso2022_jp_2004": b"\x1b",
    "iso2022_jp_3": b"\x1b",
    "iso2022_jp_ext": b"\x1b",
    "iso2022_kr": b"\x1b",
    "hz": b"~{",
    "utf-7": b"+",
}

#: Codecs of DOS, Mac and mainframe days: possible, but rare on the web.
_OLD = ("mac", "cp037", "cp273", "cp4", "cp5", "cp7", "cp8", "cp10", "cp11", "hp", "ptcp", "kz")


def codecs_for(label: str) -> tuple[str, ...]:
    """The Python codecs that a label may mean, best first; empty when unknown.

    Raises: nothing, whatever the label. Only codecs between text and bytes count
    (``rot13`` and ``hex`` do not), and none that depends on the machine.
    """
    plain = label.strip().lower()
    name = _canonical(_WEB.get(plain, plain))
    return () if name is None else _CHAINS.get(name, (name,))


def is_old(codec: str) -> bool:
    """A DOS, Mac or mainframe table, which needs more evidence than a web one."""
    return codec.startswith(_OLD) and codec != "cp874"


def _canonical(label: str) -> str | None:
    try:
        found = codecs.lookup(label)
    except (LookupError, ValueError, UnicodeError):
        return None
    is_text = getattr(found, "_is_text_encoding", True)
    if not is_text or found.name in _NOT_CHARSETS:
        return None
    return found.name


#: Python's own notations, and codecs that give another text on another machine.
_NOT_CHARSETS = frozenset(
    {"idna", "punycode", "raw-unicode-escape", "unicode-escape", "undefined", "mbcs", "oem"}
)
