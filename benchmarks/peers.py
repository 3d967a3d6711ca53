"""What other cleaners do to lines of text, made comparable: text in, text out.

None of these tools is made for text that was scraped already; each is given
the part of it that can be run on lines. Rules follow the named sources.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping

#: Raffel et al. 2020 (C4), as datatrove and dolma run it on lines.
_C4_END = (".", "!", "?", '"', "'", "”", "。", "！", "？")
_C4_WORDS = 3
_C4_POLICY = (
    "terms of use",
    "privacy policy",
    "cookie policy",
    "uses cookies",
    "use of cookies",
    "use cookies",
)

#: FineWeb (Penedo et al. 2024) measures short lines by this length.
_SHORT = 30

_LANGUAGES = {
    "ar": "Arabic", "cs": "Czech", "da": "Danish", "de": "German", "el": "Greek", "en": "English",
    "es": "Spanish", "fa": "Persian", "fi": "Finnish", "fr": "French", "he": "Hebrew",
    "hi": "Hindi", "hu": "Hungarian", "id": "Indonesian", "it": "Italian", "ko": "Korean",
    "lt": "Lithuanian", "nl": "Dutch", "no": "Norwegian_Bokmal", "pl": "Polish",
    "pt": "Portuguese", "ro": "Romanian", "ru": "Russian", "sv": "Swedish", "tr": "Turkish",
    "uk": "Ukrainian", "vi": "Vietnamese",
}  # fmt: skip


def nothing(text: str, _language: str) -> str:
    """No cleaning: what anything must beat."""
    return text


def c4(text: str, _language: str) -> str:
    """C4's line rule: a line must end a sentence, have three words, and name no script."""
    kept = []
    for line in text.split("\n"):
        bare = line.strip()
        lower = bare.lower()
        if (
            bare.endswith(_C4_END)
            and not bare.endswith("...")
            and len(bare.split()) >= _C4_WORDS
            and "javascript" not in lower
            and not any(words in lower for words in _C4_POLICY)
        ):
            kept.append(line)
    return "\n".join(kept)


def fineweb(text: str, _language: str) -> str:
    """FineWeb's measures as line rules: short lines that end no sentence go, and repeats."""
    kept, seen = [], set()
    for line in text.split("\n"):
        bare = line.strip()
        short = len(bare) < _SHORT and not bare.endswith(_C4_END)
        if bare and (short or bare in seen):
            continue
        seen.add(bare)
        kept.append(line)
    return "\n".join(kept)


def justext(text: str, language: str) -> str:
    """The tool jusText on a page whose paragraphs are the lines, with its stop words."""
    import justext as tool

    name = _LANGUAGES.get(language)
    stop = tool.get_stoplist(name) if name in tool.get_stoplists() else frozenset()
    low, high = (0.0, 0.0) if not stop else (tool.core.STOPWORDS_LOW_DEFAULT, 0.32)
    paragraphs = tool.justext(
        _page(text).encode(), stop, stopwords_low=low, stopwords_high=high, encoding="utf-8"
    )
    return "\n".join(paragraph.text for paragraph in paragraphs if not paragraph.is_boilerplate)


def trafilatura(text: str, _language: str) -> str:
    """The tool trafilatura on a page whose paragraphs are the lines."""
    from trafilatura import extract

    return extract(_page(text), include_comments=False) or ""


PEERS: Mapping[str, Callable[[str, str], str]] = {
    "no cleaning": nothing,
    "C4 line rule": c4,
    "FineWeb lines": fineweb,
    "jusText": justext,
    "trafilatura": trafilatura,
}


def _page(text: str) -> str:
    lines = (re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", " ", line) for line in text.split("\n"))
    body = "\n".join(f"<p>{html.escape(line)}</p>" for line in lines if line.strip())
    return f"<html><body>{body}</body></html>"
